"""The input of the star schema, and the batches of customers in which it is built."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from segpredict.analytics.customer_value import ExpectedTotal
from segpredict.core.orders import KEY
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window

MAX_LINES_PER_BATCH = 1_000_000  # lines of a batch, which are in memory
LINE_ORDER = [*KEY, "is_return", "is_void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StarSchema:
    """A run, with the stages that exist; missing ones leave tables empty."""

    shop: Transactions
    window: Window  # the question: the forecast is of its outcome
    segments: tuple[Segment, ...]  # all segments, in code order
    assignments: pl.DataFrame  # ``customer_id``, ``segment_id``, ``is_eligible`` and the rule grid
    profile: pl.DataFrame | None = None  # `segmentation.segment_profile_table`
    scores: pl.DataFrame | None = None  # `schemas.SCORES_SCHEMA`
    # ``observed`` and ``predicted`` transitions by period
    transitions: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    figures: pl.DataFrame | None = None  # `schemas.KPI_SCHEMA`
    checks: pl.DataFrame | None = None  # figures of `segpredict monitor`, date by date
    expected_total: ExpectedTotal | None = None  # expected spend of the next window
    pseudonyms: Pseudonymizer | None = None  # for the ids of customers and orders, if any
    lines: int = MAX_LINES_PER_BATCH  # most lines of a batch; a customer is never split

    def customer_batches(self) -> Iterator["CustomerBatch"]:
        """Yield the customers in batches, in the order of the ids that are shown.

        Line and order numbers continue from batch to batch.
        """
        counts = self.shop.lines.group_by("customer_id").len().collect()
        # The order of the original ids would reveal which pseudonym is whose.
        known = counts.with_columns(shown=self._shown(counts["customer_id"])).sort("shown")
        batch = (pl.col("len").cum_sum() - 1) // self.lines
        first_line = first_order = 1
        for part in known.with_columns(batch=batch).partition_by("batch", maintain_order=True):
            found = self._batch(part, first_line, first_order)
            yield found
            first_line += found.lines.height
            first_order += found.orders.height

    def _shown(self, ids: pl.Series) -> pl.Series:
        return ids if self.pseudonyms is None else self.pseudonyms.hash_ids(ids)

    def _batch(self, part: pl.DataFrame, line: int, order: int) -> "CustomerBatch":
        """Return the lines of some customers, numbered, under the ids to show."""
        named = part.select("customer_id", "shown")
        found = (
            self.shop.lines.join(named.lazy(), on="customer_id", maintain_order="left")
            .with_columns(is_void=is_void(self.shop))
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
    """Some customers, with all their orders."""

    schema: StarSchema  # the run
    pseudonyms: pl.DataFrame  # ``customer_id`` and ``shown``, the id that is exported
    # `schemas.LINES_SCHEMA` under the ids to show, with ``is_void``, ``line_key`` and ``order_key``
    lines: pl.DataFrame
    orders: pl.DataFrame  # one row per order or credit note, with the sums of its lines

    def rows_of(self, customers: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of this batch's customers, under the ids to show."""
        return (
            self.pseudonyms.join(customers, on="customer_id", maintain_order="left")
            .drop("customer_id")
            .rename({"shown": "customer_id"})
        )


def _orders(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the orders of lines, oldest first.

    Returns under the number of an order are a row of their own, and so are void lines
    (`kpis.OrderBook`).
    """
    return lines.group_by(*LINE_ORDER, maintain_order=True).agg(
        pl.col("shown", "minute", "void_day", "country").first(),
        pl.len().alias("lines"),
        pl.col("quantity", "amount").sum(),
        pl.when(pl.col("discount").count() > 0).then(pl.col("discount").sum()),
    )


def is_void(shop: Transactions) -> pl.Expr:
    """Return whether a line is of an order that was fully refunded by the end of the data."""
    return (pl.col("void_day") < shop.end_day).fill_null(value=False)


def net_revenue() -> pl.Expr:
    """Return the revenue of a row: zero where the order was fully refunded."""
    return pl.when(pl.col("is_void")).then(0).otherwise(pl.col("amount"))
