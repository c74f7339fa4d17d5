"""Where every row of the input went: counts that reconcile, rule by rule."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from operator import add, sub
from typing import Literal

LedgerStage = Literal["in", "rejected", "excluded", "used", "noted"]
# Rows that are not kept, and of which nothing but their number is known.
ERASED, EXPIRED = "erased", "expired"
LEFT_OUT = {
    ERASED: "The row was of a person whose data were erased.",
    EXPIRED: "The row was older than the shop keeps rows.",
}


@dataclass(frozen=True, slots=True)
class LedgerCount:
    """The counts behind one line of the ledger."""

    # Numbers of them; orders as `core.orders` counts them. For an exclusion, orders and customers
    # are those of which nothing is left afterwards, so that the ledger reconciles in every column.
    rows: int = 0
    orders: int = 0
    customers: int = 0
    money: int = 0  # quantity × price, in units of 10⁻⁴

    def __add__(self, other: "LedgerCount") -> "LedgerCount":
        return LedgerCount(*map(add, astuple(self), astuple(other)))

    def __sub__(self, other: "LedgerCount") -> "LedgerCount":
        return LedgerCount(*map(sub, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the ledger."""

    # ``in`` = ``rejected`` + ``excluded`` + ``used``; ``noted`` is a part of ``used`` and is not
    # added
    stage: LedgerStage
    rule: str  # the name of the cleaning rule or of the reason
    meaning: str  # one sentence for readers
    count: LedgerCount  # the counts


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where every row, order, customer and penny of the input went.

    >>> ledger = Ledger((
    ...     LedgerEntry("in", "read", "Rows read.", LedgerCount(3, 2, 2, 50)),
    ...     LedgerEntry("excluded", "no_customer", "No customer.", LedgerCount(1, 1, 0, 20)),
    ...     LedgerEntry("used", "used", "Rows used.", LedgerCount(2, 1, 2, 30)),
    ... ))
    >>> ledger.adds_up
    True
    """

    entries: tuple[LedgerEntry, ...]  # in the order in which the rules ran

    def total(self, *stages: LedgerStage) -> LedgerCount:
        """Return the sum over the entries of these stages."""
        counts = (e.count for e in self.entries if e.stage in stages)
        return sum(counts, start=LedgerCount())

    @property
    def adds_up(self) -> bool:
        """Whether in = used + excluded + rejected, in all four columns."""
        return self.total("in") == self.total("used", "excluded", "rejected")

    def with_left_out(self, rows: Mapping[str, int]) -> "Ledger":
        """Return the ledger with rows that were read and left out before any rule ran.

        `rows`: how many by rule, one of `LEFT_OUT`. Only their number is counted: the money of one
        person's rows would say what the person spent.

        >>> ledger = Ledger((LedgerEntry("in", "read", "Rows read.", LedgerCount(2, 1, 1, 50)),))
        >>> [each.count.rows for each in ledger.with_left_out({"erased": 3}).entries]
        [5, 3]
        """
        known = {name: n for name, n in rows.items() if n}
        if not known:
            return self
        for entry in self.entries:
            if entry.rule in known:
                known[entry.rule] += entry.count.rows
        added = [LedgerEntry("excluded", n, LEFT_OUT[n], LedgerCount(known[n])) for n in known]
        read, *others = (entry for entry in self.entries if entry.rule not in known)
        more = LedgerCount(sum(n for n in rows.values()))
        return Ledger((replace(read, count=read.count + more), *added, *others))

    def without(self, used: LedgerCount) -> "Ledger":
        """Return the ledger after used rows of people were erased; only their number stays.

        >>> one, all_ = LedgerCount(1, 1, 1, 20), LedgerCount(3, 2, 2, 50)
        >>> read = LedgerEntry("in", "read", "Rows read.", all_)
        >>> left = Ledger((read, LedgerEntry("used", "used", "Rows used.", all_))).without(one)
        >>> left.adds_up, [each.count.money for each in left.entries]
        (True, [30, 0, 30])
        """
        less = [
            replace(entry, count=entry.count - used) if entry.stage in ("in", "used") else entry
            for entry in self.entries
        ]
        return Ledger(tuple(less)).with_left_out({ERASED: used.rows})
