"""What a cleaning rule is, and the ledger of what is left after each: it adds up."""

from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry, LedgerStage
from segpredict.core.orders import count_orders
from segpredict.core.transactions import MONEY_SCALE


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule did."""

    lines: pl.DataFrame  # the lines that stay, perhaps with new marks
    noted_lines: pl.DataFrame | None = None  # those of them that deserve a word in the ledger
    notes: tuple[str, ...] = ()  # what else a reader should know, as sentences
    changes_money: bool = False  # whether lines that stay have less money than before


@dataclass(frozen=True, slots=True)
class CleaningRule:
    """One rule: it keeps some lines and may mark others."""

    name: str  # what config and ledger call it
    meaning: str  # one sentence for readers
    # From the lines so far and the plan to an outcome. It never changes quantity or ids of a line
    # that stays, and its money only where the outcome says so.
    apply: Callable[[pl.DataFrame, CleaningOptions], RuleOutcome]


def count_lines(lines: pl.DataFrame) -> LedgerCount:
    """Return rows, distinct orders, distinct customers and money of lines."""
    customers = lines["customer_id"].drop_nulls().n_unique()
    return LedgerCount(lines.height, count_orders(lines), customers, int(lines["amount"].sum()))


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


class LedgerWriter:
    """Write a ledger while rules run: each entry is a difference of two counts."""

    def __init__(self, lines: pl.DataFrame) -> None:
        self.left = count_lines(lines)
        self.entries = [LedgerEntry("in", "read", "Rows read.", self.left)]
        self.notes: list[tuple[int, str, str, pl.DataFrame]] = []

    def charge(
        self,
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
        is_same = lines.height == self.left.rows and not changes_money
        after = self.left if is_same else count_lines(lines)
        gone = (b - a for b, a in zip(astuple(self.left), astuple(after), strict=True))
        self.entries.append(LedgerEntry(stage, rule, meaning, LedgerCount(*gone)))
        self.left = after

    def add_note(self, rule: str, meaning: str, lines: pl.DataFrame) -> None:
        """Remember lines that deserve a word, at this place in the ledger."""
        self.notes.append((len(self.entries), rule, meaning, lines.select("file", "row")))

    def finish(self, lines: pl.DataFrame) -> Ledger:
        """Return the ledger; what is used is counted afresh, so that errors show.

        A note counts only lines that are still there: it is a part of what is used.
        """
        entries = list(self.entries)
        for place, rule, meaning, places in reversed(self.notes):
            still = lines.join(places, on=["file", "row"], how="semi")
            entries.insert(place, LedgerEntry("noted", rule, meaning, count_lines(still)))
        used = LedgerEntry("used", "used", "Rows used.", count_lines(lines))
        return Ledger((*entries, used))
