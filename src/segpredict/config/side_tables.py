"""Options of the side tables: where they are, and the role of each column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from segpredict.core.transactions import CONTACT_KINDS, EVENT_KINDS, CustomerAttribute
from segpredict.errors import ConfigError, UnknownNameError

AttributeKind = Literal["number", "date", "level"]
CUSTOMER_ROLES = ("customer_id", "since", "until")
PRODUCT_ROLES = ("product_id", "category", "price", "cost")
RETURN_ROLES = ("product_id", "time", "quantity")
LOG_ROLES = ("customer_id", "time", "kind", "session", *EVENT_KINDS, *CONTACT_KINDS)


@dataclass(frozen=True, slots=True)
class CustomerTableOptions:
    """A table with one row per customer, or one per customer and span of time."""

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

    def __post_init__(self) -> None:
        _known_roles("customers", self.columns, CUSTOMER_ROLES)
        if self.data and self.time_varying and "since" not in self.columns:
            raise ConfigError(
                f"customers.time_varying names {', '.join(self.time_varying)}, but no column says "
                "since when a row is valid.",
                fix="set customers.columns.since, or name them in customers.time_invariant if "
                "they never change.",
            )


@dataclass(frozen=True, slots=True)
class ProductTableOptions:
    """A table with one row per product."""

    data: str = ""  # A file, folder or glob; empty for none.
    # Role → column for ``product_id``, and any of ``category``, ``price`` (the list price, used for
    # lines that have none of their own) and ``cost``.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Columns without a time stamp that may be used, because they never change.
    time_invariant: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _known_roles("products", self.columns, PRODUCT_ROLES)

    def provides(self, role: str) -> bool:
        """Return whether the table has a role, in a column named as time-invariant."""
        column = self.columns.get(role)
        return bool(self.data) and column is not None and column in self.time_invariant


@dataclass(frozen=True, slots=True)
class EventLogOptions:
    """A table of web events or contacts, each with its time."""

    data: str = ""  # A file, folder or glob; empty for none.
    # Role → column for ``customer_id`` and ``time``; then either ``kind``, the type of event, or
    # one column of counts per kind. ``session`` is the id of a visit.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Kind → the values of the column ``kind`` that mean it. Kinds of events are ``sessions``,
    # ``views``, ``carts`` and ``searches``, of contacts ``sent`` and ``opened``.
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time_format: str | None = None  # Format of times: ``dmy``, ``mdy`` or a format of strptime.

    def __post_init__(self) -> None:
        _known_roles("events", self.columns, LOG_ROLES)
        for kind in self.kinds:
            if kind not in (*EVENT_KINDS, *CONTACT_KINDS):
                raise UnknownNameError("kind of event", kind, (*EVENT_KINDS, *CONTACT_KINDS))


@dataclass(frozen=True, slots=True)
class ReturnTableOptions:
    """A table of returns without customers: it is reported, and not used.

    Returns with a customer belong in the transactions, as lines with a negative quantity.
    """

    data: str = ""  # A file, folder or glob; empty for none.
    # Role → column for ``product_id``, ``time`` and ``quantity``.
    columns: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None  # Format of times: ``dmy``, ``mdy`` or a format of strptime.

    def __post_init__(self) -> None:
        _known_roles("returns", self.columns, RETURN_ROLES)


@dataclass(frozen=True, slots=True)
class SideTableOptions:
    """The side tables of a run."""

    # Options of each table; without ``data`` it is not read.
    customers: CustomerTableOptions = field(default_factory=CustomerTableOptions)
    products: ProductTableOptions = field(default_factory=ProductTableOptions)
    events: EventLogOptions = field(default_factory=EventLogOptions)
    contacts: EventLogOptions = field(default_factory=EventLogOptions)
    returns: ReturnTableOptions = field(default_factory=ReturnTableOptions)

    def relocated(
        self, data: Mapping[str, str], attributes: Iterable[CustomerAttribute]
    ) -> "SideTableOptions":
        """Return the same tables at other paths, to be read with the same options.

        Tables whose path is not named are not read. The kinds of the attributes no longer depend on
        the cells.

        Raises `UnknownNameError` when there is no table of that name; `ConfigError` when the run
        had no such table, so that its options are unknown.
        """
        known = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in data:
            if name not in known:
                raise UnknownNameError("side table", name, known)
            if not known[name].data:
                raise ConfigError(
                    f"The run had no table of {name}.",
                    fix=f"leave it out, or train a run with [{name}].",
                )
        kinds = {attribute.given: attribute.kind for attribute in attributes}
        moved = {n: replace(t, data=data.get(n, "")) for n, t in known.items()}
        return SideTableOptions(**{**moved, "customers": replace(moved["customers"], kinds=kinds)})


def _known_roles(table: str, roles: Iterable[str], known: tuple[str, ...]) -> None:
    for role in roles:
        if role not in known:
            raise UnknownNameError(f"role of {table}", role, known)
