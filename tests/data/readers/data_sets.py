"""Every data set that is read whole: what `check_data` finds, and what its README promises.

`python tests/data/readers/data_sets.py` checks them all and prints the table that stands in
docs/reference/input.md; `--write docs/reference/input.md` puts it there. It needs the real data.
"""

import argparse
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from segpredict import pipeline
from segpredict.config import load
from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines
from segpredict.data import readers, side_tables

HERE = Path(__file__).parents[3]
REAL = Path(os.environ.get("SEGPREDICT_DATA", HERE.parent / "shared" / "data"))
MARKS = ("<!-- data sets: begin -->", "<!-- data sets: end -->")
DROPS = "online_retail/online_retail_by_day.tar.zst"


@dataclass(frozen=True)
class DataSet:
    """One data set in one dress, with the totals that its README states."""

    name: str
    preset: str
    files: tuple[str, ...]
    totals: Mapping[str, float]


@dataclass(frozen=True)
class Finding:
    """What `check_data` said of one data set."""

    data_set: DataSet
    files: int
    rows: tuple[int, int]
    customers: int
    money: tuple[float, float]
    currency: str
    adds_up: bool
    missed: tuple[str, ...]
    seconds: float

    def cells(self) -> list[str]:
        """Return the row of the table."""
        totals = len(self.data_set.totals)
        summary = f"{totals - len(self.missed)} / {totals}"
        return [
            self.data_set.name,
            f"{self.files:,}",
            *(f"{rows:,}" for rows in self.rows),
            f"{self.customers:,}",
            *(f"{self.currency}{money:,.2f}" for money in self.money),
            "yes" if self.adds_up else "NO",
            f"{summary}{': ' if self.missed else ''}{', '.join(self.missed)}",
            f"{self.seconds:.1f}",
        ]


def _whole(cells: str) -> pl.Expr:
    """Return numbers as whole units of 10⁻⁴, without cleaning's help."""
    return (pl.col(cells).cast(pl.Decimal(38, 4)) * 10_000).cast(pl.Int64)


def _customers() -> pl.Expr:
    return pl.col("customer_id").str.strip_chars().str.replace(r"\.0$", "")


def _rows(which: pl.Expr) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    return lambda lines: lines.filter(which).select(pl.len())


def _distinct(which: str | pl.Expr) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    cells = pl.col(which) if isinstance(which, str) else which
    return lambda lines: lines.select(cells.drop_nulls().n_unique())


def _sum(amount: pl.Expr, units: int) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    return lambda lines: lines.select(amount.sum() / units)


def _twice(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many rows stand there again, whatever file they are in."""
    cells = lines.select(pl.exclude("file", "row"))
    return cells.select(pl.len() - pl.struct(pl.all()).n_unique())


def _in_both(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many rows of the days of both files stand in the second."""
    day = pl.col("time").str.head(10)
    shared = lines.group_by(day).agg(n=pl.col("file").n_unique()).filter(pl.col("n") > 1)
    both = lines.with_columns(day=day).join(shared, left_on="day", right_on="time")
    return both.filter(pl.col("file") == 1).select(pl.len())


NO_PRODUCT = ~pl.col("product_id").str.contains(r"^\d{5}[A-Za-z]{0,2}$")
QUANTITY, PRICE = _whole("quantity"), _whole("price")
CANCELLED = pl.col("order_id").str.starts_with("C")
# What a README counts, options of the rows as they were read: no rule of cleaning has
# a say in it.
QUESTIONS: dict[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = {
    "rows": lambda lines: lines.select(pl.len()),
    "invoices": _distinct("order_id"),
    "stock codes": _distinct("product_id"),
    "codes of no product": _distinct(pl.col("product_id").filter(NO_PRODUCT)),
    "rows of such codes": _rows(NO_PRODUCT),
    "customers": _distinct(_customers()),
    "countries": _distinct("country"),
    "rows without customer": _rows(pl.col("customer_id").is_null()),
    "rows twice": _twice,
    "rows in both years": _in_both,
    "cancelled rows": _rows(CANCELLED),
    "cancelled rows of more than 0": _rows(CANCELLED & (QUANTITY > 0)),
    "rows below 0": _rows(QUANTITY < 0),
    "rows below 0 not cancelled": _rows((QUANTITY < 0) & ~CANCELLED),
    "rows of price 0": _rows(PRICE == 0),
    "rows of price below 0": _rows(PRICE < 0),
    "rows of money 0": _rows(_whole("amount") == 0),
    "pieces": _sum(QUANTITY, 10_000),
    "quantity × price": _sum(QUANTITY * PRICE, 100_000_000),
    "money": _sum(_whole("amount"), 10_000),
    "first day": lambda lines: lines.select(_digits().min()),
    "last day": lambda lines: lines.select(_digits().max()),
}


def _digits() -> pl.Expr:
    return pl.col("time").str.head(10).str.replace_all("-", "").cast(pl.Int64)


RETAIL = {
    "rows": 541_909,
    "invoices": 25_900,
    "stock codes": 4_070,
    "customers": 4_372,
    "countries": 38,
    "rows without customer": 135_080,
    "pieces": 5_176_450,
    "quantity × price": 9_747_747.934,
    "rows twice": 5_268,
}
CDNOW = {
    "rows": 69_659,
    "customers": 23_570,
    "money": 2_500_315.63,
    "rows twice": 255,
    "rows of money 0": 80,
    "first day": 19970101,
    "last day": 19980630,
}
BOTH_YEARS = {
    "rows": 1_067_371,
    "invoices": 53_628,
    # The README says 5,305: it counts "47503J " beside "47503J"; ids are trimmed here.
    "stock codes": 5_304,
    "codes of no product": 62,
    "rows of such codes": 6_093,
    "customers": 5_942,
    "countries": 43,
    "rows without customer": 243_007,
    "rows twice": 34_335,
    "rows in both years": 22_523,
    "cancelled rows": 19_494,
    "cancelled rows of more than 0": 1,
    "rows below 0": 22_950,
    "rows below 0 not cancelled": 3_457,
    "rows of price 0": 6_202,
    "rows of price below 0": 5,
}
FIRST_YEAR = "online_retail/online_retail_ii_year_2009_2010.parquet"
SECOND_YEAR = "online_retail/online_retail_ii_year_2010_2011.parquet"
SETS = (
    DataSet(
        "Online Retail, CSV in a zip",
        "online_retail",
        ("online_retail/data.csv.zip",),
        RETAIL,
    ),
    DataSet("Online Retail, daily drops", "online_retail", (DROPS,), RETAIL),
    DataSet(
        "Online Retail, Parquet",
        "online_retail",
        ("online_retail/online_retail.parquet",),
        RETAIL,
    ),
    DataSet(
        "Online Retail II, 2009-2010",
        "online_retail_ii",
        (FIRST_YEAR,),
        {"rows": 525_461, "customers": 4_383},
    ),
    DataSet(
        "Online Retail II, 2010-2011",
        "online_retail_ii",
        (SECOND_YEAR,),
        {"rows": 541_910, "customers": 4_372},
    ),
    DataSet(
        "Online Retail II, both years",
        "online_retail_ii",
        (FIRST_YEAR, SECOND_YEAR),
        BOTH_YEARS,
    ),
    DataSet("CDNOW, text", "cdnow", ("cdnow/CDNOW_master.txt",), CDNOW),
    DataSet("CDNOW, Parquet", "cdnow", ("cdnow/cdnow_master.parquet",), CDNOW),
    DataSet(
        "AdventureWorks",
        "adventureworks",
        ("adventureworks/adventureworks_sales.parquet",),
        {
            "rows": 56_046,
            "customers": 17_416,
            "invoices": 25_164,
            "pieces": 84_174,
            "money in": 24_914_586.82,
        },
    ),
    DataSet(
        "Complete Journey, sample",
        "completejourney",
        ("completejourney/completejourney_transactions_sample.parquet",),
        {"rows": 75_000, "customers": 2_377},
    ),
)


@contextmanager
def unpacked(data: Path, name: str) -> Iterator[Path]:
    """Yield a file of the real data, or the folder that an archive unpacks to."""
    if not name.endswith(".tar.zst"):
        yield data / name
        return
    with tempfile.TemporaryDirectory() as folder:
        packed = pa.CompressedInputStream(str(data / name), "zstd")
        with tarfile.open(fileobj=packed, mode="r|") as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def look(data_set: DataSet, data: Path) -> Finding:
    """Return what `check_data` finds in a data set, and what of its README it misses."""
    with ExitStack() as stack:
        places = [unpacked(data, name) for name in data_set.files]
        names = [str(stack.enter_context(place)) for place in places]
        plan = load.load_config(data_set.preset)
        start = time.process_time()
        found = pipeline.check_data(names, plan)
        seconds = time.process_time() - start
        raw = readers.read_raw_lines(names, _layout(plan))
    received, used = (
        next(row for row in found["ledger"] if row["stage"] == stage) for stage in ("in", "used")
    )
    got = {"money in": round(received["money"], 2), **answers(raw, data_set.totals)}
    missed = tuple(
        f"{what} {got[what]:,} for {wanted:,}"
        for what, wanted in data_set.totals.items()
        if got[what] != wanted
    )
    return Finding(
        data_set,
        len(raw.files),
        (received["rows"], used["rows"]),
        used["customers"],
        (received["money"], used["money"]),
        found["currency"],
        found["adds_up"],
        missed,
        seconds,
    )


def _layout(plan: load.Config) -> SourceOptions:
    return side_tables.lines_layout(plan)


def answers(raw: RawLines, options: Mapping[str, float]) -> dict[str, float]:
    """Return what the rows as read say to the questions of a README."""
    lines = raw.frame.lazy()
    return {
        what: round(QUESTIONS[what](lines).collect().item(), 3)
        for what in options
        if what in QUESTIONS
    }


def table(findings: list[Finding]) -> str:
    """Return the findings as the lines of a table in Markdown."""
    head = [
        *("data set", "files", "rows in", "used", "customers", "money in"),
        *("money used", "ledger adds up", "README totals", "CPU seconds"),
    ]
    rule = ["---", *["--:"] * 6, "---", "---", "--:"]
    rows = [head, rule, *(finding.cells() for finding in findings)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def put(path: Path, marks: tuple[str, str], text: str) -> None:
    """Put a text between the marks of a page of the docs."""
    page = path.read_text(encoding="utf-8")
    before, rest = page.split(marks[0])
    after = rest.split(marks[1])[1]
    whole = f"{before}{marks[0]}\n{text}\n{marks[1]}{after}"
    path.write_text(whole, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to put the table into")
    options = parser.parse_args()
    findings = [look(one, REAL) for one in SETS]
    text = table(findings)
    sys.stdout.write(text + "\n")
    if options.write:
        put(options.write, MARKS, text)
    return int(any(f.missed or not f.adds_up for f in findings))


if __name__ == "__main__":
    sys.exit(main())
