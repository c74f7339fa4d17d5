"""Prove from a whole column which character is its decimal mark and which groups digits."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from segpredict.errors import ContractError, quote_value

SPACES = " \u00a0\u2009\u202f"
APOSTROPHES = "'’"
DECIMAL_MARKS: Mapping[str, tuple[str, str]] = {"point": (".", ","), "comma": (",", ".")}
OTHER_MARK_REASON = "has another decimal mark than the rest of its column"
# A group of exactly three after the mark: decimals to one, thousands to another.
AMBIGUOUS_PATTERN = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"


def _pattern(mark: str, group: str) -> re.Pattern[str]:
    head = "[1-9][0-9]{0,2}"
    grouped = (
        rf"{head}(?:\{group}[0-9]{{2,3}})*\{group}[0-9]{{3}}",
        rf"{head}(?:[{SPACES}][0-9]{{3}})+",
        rf"{head}(?:[{APOSTROPHES}][0-9]{{3}})+",
        "[0-9]+",
    )
    whole = "|".join(grouped)
    power = r"(?:[eE][+-]?[0-9]{1,3})?"
    return re.compile(rf"[+-]?(?:(?:{whole})(?:\{mark}[0-9]*)?|\{mark}[0-9]+){power}")


MARK_PATTERNS = {name: _pattern(*signs) for name, signs in DECIMAL_MARKS.items()}


def to_plain_number(text: str, decimal_mark: str) -> str | None:
    """Return a number as Python writes it, or ``None`` where the mark does not fit.

    >>> to_plain_number("1.234,5", "comma"), to_plain_number("1'234.5", "point")
    ('1234.5', '1234.5')
    """
    if not MARK_PATTERNS[decimal_mark].fullmatch(text):
        return None
    decimal, group = DECIMAL_MARKS[decimal_mark]
    bare = re.sub(rf"[{SPACES}{APOSTROPHES}\{group}]", "", text)
    return bare.replace(decimal, ".")


def is_mark_proven(texts: pl.Series) -> bool:
    """Return whether plain numbers (digits and one point) leave no other reading."""
    pointed = texts.filter(texts.str.contains(".", literal=True))
    return pointed.is_empty() or not pointed.str.contains(AMBIGUOUS_PATTERN).all()


def infer_decimal_mark(numbers: Mapping[str, int], column: str) -> str:
    """Return the decimal mark of a column: ``point`` or ``comma``.

    A text that only one mark can explain is proof. Where both are proven, the one on at least 99 %
    of the telling rows holds, and the others are bad cells; nothing is read in a way that its own
    text does not allow.
    """
    readings = {mark: _read(numbers, mark) for mark in DECIMAL_MARKS}
    point, comma = readings["point"], readings["comma"]
    proof = _proof(numbers, point, comma)
    total = sum(proof.values())
    if not total:
        both = [t for t in numbers if t in point and point[t] != comma[t]]
        if both:
            raise _unclear(both, numbers, readings, column)
        return "point"
    best = max(proof, key=lambda mark: proof[mark])
    if proof[best] < 0.99 * total:
        raise _contradiction(numbers, point, comma, column)
    return best


NumberReading = Mapping[str, Decimal]


def _read(numbers: Mapping[str, int], mark: str) -> dict[str, Decimal]:
    found = ((text, to_plain_number(text, mark)) for text in numbers)
    return {text: Decimal(bare) for text, bare in found if bare is not None}


def _proof(
    numbers: Mapping[str, int], point: NumberReading, comma: NumberReading
) -> dict[str, int]:
    return {
        "point": sum(n for t, n in numbers.items() if t in point and t not in comma),
        "comma": sum(n for t, n in numbers.items() if t in comma and t not in point),
    }


def _unclear(
    both: Sequence[str],
    numbers: Mapping[str, int],
    readings: Mapping[str, NumberReading],
    column: str,
) -> ContractError:
    totals = {
        mark: sum((value * numbers[t] for t, value in read.items()), Decimal(0))
        for mark, read in readings.items()
    }
    return ContractError(
        f"{quote_value(both[0])} in {column} may be {readings['point'][both[0]]} or "
        f"{readings['comma'][both[0]]}, and no cell shows which: with a decimal point "
        f"the column adds up to {totals['point']:,}, with a decimal comma to "
        f"{totals['comma']:,}.",
        fix="say which: --set cleaning.number_format=point (or comma).",
        column=column,
        value=both[0],
        examples=list(both[:5]),
    )


def _contradiction(
    numbers: Mapping[str, int], point: NumberReading, comma: NumberReading, column: str
) -> ContractError:
    one = next(t for t in numbers if t in point and t not in comma)
    two = next(t for t in numbers if t in comma and t not in point)
    return ContractError(
        f"{quote_value(one)} in {column} has a decimal point and {quote_value(two)} a comma.",
        fix="bring the files into one format, or set cleaning.number_format.",
        column=column,
        examples=[one, two],
    )
