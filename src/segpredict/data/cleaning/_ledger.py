"""Count what is left after each rule, so that the ledger adds up by construction."""

import polars as pl

from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry, LedgerStage
from segpredict.core.orders import count_orders
from segpredict.core.transactions import MONEY_SCALE


def count_lines(lines: pl.DataFrame) -> LedgerCount:
    """Return rows, distinct orders, distinct customers and money of lines."""
    totals = lines.select(
        pl.len().alias("rows"),
        pl.lit(count_orders(lines)).alias("orders"),
        pl.col("customer_id").drop_nulls().n_unique().alias("customers"),
        pl.col("amount").sum().alias("money"),
    )
    return LedgerCount(*totals.row(0))


def count_difference(before: LedgerCount, after: LedgerCount) -> LedgerCount:
    """Return what vanished between two counts."""
    return LedgerCount(
        before.rows - after.rows,
        before.orders - after.orders,
        before.customers - after.customers,
        before.money - after.money,
    )


def ledger_table(ledger: Ledger) -> pl.DataFrame:
    """Return a ledger as a table for display.

    Returns
    -------
    DataFrame
        ``stage``, ``rule``, ``meaning``, ``rows``, ``orders``, ``customers`` and
        ``money`` in whole currency.

    Examples
    --------
    >>> entry = LedgerEntry("used", "used", "Rows used.", LedgerCount(2, 1, 1, 25_000))
    >>> ledger_table(Ledger((entry,)))["money"].item()
    2.5
    """
    rows = [
        (
            *(entry.stage, entry.rule, entry.meaning),
            *(entry.count.rows, entry.count.orders, entry.count.customers),
            entry.count.money / MONEY_SCALE,
        )
        for entry in ledger.entries
    ]
    schema = {
        **dict.fromkeys(("stage", "rule", "meaning"), pl.String),
        **dict.fromkeys(("rows", "orders", "customers"), pl.Int64),
        "money": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


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
        self.entries.append(LedgerEntry(stage, rule, meaning, count_difference(self.left, after)))
        self.left = after

    def add_note(self, rule: str, meaning: str, lines: pl.DataFrame) -> None:
        """Remember lines that deserve a word, at this place in the ledger."""
        places = lines.select("file", "row")
        self.notes.append((len(self.entries), rule, meaning, places))

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
