"""What a cleaning rule is, and the ledger of what is left after each: it adds up.

Rules run on shards: lines of whole customers. What a rule must know of all lines is a `Question`:
every shard answers it, the answers are combined, and then the rule runs on every shard.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry, LedgerStage
from segpredict.core.orders import part_orders
from segpredict.core.transactions import MONEY_SCALE


@dataclass(frozen=True, slots=True)
class Question:
    """What all lines have to say."""

    ask: Callable[[pl.DataFrame, CleaningOptions], Any]  # what the lines of one shard say
    # From what all shards say, in order, to the answer. Raises where data are to be refused.
    combine: Callable[[Sequence[Any], CleaningOptions], Any]
    roles: tuple[str, ...] = ()  # columns without which it needs no answer

    def answer(self, lines: pl.DataFrame, plan: CleaningOptions) -> Any:
        """Return the answer where one frame holds all lines."""
        return self.combine([self.ask(lines, plan)], plan)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule did with the lines of a shard."""

    lines: pl.DataFrame  # the lines that stay, perhaps with new marks
    noted_lines: pl.DataFrame | None = None  # those of them that deserve a word in the ledger
    told: Any = None  # what its notes are made of
    changes_money: bool = False  # whether lines that stay have less money than before


def no_notes(_told: Sequence[Any], _plan: CleaningOptions) -> tuple[str, ...]:
    """Return no note."""
    return ()


@dataclass(frozen=True, slots=True)
class CleaningRule:
    """One rule: it keeps some lines and may mark others."""

    name: str  # what config and ledger call it
    meaning: str  # one sentence for readers
    # From the lines so far, the plan and the answer to its question to an outcome. It looks within
    # customers; it never changes quantity or ids of a line that stays, and its money only where
    # the outcome says so.
    apply: Callable[[pl.DataFrame, CleaningOptions, Any], RuleOutcome]
    question: Question | None = None
    # from what its outcomes told, one a shard, to what else a reader should know, as sentences
    notes: Callable[[Sequence[Any], CleaningOptions], tuple[str, ...]] = no_notes

    def clean(self, lines: pl.DataFrame, plan: CleaningOptions) -> pl.DataFrame:
        """Return what stays where one frame holds all lines."""
        asked, answer = self.question, None
        # As of shards, a question is not asked where no cell is concerned.
        if asked is not None and all(lines[n].null_count() < lines.height for n in asked.roles):
            answer = asked.answer(lines, plan)
        return self.apply(lines, plan, answer).lines


@dataclass(frozen=True, slots=True)
class Tally:
    """Lines of a shard, counted so that the tallies of shards can be added."""

    count: LedgerCount  # its orders are those whose lines name customer, number and day
    loose: pl.Series  # numbers of orders of which a line does not
    met: pl.Series  # those numbers of the shop's loose ones that its other orders have

    @classmethod
    def of(cls, lines: pl.DataFrame, loose: pl.Series | None = None) -> "Tally":
        """Count lines; `loose` are the loose numbers of all shards, if these lines are not all."""
        known, own = part_orders(lines)
        watched = own if loose is None else loose
        met = (
            watched
            if watched.is_empty()
            else watched.filter(watched.is_in(known["order_id"].unique().implode()))
        )
        customers = lines["customer_id"].drop_nulls().n_unique()
        count = LedgerCount(lines.height, known.height, customers, int(lines["amount"].sum()))
        return cls(count, own, met)


def _added(tallies: Sequence[Tally]) -> LedgerCount:
    """Return the counts of all shards together."""
    whole = sum((each.count for each in tallies), start=LedgerCount())
    loose, met = (
        pl.concat([getattr(each, name) for each in tallies]).unique() for name in ("loose", "met")
    )
    alone = len(loose) - int(loose.is_in(met.implode()).sum())
    return replace(whole, orders=whole.orders + alone)


def ledger_table(ledger: Ledger) -> pl.DataFrame:
    """Return a ledger as a table for display, with money in whole currency.

    >>> entry = LedgerEntry("used", "used", "Rows used.", LedgerCount(2, 1, 1, 25_000))
    >>> ledger_table(Ledger((entry,)))["money"].item()
    2.5
    """
    texts, counts = ("stage", "rule", "meaning"), ("rows", "orders", "customers")
    schema = dict.fromkeys(texts, pl.String) | dict.fromkeys(counts, pl.Int64)
    rows = [
        {**asdict(entry), **asdict(entry.count), "money": entry.count.money / MONEY_SCALE}
        for entry in ledger.entries
    ]
    return pl.DataFrame(rows, schema=schema | {"money": pl.Float64})


Place = tuple[int, str, str]  # of an entry in the ledger
REJECTED, CELLS, RULES = 1, 2, 3  # parts of a ledger, in order
LAST = 10_000


class LedgerWriter:
    """Count the lines of a shard while rules run.

    `loose` as for `Tally.of`.
    """

    def __init__(self, lines: pl.DataFrame, loose: pl.Series | None = None) -> None:
        self._loose = loose
        self.left = Tally.of(lines, loose)
        # place → stage, rule, meaning, and the lines that are left there; of a note the noted ones
        self.entries: dict[Place, tuple[LedgerStage, str, str, Tally]] = {}
        self._notes: list[tuple[Place, str, str, pl.DataFrame]] = []
        self.entries[(0, "", "")] = ("in", "read", "Rows read.", self.left)

    def charge(
        self,
        place: Place,
        stage: LedgerStage,
        rule: str,
        meaning: str,
        lines: pl.DataFrame,
        *,
        changes_money: bool = False,
    ) -> None:
        """Charge a rule with whatever is not among these lines any more.

        Most rules only leave lines out, so as many lines as before are the same lines.
        """
        is_same = lines.height == self.left.count.rows and not changes_money
        self.left = self.left if is_same else Tally.of(lines, self._loose)
        self.entries[place] = (stage, rule, meaning, self.left)

    def add_note(self, place: Place, rule: str, meaning: str, lines: pl.DataFrame) -> None:
        """Remember lines that deserve a word, at this place in the ledger."""
        if lines.height:
            self._notes.append((place, rule, meaning, lines.select("file", "row")))

    def finish(self, lines: pl.DataFrame) -> None:
        """Count what is used afresh, so that errors show.

        A note counts only lines that are still there: it is a part of what is used.
        """
        for place, rule, meaning, places in self._notes:
            still = lines.join(places, on=["file", "row"], how="semi")
            self.entries[place] = ("noted", rule, meaning, Tally.of(still, self._loose))
        self._notes.clear()
        self.entries[(LAST, "", "")] = ("used", "used", "Rows used.", Tally.of(lines, self._loose))


def added_ledger(shards: Sequence[LedgerWriter]) -> Ledger:
    """Return the ledger of all shards: each entry is a difference of two counts."""
    heads = {place: entry[:3] for each in shards for place, entry in each.entries.items()}
    left = [each.entries[(0, "", "")][3] for each in shards]
    before, entries = LedgerCount(), []
    for place, (stage, rule, meaning) in sorted(heads.items()):
        here = [each.entries[place][3] if place in each.entries else None for each in shards]
        if stage in ("noted", "used"):
            count = _added([tally for tally in here if tally is not None])
        else:
            # A shard that has no such entry has lost nothing there.
            left = [now or tally for now, tally in zip(here, left, strict=True)]
            after = _added(left)
            gone = (b - a for b, a in zip(astuple(before), astuple(after), strict=True))
            count = after if stage == "in" else LedgerCount(*gone)
            before = after
        entries.append(LedgerEntry(stage, rule, meaning, count))
    return Ledger(tuple(entries))
