"""One shop in four dresses: CSV in a zip, daily drops, Parquet and a workbook.

`python tests/data/readers/equal_stores.py` writes the workbook from the Parquet, reads all
four, makes a store of each, compares them and prints the table that stands in
docs/reference/input.md; `--write docs/reference/input.md` puts it there. It needs the real data.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import xlsxwriter
from data_sets import DROPS, REAL, put, unpacked

from segpredict import pipeline
from segpredict.config import load
from segpredict.core import disk
from segpredict.core.transactions import Transactions
from segpredict.data import store

FILE = "online_retail/online_retail.parquet"
MARKS = ("<!-- equal stores: begin -->", "<!-- equal stores: end -->")


@dataclass(frozen=True)
class Dress:
    """A dress of the shop: its name, its cleaned lines, and the hashes of its store."""

    name: str
    shop: Transactions
    files: dict[str, str]
    seconds: float


def write_workbook(path: Path, rows: pl.DataFrame) -> None:
    """Write rows as a spreadsheet program keeps them.

    Whatever looks like a number is one, ids too; times are serial days with a format.
    """
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Online Retail")
        when = book.add_format({"num_format": "m/d/yyyy h:mm"})
        sheet.write_row(0, 0, rows.columns)
        times = rows.columns.index("InvoiceDate")
        for i, row in enumerate(rows.iter_rows(), 1):
            for j, cell in enumerate(row):
                if j == times:
                    sheet.write_datetime(i, j, cell, when)
                elif cell is not None:
                    sheet.write(i, j, _as_typed(cell))


def _as_typed(cell: object) -> object:
    """Return what a spreadsheet program makes of a cell that is typed in."""
    is_number = isinstance(cell, str) and cell.isdecimal() and cell[0] != "0"
    return int(str(cell)) if is_number else cell


@contextmanager
def dresses(data: Path) -> Iterator[dict[str, Path]]:
    """Yield the four by name, the workbook and the drops in folders that vanish."""
    with tempfile.TemporaryDirectory() as folder, unpacked(data, DROPS) as drops:
        workbook = Path(folder) / "online_retail.xlsx"
        write_workbook(workbook, pl.read_parquet(data / FILE))
        yield {
            "Parquet": data / FILE,
            "CSV in a zip": data / "online_retail/data.csv.zip",
            "305 daily drops": drops,
            "workbook": workbook,
        }


def dressed(name: str, path: Path | str, preset: str = "online_retail") -> Dress:
    """Read, clean and store one dress."""
    start = time.process_time()
    shop = pipeline.read_transactions([str(path)], load.load_config(preset))
    with tempfile.TemporaryDirectory() as folder:
        store.write_store(shop, folder)
        files = {
            file.name: disk.file_fact(file)["sha256"]
            for file in sorted(Path(folder).glob("*.parquet"))
        }
    return Dress(name, shop, files, time.process_time() - start)


def is_equal(one: Dress, other: Dress) -> bool:
    """Return whether lines, ledgers and the bytes of stores are equal."""
    lines = one.shop.lines.collect().equals(other.shop.lines.collect())
    return lines and _facts(one) == _facts(other)


def _facts(one: Dress) -> tuple[object, ...]:
    # How ids were written (as 17850 or 17850.0) is told in the ledger, as a note.
    added = [entry for entry in one.shop.ledger.entries if entry.stage != "noted"]
    shop = one.shop
    return one.files, added, shop.fingerprint, shop.first_day, shop.end_day


def table(made: list[Dress]) -> str:
    """Return the comparison as the lines of a table in Markdown."""
    head = "| format | files | lines | equal to the first | SHA-256 of the lines | "
    lines = [head + "CPU seconds |", "| --- | --: | --: | --- | --- | --: |"]
    for one in made:
        rows = one.shop.ledger.total("used").rows
        equal = "yes" if is_equal(made[0], one) else "NO"
        lines.append(
            f"| {one.name} | {len(one.shop.files)} | {rows:,} | {equal} | "
            f"`{one.shop.fingerprint[:16]}…` | {one.seconds:.1f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to put the table into")
    options = parser.parse_args()
    with dresses(REAL) as paths:
        made = [dressed(name, path) for name, path in paths.items()]
    text = table(made)
    sys.stdout.write(text + "\n")
    if options.write:
        put(options.write, MARKS, text)
    return int(not all(is_equal(made[0], one) for one in made))


if __name__ == "__main__":
    sys.exit(main())
