"""Decimal text → whole units of 10⁻⁴, exactly: no float ever holds money."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl

from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.cleaning import _decimal_marks
from segpredict.data.cleaning._currency import BareNumber, strip_currency

NUMBER_PATTERN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
NUMBER_REGEX = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
MAX_NUMBER = 10**12
ROUNDING_NOISE = Decimal("1e-8")  # what a float adds to a price is no rounding of ours
NOT_A_NUMBER_REASON = "is not a number"
TOO_LARGE_REASON = "is beyond a million millions"


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers."""

    # columns ``name`` (Int64), ``name why`` (text: why it is none) and ``name rounded`` (whether
    # decimals beyond the fourth were lost), as the cells stood
    frame: pl.DataFrame
    # the decimal mark: ``point`` or ``comma``; empty where no number has decimals
    decimal_mark: str
    currencies: Mapping[str, int]  # how many rows each currency has


def _exact(text: str) -> tuple[int | None, str | None, bool]:
    plain = text.replace("−", "-")
    if not NUMBER_PATTERN.fullmatch(plain):
        return None, NOT_A_NUMBER_REASON, False
    value = Decimal(plain)
    if abs(value) > MAX_NUMBER:
        return None, TOO_LARGE_REASON, False
    scaled = (value * MONEY_SCALE).to_integral_value(ROUND_HALF_EVEN)
    return int(scaled), None, abs(value - scaled / MONEY_SCALE) > ROUNDING_NOISE


def parse_numbers(cells: pl.Series, name: str, number_format: str | None = None) -> NumberColumn:
    """Return a column of text as units, with a reason wherever it is none.

    Each distinct text is read once; a shop has few distinct prices.
    """
    texts = cells.drop_nulls().unique().sort()
    is_plain = texts.str.contains(NUMBER_REGEX)
    pointed = texts.str.contains(".", literal=True).any()
    mark = number_format or ("point" if pointed else "")
    unusual: dict[str, BareNumber] = {}
    currencies: dict[str, int] = {}
    is_known = number_format == "point" or (
        number_format is None and _decimal_marks.is_mark_proven(texts)
    )
    if not (is_plain.all() and is_known):
        mark, unusual, currencies = _parse_unusual(cells, texts, name, number_format)
    read = [_exact(text) if text not in unusual else _one(unusual[text]) for text in texts]
    key = pl.DataFrame(
        {
            "text": texts,
            name: pl.Series([value for value, _, _ in read], dtype=pl.Int64),
            f"{name} why": pl.Series([why for _, why, _ in read], dtype=pl.String),
            f"{name} rounded": pl.Series([r for _, _, r in read], dtype=pl.Boolean),
        },
        schema_overrides={"text": pl.String},
    )
    rows = cells.to_frame("text").join(key, on="text", how="left", maintain_order="left")
    empty = pl.when(pl.col("text").is_null()).then(pl.lit("is empty"))
    frame = rows.select(
        name,
        empty.otherwise(f"{name} why").alias(f"{name} why"),
        pl.col(f"{name} rounded").fill_null(value=False),
    )
    return NumberColumn(frame, mark, currencies)


def _one(found: BareNumber) -> tuple[int | None, str | None, bool]:
    if found.text is None:
        return None, found.rejection or NOT_A_NUMBER_REASON, False
    return _exact(found.text)


def _parse_unusual(
    cells: pl.Series, texts: pl.Series, name: str, number_format: str | None
) -> tuple[str, dict[str, BareNumber], dict[str, int]]:
    """Return the decimal mark, every text in plain digits, and the currencies."""
    counted = cells.drop_nulls().value_counts(name="n")
    rows = dict(zip(counted.to_series(0), counted["n"], strict=True))
    stripped = {text: strip_currency(text) for text in texts}
    if name == "quantity":
        stripped = {t: BareNumber(None) if b.currency else b for t, b in stripped.items()}
    numbers: dict[str, int] = {}
    currencies: dict[str, int] = {}
    for text, found in stripped.items():
        if found.text is not None:
            numbers[found.text] = numbers.get(found.text, 0) + rows[text]
        if found.currency:
            currencies[found.currency] = currencies.get(found.currency, 0) + rows[text]
    mark = number_format or _decimal_marks.infer_decimal_mark(numbers, name)
    return mark, {t: _marked(b, mark) for t, b in stripped.items()}, currencies


def _marked(found: BareNumber, mark: str) -> BareNumber:
    if found.text is None:
        return found
    plain = _decimal_marks.to_plain_number(found.text, mark)
    if plain is not None:
        return BareNumber(plain, found.currency)
    fits = any(
        _decimal_marks.to_plain_number(found.text, other) for other in _decimal_marks.DECIMAL_MARKS
    )
    return BareNumber(None, rejection=_decimal_marks.OTHER_MARK_REASON if fits else "")


def multiply_units(quantity: pl.Expr, price: pl.Expr) -> pl.Expr:
    """Return quantity × price in units of 10⁻⁴, half to even; null where it overflows.

    >>> line = pl.DataFrame({"q": [5_000], "p": [3]})  # half a piece at 0.0003
    >>> line.select(multiply_units(pl.col("q"), pl.col("p"))).item()
    2
    """
    exact = quantity.cast(pl.Int128) * price.cast(pl.Int128)
    whole = exact.floordiv(pl.lit(MONEY_SCALE, pl.Int128))
    rest = exact - whole * MONEY_SCALE
    is_odd = (whole % 2).abs() == 1
    up = (rest > MONEY_SCALE // 2) | ((rest == MONEY_SCALE // 2) & is_odd)
    return (whole + up.cast(pl.Int128)).cast(pl.Int64, strict=False)
