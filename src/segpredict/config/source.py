"""Options of the input: the role of each column, and the format of the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import polars as pl

from segpredict.config.column_aliases import NORMALIZED_ALIASES, normalize_name
from segpredict.config.fill import Count, CountOrAuto, Options
from segpredict.core.schemas import COLUMN_ROLES
from segpredict.errors import ConfigError, ContractError, UnknownNameError, quote_value

__all__ = ["NORMALIZED_ALIASES", "WHITESPACE", "SourceOptions", "normalize_name"]

WHITESPACE = "whitespace"


@dataclass(frozen=True, slots=True)
class SourceOptions(Options):
    """How to read an input.

    Raises `UnknownNameError` when a role is not one of `core.schemas.COLUMN_ROLES`; `ConfigError`
    when the separator is neither one character nor ``whitespace``, or there is neither a header nor
    a name for each column.
    """

    section: ClassVar[str] = "source"
    # Role → name of the column in the input. Roles that are not named here are found by the names
    # that common exports use; an empty name leaves a role out.
    columns: Mapping[str, str] = field(default_factory=dict)
    # ``csv``, ``parquet``, ``excel``, ``sqlite`` or ``duckdb``; by default the file's suffix
    # decides.
    format: str | None = None
    # The character between cells, or ``whitespace`` for aligned text; by default the first lines
    # decide among comma, semicolon, tab and bar.
    separator: str | None = None
    # Name of the encoding; by default strict UTF-8, and cp1252 if that fails.
    encoding: str | None = None
    # Roles whose column may be absent, for example when scoring.
    optional_roles: tuple[str, ...] = ()
    deferred_roles: tuple[str, ...] = ()  # Roles that another table will provide.
    # The row with the names of the columns, 0 if there is none; by default the first row that is
    # neither blank nor a comment.
    header_row: int | None = None
    column_names: tuple[str, ...] = ()  # Names of the columns, for a file without a header.
    comment_prefix: str | None = None  # Prefix of lines that are comments.
    # How a quote inside quotes is written: ``double`` (RFC 4180) or ``backslash``; by default the
    # whole file decides.
    quote_escape: Literal["double", "backslash"] | None = None
    # ``refuse`` a row with a quote in an unquoted cell, or ``keep`` the quote as text.
    stray_quotes: Literal["refuse", "keep"] = "refuse"
    # Whether to drop a last row that was cut off instead of refusing the file.
    allow_truncated: bool = False
    # The sheet of a workbook; ``*`` joins all sheets of transactions, which must have the same
    # header, and leaves out covers and notes.
    sheet: str | None = None
    table: str | None = None  # The table or view of a database.
    query: str | None = None  # A file with the SQL query to ask a database server, for a table.
    query_seconds: Count = 3600  # Seconds after which a query is given up.
    # A column of a database that only grows (a number or a time): `segpredict ingest` then reads
    # what came since, and once more the rows of `overlap` days, or numbers, before.
    watermark: str | None = None
    overlap: CountOrAuto = 3  # Days, or numbers, before the last watermark that are read again.
    max_file_bytes: int = 64 << 30  # Largest size of a file in bytes.
    max_unpacked_bytes: int = 8 << 30  # Largest size in bytes of a compressed file when unpacked.

    def _check(self) -> None:
        for role in self.columns:
            if role not in COLUMN_ROLES:
                raise UnknownNameError("role", role, COLUMN_ROLES)
        separator = self.separator
        if separator not in (None, WHITESPACE) and len(separator or "") != 1:
            raise ConfigError(
                f"A separator is one character; {separator!r} is not.",
                fix="give one character, or 'whitespace' for aligned text.",
            )
        if self.header_row == 0 and not self.column_names:
            raise ConfigError(
                "source.header_row = 0 says that no row holds the names of the columns.",
                fix="list them: source.column_names = ['customer_id', …].",
            )


ID_COLUMNS = ("customer_id", "order_id", "product_id")
DECIMAL_SUFFIX = r"^(\d+)\.0+$"  # what a float column leaves behind an id
INVISIBLE_CHARACTERS = "\ufeff\u200b\u200c\u200d\u2060"  # no white space in Unicode, yet invisible
# White space and invisible characters together: one pass strips both.
BLANK_CHARACTERS = (
    INVISIBLE_CHARACTERS
    + "".join(char for char in map(chr, range(0x3001)) if char.isspace() and char > "\x1f")
    + "\t\n\v\f\r"
)


def columns_as_text(frame: pl.DataFrame, chosen: dict[str, str], file: str) -> pl.DataFrame:
    """Return one text column a role: trimmed, blank cells null, numbers digit by digit.

    Raises `ContractError` when a column holds lists, structs or other things that are not cells.

    >>> lines = pl.DataFrame({"spent": [2.5], "who": [7]})
    >>> columns_as_text(lines, {"amount": "spent", "customer_id": "who"}, "frame").row(0)
    ('2.5', '7')
    """
    return frame.select(text_cells(frame.schema, chosen, file))


def text_cells(schema: pl.Schema, chosen: dict[str, str], file: str) -> list[pl.Expr]:
    """Return what `columns_as_text` makes of a table of this schema."""
    return [
        _cells(role, column, schema[column], file).alias(role) for role, column in chosen.items()
    ]


def _cells(role: str, column: str, dtype: pl.DataType, file: str) -> pl.Expr:
    text = _text(role, column, dtype, file)
    # Numbers and times have no blanks, and a pass over all cells is expensive.
    return text if dtype.is_numeric() or dtype.is_temporal() else _trimmed(role, text)


def _text(role: str, column: str, dtype: pl.DataType, file: str) -> pl.Expr:
    cells = pl.col(column)
    if dtype == pl.String:
        return cells
    if dtype == pl.Date:
        return cells.dt.to_string("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        # With its offset to UTC, so that cleaning reads a clock as it reads such text.
        offset = "%:z" if dtype.time_zone else ""
        return cells.dt.to_string(f"%Y-%m-%d %H:%M:%S%.f{offset}")
    if dtype.is_float() and role in ID_COLUMNS:
        whole = (cells == cells.round()) & (cells.abs() < 2**53)
        return (
            pl.when(whole)
            .then(cells.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(cells.fill_nan(None).cast(pl.String))
        )
    is_extension = isinstance(dtype, pl.BaseExtension)
    if is_extension or dtype.is_nested() or dtype in (pl.Duration, pl.Time, pl.Object, pl.Binary):
        raise ContractError(
            f"Column {quote_value(column)} of {quote_value(file)} holds {dtype}, which is "
            "not text, a number or a date.",
            fix=f"give {role} as text, numbers or dates.",
            file=file,
            column=role,
        )
    text = cells.cast(pl.String)
    if dtype.is_float() or dtype.is_decimal():
        # A typed number has a decimal point. One more digit keeps 1.234 from being read
        # as a text that may mean one thousand.
        return pl.when(text.str.contains(r"\.\d{3}$")).then(text + "0").otherwise(text)
    return text


def _trimmed(role: str, cells: pl.Expr) -> pl.Expr:
    bare = cells.str.strip_chars(BLANK_CHARACTERS)
    # Cleaning trims customer ids itself, to report which of them become one.
    return pl.when(bare != "").then(cells if role == "customer_id" else bare)
