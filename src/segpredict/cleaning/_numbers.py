"""Decimal text → whole units of 10⁻⁴, exactly: no float ever holds money."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl

from segpredict.tables import MONEY

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
LARGEST = 10**12
NOT_A_NUMBER = "is not a number"
TOO_LARGE = "is beyond a million millions"


def units(text: str) -> tuple[int | None, str | None]:
    """Return a decimal text in units of 10⁻⁴, half to even, or why it is none.

    Examples
    --------
    >>> units("2.55"), units("1.00005"), units("−3")
    ((25500, None), (10000, None), (-30000, None))
    >>> units("NaN")
    (None, 'is not a number')
    """
    plain = text.replace("−", "-")
    if not PLAIN.fullmatch(plain):
        return None, NOT_A_NUMBER
    value = Decimal(plain)
    if abs(value) > LARGEST:
        return None, TOO_LARGE
    scaled = (value * MONEY).to_integral_value(ROUND_HALF_EVEN)
    return int(scaled), None


def parsed(cells: pl.Series, name: str) -> pl.DataFrame:
    """Return a column of text as units, with a reason wherever it is none.

    Returns
    -------
    DataFrame
        Columns ``name`` (Int64) and ``name why`` (text), in the order of the cells.

    Notes
    -----
    Each distinct text is read once; a shop has few distinct prices.
    """
    texts = cells.drop_nulls().unique()
    pairs = [units(text) for text in texts]
    key = pl.DataFrame(
        {
            "text": texts,
            name: pl.Series([value for value, _ in pairs], dtype=pl.Int64),
            f"{name} why": pl.Series([why for _, why in pairs], dtype=pl.String),
        },
        schema_overrides={"text": pl.String},
    )
    read = cells.to_frame("text").join(
        key, on="text", how="left", maintain_order="left"
    )
    empty = pl.when(pl.col("text").is_null()).then(pl.lit("is empty"))
    return read.select(name, empty.otherwise(f"{name} why").alias(f"{name} why"))


def product(quantity: pl.Expr, price: pl.Expr) -> pl.Expr:
    """Return quantity × price in units of 10⁻⁴, half to even; null where it overflows.

    Examples
    --------
    >>> line = pl.DataFrame({"q": [5_000], "p": [3]})  # half a piece at 0.0003
    >>> line.select(product(pl.col("q"), pl.col("p"))).item()
    2
    """
    exact = quantity.cast(pl.Int128) * price.cast(pl.Int128)
    whole = exact.floordiv(pl.lit(MONEY, pl.Int128))
    rest = exact - whole * MONEY
    is_odd = (whole % 2).abs() == 1
    up = (rest > MONEY // 2) | ((rest == MONEY // 2) & is_odd)
    return (whole + up.cast(pl.Int128)).cast(pl.Int64, strict=False)
