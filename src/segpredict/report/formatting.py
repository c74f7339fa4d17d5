"""Format numbers for the page; the only module that formats any.

Missing and non-finite values become an en dash, never ``nan``.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from segpredict.core.text import count_of
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date

Row = Mapping[str, Any]  # of a table, by column
MISSING_TEXT = "–"
MINUS_SIGN = "−"
ACRONYMS = {"rfm": "RFM", "btyd": "BTYD", "sha256": "SHA-256"}
NARROW_SPACE = "\u202f"  # keeps a number and its unit on one line
MONTH_ABBREVIATIONS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def finite_or_none(value: Any) -> float | None:
    """Return a finite number, or ``None`` for everything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None


def finite_fields(row: Row, *names: str) -> dict[str, float | None]:
    """Return some values of a row by name, each finite or ``None``."""
    return {name: finite_or_none(row.get(name)) for name in names}


def format_number(value: Any, digits: int = 0) -> str:
    """Return a number with thousands and a fixed number of digits.

    >>> format_number(1234567), format_number(-0.25, 2), format_number(float("nan"))
    ('1,234,567', '−0.25', '–')
    """
    found = finite_or_none(value)
    if found is None:
        return MISSING_TEXT
    text = f"{found:,.{digits}f}"
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else text.replace("-", MINUS_SIGN)


def format_count(value: Any, noun: str) -> str:
    """Return a number with its noun.

    >>> format_count(1, "test"), format_count(None, "test")
    ('1 test', '– tests')
    """
    found = finite_or_none(value)
    return f"{MISSING_TEXT} {noun}s" if found is None else count_of(found, noun)


def format_short(value: Any) -> str:
    """Return a number with three significant digits, without trailing zeros.

    >>> [format_short(x) for x in (1234.5, 12.345, 0.01234, 3.0)]
    ['1,234', '12.3', '0.0123', '3']
    """
    found = finite_or_none(value)
    if found is None or isinstance(value, int) or not found:
        return format_number(value)
    size = math.floor(math.log10(abs(found)))
    text = format_number(found, min(6, max(0, 2 - size)))
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_share(value: Any, digits: int = 1) -> str:
    r"""Return a share as a percentage.

    >>> format_share(0.1234), format_share(None)
    ('12.3\u202f%', '–')
    """
    found = finite_or_none(value)
    return MISSING_TEXT if found is None else f"{format_number(found * 100, digits)}{NARROW_SPACE}%"


def format_signed(value: Any, digits: int = 0) -> str:
    """Return a difference, with its sign unless it is zero.

    >>> format_signed(0.0512, 3), format_signed(-2), format_signed(0.0001, 2)
    ('+0.051', '−2', '0.00')
    """
    text = format_number(value, digits)
    is_more = (finite_or_none(value) or 0) > 0 and bool(text.strip("0.,"))
    return f"+{text}" if is_more else text


def format_points(value: Any) -> str:
    r"""Return a difference of two shares in percentage points.

    >>> format_points(0.0567)
    '+5.7\u202fpts'
    """
    found = finite_or_none(value)
    return MISSING_TEXT if found is None else f"{format_signed(found * 100, 1)}{NARROW_SPACE}pts"


def format_interval(low: Any, high: Any, is_share: bool) -> str:  # noqa: FBT001 (a filter's argument)
    r"""Return an interval of differences.

    >>> format_interval(0.031, 0.062, True)
    '+3.1 to +6.2\u202fpts'
    """
    if finite_or_none(low) is None or finite_or_none(high) is None:
        return MISSING_TEXT
    if is_share:
        return f"{format_signed(low * 100, 1)} to {format_points(high)}"
    return f"{format_signed(low, 3)} to {format_signed(high, 3)}"


def format_money(value: Any, currency: str = "", digits: int | None = None) -> str:
    r"""Return money; below a hundred with pennies, above without.

    >>> format_money(1234.5, "£"), format_money(-3, "£", 2), format_money(5, "EUR")
    ('£1,234', '−£3.00', 'EUR\xa05.00')
    """
    found = finite_or_none(value)
    if found is None:
        return MISSING_TEXT
    places = (2 if abs(found) < 100 else 0) if digits is None else digits
    sign = MINUS_SIGN if format_number(found, places).startswith(MINUS_SIGN) else ""
    space = "\xa0" if len(currency) > 1 else ""
    return f"{sign}{currency}{space}{format_number(abs(found), places)}"


def format_money_units(units: Any, currency: str = "") -> str:
    """Return exact money from whole units of 10⁻⁴, to the penny.

    >>> format_money_units(1_234_500, "£")
    '£123.45'
    """
    found = finite_or_none(units)
    return MISSING_TEXT if found is None else format_money(found / MONEY_SCALE, currency, 2)


def format_day(value: int) -> str:
    r"""Return a day number as text.

    >>> format_day(15227)
    '10\xa0Sep\xa02011'
    """
    date = as_date(value)
    return f"{date.day}\xa0{MONTH_ABBREVIATIONS[date.month - 1]}\xa0{date.year}"


def format_day_range(first: int, end: int) -> str:
    r"""Return the first and last day of ``[first, end)``.

    >>> format_day_range(15227, 15318)
    '10\xa0Sep to 9\xa0Dec\xa02011'
    """
    text, last = format_day(first), format_day(end - 1)
    year = last[-5:]
    return f"{text.removesuffix(year)} to {last}"


def format_iso_day(text: Any) -> str:
    r"""Return an ISO date as text, and any other text unchanged.

    >>> format_iso_day("2011-09-10"), format_iso_day("soon")
    ('10\xa0Sep\xa02011', 'soon')
    """
    parts = str(text).split("-")
    if [len(p) for p in parts] != [4, 2, 2] or not all(p.isdecimal() for p in parts):
        return str(text)
    year, month, date = (int(p) for p in parts)
    known = 1 <= month <= 12
    return f"{date}\xa0{MONTH_ABBREVIATIONS[month - 1]}\xa0{year}" if known else str(text)


def format_month(text: Any) -> str:
    r"""Return a month of the form 2011-09 as text, and any other text unchanged.

    >>> format_month("2011-09"), format_month("soon")
    ('Sep\xa02011', 'soon')
    """
    return format_iso_day(f"{text}-01").partition("\xa0")[2] or str(text)


def name_to_words(name: str) -> str:
    """Return a name in the code as words.

    >>> name_to_words("smallest_share"), name_to_words("rfm")
    ('Smallest share', 'RFM')
    """
    text = name.replace("_", " ").strip()
    return ACRONYMS.get(text, text[:1].upper() + text[1:])


def format_cell(value: Any, kind: str, currency: str = "") -> str:
    """Return any value by its kind: text, whole, number, share, money or units."""
    if isinstance(value, list | tuple):
        return ", ".join(format_cell(v, "text") for v in value) or MISSING_TEXT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or MISSING_TEXT
    forms: dict[str, Callable[[Any], str]] = {
        "whole": format_number,
        "share": format_share,
        "money": lambda v: format_money(v, currency),
        "units": lambda v: format_money(v / MONEY_SCALE, currency),
        "score": lambda v: format_number(v, 3),
    }
    return MISSING_TEXT if value is None else forms.get(kind, format_short)(value)


FILTERS: dict[str, Callable[..., str]] = {
    "number": format_number,
    "count": format_count,
    "share": format_share,
    "signed": format_signed,
    "points": format_points,
    "interval": format_interval,
    "money": format_money,
    "pennies": format_money_units,
    "iso_day": format_iso_day,
    "month": format_month,
    "words": name_to_words,
    "cell": format_cell,
}
