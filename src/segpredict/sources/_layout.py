"""How an input is laid out: which column plays which role, and how the text is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from segpredict.contracts import ROLES
from segpredict.errors import ConfigError, UnknownNameError
from segpredict.sources._aliases import ALIASES, normal

__all__ = ["ALIASES", "WHITESPACE", "Layout", "normal"]

WHITESPACE = "whitespace"


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read an input.

    Parameters
    ----------
    columns
        Role → name of the column in the input. A role that is not named here is looked
        for under the names that common exports use; an empty name leaves it out.
    format
        ``csv`` or ``parquet``; by default the file's suffix decides.
    separator
        The sign between cells, or ``whitespace`` for aligned text; by default the first
        lines decide among comma, semicolon, tab and bar.
    encoding
        A codec's name; by default strict UTF-8, and cp1252 if that fails.
    may_lack
        Roles whose named column may be absent, as when scoring.
    later
        Roles that need not be in the input: another table will give them.
    header
        The row with the names of the columns; 0 where there is none. By default the
        first row that is neither blank nor a comment.
    names
        Names of the columns, for a file without a header.
    comment
        What a line starts with that is no data.
    escape
        How a quote inside quotes is written: ``double`` (RFC 4180) or ``backslash``;
        by default the whole file proves it.
    stray_quotes
        ``refuse`` a row with a quote in an unquoted cell, or ``keep`` it as a sign.
    allow_truncated
        Drop a last row that was cut off instead of refusing the file.
    sheet
        The sheet of a workbook; ``*`` joins all sheets of transactions, which must
        have the same header, and leaves out covers and notes.
    table
        The table or view of a database file.
    max_input
        The most bytes that a file may have.
    max_inflated
        The most bytes that a packed file may grow to.

    Raises
    ------
    UnknownNameError
        When a role is not one of `contracts.ROLES`.
    ConfigError
        When the separator is neither one sign nor ``whitespace``, or there is neither
        a header nor a name for each column.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None
    separator: str | None = None
    encoding: str | None = None
    may_lack: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    header: int | None = None
    names: tuple[str, ...] = ()
    comment: str | None = None
    escape: Literal["double", "backslash"] | None = None
    stray_quotes: Literal["refuse", "keep"] = "refuse"
    allow_truncated: bool = False
    sheet: str | None = None
    table: str | None = None
    max_input: int = 64 << 30
    max_inflated: int = 8 << 30

    def __post_init__(self) -> None:
        for role in self.columns:
            if role not in ROLES:
                raise UnknownNameError("role", role, ROLES)
        sign = self.separator
        if sign is not None and sign != WHITESPACE and len(sign) != 1:
            raise ConfigError(
                f"A separator is one sign; {sign!r} is not.",
                fix="give one sign, or 'whitespace' for aligned text.",
            )
        if self.header == 0 and not self.names:
            raise ConfigError(
                "source.header = 0 says that no row holds the names of the columns.",
                fix="list them: source.names = ['customer_id', …].",
            )
