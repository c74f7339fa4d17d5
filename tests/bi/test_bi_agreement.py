"""What the page, its JSON and the tables say is what SQL on the run's files says."""

from pathlib import Path

import pytest
from agreement import Figure, figures

from segpredict import Report, archive


@pytest.fixture(scope="module")
def told(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Figure]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "crowds", lambda _: {})  # pictures take seconds
        tables = Report(run_folder).to_bi(tmp_path_factory.mktemp("out") / "tables")
        return list(figures(run_folder, tables))


def test_json_and_tables_agree_with_sql_on_the_run(told: list[Figure]) -> None:
    assert [figure for figure in told if not figure.agrees] == []


@pytest.mark.parametrize(
    "name",
    [
        *("Revenue, window 0", "Orders, window 1", "eligible customers"),
        *("share, Inactive", "expected, Inactive", "moves, S1 to S0"),
        *("value_at_risk, %", "Net revenue retention (R5, NRR), window 0"),
    ],
)
def test_the_figure_is_told_by_all_three(told: list[Figure], name: str) -> None:
    figure = next(figure for figure in told if figure.name == name)
    assert None not in (figure.sql, figure.json, figure.bi)


def test_a_figure_that_is_off_by_one_is_found(told: list[Figure]) -> None:
    figure = next(figure for figure in told if figure.name == "Orders, window 0")
    assert not figure._replace(json=figure.json + 1).agrees
    assert not figure._replace(bi=figure.bi - 1).agrees
