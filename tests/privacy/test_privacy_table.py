"""The guide says of every file whether it holds personal data, and what it says is so."""

from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl
import pytest
from whole_shop import NAMES

from segpredict.core.run_folder import MANIFEST_NAME
from segpredict.pipeline import artifacts
from segpredict.privacy import Places, erase_people
from segpredict.privacy.search import search_people
from segpredict.report.bi import BI_TABLES

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "privacy.md"


def tables() -> dict[str, list[tuple[list[str], str]]]:
    """Return the tables of the guide by heading: patterns of files, and what they hold."""
    found: dict[str, list[tuple[list[str], str]]] = {}
    for line in GUIDE.read_text().splitlines():
        if line.startswith("### "):
            rows = found.setdefault(line.removeprefix("### "), [])
        elif line.startswith("| `"):
            files, _, kind = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append(([each.strip(" `") for each in files.split(",")], kind))
    return found


RUN, STORE, OTHERS = tables().values()


def kind_of(name: str, rows: list[tuple[list[str], str]]) -> str | None:
    """Return what a file holds, as the first row that fits it says."""
    kinds = (kind for patterns, kind in rows if any(fnmatchcase(name, p) for p in patterns))
    return next(kinds, None)


def names_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_every_file_that_a_run_can_have_is_in_the_table():
    named = [path for artifact in artifacts.ARTIFACTS for path in artifact.files]
    named += [MANIFEST_NAME, *artifacts.REPORT_PATHS.values(), "lists/segment_s1.csv"]
    named += [f"bi/{table.name}.{end}" for table in BI_TABLES for end in ("csv", "parquet")]
    missing = [name for name in named if kind_of(name, RUN) is None]
    assert missing == [], f"say in {GUIDE.name} what they hold"


@pytest.mark.parametrize(("place", "rows"), [("run", RUN), ("store", STORE)])
def test_a_file_with_no_personal_data_names_nobody(whole_shop, place, rows):
    folder = whole_shop.folder / place
    people = whole_shop.lines()["customer_id"].unique().to_list()
    for name in names_in(folder):
        kind = kind_of(name, rows)
        assert kind is not None, f"{name} is not in {GUIDE.name}"
        if kind != "ids":
            assert search_people(folder / name, people).found == [], name
        is_invented = name == "classifier/golden_rows.parquet"  # its customers are nobody
        is_table = name.endswith(".parquet") and kind != "ids" and not is_invented
        if is_table and place == "run":
            assert "customer_id" not in pl.read_parquet_schema(folder / name)


def test_histories_logs_and_receipts_hold_what_the_table_says(whole_shop, tmp_path):
    people = whole_shop.lines()["customer_id"].unique().to_list()
    shop = whole_shop.copy(tmp_path)
    places = Places(histories=(str(shop.folder / "history"),))
    erase_people(people[0], places, NAMES, shop.folder / "erasures")
    for place in ("history", "experiments", "erasures"):
        for name in names_in(shop.folder / place):
            kind = kind_of(f"{place}/{name}", OTHERS)
            assert kind is not None, f"{place}/{name} is not in {GUIDE.name}"
            if kind != "ids":
                assert search_people(shop.folder / place / name, people).found == [], name
