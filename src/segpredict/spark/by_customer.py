"""Features, scores and transitions of all customers in a table of canonical lines; a sample of it.

Such a table has the columns of `core.schemas.LINES_SCHEMA`: what `ingest` gives, or the file
``transactions.parquet`` of a run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from segpredict import features as feature_tables
from segpredict.analytics.transitions.periods import segment_transitions, transition_periods
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.orders import count_orders
from segpredict.core.schemas import LINES_SCHEMA, validate_schema
from segpredict.core.shop_facts import ShopFacts
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.types import DateLike
from segpredict.core.window import Window, day_number
from segpredict.data.cleaning import fingerprint_lines, sort_canonical
from segpredict.data.store import write_store
from segpredict.errors import ColumnMissingError, SupportError, TooShortHistoryError
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import Segmentation
from segpredict.spark.tables import SparkFrame, map_partitions, open_table

ShopFunction = Callable[[Transactions], pl.DataFrame]
KEY = "customer_id"
LINE_COLUMNS = list(LINES_SCHEMA.columns)
# Columns without a value in some shops, and a value of each.
OPTIONAL_COLUMNS = {"minute": 0, "product_id": "0", "country": "0", "discount": 0}


@dataclass(frozen=True, slots=True)
class LinesTable:
    """A table of canonical lines, and what one pass over it shows."""

    frame: SparkFrame
    # One or two lines that stand for the table where no customer is looked at: its period, and a
    # value in each column that has any.
    shop: Transactions
    facts: ShopFacts
    partitions: int | None = None  # into how many parts it is split

    def families(self, named: Sequence[str] | None) -> tuple[str, ...]:
        """Return the families that are named, or those that the table has the data for."""
        return tuple(feature_tables.choose_families(self.shop).names if named is None else named)

    def map_customers(self, compute: ShopFunction) -> SparkFrame:
        """Return what a function gives for all customers, each with all lines."""
        period = replace(self.shop, lines=pl.LazyFrame())
        like, run = compute(self.shop).clear(), partial(_of_partition, compute, period)
        return map_partitions(self.frame, KEY, self.partitions, run, like)


def _of_partition(compute: ShopFunction, period: Transactions, lines: pl.DataFrame) -> pl.DataFrame:
    return compute(replace(period, lines=sort_canonical(lines).lazy()))


def open_lines(
    given: object, partitions: int | None = None, until: int | None = None
) -> LinesTable:
    """Return a table of canonical lines; what columns hold is judged by lines before a day.

    Raises `ColumnMissingError` when it lacks a column; `SchemaError` when one is of another type;
    `SupportError` when it has no line.
    """
    from pyspark.sql import functions as sql

    table = open_table(given)
    missing = [name for name in LINE_COLUMNS if name not in table.columns]
    if missing:
        raise ColumnMissingError(
            f"{missing[0]} of canonical lines",
            table.columns,
            fix="make canonical lines of the table first: segpredict.spark.ingest(table, config).",
        )
    lines = table.select(*LINE_COLUMNS)
    empty = validate_schema(pl.DataFrame(lines.limit(0).toArrow()), LINES_SCHEMA)
    end = 2**31 - 1 if until is None else until
    day, void, amount, id_ = (sql.col(n) for n in ("day", "void_day", "amount", KEY))
    is_known = (day < end) & (void.isNull() | (void >= end))
    is_sale = ~sql.col("is_return") & (amount > 0)
    filled = {n: sql.col(n).isNotNull() for n in OPTIONAL_COLUMNS} | {
        "is_return": sql.col("is_return")
    }
    asked = {
        "first": sql.min(day),
        "last": sql.max(day),
        **{name: sql.max((is_known & value).cast("int")) for name, value in filled.items()},
        # Estimates: an id form counts where it is all ids or none, and then they are exact.
        "customers": sql.approx_count_distinct(id_),
        "digits": sql.approx_count_distinct(sql.when(id_.rlike("^[0-9]+$"), id_)),
        "zeros": sql.approx_count_distinct(sql.when(id_.rlike("^0[0-9]+$"), id_)),
        "median": sql.percentile_approx(sql.when(is_sale, amount), 0.5),
    }
    (seen,) = lines.agg(*(value.alias(name) for name, value in asked.items())).collect()
    if seen["first"] is None:
        raise SupportError("The table has no line.", fix="see what it was made of.")
    shop, facts = _stand_in(seen.asDict(), empty), _facts(seen.asDict())
    return LinesTable(lines, shop, facts, partitions)


def _stand_in(seen: dict[str, Any], empty: pl.DataFrame) -> Transactions:
    there = {name: value for name, value in OPTIONAL_COLUMNS.items() if seen[name]}
    line = {KEY: "0", "order_id": "0", "day": seen["first"], "quantity": MONEY_SCALE, "amount": 1}
    lines = [
        {**line, **there, "is_return": back} for back in (False, True)[: 1 + seen["is_return"]]
    ]
    frame = sort_canonical(pl.DataFrame(lines, schema=empty.schema))
    return Transactions(frame.lazy(), seen["first"], seen["last"] + 1, "", Ledger(()))


def _facts(seen: dict[str, Any]) -> ShopFacts:
    return ShopFacts(
        currency="",
        has_clock=bool(seen["minute"]),
        has_offsets=False,
        leading_zeros=seen["zeros"] / max(seen["digits"], 1),
        digit_ids=seen["digits"] / max(seen["customers"], 1),
        median_line=(seen["median"] or 0) / MONEY_SCALE,
        revenue="",
        customers=seen["customers"],
        columns=tuple(n for n in OPTIONAL_COLUMNS if seen[n]),
    )


def features(
    lines: object,
    windows: Window | Sequence[Window],
    families: Sequence[str] | None = None,
    *,
    partitions: int | None = None,
) -> SparkFrame:
    """Compute the features of all customers of a table, as of the cutoff of each window.

    One row for each eligible customer and window: ``customer_id``, ``cutoff`` (a day number) and
    the columns of `features.build_features`, with its parameters and values.
    """
    asked = [windows] if isinstance(windows, Window) else list(windows)
    until = max(window.cutoff for window in asked)
    table = open_lines(lines, partitions, until)
    return table.map_customers(partial(_features, tuple(asked), table.families(families)))


def _features(
    windows: tuple[Window, ...], families: tuple[str, ...], shop: Transactions
) -> pl.DataFrame:
    tables = feature_tables.build_features(shop, windows, families)
    return pl.concat(
        table.frame.select(
            KEY, pl.lit(table.window.cutoff, pl.Int32).alias("cutoff"), *table.feature_names
        )
        for table in tables
    )


def score(
    lines: object,
    predictor: SegmentPredictor,
    as_of: DateLike = None,
    since: DateLike = None,
    *,
    partitions: int | None = None,
) -> SparkFrame:
    """Score all customers of a table with a run: `segpredict.load(run)`.

    `as_of` and `since` are those of `SegmentPredictor.score`, and so are the columns, the values
    and the errors. Without them the cutoff is the day after the last line of the table, and its
    first line begins the records.
    """
    table = open_lines(lines, partitions)
    if predictor.facts is not None:
        # Whether clocks had an offset to UTC is not to be seen in canonical lines.
        known = replace(predictor.facts, has_offsets=False)
        known.require_agreement(replace(table.facts, revenue=known.revenue))
    families = table.families(predictor.families)
    bare = replace(predictor, facts=None, explainer=None, families=families)
    like = bare.score_table(table.shop, as_of, since)  # raises what one machine raises
    window = bare.score_window(table.shop, as_of, since)
    return table.map_customers(partial(_scores, bare, window, like.clear()))


def _scores(
    predictor: SegmentPredictor, window: Window, none: pl.DataFrame, shop: Transactions
) -> pl.DataFrame:
    known = shop.known_at(window.cutoff).filter("is_order_head")
    if known.limit(1).collect().is_empty():
        return none
    return predictor.score_table(shop, window.cutoff, window.first_day)


def transitions(
    lines: object,
    predictor: SegmentPredictor,
    as_of: DateLike = None,
    since: DateLike = None,
    *,
    partitions: int | None = None,
) -> SparkFrame:
    """Return the segment of each customer of a table before and after each period.

    One row for each customer and period, as in the tables of a run: ``customer_id``, ``since`` and
    ``until``, ``previous_id``, ``from_id`` and ``to_id``. `as_of` and `since` are the end and the
    beginning of the records; without them the table's own lines decide.

    Raises `TooShortHistoryError` when no period is complete.
    """
    table = open_lines(lines, partitions)
    first = table.shop.first_day if since is None else day_number(since)
    end = table.shop.end_day if as_of is None else day_number(as_of)
    windows, _ = transition_periods(first, end, predictor.time)
    if not windows:
        time = predictor.time
        needed = max(time.horizon, -(-time.lookback // 2)) + time.days_to_complete
        raise TooShortHistoryError("A period of transitions", end - first, needed)
    of_period = replace(table, shop=replace(table.shop, first_day=first, end_day=end))
    return of_period.map_customers(partial(_transitions, predictor.segmentation, windows))


def _transitions(
    segmentation: Segmentation, windows: tuple[Window, ...], shop: Transactions
) -> pl.DataFrame:
    observed = replace(shop, lines=shop.lines.filter(pl.col("day") < shop.end_day))
    return segment_transitions(observed, segmentation.for_shop(observed), windows)


def store_sample(
    lines: object, folder: str | Path, customers: int = 100_000, currency: str = ""
) -> Path:
    """Write the lines of some customers as a store on the driver, to train on: `segpredict.fit`.

    Chance chooses the customers, by their ids alone: the same on every cluster and day. All their
    lines are taken, and the store knows the period of the whole table.
    """
    from pyspark.sql import functions as sql

    table = open_lines(lines)
    ids = table.frame.select(KEY).distinct().orderBy(sql.md5(KEY), KEY).limit(customers)
    chosen = table.frame.join(ids, KEY, "left_semi").select(*LINE_COLUMNS)
    frame = sort_canonical(pl.DataFrame(chosen.toArrow()))
    money = int(frame["amount"].sum())
    count = LedgerCount(frame.height, count_orders(frame), frame[KEY].n_unique(), money)
    taken = LedgerEntry("in", "read", "Lines of the sample.", count)
    used = LedgerEntry("used", "used", "Rows used.", count)
    shop = replace(
        table.shop,
        lines=frame.lazy(),
        ledger=Ledger((taken, used)),
        currency=currency,
        fingerprint=fingerprint_lines(frame),
    )
    write_store(shop, folder)
    return Path(folder)
