"""What the cells of any column look like: days, numbers, money, or a status of orders.

Good for advice, and to find columns; not for reading.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.status_words import CREDIT_MARK, FALSE_WORDS, TRUE_WORDS, status_meaning
from segpredict.core.state import read_words
from segpredict.data.cleaning._moments import split_dates

SAMPLE_ROWS = 20_000  # rows that are looked at: a file may have a hundred million
MAX_VALUES = 40  # values of a status, or of another column of few words
SAMPLE_VALUES = 2_000  # distinct values that are looked at
FITTING_SHARE = 0.95  # share of cells that must fit
DAY_DIGITS = r"^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
CLOCK_ONLY = r"^\d{1,2}:\d{2}(:\d{2})?( ?[AaPp]\.?[Mm]\.?)?$"
CURRENCY = r"(?i)^\s*([-−(]*)\s*(?:[a-z]{1,3}\$|[$€£¥₹]|[a-z]{3}\s)?\s*"
POINT_NUMBER = r"^[-−(]*(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?[)-]?$"
COMMA_NUMBER = r"^[-−(]*(?:\d{1,3}(?:[. \x{a0}\x{202f}]\d{3})+|\d+)?(?:,\d+)?[)-]?$"
KNOWN_SHARE = 0.9  # share of rows with known words that makes any column a status
KIND_SHARE = 0.5  # the same for a column named after its kind of event
NAME_WORDS = read_words("segpredict.data.readers", "words.toml")
PERSON_WORDS, TRAIT_WORDS = NAME_WORDS["person"], NAME_WORDS["trait"]
MONEY_WORDS, OTHER_MONEY_WORDS = NAME_WORDS["money"], NAME_WORDS["other_money"]
KIND_NAMES = NAME_WORDS["kind"]
FLAGS = {  # name → what a marked row is, and the words that mark it
    name: (word, marks)
    for flags, marks in (("flags_set", TRUE_WORDS), ("flags_unset", FALSE_WORDS))
    for word, names in NAME_WORDS[flags].items()
    for name in names
}


def holds(name: str, words: Iterable[str]) -> bool:
    """Return whether any of these words is in a name."""
    return any(word in name for word in words)


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


def is_flag(column: pl.Series) -> bool:
    """Return whether a column holds yes and no only."""
    if column.head(SAMPLE_ROWS).n_unique() > MAX_VALUES:
        return False
    values = lower_text(column.unique()).drop_nulls()
    values = values.filter(values != "")
    return len(values) > 0 and bool(values.is_in([*TRUE_WORDS, *FALSE_WORDS]).all())


def lower_text(column: pl.Series) -> pl.Series:
    """Return cells as text in lower case, without the .0 that a float leaves behind."""
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.str.replace(r"\.0$", "")


def is_cancellation(column: pl.Series) -> bool:
    """Return whether a column says which orders were cancelled: by a day, or by yes and no."""
    if not holds(normalize_name(column.name), NAME_WORDS["cancel"]) or column.dtype.is_float():
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


def find_status_columns(table: pl.DataFrame) -> list[str]:
    """Return the columns that look like a status of orders, the most telling first."""
    found = [(weight, name) for name in table.columns if (weight := _weight(table[name]))]
    return [name for _, name in sorted(found, key=lambda pair: pair[0], reverse=True)]


def joined_status(table: pl.DataFrame, columns: list[str], flags: list[str]) -> pl.Series:
    """Return one status a row: of the first column, unless another says that it is no sale."""
    texts = [_marked(table[name]) for name in columns]
    texts += [_flag_text(table[name]) for name in flags]
    joined = pl.DataFrame([text.alias(str(i)) for i, text in enumerate(texts)])
    values = {text.name: text.drop_nulls().unique() for text in joined}
    no_sale = {
        name: [v for v in texts if status_meaning(v) in ("no sale", "given back")]
        for name, texts in values.items()
    }
    void = [pl.when(pl.col(name).is_in(texts)).then(name) for name, texts in no_sale.items()]
    return joined.select(status=pl.coalesce(*void, *joined.columns)).to_series()


def find_flags(table: pl.DataFrame) -> list[str]:
    """Return columns of yes and no that say which rows are no sale."""
    return [c for c in table.columns if normalize_name(c) in FLAGS and is_flag(table[c])]


def _flag_text(column: pl.Series) -> pl.Series:
    """Return the word for rows that a flag marks; null for the others."""
    word, marks = FLAGS[normalize_name(column.name)]
    is_marked = lower_text(column).is_in(marks).fill_null(value=False)
    return pl.select(pl.when(is_marked).then(pl.lit(word))).to_series()


def _marked(column: pl.Series) -> pl.Series:
    """Return a status as text; of a kind of row, what gives money back is marked as that."""
    text = column.cast(pl.String).str.strip_chars()
    text = text.set(text == "", None)
    if normalize_name(column.name) not in KIND_NAMES:
        return text
    values = text.drop_nulls().unique()
    back = [value for value in values if status_meaning(value) == "given back"]
    return text.replace({value: value + CREDIT_MARK for value in back}) if back else text


def _weight(column: pl.Series) -> tuple[bool, bool, float] | None:
    """Return how much a column looks like a status: larger means more; None where not at all."""
    name = normalize_name(column.name)
    is_state = holds(name, NAME_WORDS["state"])
    is_text = column.dtype in (pl.String, pl.Categorical, pl.Enum)
    if not is_text and not (column.dtype.is_integer() and "status" in name):
        return None
    if is_state and holds(name, NAME_WORDS["other_state"]):
        return None
    if column.head(SAMPLE_ROWS).n_unique() > MAX_VALUES + 2:  # blank cells among them
        return None
    cells = column.cast(pl.String).str.strip_chars()
    counts = cells.filter((cells != "").fill_null(value=False)).value_counts(name="n")
    if not 0 < counts.height <= MAX_VALUES:
        return None
    meanings: list[str] = [status_meaning(value) for value in counts.to_series(0)]
    is_known = pl.Series([meaning != "unknown" for meaning in meanings])
    share = int(counts["n"].filter(is_known).sum()) / int(counts["n"].sum())
    if not _is_enough(name, share, meanings, is_state=is_state):
        return None
    return (not holds(name, NAME_WORDS["parcel"]), is_state, share)


def _is_enough(name: str, share: float, meanings: Sequence[str], *, is_state: bool) -> bool:
    """Return whether a name and the share of rows with known words make a status."""
    is_of_order = "status" in name and holds(name, NAME_WORDS["order"])
    if name in ("status", "statusid", "statuscode", *NAME_WORDS["event"]) or is_of_order:
        return share > 0 or len(meanings) > 1  # one unknown word marks something else
    if is_state:
        return share > 0
    has_sale = "sale" in meanings  # words of goods and of payments may mean no sale, too
    return has_sale and share >= (KIND_SHARE if name in KIND_NAMES else KNOWN_SHARE)
