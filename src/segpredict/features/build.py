"""Build feature tables, the instrument and the glossary: what other rooms call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from segpredict.core import schemas
from segpredict.core.disk import write_file
from segpredict.core.tables import Feature, FeatureTable, SideTables, Transactions
from segpredict.core.window import Window
from segpredict.features.engine.available_columns import COLUMN_MEANINGS, available_columns
from segpredict.features.engine.batches import BatchFunction, batch_results, compute_in_batches
from segpredict.features.engine.measures import (
    MEASURE_COLUMNS,
    WHOLE_HISTORY,
    count_purchase_days,
    days_since_last,
    net_spend,
    spend_measures,
    sum_orders,
    sum_returns,
)
from segpredict.features.engine.plan import FeatureQuery, plan_query, run_queries
from segpredict.features.family import FEATURE_FAMILIES, FeatureFamily

DEFAULT_FAMILIES = "default"  # stands for all families that nobody needs to name
_MOST = np.finfo(np.float64).max
_INSTRUMENT = {
    "customer_id": pl.String,
    "end": pl.Int32,
    "days": pl.Int32,
    "spend": pl.Int64,
}
_FURTHER = {
    "recency": pl.Int32,
    "products": pl.Int64,
    "units": pl.Int64,
    "refunds": pl.Int64,
}
_MEASURED = {
    "recency": days_since_last(),
    "products": sum_orders("products"),
    "units": sum_orders("units"),
    "refunds": sum_returns(),
}


def build_features(
    transactions: Transactions,
    windows: Sequence[Window],
    families: Sequence[str] | None = None,
) -> list[FeatureTable]:
    """Compute the features of every eligible customer, as of each window's cutoff.

    Parameters
    ----------
    transactions
        The shop's canonical lines, in any order.
    windows
        The questions. They share the work from lines to orders, so ask them together.
    families
        Names of families. Those that are named are computed, and null where the shop
        does not have what they need; when not given, `choose_families` decides.

    Returns
    -------
    list of FeatureTable
        One per window, in the order given; rows are the customers with an order in the
        look-back, sorted by customer.

    Raises
    ------
    UnknownNameError
        When there is no family of that name.

    Notes
    -----
    Nothing on or after a cutoff is seen, nor anything older than the window's history.
    Set `Window.first_day`: features that compare with a time before it are null then,
    instead of reading silence that nobody observed as no purchases.
    """
    if not windows:
        return []
    declared, answer = _asked(transactions, windows, families)
    return [
        FeatureTable(_checked(frame, declared), window, declared)
        for frame, window in zip(compute_in_batches(transactions, answer), windows, strict=True)
    ]


def write_features(
    transactions: Transactions,
    window: Window,
    path: str | Path,
    families: Sequence[str] | None = None,
) -> tuple[Feature, ...]:
    """Compute the features of one window into a Parquet file, share by share.

    The table of a large shop is never held whole: memory holds a few shares of the
    customers, whatever their number.

    Parameters
    ----------
    transactions
        The shop; what was opened from a store is read in the smallest shares.
    window
        The question.
    path
        The file; it appears when it is complete.
    families
        As in `build_features`.

    Returns
    -------
    tuple of Feature
        Declarations, in column order.

    Notes
    -----
    The rows are those of `build_features`. They are sorted by customer if the transactions come
    from a store to which no customers were added since its lines were last merged.
    """
    declared, answer = _asked(transactions, [window], families)

    def keep(draft: Path) -> None:
        writer = None
        for (frame,) in batch_results(transactions, answer):
            table = _checked(frame, declared).to_arrow()
            # Few numbers occur twice: a dictionary of them costs more than it saves.
            writer = writer or pq.ParquetWriter(
                draft, table.schema, compression="lz4", use_dictionary=False
            )
            writer.write_table(table)
        assert writer is not None
        writer.close()

    write_file(path, keep)
    return declared


def _asked(
    transactions: Transactions,
    windows: Sequence[Window],
    families: Sequence[str] | None,
) -> tuple[tuple[Feature, ...], BatchFunction]:
    """Return the columns, and what asks a share of the customers for them."""
    if families is None:
        until = max(window.cutoff for window in windows)
        families = choose_families(transactions, until=until).names
    chosen = _chosen(families, transactions.side_tables)
    questions = [plan_query(window, chosen) for window in windows]
    return _declared(chosen), lambda share: run_queries(share, questions)


def compute_features(
    transactions: Transactions,
    window: Window,
    families: Sequence[str] | None = None,
) -> FeatureTable:
    """Compute the features of one window; see `build_features`.

    Examples
    --------
    >>> from segpredict.core.tables import MONEY_SCALE, Ledger, Transactions
    >>> lines = pl.LazyFrame({
    ...     "customer_id": ["ann", "ann"], "order_id": ["1", "2"], "day": [0, 30],
    ...     "minute": [600, 600], "product_id": ["cup", "cup"],
    ...     "quantity": [MONEY_SCALE, MONEY_SCALE], "amount": [5 * MONEY_SCALE, 7 * MONEY_SCALE],
    ...     "is_return": [False, False], "is_order_head": [True, True],
    ...     "void_day": pl.Series([None, None], dtype=pl.Int32),
    ... })
    >>> shop = Transactions(lines, 0, 40, "", Ledger(()))
    >>> compute_features(shop, Window(40), ["rfm"]).frame["recency_days"].to_list()
    [10.0]
    """
    return build_features(transactions, [window], families)[0]


def clustering_inputs(
    transactions: Transactions,
    windows: Sequence[tuple[int, int]],
    extra_inputs: Sequence[str] = (),
) -> pl.DataFrame:
    """Measure what each customer did in intervals of time: how often, how much.

    Parameters
    ----------
    transactions
        The shop's canonical lines, in any order.
    windows
        Half-open intervals of days, ``(start, end)``, each with an end of its own.
    extra_inputs
        More to measure: ``recency`` (days from the last purchase to the end),
        ``products`` (different products of each order, summed), ``units`` and
        ``refunds`` (money given back; units and money in 10⁻⁴).

    Returns
    -------
    polars.DataFrame
        `contracts.CLUSTERING_INPUTS_SCHEMA`, sorted by end and customer: per interval one row for
        each customer with an order in it. ``count_purchase_days`` counts purchase days; ``spend``
        is sales plus returns dated in the interval, so it may be zero or below.

    Notes
    -----
    Each interval is measured as it was known at its end: an order wholly refunded by
    then is no purchase, one refunded later still is.
    """
    known = {(start, end) for start, end in windows if start < end}
    asked = sorted(known, key=lambda interval: (interval[1], interval[0]))
    told = _INSTRUMENT | {n: kind for n, kind in _FURTHER.items() if n in extra_inputs}
    if not asked:
        return pl.DataFrame(schema=told)
    questions = [_reading(*interval, extra_inputs) for interval in asked]
    frames = compute_in_batches(transactions, lambda share: run_queries(share, questions))
    read = (
        frame.with_columns(end=pl.lit(end, pl.Int32)).select(*told)
        for (_, end), frame in zip(asked, frames, strict=True)
    )
    return schemas.validate_schema(pl.concat(read), schemas.CLUSTERING_INPUTS_SCHEMA)


def _reading(start: int, end: int, further: Sequence[str]) -> FeatureQuery:
    """Return the question how often and for how much, with an interval as look-back."""
    measures = {"days": count_purchase_days(), **spend_measures("all", WHOLE_HISTORY)}
    measures |= {f"{name}_all": _MEASURED[name] for name in further}
    derived = {"days": pl.col("days").cast(pl.Int32), "spend": net_spend("all")}
    for name in further:
        amount = pl.col(f"{name}_all").cast(_FURTHER[name])
        derived[name] = -amount if name == "refunds" else amount
    window = Window(end, lookback=end - start, max_history=end - start)
    return FeatureQuery(window, measures, {}, (), derived, MEASURE_COLUMNS)


@dataclass(frozen=True, slots=True)
class FamilySelection:
    """Families that a shop can answer.

    Parameters
    ----------
    names
        The families, sorted.
    notes
        What was left out and why.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...]


def choose_families(
    transactions: Transactions,
    wanted: Sequence[str] | None = None,
    until: int | None = None,
) -> FamilySelection:
    """Return the families among those wanted that the shop has the columns for.

    Parameters
    ----------
    transactions
        The shop with its companions.
    wanted
        Names of families; ``default`` stands for all that are chosen where nobody
        names any, which is also what ``None`` means.
    until
        The day before which lines count; ``None`` counts all.

    Raises
    ------
    UnknownNameError
        When there is no family of that name.

    Notes
    -----
    This looks at the whole shop, once. What a family then computes is a matter of one
    customer's rows, so a run keeps the names and gives them to every later `build_features`.
    """
    default = {family.name for family in FEATURE_FAMILIES.all_parts() if family.is_default}
    named = {DEFAULT_FAMILIES} if wanted is None else set(wanted)
    names = (named - {DEFAULT_FAMILIES}) | (default if DEFAULT_FAMILIES in named else set())
    families = _chosen(sorted(names))
    there = available_columns(transactions, until)
    lacking = {f.name: [n for n in f.required_columns if n not in there] for f in families}
    notes = tuple(
        f"The features of the family {name} were left out: the data have no "
        f"{' and no '.join(COLUMN_MEANINGS[need] for need in needs)}."
        for name, needs in lacking.items()
        if needs
    )
    return FamilySelection(tuple(name for name in lacking if not lacking[name]), notes)


def feature_glossary(
    families: Sequence[str] | None = None, side_tables: SideTables | None = None
) -> tuple[Feature, ...]:
    """Return the declaration of every feature, in column order.

    Parameters
    ----------
    families
        Names of families; all of them when not given.
    side_tables
        The shop's side tables, for families whose columns depend on them.

    Examples
    --------
    >>> feature_glossary(["rfm"])[0].name
    'recency_days'
    """
    names = FEATURE_FAMILIES.names() if families is None else families
    return _declared(_chosen(names, side_tables))


def _checked(frame: pl.DataFrame, declared: Sequence[Feature]) -> pl.DataFrame:
    if is_in_range(frame, declared):
        return frame
    return schemas.validate_schema(frame, schemas.feature_schema(declared))


def is_in_range(frame: pl.DataFrame, declared: Sequence[Feature]) -> bool:
    """Return whether all values are what was declared: one pass over all ranges.

    The contract itself names what broke, and takes several times as long as computing
    the features; it is asked only where this says no.
    """
    return all(
        _keeps(piece, feature) for feature in declared for piece in frame[feature.name].get_chunks()
    )


def _keeps(values: pl.Series, feature: Feature) -> bool:
    numbers = values.to_numpy()  # null becomes NaN, and nothing else may be
    low = -_MOST if feature.low is None else feature.low
    high = _MOST if feature.high is None else feature.high
    if not values.null_count():
        # The least and the most of numbers of which one is NaN are NaN.
        return not numbers.size or bool(numbers.min() >= low and numbers.max() <= high)
    if (numbers < low).any() or (numbers > high).any():
        return False
    return bool(np.isnan(numbers).sum() == values.null_count())


def _chosen(
    names: Sequence[str], side_tables: SideTables | None = None
) -> tuple[FeatureFamily, ...]:
    # In the order of their names, so that the columns do not depend on the asking.
    families = (FEATURE_FAMILIES.get(name) for name in sorted(set(names)))
    return tuple(family.with_side_tables(side_tables or SideTables()) for family in families)


def _declared(families: Sequence[FeatureFamily]) -> tuple[Feature, ...]:
    return tuple(
        replace(feature, family=family.name) for family in families for feature in family.features
    )
