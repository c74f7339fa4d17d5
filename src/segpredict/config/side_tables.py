"""Options of the side tables: where they are, and the role of each column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from segpredict.config.column_aliases import normalized_names
from segpredict.config.fill import Options
from segpredict.core.shop_dates import DATE_KINDS
from segpredict.core.state import read_words
from segpredict.core.transactions import CONTACT_KINDS, EVENT_KINDS
from segpredict.errors import ConfigError, UnknownNameError

AttributeKind = Literal["number", "date", "level"]
CUSTOMER_ROLES = ("customer_id", "since", "until")
PRODUCT_ROLES = ("product_id", "category", "price", "cost")
RETURN_ROLES = ("product_id", "time", "quantity")
OWN_SEGMENT_ROLES = ("customer_id", "date", "segment")
DATE_ROLES = ("from", "to", "kind", "known_since")
# sections of a config
SIDE_TABLES = ("customers", "products", "events", "contacts", "returns", "own_segments", "dates")
# how files of dates name their ``columns`` and ``kinds``, normalised
DATE_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    what: {name: normalized_names(words) for name, words in named.items()}
    for what, named in read_words("segpredict.config", "date_words.toml").items()
}
LOG_ROLES = ("customer_id", "time", "kind", "session", *EVENT_KINDS, *CONTACT_KINDS)


@dataclass(frozen=True, slots=True)
class CustomerTableOptions(Options):
    """A table with one row per customer, or one per customer and span of time."""

    section: ClassVar[str] = "customers"
    # A file, folder or glob; empty for none. A relative path is first looked for next to the
    # transactions.
    data: str = ""
    # Role → column for ``customer_id``, and ``since`` and ``until``, the days from which and before
    # which a row is valid.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Columns to use if rows have a ``since``; otherwise name them in `time_invariant`.
    time_varying: tuple[str, ...] = ()
    # Columns without a time stamp that may be used, because they never change or were recorded
    # before the first cutoff.
    time_invariant: tuple[str, ...] = ()
    # Column → ``number``, ``date`` or ``level``, if the cells should not decide.
    kinds: Mapping[str, AttributeKind] = field(default_factory=dict)
    time_format: str | None = None  # Format of dates: ``dmy``, ``mdy`` or a format of strptime.

    def _check(self) -> None:
        _known_roles("customers", self.columns, CUSTOMER_ROLES)
        if self.data and self.time_varying and "since" not in self.columns:
            raise ConfigError(
                f"customers.time_varying names {', '.join(self.time_varying)}, but no column says "
                "since when a row is valid.",
                fix="set customers.columns.since, or name them in customers.time_invariant if "
                "they never change.",
            )


@dataclass(frozen=True, slots=True)
class ProductTableOptions(Options):
    """A table with one row per product."""

    section: ClassVar[str] = "products"
    data: str = ""  # A file, folder or glob; empty for none.
    # Role → column for ``product_id``, and any of ``category``, ``price`` (the list price, used for
    # lines that have none of their own) and ``cost``.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Columns without a time stamp that may be used, because they never change.
    time_invariant: tuple[str, ...] = ()

    def _check(self) -> None:
        _known_roles("products", self.columns, PRODUCT_ROLES)

    def provides(self, role: str) -> bool:
        """Return whether the table has a role, in a column named as time-invariant."""
        column = self.columns.get(role)
        return bool(self.data) and column is not None and column in self.time_invariant


@dataclass(frozen=True, slots=True)
class EventLogOptions(Options):
    """A table of web events or contacts, each with its time."""

    section: ClassVar[str] = "events"
    data: str = ""  # A file, folder or glob; empty for none.
    # Role → column for ``customer_id`` and ``time``; then either ``kind``, the type of event, or
    # one column of counts per kind. ``session`` is the id of a visit.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Kind → the values of the column ``kind`` that mean it. Kinds of events are ``sessions``,
    # ``views``, ``carts`` and ``searches``, of contacts ``sent`` and ``opened``.
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time_format: str | None = None  # Format of times: ``dmy``, ``mdy`` or a format of strptime.

    def _check(self) -> None:
        _known_roles("events", self.columns, LOG_ROLES)
        for kind in self.kinds:
            if kind not in (*EVENT_KINDS, *CONTACT_KINDS):
                raise UnknownNameError("kind of event", kind, (*EVENT_KINDS, *CONTACT_KINDS))


@dataclass(frozen=True, slots=True)
class ReturnTableOptions(Options):
    """A table of returns without customers: it is reported, and not used.

    Returns with a customer belong in the transactions, as lines with a negative quantity.
    """

    section: ClassVar[str] = "returns"
    data: str = ""  # A file, folder or glob; empty for none.
    # Role → column for ``product_id``, ``time`` and ``quantity``.
    columns: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None  # Format of times: ``dmy``, ``mdy`` or a format of strptime.

    def _check(self) -> None:
        _known_roles("returns", self.columns, RETURN_ROLES)


@dataclass(frozen=True, slots=True)
class OwnSegmentsOptions(Options):
    """The shop's own segments, to be forecast in the place of those found by clustering."""

    section: ClassVar[str] = "own_segments"
    # A file, folder or glob with a row per customer and day from which a segment holds; empty for
    # none. ``run --segments FILE`` sets it.
    data: str = ""
    # Role → column for ``customer_id``, ``date`` and ``segment``.
    columns: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None  # Format of dates: ``dmy``, ``mdy`` or a format of strptime.

    def _check(self) -> None:
        _known_roles("own_segments", self.columns, OWN_SEGMENT_ROLES)


@dataclass(frozen=True, slots=True)
class DateTableOptions(Options):
    """Holidays, promotions and days on which the shop is closed, past and planned."""

    section: ClassVar[str] = "dates"
    # A file, folder or glob with a row per day or span of days; empty for none.
    # ``run --dates FILE`` sets it.
    data: str = ""
    # Role → column for ``from``, ``to`` (the last day; one day without it), ``kind`` and
    # ``known_since`` (the day of the announcement). Usual names need none.
    columns: Mapping[str, str] = field(default_factory=dict)
    # ``holiday``, ``promotion`` or ``closed`` → the values of the column ``kind`` that mean it,
    # beside the usual words.
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time_format: str | None = None  # Format of dates: ``dmy``, ``mdy`` or a format of strptime.

    def _check(self) -> None:
        _known_roles("dates", self.columns, DATE_ROLES)
        for kind in self.kinds:
            if kind not in DATE_KINDS:
                raise UnknownNameError("kind of date", kind, DATE_KINDS)


def _known_roles(table: str, roles: Iterable[str], known: tuple[str, ...]) -> None:
    for role in roles:
        if role not in known:
            raise UnknownNameError(f"role of {table}", role, known)
