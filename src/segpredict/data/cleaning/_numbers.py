"""Decimal text → whole units of 10⁻⁴, exactly: no float ever holds money.

The whole column proves which character is its decimal mark and which groups digits. Currency,
brackets and a trailing minus are taken off; the currency is remembered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

import polars as pl

from segpredict.core.state import read_words
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import ContractError, quote_value

CELL_WORDS = read_words("segpredict.data.cleaning", "words.toml")
CURRENCY_CODES = frozenset(CELL_WORDS["currencies"])
CURRENCY_SIGNS: Mapping[str, str] = {
    sign: currency for currency, signs in CELL_WORDS["currency_signs"].items() for sign in signs
}
SIGN_OF_CURRENCY = {"GBP": "£", "EUR": "€", "USD": "$"}
# A symbol that several currencies share agrees with any of them.
AMBIGUOUS_SIGNS = {s: frozenset(codes) for s, codes in CELL_WORDS["shared_signs"].items()}
PERCENT_REASON = "is a percentage"
MISSING_WORDS = CELL_WORDS["missing"]
_SIGN = "|".join(re.escape(s) for s in sorted(CURRENCY_SIGNS, key=len, reverse=True))
_CUR = rf"(?:{_SIGN}|[A-Za-z]{{3}})"
_MINUS = "[-−–]"
_ODD = re.compile(
    rf"(?P<open>\()?\s*(?P<a>[+-]|{_MINUS})?\s*(?P<x>{_CUR})?\s*(?P<b>[+-]|{_MINUS})?\s*"
    r"(?P<body>[0-9.,'’\s]*[0-9][0-9.,]*?(?:[eE][+-]?[0-9]{1,3})?)\s*"
    rf"(?P<y>{_CUR})?\s*(?P<c>{_MINUS})?\s*(?P<close>\))?\s*(?P<z>{_CUR})?"
)
POWER = "(?:[eE][+-]?[0-9]{1,3})?"
NUMBER = re.compile(rf"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+){POWER}")
MAX_NUMBER = 10**12
ROUNDING_NOISE = Decimal("1e-8")  # what a float adds to a price is no rounding of ours
NOT_A_NUMBER_REASON = "is not a number"
TOO_LARGE_REASON = "is beyond a million millions"
OTHER_MARK_REASON = "has another decimal mark than the rest of its column"
SPACES = " \u00a0\u2009\u202f"
APOSTROPHES = "'’"
DECIMAL_MARKS: Mapping[str, tuple[str, str]] = {"point": (".", ","), "comma": (",", ".")}
# A group of exactly three after the mark: decimals to one, thousands to another.
AMBIGUOUS_PATTERN = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
MIN_PROOF_SHARE = 0.99  # of the telling rows


@dataclass(frozen=True, slots=True)
class BareNumber:
    """A number without what accountants hang on it."""

    text: str | None  # sign, digits and marks; ``None`` where there is no number
    currency: str = ""  # its code or symbol; empty if none
    rejection: str = ""  # why it is no number; empty if nothing special is known


def strip_currency(text: str) -> BareNumber:
    """Return a number without currency, brackets and trailing minus.

    >>> [strip_currency(cell).text for cell in ("(£2.55)", "2,55 €", "2.55-")]
    ['-2.55', '2,55', '-2.55']
    >>> strip_currency("12%").rejection, strip_currency("#N/A").rejection
    ('is a percentage', 'is empty')
    """
    if text.casefold() in MISSING_WORDS:
        return BareNumber(None, rejection="is empty")
    if text.rstrip().endswith("%"):
        return BareNumber(None, rejection=PERCENT_REASON)
    found = _ODD.fullmatch(text)
    currencies = [c for c in found.group("x", "y", "z") if c] if found else []
    known = [_known(c) for c in currencies]
    if found is None or len(known) > 1 or None in known:
        return BareNumber(None)
    is_bracketed = found["open"] is not None
    signs = [s for s in found.group("a", "b", "c") if s]
    if is_bracketed != (found["close"] is not None) or len(signs) + is_bracketed > 1:
        return BareNumber(None)
    is_negative = is_bracketed or (bool(signs) and signs[0] != "+")
    digits = found.group("body").strip()
    return BareNumber(f"-{digits}" if is_negative else digits, (known or [""])[0] or "")


def _known(currency: str) -> str | None:
    if currency in CURRENCY_SIGNS:
        return CURRENCY_SIGNS[currency]
    return currency.upper() if currency.upper() in CURRENCY_CODES else None


def single_currency(rows: Mapping[str, int], column: str) -> str:
    """Return the one currency among these, or nothing where there is none.

    >>> single_currency({"$": 3, "USD": 2}, "price")
    'USD'
    """
    codes = {c for c in rows if c and c not in AMBIGUOUS_SIGNS}
    signs = {c for c in rows if c in AMBIGUOUS_SIGNS}
    agree = all(codes <= AMBIGUOUS_SIGNS[sign] for sign in signs)
    if len(codes) > 1 or len(signs) > 1 or not agree:
        listed = ", ".join(f"{name} on {n:,} rows" for name, n in sorted(rows.items()))
        message = f"The {column} holds several currencies: {listed}."
        fix = "convert the amounts to one currency, or read one currency at a time."
        raise ContractError(message, fix=fix, column=column, examples=sorted(rows))
    return next(iter(sorted(codes) or sorted(signs)), "")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers, as its distinct texts prove it."""

    # ``text``, ``name`` (Int64), ``name why`` (text: why it is none) and ``name rounded`` (whether
    # decimals beyond the fourth were lost), one row a distinct text
    frame: pl.DataFrame
    # the decimal mark: ``point`` or ``comma``; empty where no number has decimals
    decimal_mark: str
    currencies: Mapping[str, int]  # how many rows each currency has


def prove_numbers(
    counted: pl.DataFrame, name: str, number_format: str | None = None
) -> NumberColumn:
    """Return the distinct texts of a column as units, with a reason wherever one is none.

    `counted`: ``text``, sorted, and ``n``, how many cells hold it.
    """
    texts = counted["text"]
    numbers: Mapping[str, BareNumber] = {}
    currencies: dict[str, int] = {}
    # Plain numbers (digits and one point) prove their mark if one of them has no other reading.
    pointed = texts.filter(texts.str.contains(".", literal=True))
    is_proven = pointed.is_empty() or not pointed.str.contains(AMBIGUOUS_PATTERN).all()
    is_known = number_format == "point" or (number_format is None and is_proven)
    mark = number_format or ("" if pointed.is_empty() else "point")
    if not (texts.str.contains(f"^{NUMBER.pattern}$").all() and is_known):
        mark, numbers, currencies = _prove_unusual(counted, name, number_format)
    read = [_exact(numbers.get(text, BareNumber(text))) for text in texts]
    schema = {name: pl.Int64, f"{name} why": pl.String, f"{name} rounded": pl.Boolean}
    frame = pl.DataFrame(read, schema=schema, orient="row").with_columns(text=texts)
    return NumberColumn(frame, mark, currencies)


def _exact(found: BareNumber) -> tuple[int | None, str | None, bool]:
    """Return units, why there are none, and whether decimals were lost."""
    plain = (found.text or "").replace("−", "-")
    if not NUMBER.fullmatch(plain):
        return None, found.rejection or NOT_A_NUMBER_REASON, False
    value = Decimal(plain)
    if abs(value) > MAX_NUMBER:
        return None, TOO_LARGE_REASON, False
    scaled = (value * MONEY_SCALE).to_integral_value(ROUND_HALF_EVEN)
    return int(scaled), None, abs(value - scaled / MONEY_SCALE) > ROUNDING_NOISE


@lru_cache(maxsize=4096)
def exact_units(value: float | Decimal) -> int | None:
    """Return a number in units, as its shortest text is read; ``None`` where it is too large.

    >>> exact_units(2.55), exact_units(Decimal("0.00005")), exact_units(1e13)
    (25500, 0, None)
    """
    return _exact(BareNumber(repr(value) if isinstance(value, float) else str(value)))[0]


def _prove_unusual(
    counted: pl.DataFrame, name: str, number_format: str | None
) -> tuple[str, dict[str, BareNumber], dict[str, int]]:
    """Return the decimal mark, every text in plain digits, and the currencies."""
    rows = dict(counted.select("text", "n").iter_rows())
    stripped = {text: strip_currency(text) for text in rows}
    if name == "quantity":
        stripped = {t: BareNumber(None) if b.currency else b for t, b in stripped.items()}
    numbers: dict[str, int] = {}
    currencies: dict[str, int] = {}
    for text, found in stripped.items():
        if found.text is not None:
            numbers[found.text] = numbers.get(found.text, 0) + rows[text]
        if found.currency:
            currencies[found.currency] = currencies.get(found.currency, 0) + rows[text]
    mark = number_format or infer_decimal_mark(numbers, name)
    return mark, {t: _marked(b, mark) for t, b in stripped.items()}, currencies


def _marked(found: BareNumber, mark: str) -> BareNumber:
    if found.text is None:
        return found
    plain = to_plain_number(found.text, mark)
    if plain is not None:
        return BareNumber(plain, found.currency)
    fits = any(to_plain_number(found.text, other) for other in DECIMAL_MARKS)
    return BareNumber(None, rejection=OTHER_MARK_REASON if fits else "")


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


def _mark_pattern(mark: str, group: str) -> re.Pattern[str]:
    head = "[1-9][0-9]{0,2}"
    grouped = (
        rf"{head}(?:\{group}[0-9]{{2,3}})*\{group}[0-9]{{3}}",
        rf"{head}(?:[{SPACES}][0-9]{{3}})+",
        rf"{head}(?:[{APOSTROPHES}][0-9]{{3}})+",
        "[0-9]+",
    )
    return re.compile(rf"[+-]?(?:(?:{'|'.join(grouped)})(?:\{mark}[0-9]*)?|\{mark}[0-9]+){POWER}")


MARK_PATTERNS = {name: _mark_pattern(*signs) for name, signs in DECIMAL_MARKS.items()}


def to_plain_number(text: str, decimal_mark: str) -> str | None:
    """Return a number as Python writes it, or ``None`` where the mark does not fit.

    >>> to_plain_number("1.234,5", "comma"), to_plain_number("1'234.5", "point")
    ('1234.5', '1234.5')
    """
    if not MARK_PATTERNS[decimal_mark].fullmatch(text):
        return None
    decimal, group = DECIMAL_MARKS[decimal_mark]
    return re.sub(rf"[{SPACES}{APOSTROPHES}\{group}]", "", text).replace(decimal, ".")


def infer_decimal_mark(numbers: Mapping[str, int], column: str) -> str:
    """Return the decimal mark of a column: ``point`` or ``comma``.

    A text that only one mark can explain is proof. Where both are proven, the one on at least 99 %
    of the telling rows holds, and the others are bad cells; nothing is read in a way that its own
    text does not allow.
    """
    readings = {
        mark: {t: Decimal(bare) for t in numbers if (bare := to_plain_number(t, mark)) is not None}
        for mark in DECIMAL_MARKS
    }
    point, comma = readings["point"], readings["comma"]
    only = {
        "point": [t for t in numbers if t in point and t not in comma],
        "comma": [t for t in numbers if t in comma and t not in point],
    }
    proof = {mark: sum(numbers[t] for t in texts) for mark, texts in only.items()}
    best = max(proof, key=lambda mark: proof[mark])
    if not proof[best]:
        both = [t for t in numbers if t in point and point[t] != comma[t]]
        if both:
            raise _unclear(both, numbers, readings, column)
        return "point"
    if proof[best] < MIN_PROOF_SHARE * sum(proof.values()):
        one, two = only["point"][0], only["comma"][0]
        message = (
            f"{quote_value(one)} in {column} has a decimal point and {quote_value(two)} a comma."
        )
        fix = "bring the files into one format, or set cleaning.number_format."
        raise ContractError(message, fix=fix, column=column, examples=[one, two])
    return best


def _unclear(
    both: Sequence[str],
    numbers: Mapping[str, int],
    readings: Mapping[str, Mapping[str, Decimal]],
    column: str,
) -> ContractError:
    totals = {
        mark: sum((value * numbers[t] for t, value in read.items()), Decimal(0))
        for mark, read in readings.items()
    }
    message = (
        f"{quote_value(both[0])} in {column} may be {readings['point'][both[0]]} or "
        f"{readings['comma'][both[0]]}, and no cell shows which: with a decimal point "
        f"the column adds up to {totals['point']:,}, with a decimal comma to "
        f"{totals['comma']:,}."
    )
    fix = "say which: --set cleaning.number_format=point (or comma)."
    return ContractError(message, fix=fix, column=column, value=both[0], examples=list(both[:5]))
