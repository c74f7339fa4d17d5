"""What the star is made from, and the shares of customers in which it is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window

MAX_LINES_PER_BATCH = 1_000_000  # lines of a share, which is what stands in memory
LINE_ORDER = [*KEY, "is_return", "is_void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StarSchema:
    """A run, as far as its stages were made; what is missing makes empty tables.

    Parameters
    ----------
    shop
        Its transactions.
    window
        The question: the forecast is of its outcome.
    segments
        All segments, in code order.
    assignments
        ``customer_id``, ``segment_id``, ``is_eligible`` and the rule grid.
    profile
        `segments.segment_profile_table`.
    scores
        `contracts.SCORES_SCHEMA`.
    observed_transitions
        `movement.observed_matrix`, of the newest window.
    transitions
        ``observed`` and ``predicted`` moves by period, if the run has them.
    figures
        `contracts.KPI_SCHEMA`.
    pseudonyms
        Names in the place of the ids of customers and orders.
    lines
        How many lines a share has at most; one customer stays together.
    """

    shop: Transactions
    window: Window
    segments: tuple[Segment, ...]
    assignments: pl.DataFrame
    profile: pl.DataFrame | None = None
    scores: pl.DataFrame | None = None
    observed_transitions: pl.DataFrame | None = None
    transitions: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    figures: pl.DataFrame | None = None
    pseudonyms: Pseudonymizer | None = None
    lines: int = MAX_LINES_PER_BATCH

    def customer_batches(self) -> Iterator["CustomerBatch"]:
        """Yield the customers share by share, in the order of the ids that are shown.

        Line and order numbers run on from share to share.
        """
        counts = self.shop.lines.group_by("customer_id").len().collect()
        # Ids in their own order would tell whose name is whose.
        known = counts.with_columns(shown=self._shown(counts["customer_id"])).sort("shown")
        share = (pl.col("len").cum_sum() - 1) // self.lines
        first_line = first_order = 1
        for part in known.with_columns(share=share).partition_by("share", maintain_order=True):
            made = self._share(part, first_line, first_order)
            yield made
            first_line += made.lines.height
            first_order += made.orders.height

    def _shown(self, ids: pl.Series) -> pl.Series:
        return ids if self.pseudonyms is None else self.pseudonyms.hash_ids(ids)

    def _share(self, part: pl.DataFrame, line: int, order: int) -> "CustomerBatch":
        """Return the lines of some customers, numbered, under the ids to show."""
        named = part.select("customer_id", "shown")
        void = (pl.col("void_day") < self.shop.end_day).fill_null(value=False)
        found = (
            self.shop.lines.join(named.lazy(), on="customer_id", maintain_order="left")
            .with_columns(is_void=void)
            .collect(engine="streaming")
            .sort("shown", maintain_order=True)
        )
        orders = _orders(found).with_row_index("order_key", order)
        lines = found.join(
            orders.select(*LINE_ORDER, "order_key"),
            on=LINE_ORDER,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        ).with_row_index("line_key", line)
        return CustomerBatch(self, named, self._named(lines), self._named(orders))

    def _named(self, rows: pl.DataFrame) -> pl.DataFrame:
        ids = rows["order_id"]
        shown = ids if self.pseudonyms is None else self.pseudonyms.hash_ids(ids, "order")
        return rows.with_columns(
            shown.alias("order_id"), pl.col("shown").alias("customer_id")
        ).drop("shown")


@dataclass(frozen=True, slots=True)
class CustomerBatch:
    """Some customers, with all they did.

    Parameters
    ----------
    schema
        The whole.
    pseudonyms
        ``customer_id`` and ``shown``, the id that leaves the house.
    lines
        `contracts.LINES_SCHEMA` under the ids to show, with ``is_void``, ``line_key`` and
        ``order_key``.
    orders
        One row an order or credit note, with the sums of its lines.
    """

    schema: StarSchema
    pseudonyms: pl.DataFrame
    lines: pl.DataFrame
    orders: pl.DataFrame

    def rows_of(self, customers: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of this share's customers, under the ids to show."""
        return (
            self.pseudonyms.join(customers, on="customer_id", maintain_order="left")
            .drop("customer_id")
            .rename({"shown": "customer_id"})
        )


def _orders(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the orders of lines, in the order in which they were placed.

    What came back under an order's number is another row, and so are lines that were
    voided (`metrics.OrderBook`).
    """
    return lines.group_by(*LINE_ORDER, maintain_order=True).agg(
        pl.col("shown", "minute", "void_day", "country").first(),
        pl.len().alias("lines"),
        pl.col("quantity", "amount").sum(),
        pl.when(pl.col("discount").count() > 0).then(pl.col("discount").sum()),
    )


def net_revenue(amount: str = "amount") -> pl.Expr:
    """Return what counts as revenue of a row: nothing of what was sent back whole."""
    return pl.when(pl.col("is_void")).then(0).otherwise(pl.col(amount))
