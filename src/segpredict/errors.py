"""Say what was asked, what was found and what to do; one class per kind of failure.

Each class owns its wording and its exit code; the CLI only reads them::

    SegpredictError                 1  a bug in segpredict
    ├── UsageError                  2  the command line or a call is not understood
    │   └── CustomerMissingError    2  no active customer has that id
    ├── ConfigError                 3  a config file or setting
    │   ├── UnknownNameError        3  no part, preset, key or segment of that name
    │   ├── ExtraMissingError       3  a part needs an extra that is not installed
    │   └── PluginError             3  a part of another package cannot be used
    ├── SourceError                 4  the input cannot be read as a table
    │   ├── DownloadError           4  a public data set could not be downloaded
    │   ├── FileMissingError        4  no such file, folder or match
    │   └── UnreadableFileError     4  damaged, empty, or not a table
    ├── ContractError               5  the data break a rule of their columns
    │   ├── ColumnMissingError      5  a needed column is not there
    │   ├── BadCellsError           5  cells that are not what their column says
    │   ├── LineFieldError          5  a field of a line is not what its name says
    │   ├── SchemaError             5  a table between two rooms breaks its schema
    │   └── TooManyBadRowsError     5  more unreadable rows than allowed
    ├── SupportError                6  the data are fine and cannot support the model
    │   ├── TooFewCustomersError    6
    │   ├── TooShortHistoryError    6  no origin has a complete outcome
    │   └── SingleClassError        6  every label is the same
    ├── ArtifactError               7  a run folder is missing, damaged or too new
    │   └── TamperedFileError       7  a file differs from its recorded hash
    ├── MismatchError               8  model and data disagree
    ├── DatabaseError               9  a database does not answer, refuses, or ends on the way
    ├── LimitError                 10  memory, disk, size or time
    ├── TargetBusyError            11  the target exists already
    └── BusyError                  11  another process writes there
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

# How a message is worded for the door that reads it; `core.wording` sets it.
_wording: dict[str, Callable[[str], str]] = {"of_door": str}
MAX_VALUE_LENGTH = 80  # characters of a user's value that a message may show
MAX_LISTED_NAMES = 10  # names that a message lists
MAX_LISTED_COLUMNS = 20  # columns of a file that it lists
MAX_NEAR_NAMES = 4  # names that it lists of more
_ADDRESS = re.compile(r"[^\s\"'<>,;:/@]+@(?=[\w-]+\.)")  # who an e-mail address is of


def set_wording(function: Callable[[str], str]) -> None:
    """Let messages be read through a function that knows the door: command line or Python."""
    _wording["of_door"] = function


def quote_value(value: object) -> str:
    """Return a value as a message may show it: quoted, cut, without control characters."""
    text = str(value)
    cut = text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"
    return '"' + "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut) + '"'


def _hide_people(told: Any) -> Any:
    """Return a text, or each of a list, without the people in its e-mail addresses."""
    if isinstance(told, list):
        return [_hide_people(each) for each in told]
    return _ADDRESS.sub("…@", told) if isinstance(told, str) else told


def closest_name_hint(name: str, known: Iterable[str]) -> str:
    """Return a hint with the closest known name; with all where none is close, if they are few.

    >>> closest_name_hint("recensy", ["recency", "spend"])
    "Did you mean 'recency'?"
    """
    names = sorted(known)
    if close := _closest_name(name, names):
        return f"Did you mean {close!r}?"
    if len(names) <= MAX_LISTED_NAMES:
        return f"Known: {', '.join(names)}." if names else "Check the name."
    near = difflib.get_close_matches(name, names, n=MAX_NEAR_NAMES, cutoff=0.0)
    return f"There are {len(names)}; the nearest are {', '.join(near)}."


def _closest_name(name: str, names: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.6)), "")


class SegpredictError(Exception):
    """The root of every error that segpredict raises on purpose.

    It says what was asked and found (`message`), what to do about it (`fix`, an instruction), and
    facts a program may read (`where`): ``file``, ``row``, ``column``, ``value``, ``count``,
    ``examples``.

    Both texts are written with options of the command line (``--as-of``); read in Python,
    they name parameters (``as_of=``).
    """

    code: ClassVar[str] = "SP-B001"
    exit_code: ClassVar[int] = 1

    def __init_subclass__(cls, *, code: str, exit_code: int | None = None) -> None:
        cls.code = code
        cls.exit_code = cls.exit_code if exit_code is None else exit_code

    def __init__(self, message: str, *, fix: str, **where: Any) -> None:
        super().__init__(message)
        self._message, self._fix = _hide_people(message), _hide_people(fix)
        self.where = {
            n: _hide_people(v) if n in ("value", "examples") else v for n, v in where.items()
        }

    @property
    def message(self) -> str:
        """What was asked and what was found."""
        return _wording["of_door"](self._message)

    @property
    def fix(self) -> str:
        """What to do about it."""
        return _wording["of_door"](self._fix)

    @fix.setter
    def fix(self, text: str) -> None:
        self._fix = text

    def __str__(self) -> str:
        return f"{self.message} Fix: {self.fix}"

    def to_dict(self) -> dict[str, Any]:
        """Return the error as the one object that ``--json`` and services print."""
        return {
            "code": self.code,
            "exit": self.exit_code,
            "message": self.message,
            **dict.fromkeys(("file", "row", "column", "value", "count")),
            "examples": [],
            **self.where,
            "fix": self.fix,
        }


class UsageError(SegpredictError, code="SP-L001", exit_code=2):
    """A command line or a call that cannot be understood."""


class CustomerMissingError(UsageError, code="SP-L002"):
    """No customer with that id has an order in the look-back. Other ids are not shown."""

    def __init__(self, customer_id: str, lookback: int) -> None:
        super().__init__(
            f"No customer {quote_value(customer_id)} has an order in the last {lookback} "
            "days of the data.",
            fix="check the id; scores.parquet lists all customers of the run.",
        )


class ConfigError(SegpredictError, code="SP-C001", exit_code=3):
    """A config file or a setting that cannot be used."""


class UnknownNameError(ConfigError, code="SP-C002"):
    """No part, preset, key or segment has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"There is no {kind} named {quote_value(name)}.", fix=closest_name_hint(name, known)
        )


class ExtraMissingError(ConfigError, code="SP-C003"):
    """A requested part needs an extra that is not installed."""

    def __init__(self, what: str, extra: str, package: str) -> None:
        super().__init__(
            f"{what} needs the package {package}, which is not installed.",
            fix=f"pip install 'segpredict[{extra}]', or choose another.",
        )


class PluginError(ConfigError, code="SP-C004"):
    """A part that another installed package offers cannot be used."""

    def __init__(self, group: str, name: str, package: str, reason: str) -> None:
        super().__init__(
            f"The plugin {quote_value(name)} of the package {quote_value(package)} "
            f"(entry point {group}) cannot be used: {reason}.",
            fix=f"update the package, or remove it: pip uninstall {package}.",
        )


class SourceError(SegpredictError, code="SP-F001", exit_code=4):
    """An input that cannot be read as a table."""


class FileMissingError(SourceError, code="SP-F002"):
    """There is no file, folder or match at that path."""

    def __init__(self, path: str, neighbours: Iterable[str] = ()) -> None:
        folder, slash, name = path.rpartition("/")
        close = _closest_name(name, neighbours)
        hint = (
            f"Did you mean {folder + slash + close!r}?"
            if close
            else f"Check the name; looked for in {quote_value(Path(path).absolute().parent)}."
        )
        super().__init__(f"{quote_value(path)} was not found.", fix=hint, file=path)


class DownloadError(SourceError, code="SP-F004"):
    """A public data set could not be downloaded, or is not as expected."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"{quote_value(address)} did not give the data set: {reason}.",
            fix="try again later, or download it with a browser and name the file with "
            "--data; nothing was written.",
            file=address,
        )


class UnreadableFileError(SourceError, code="SP-F003"):
    """A file that is damaged, empty, or no table at all."""

    def __init__(self, path: str, reason: str, fix: str, **where: Any) -> None:
        row = f" row {where['row']}" if "row" in where else ""
        message = f"{quote_value(path)}{row} cannot be read: {reason}."
        super().__init__(message, fix=fix, file=path, **where)


class ContractError(SegpredictError, code="SP-D001", exit_code=5):
    """Data that were read and break the rules of their columns."""


class ColumnMissingError(ContractError, code="SP-D002"):
    """A column that the run needs is not in the input."""

    def __init__(
        self,
        role: str,
        found: Sequence[str],
        file: str = "",
        *,
        remark: str = "",
        fix: str = "name a column that is there, or choose a preset with --config.",
    ) -> None:
        where = f" of {quote_value(file)}" if file else ""
        more = len(found) - MAX_LISTED_COLUMNS
        rest = f" and {more} more" if more > 0 else ""
        listed = ", ".join(map(quote_value, found[:MAX_LISTED_COLUMNS]))
        super().__init__(
            f"No column{where} gives {role}; found {listed}{rest}.{' ' * bool(remark)}{remark}",
            fix=fix,
            file=file or None,
            column=role,
        )


class BadCellsError(ContractError, code="SP-D003"):
    """Cells that are not what their column says they are."""

    def __init__(
        self, column: str, reason: str, count: int, total: int, first: dict[str, Any]
    ) -> None:
        super().__init__(
            f"{first.get('file', 'input')} row {first.get('row', '?')}, column "
            f"{column}: {quote_value(first.get('value'))} {reason} "
            f"({count} of {total} rows affected).",
            fix=first.get("fix", "correct the cells, or rerun with --on-bad-rows quarantine."),
            file=first.get("file"),
            row=first.get("row"),
            column=column,
            value=first.get("value"),
            count=count,
        )


class SchemaError(ContractError, code="SP-D004"):
    """A table that crosses from one room to the next breaks its schema."""

    def __init__(self, table: str, failures: Sequence[str]) -> None:
        listed = "; ".join(failures[:5])
        super().__init__(
            f"The {table} table breaks its contract: {listed}.",
            fix="correct the input, or report this if the table is segpredict's own.",
            count=len(failures),
            examples=list(failures[:5]),
        )


class LineFieldError(ContractError, code="SP-D006"):
    """A field of a line that a program gave is unknown, missing, or of another kind."""

    def __init__(
        self, field: str, place: int, value: object, expected: str, known: Sequence[str] = ()
    ) -> None:
        given = "is missing" if value is None else f"is {quote_value(value)}"
        message = f"The {field} of line {place + 1} {given}; it must be {expected}."
        fix = "correct the line; nothing was scored."
        if known:
            message = f"A line has no field {quote_value(field)}."
            fix = f"use these: {', '.join(known)}."
        super().__init__(message, fix=fix, column=field, row=place + 1)


class TooManyBadRowsError(ContractError, code="SP-D005"):
    """More rows are unreadable than allowed."""

    def __init__(self, count: int, total: int, limit: str | int, first: dict[str, Any]) -> None:
        super().__init__(
            f"{count:,} of {total:,} rows cannot be read, and at most {limit} may be "
            f"set aside. The first: {first.get('file', 'input')} row "
            f"{first.get('row', '?')}, column {first.get('column')}: "
            f"{quote_value(first.get('value'))} {first.get('reason')}.",
            fix="correct the cells or the mapping, or allow as many with --max-bad-rows "
            f"{-(-100 * count // max(total, 1))}%.",
            count=count,
            **first,
        )


class SupportError(SegpredictError, code="SP-M001", exit_code=6):
    """Valid data that cannot support the requested model."""


class TooFewCustomersError(SupportError, code="SP-M002"):
    """Fewer customers than the step needs."""

    def __init__(self, step: str, found: int, needed: int) -> None:
        super().__init__(
            f"{step} needs at least {needed} customers and found {found}.",
            fix="add data, or see with `segpredict check` what cleaning excluded.",
            count=found,
        )


class TooShortHistoryError(SupportError, code="SP-M003"):
    """No origin has both a past and a complete outcome."""

    def __init__(self, step: str, days: int, needed: int, fix: str = "add history.") -> None:
        super().__init__(
            f"{step} needs {needed} days of data and found {days}.", fix=fix, count=days
        )


class SingleClassError(SupportError, code="SP-M004"):
    """Every label is the same, so there is nothing to predict."""

    def __init__(self, label: str, rows: int) -> None:
        super().__init__(
            f"All {rows} training rows end in the segment {quote_value(label)}.",
            fix="add data in which customers change; nothing else can be forecast from these.",
            count=rows,
        )


class ArtifactError(SegpredictError, code="SP-A001", exit_code=7):
    """A run folder that is missing, damaged, incomplete or too new."""


class TamperedFileError(ArtifactError, code="SP-A002"):
    """A file of a run folder or a store differs from the hash in its manifest."""

    def __init__(self, name: str, reason: str = "differs from its recorded hash") -> None:
        fix = "restore the folder from where it was made, or make it again."
        super().__init__(f"{quote_value(name)} {reason}.", fix=fix, file=name)


class MismatchError(SegpredictError, code="SP-X001", exit_code=8):
    """A model and its input data do not match."""


class DatabaseError(SegpredictError, code="SP-Q001", exit_code=9):
    """A database that does not answer, refuses, or is lost on the way."""

    def __init__(self, name: str, reason: str, fix: str) -> None:
        super().__init__(f"{quote_value(name)}: {reason}.", fix=fix)


class LimitError(SegpredictError, code="SP-R001", exit_code=10):
    """A limit of memory, disk, size or time was met."""


class BusyError(SegpredictError, code="SP-R003", exit_code=11):
    """Another process writes to the same place."""

    def __init__(self, path: str, process: str = "") -> None:
        who = f"process {process}" if process else "another process"
        fix = "wait until it has ended, then run the command again; nothing was written."
        super().__init__(f"{quote_value(path)} is being written by {who}.", fix=fix, file=path)


class TargetBusyError(SegpredictError, code="SP-R002", exit_code=11):
    """The target exists already."""

    def __init__(
        self, path: str, fix: str = "choose another --out, or add --force to replace it."
    ) -> None:
        super().__init__(f"{quote_value(path)} exists already.", fix=fix, file=path)
