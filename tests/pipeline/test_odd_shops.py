"""Shops that lack what a figure or a group needs (`odd_shops.py`), and a page that fails."""

import json
from collections.abc import Iterator
from pathlib import Path

import odd_shops
import pytest

from run_hashes import verify_hashes
from segpredict import pipeline
from segpredict.cli._output import Output
from segpredict.cli._results import show_results
from segpredict.core.run_folder import open_run
from segpredict.errors import SupportError
from segpredict.pipeline import runs


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with odd_shops.hurry(draw=False):
        yield


def shop_named(name: str) -> odd_shops.OddShop:
    return odd_shops.odd_shop(list(odd_shops.ODDITIES).index(name))


@pytest.mark.parametrize(
    "name",
    ["closed at the end", pytest.param("all begin in one month", marks=pytest.mark.slow)],
)
def test_a_run_ends_and_everything_is_shown(name: str, tmp_path: Path) -> None:
    found = odd_shops.run_shop(shop_named(name), tmp_path)
    assert found["problem"] is None
    facts = json.loads((tmp_path / "run" / "segmentation" / "profiles.json").read_text())
    if name == "closed at the end":
        # Nobody bought in the newest window, so there is no revenue to have a share of.
        assert {each["revenue_share"] for each in facts} == {None}


def test_the_advice_of_a_refusal_is_what_check_says_and_works(tmp_path: Path) -> None:
    shop = shop_named("ten weeks")
    with pytest.raises(SupportError) as caught:
        odd_shops.run_shop(shop, tmp_path)
    assert "config={'time': {'horizon': 14, 'lookback': 56}}" in caught.value.fix
    assert not odd_shops.follow(shop, caught.value, tmp_path / "again")


@pytest.mark.parametrize("name", ["a single day", "one order each"])
def test_where_nothing_helps_no_setting_is_suggested(name: str, tmp_path: Path) -> None:
    with pytest.raises(SupportError) as caught:
        odd_shops.run_shop(shop_named(name), tmp_path)
    assert "--set" not in caught.value.fix
    assert "nothing to forecast from" in caught.value.fix


def test_a_run_is_not_lost_to_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> str:
        raise ZeroDivisionError("Ann Smith")

    shop = shop_named("one month")
    monkeypatch.setattr(runs, "render_html", fail)
    made = pipeline.run_pipeline(shop.rows, shop.config, pipeline.RunTarget(tmp_path / "run"))
    reason = made.metadata["not_written"]["report.html"]
    assert reason.startswith("ZeroDivisionError at test_odd_shops.py")
    assert "Ann" not in reason
    verify_hashes(made)
    assert made.has("scores.parquet")
    show_results(Output(), made)
    said = capsys.readouterr()
    assert "warning: report.html could not be written (ZeroDivisionError" in said.err
    assert "report.html" not in said.out
    monkeypatch.undo()
    pipeline.export_report(made.folder, "html", pipeline.ExportRequest())
    again = open_run(made.folder)
    assert again.has("report.html")
    assert "not_written" not in again.metadata


def test_seeds_give_the_same_shops_of_all_sizes() -> None:
    assert odd_shops.odd_shop(40).rows.equals(odd_shops.odd_shop(40).rows)
    sizes = {odd_shops.odd_shop(seed).name.rpartition(" ")[2] for seed in (4, 40, 70)}
    assert sizes == {"60", "200", "400"}
