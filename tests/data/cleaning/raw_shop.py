"""Raw lines by hand, and what cleaning makes of them."""

from pathlib import Path

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.transactions import Transactions
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame, read_raw_lines

COLUMNS = ["order_id", "product_id", "quantity", "time", "price", "customer_id"]
SHOP = [  # the twelve-line shop: one line for each thing that may be wrong
    ("1001", "A", "2", "2011-01-03 10:00", "2.50", "7"),
    ("1001", "A", "2", "2011-01-03 10:00", "2.50", "7"),  # bought twice in one order
    ("1001", "POST", "1", "2011-01-03 10:00", "3.00", "7"),
    ("1002", "B1", "1", "2011-01-05 09:30", "4.00", "8"),
    ("C1003", "B1", "-1", "2011-01-20 11:00", "4.00", "8"),  # all of 1002 comes back
    ("1004", "A", "1", "2011-01-06 12:00", "2.50", None),
    ("1005", "C1", "0", "2011-01-07 12:00", "1.00", "9"),
    ("1005", "D1", "3", "2011-01-07 12:00", "0.00", "9"),
    ("C1006", "A", "1", "2011-01-08 12:00", "2.50", "7"),  # cancelled, yet sold
    ("1007", "E", "1", "2011-01-09 12:00", "-6.00", "10"),
    ("1008", "F", "-1", "2011-02-01 09:00", "1.25", "10"),  # back without a C
    ("1009", "G", "4", "2011-02-02 23:59", "0.0125", "10"),
]


def frame(rows: list[tuple]) -> pl.DataFrame:
    schema = dict.fromkeys(COLUMNS, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def plan(**options) -> CleaningOptions:
    return CleaningOptions(**{"max_bad_rows": "100%", **options})


def cleaned(rows: list[tuple], **options) -> Transactions:
    return clean_lines(from_frame(frame(rows)), plan(**options))


def lines(rows: list[tuple], **options) -> pl.DataFrame:
    return cleaned(rows, **options).lines.collect()


def files(folder: Path, *parts: list[tuple]) -> list[str]:
    paths = [folder / f"{i}.csv" for i in range(len(parts))]
    for path, rows in zip(paths, parts, strict=True):
        frame(rows).write_csv(path)
    return [str(path) for path in paths]


def from_files(folder: Path, *parts: list[tuple], **options) -> Transactions:
    return clean_lines(read_raw_lines(files(folder, *parts)), plan(**options))


def sale(order="1", product="p", quantity="1", day="2011-01-31", price="1", who="a"):
    return (order, product, quantity, day, price, who)
