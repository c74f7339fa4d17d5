"""Raw text → typed lines, and a reject for every row that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.cleaning import _numbers, _times
from segpredict.cleaning._plan import CleaningPlan
from segpredict.errors import BadCellsError, ContractError
from segpredict.tables import MONEY, FileFact, RawLines

LONGEST_ID = 256
IDS = ("customer_id", "order_id", "product_id")
SUFFIX = r"^(\d+)\.0+$"  # what a float column leaves behind an id
REJECTS = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Every raw row, typed as far as it can be.

    Parameters
    ----------
    lines
        All rows; ``reason`` says what is wrong with an unreadable one.
    rejects
        One row per unreadable row: file, row, column, value, reason.
    time_format
        How times were read.
    """

    lines: pl.DataFrame
    rejects: pl.DataFrame
    time_format: str


def parse(raw: RawLines, plan: CleaningPlan) -> Parsed:
    """Return typed lines.

    Raises
    ------
    BadCellsError
        When a cell cannot be read and the plan says ``fail``.
    ContractError
        When day and month cannot be told apart, or totals are beyond measure.
    """
    cells = _with_roles(raw.frame)
    times, time_format = _times.parsed(cells["time"], plan.time_format)
    frames = [cells.select("file", "row", *_ids(plan), "country"), times]
    numbers = [role for role in ("quantity", "price", "amount") if role in raw.frame]
    frames += [_numbers.parsed(cells[role], role) for role in numbers]
    frames += [_discount(cells["discount"])]
    lines = _money(pl.concat(frames, how="horizontal"), numbers)
    read = [*numbers, "discount"]
    whys = {"time": "day why", **{role: f"{role} why" for role in read}}
    bad = pl.coalesce(
        *(_why(column, pl.col(why)) for column, why in whys.items()),
        *(_too_long(role) for role in IDS),
        pl.when(pl.col("amount").is_null()).then(_pair("amount", "is beyond measure")),
    )
    lines = lines.with_columns(bad.alias("bad")).select(
        *(
            "file",
            "row",
            *IDS,
            "country",
            "day",
            "minute",
            "quantity",
            "price",
            "amount",
            "discount",
        ),
        pl.col("bad").struct.field("column"),
        pl.col("bad").struct.field("reason"),
    )
    rejects = _rejects(lines, cells, raw.files)
    if rejects.height and plan.on_bad_rows == "fail":
        raise _failure(rejects, lines.height)
    _bounded(lines)
    return Parsed(_with_orders(lines), rejects, time_format)


def _with_roles(frame: pl.DataFrame) -> pl.DataFrame:
    optional = [r for r in (*IDS, "country", "discount") if r not in frame.columns]
    return frame.with_columns(pl.lit(None, pl.String).alias(r) for r in optional)


def _ids(plan: CleaningPlan) -> list[pl.Expr]:
    ids = [pl.col(role).str.replace(SUFFIX, "$1") for role in IDS]
    customer = pl.col("customer_id").str.replace(SUFFIX, "$1").str.normalize("NFC")
    ids[0] = pl.when(~customer.is_in(list(plan.null_ids))).then(customer)
    return ids


def _discount(cells: pl.Series) -> pl.DataFrame:
    """Return money off a line, whatever its sign; an empty cell is no error."""
    found = _numbers.parsed(cells, "discount")
    why = pl.when(pl.lit(cells).is_not_null()).then("discount why")
    return found.select(pl.col("discount").abs(), why.alias("discount why"))


def _money(lines: pl.DataFrame, numbers: Sequence[str]) -> pl.DataFrame:
    """Complete quantity, price and amount, and give a refund one sign in both."""
    price = pl.col("price") if "price" in numbers else pl.lit(None, pl.Int64)
    if "amount" not in numbers:
        amount = _numbers.product(pl.col("quantity"), price)
        return lines.with_columns(amount.alias("amount"))
    amount = pl.col("amount")
    given = pl.col("quantity") if "quantity" in numbers else pl.lit(MONEY, pl.Int64)
    is_back = (given < 0) | (amount < 0)
    return lines.with_columns(
        pl.when(is_back).then(-given.abs()).otherwise(given).alias("quantity"),
        pl.when(is_back).then(-amount.abs()).otherwise(amount).alias("amount"),
        price.alias("price"),
    )


def _pair(column: str, reason: str | pl.Expr) -> pl.Expr:
    words = pl.lit(reason) if isinstance(reason, str) else reason
    return pl.struct(pl.lit(column).alias("column"), words.alias("reason"))


def _why(column: str, why: pl.Expr) -> pl.Expr:
    return pl.when(why.is_not_null()).then(_pair(column, why))


def _too_long(role: str) -> pl.Expr:
    is_long = pl.col(role).str.len_chars() > LONGEST_ID
    return pl.when(is_long).then(_pair(role, f"is longer than {LONGEST_ID} signs"))


def _rejects(
    lines: pl.DataFrame, cells: pl.DataFrame, files: Sequence[FileFact]
) -> pl.DataFrame:
    bad = lines["reason"].is_not_null()
    where = lines.filter(bad).select("file", "row", "column", "reason")
    texts = cells.filter(bad).to_dicts()
    names = [fact.name for fact in files]
    rows = [
        {
            **place,
            "file": names[place["file"]],
            "value": text.get(place["column"]),
        }
        for place, text in zip(where.to_dicts(), texts, strict=True)
    ]
    return pl.DataFrame(rows, schema=REJECTS).sort("file", "row")


def _bounded(lines: pl.DataFrame) -> None:
    """Refuse data whose sums could wrap around; then no sum of any part can."""
    totals = lines.select(
        pl.col(name).cast(pl.Int128).abs().sum() for name in ("quantity", "amount")
    )
    for name, total in zip(totals.columns, totals.row(0), strict=True):
        if total >= 2**63:
            raise ContractError(
                f"The {name} of all rows adds up to {total // MONEY}, beyond measure.",
                fix="check that the right column was named.",
                column=name,
            )


def _failure(rejects: pl.DataFrame, total: int) -> BadCellsError:
    first = rejects.row(0, named=True)
    alike = (pl.col("column") == first["column"]) & (
        pl.col("reason") == first["reason"]
    )
    count = rejects.filter(alike).height
    return BadCellsError(first["column"], first["reason"], count, total, first)


def _with_orders(lines: pl.DataFrame) -> pl.DataFrame:
    """Let customer and day make an order wherever no number does."""
    own = pl.format(
        "{}/{}",
        pl.col("customer_id").fill_null(""),
        pl.col("day").cast(pl.Date).dt.to_string("%Y-%m-%d"),
    )
    return lines.with_columns(
        pl.coalesce("order_id", own).alias("order_id"),
        # The money of a row that cannot be read counts nothing, on both sides.
        pl.when(pl.col("reason").is_null())
        .then("amount")
        .otherwise(pl.lit(0))
        .alias("amount"),
    )
