"""What the cells of any column look like: days, numbers, money, or a status of orders.

Good for advice, and to find columns; not for reading.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.status_words import CREDIT_MARK, FALSE_WORDS, TRUE_WORDS, status_meaning
from segpredict.core.state import read_words
from segpredict.data.cleaning._moments import split_dates

if TYPE_CHECKING:
    from segpredict.data.readers._table import TableCells

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


def is_flag(table: "TableCells", name: str) -> bool:
    """Return whether a column holds yes and no only."""
    if table.head[name].n_unique() > MAX_VALUES:
        return False
    values = lower_text(table.distinct(name)).drop_nulls()
    values = values.filter(values != "")
    return len(values) > 0 and bool(values.is_in([*TRUE_WORDS, *FALSE_WORDS]).all())


def lower_text(column: pl.Series) -> pl.Series:
    """Return cells as text in lower case, without the .0 that a float leaves behind."""
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.str.replace(r"\.0$", "")


def is_cancellation(table: "TableCells", name: str) -> bool:
    """Return whether a column says which orders were cancelled: by a day, or by yes and no."""
    if not holds(normalize_name(name), NAME_WORDS["cancel"]) or table.schema[name].is_float():
        return False
    return is_flag(table, name) or is_time_column(table.head[name])


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


def find_status_columns(table: "TableCells") -> list[str]:
    """Return the columns that look like a status of orders, the most telling first."""
    found = [(weight, name) for name in table.columns if (weight := _weight(table, name))]
    return [name for _, name in sorted(found, key=lambda pair: pair[0], reverse=True)]


def joined_status(table: "TableCells", columns: list[str], flags: list[str]) -> pl.Expr:
    """Return one status a row: of the first column, unless another says that it is no sale."""
    values = {name: table.distinct(name) for name in (*columns, *flags)}
    # Text as it stands in the cells → the status that it is.
    texts = {name: _marked(name, values[name]) for name in columns}
    texts |= {name: _flag_text(name, values[name]) for name in flags}
    statuses = [
        pl.col(name).cast(pl.String).replace_strict(known, default=None, return_dtype=pl.String)
        for name, known in texts.items()
    ]
    no_sale = [
        [v for v in set(known.values()) if status_meaning(v) in ("no sale", "given back")]
        for known in texts.values()
    ]
    void = [
        pl.when(status.is_in(words)).then(status)
        for status, words in zip(statuses, no_sale, strict=True)
    ]
    return pl.coalesce(*void, *statuses).alias("status")


def find_flags(table: "TableCells") -> list[str]:
    """Return columns of yes and no that say which rows are no sale."""
    return [c for c in table.columns if normalize_name(c) in FLAGS and is_flag(table, c)]


def _flag_text(name: str, values: pl.Series) -> dict[str, str]:
    """Return the word for cells that a flag marks."""
    word, marks = FLAGS[normalize_name(name)]
    is_marked = lower_text(values).is_in(marks).fill_null(value=False)
    return dict.fromkeys(values.filter(is_marked).cast(pl.String), word)


def _marked(name: str, values: pl.Series) -> dict[str, str]:
    """Return the status of each cell; of a kind of row, what gives money back is marked as that."""
    cells = values.cast(pl.String).drop_nulls()
    bare = cells.str.strip_chars()
    texts = {cell: text for cell, text in zip(cells, bare, strict=True) if text}
    if normalize_name(name) not in KIND_NAMES:
        return texts
    is_back = {text: status_meaning(text) == "given back" for text in texts.values()}
    return {cell: text + CREDIT_MARK * is_back[text] for cell, text in texts.items()}


def _weight(table: "TableCells", column: str) -> tuple[bool, bool, float] | None:
    """Return how much a column looks like a status: larger means more; None where not at all."""
    name, dtype = normalize_name(column), table.schema[column]
    is_state = holds(name, NAME_WORDS["state"])
    is_text = dtype in (pl.String, pl.Categorical, pl.Enum)
    if not is_text and not (dtype.is_integer() and "status" in name):
        return None
    if is_state and holds(name, NAME_WORDS["other_state"]):
        return None
    if table.head[column].n_unique() > MAX_VALUES + 2:  # blank cells among them
        return None
    cells = table.rows.select(cell=pl.col(column).cast(pl.String).str.strip_chars())
    counts = table.collect(cells.filter(pl.col("cell") != "").group_by("cell").agg(n=pl.len()))
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
