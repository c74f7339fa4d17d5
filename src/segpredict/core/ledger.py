"""Where every row of the input went: counts that reconcile, rule by rule."""

from dataclasses import astuple, dataclass
from operator import add
from typing import Literal

LedgerStage = Literal["in", "rejected", "excluded", "used", "noted"]


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
