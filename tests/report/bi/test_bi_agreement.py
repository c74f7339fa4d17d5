"""What page, deck, JSON and tables say is what SQL on the run's files says."""

from pathlib import Path

import pytest
from agreement import Figure, figures
from shown import Shown, read

from segpredict import Report
from segpredict.report.deck import render_deck

EVERYBODY = ("SQL", "JSON", "BI", "page", "deck")


@pytest.fixture(scope="module")
def told(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Figure]:
    out = tmp_path_factory.mktemp("out")
    report = Report(run_folder)
    (out / "deck.pptx").write_bytes(render_deck(report._bundle))
    return figures(run_folder, report.to_bi(out / "tables"), out / "deck.pptx")


def find(told: list[Figure], name: str) -> Figure:
    return next(figure for figure in told if figure.name == name)


def test_all_agree_with_sql_on_the_run(told: list[Figure]) -> None:
    assert [figure for figure in told if not figure.agrees] == []


@pytest.mark.parametrize(
    ("name", "tellers"),
    [
        *(
            (name, ("JSON", "page", "terminal"))
            for name in (
                *("customers, Core", "share, Core", "revenue share, Core", "expected, Core"),
                *("expected share, Core", "eligible customers", "expected total"),
                *("least expected total", "Revenue, window 0", "value_at_risk, %"),
            )
        ),
        *((f"{what}, Inactive", EVERYBODY) for what in ("share", "expected share")),
        *((f"{what}, %", EVERYBODY) for what in ("value_at_risk", "upside")),
        *(("eligible customers", EVERYBODY), ("moves from S1", EVERYBODY)),
        *(("expected total", EVERYBODY), ("least expected total", EVERYBODY[1:])),
        *(("customers, Inactive", EVERYBODY), ("revenue share, Core", EVERYBODY)),
        ("moves share, S1 to S0", ("SQL", "JSON", "page", "deck")),
        *(
            (name, EVERYBODY[:4])
            for name in (
                *("Revenue, window 0", "Orders, window 1", "expected, Inactive"),
                *("moves, S1 to S0", "clv_year, S2"),
                *("Net revenue retention (R5, NRR), window 0", "orders of 2023-10"),
            )
        ),
        *(
            ("lines", ("SQL", "BI")),
            ("least expected share, Core", ("JSON", "page", "deck")),
        ),
    ],
)
def test_a_figure_is_told_by_all_who_show_it(
    told: list[Figure], name: str, tellers: tuple[str, ...]
) -> None:
    assert set(tellers) <= set(find(told, name).tellers)


def test_a_figure_that_is_off_by_its_last_place_is_found(told: list[Figure]) -> None:
    orders = find(told, "Orders, window 0")
    assert not orders._replace(json=orders.json + 1).agrees
    assert not orders._replace(bi=orders.bi - 1).agrees
    assert not orders._replace(page=[Shown(orders.sql + 1, 0.5)]).agrees
    share = find(told, "share, Inactive")
    for shown in share.page:
        last = 2 * shown.slack
        assert not share._replace(page=[shown._replace(value=shown.value + last)]).agrees
    whole = next(shown for shown in share.deck if not shown.slack)
    off = whole._replace(value=whole.value * (1 + 1e-6))
    assert not share._replace(deck=[off]).agrees


@pytest.mark.parametrize(
    ("text", "value", "slack"),
    [
        *(("£1,714,370", 1714370, 0.5), ("£9.50", 9.5, 0.005), ("12", 12, 0.5)),
        *(("−£3.00", -3, 0.005), ("32.2\u202f%", 0.322, 0.0005), ("EUR\xa05", 5, 0.5)),
        *(("−0.1\u202f%", -0.001, 0.0005), ("52\u202f% [50%, 54%]", 0.52, 0.005)),
    ],
)
def test_a_number_is_read_with_half_of_its_last_place(
    text: str, value: float, slack: float
) -> None:
    assert read(text) == pytest.approx((value, slack))


def test_a_dash_is_no_number() -> None:
    assert read("–") is None
