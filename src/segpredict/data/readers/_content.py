"""What the cells of any column look like: days, numbers, money. For advice, not for reading."""

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.data.cleaning._date_patterns import split_dates
from segpredict.data.readers._status import is_flag

SAMPLE_ROWS = 20_000  # rows that are looked at: a file may have a hundred million
SAMPLE_VALUES = 2_000  # distinct values that are looked at
FITTING_SHARE = 0.95  # share of cells that must fit
DAY_DIGITS = r"^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
CLOCK_ONLY = r"^\d{1,2}:\d{2}(:\d{2})?( ?[AaPp]\.?[Mm]\.?)?$"
CANCEL_PARTS = ("cancel", "annul", "storn", "cancelad", "anulad", "geannul")
CURRENCY = r"(?i)^\s*([-−(]*)\s*(?:[a-z]{1,3}\$|[$€£¥₹]|[a-z]{3}\s)?\s*"
POINT_NUMBER = r"^[-−(]*(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?[)-]?$"
COMMA_NUMBER = r"^[-−(]*(?:\d{1,3}(?:[. \x{a0}\x{202f}]\d{3})+|\d+)?(?:,\d+)?[)-]?$"


def filled_cells(column: pl.Series) -> pl.Series:
    """Return the cells of a column that hold something, trimmed."""
    cells = column.drop_nulls()
    if cells.dtype != pl.String:
        return cells
    cells = cells.str.strip_chars()
    return cells.filter(cells != "")


def is_time_column(column: pl.Series) -> bool:
    """Return whether nearly all cells are days.

    >>> is_time_column(pl.Series(["31.01.2011", "1.2.2011"])), is_time_column(pl.Series(["7"]))
    (True, False)
    """
    if column.dtype.is_temporal():
        return True
    cells = filled_cells(column.head(SAMPLE_ROWS))
    if column.dtype not in (pl.String, pl.Categorical) or cells.is_empty():
        return False
    values = cells.cast(pl.String).unique(maintain_order=True).head(SAMPLE_VALUES)
    parts, _ = split_dates(pl.DataFrame({"text": values, "form": values}))
    is_digits = parts["shape"] == "digits"
    is_day = ~is_digits | parts["text"].str.contains(DAY_DIGITS)
    return bool(is_day.sum() >= FITTING_SHARE * len(values))


def is_clock_column(column: pl.Series) -> bool:
    """Return whether all cells are times of a day, without the day."""
    if column.dtype != pl.String:
        return column.dtype == pl.Time
    cells = filled_cells(column.head(SAMPLE_VALUES))
    return len(cells) > 0 and bool(cells.str.contains(CLOCK_ONLY).all())


def is_cancellation(column: pl.Series) -> bool:
    """Return whether a column says which orders were cancelled: by a day, or by yes and no."""
    name = normalize_name(column.name)
    if not any(part in name for part in CANCEL_PARTS) or column.dtype.is_float():
        return False
    return is_flag(column) or is_time_column(column)


def rough_numbers(column: pl.Series) -> pl.Series:
    """Return the numbers in the cells of a column, as floats; null where there is none.

    The decimal mark is the one that more cells fit. Good for sums to show beside a column that
    is not used; what is used is read exactly (`cleaning`).

    >>> rough_numbers(pl.Series(["$1,234.50", "-2", "x"])).to_list()
    [1234.5, -2.0, None]
    >>> rough_numbers(pl.Series(["1.234,50 €", "2,00-"])).to_list()
    [1234.5, -2.0]
    """
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        return pl.Series(column.name, [None] * len(column), dtype=pl.Float64)
    simple = column.cast(pl.Float64, strict=False)
    if simple.null_count() == column.null_count():
        return simple
    bare = (
        column.str.strip_chars().str.replace(CURRENCY, "${1}").str.replace(r"\s*[€$£a-zA-Zł]+$", "")
    )
    has_digit = bare.str.contains(r"\d").fill_null(value=False)
    point = has_digit & bare.str.contains(POINT_NUMBER).fill_null(value=False)
    comma = has_digit & bare.str.contains(COMMA_NUMBER).fill_null(value=False)
    group, mark, fits = (",", ".", point) if point.sum() >= comma.sum() else (".", ",", comma)
    is_negative = bare.str.contains(r"[-−(]")
    digits = bare.str.replace_all(r"[-−()\s\x{a0}\x{202f}]", "")
    plain = digits.str.replace_all(group, "", literal=True).str.replace(mark, ".", literal=True)
    size = plain.cast(pl.Float64, strict=False)
    signed = pl.select(pl.when(is_negative).then(-size).otherwise(size)).to_series()
    return signed.set(~fits, None).alias(column.name)


def is_number_column(column: pl.Series) -> bool:
    """Return whether nearly all filled cells are numbers, of the first rows."""
    cells = filled_cells(column.head(SAMPLE_ROWS))
    return len(cells) > 0 and rough_numbers(cells).count() >= FITTING_SHARE * len(cells)


def has_decimals(column: pl.Series) -> bool:
    """Return whether a column of numbers has a part of one somewhere in its first rows."""
    column = column.head(SAMPLE_ROWS)
    numbers = rough_numbers(filled_cells(column)).drop_nulls()
    text = column.dtype == pl.String and bool(column.str.contains(r"\d[.,]\d{1,2}\D*$").any())
    return text or bool((numbers != numbers.round()).any())
