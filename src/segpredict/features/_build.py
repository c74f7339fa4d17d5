"""Build feature tables, the instrument and the glossary: what other rooms call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict import contracts
from segpredict.features._family import FAMILIES, Family
from segpredict.features._offers import OFFERS, offers
from segpredict.features._plan import answer, collapse, gather, on
from segpredict.features._shares import by_share
from segpredict.tables import Companions, Feature, FeatureTable, Transactions
from segpredict.window import Window

DEFAULT = "default"  # stands for all families that nobody needs to name
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


def build(
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
        does not have what they need; when not given, `choose` decides.

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
    end = max(window.cutoff for window in windows)
    if families is None:
        families = choose(transactions, until=end).names
    chosen = _chosen(families, transactions.companions)
    declared = _declared(chosen)
    first = min(window.history_start for window in windows)

    def ask(share: Transactions) -> list[pl.DataFrame]:
        rows = gather(share, first, end, chosen)
        asked = [answer(rows, window, chosen) for window in windows]
        # Orders are in memory; there the streaming engine only adds to the latency.
        return pl.collect_all(asked, engine="in-memory")

    frames = by_share(transactions, ask)
    return [
        FeatureTable(checked(frame, declared), window, declared)
        for frame, window in zip(frames, windows, strict=True)
    ]


def compute(
    transactions: Transactions,
    window: Window,
    families: Sequence[str] | None = None,
) -> FeatureTable:
    """Compute the features of one window; see `build`.

    Examples
    --------
    >>> from segpredict.tables import MONEY, Ledger, Transactions
    >>> lines = pl.LazyFrame({
    ...     "customer_id": ["ann", "ann"], "order_id": ["1", "2"], "day": [0, 30],
    ...     "minute": [600, 600], "product_id": ["cup", "cup"],
    ...     "quantity": [MONEY, MONEY], "amount": [5 * MONEY, 7 * MONEY],
    ...     "is_return": [False, False], "is_order_head": [True, True],
    ...     "void_day": pl.Series([None, None], dtype=pl.Int32),
    ... })
    >>> shop = Transactions(lines, 0, 40, "", Ledger(()))
    >>> compute(shop, Window(40), ["rfm"]).frame["recency_days"].to_list()
    [10.0]
    """
    return build(transactions, [window], families)[0]


def instrument(
    transactions: Transactions,
    windows: Sequence[tuple[int, int]],
    further: Sequence[str] = (),
) -> pl.DataFrame:
    """Measure what each customer did in intervals of time: how often, how much.

    Parameters
    ----------
    transactions
        The shop's canonical lines, in any order.
    windows
        Half-open intervals of days, ``(start, end)``, each with an end of its own.
    further
        More to measure: ``recency`` (days from the last purchase to the end),
        ``products`` (different products of each order, summed), ``units`` and
        ``refunds`` (money given back; units and money in 10⁻⁴).

    Returns
    -------
    polars.DataFrame
        `contracts.INSTRUMENT`, sorted by end and customer: per interval one row for
        each customer with an order in it. ``days`` counts purchase days; ``spend`` is
        sales plus returns dated in the interval, so it may be zero or below.

    Notes
    -----
    Each interval is measured as it was known at its end: an order wholly refunded by
    then is no purchase, one refunded later still is.
    """
    asked = sorted(set(windows), key=lambda interval: (interval[1], interval[0]))
    more = {name: kind for name, kind in _FURTHER.items() if name in further}
    if not asked:
        return pl.DataFrame(schema={**_INSTRUMENT, **more})
    first, end = min(start for start, _ in asked), asked[-1][1]

    def ask(share: Transactions) -> list[pl.DataFrame]:
        shop = on(share, collapse(share, first, end))
        return pl.collect_all(
            [_reading(shop, *interval, list(more)) for interval in asked]
        )

    frames = by_share(transactions, ask)
    return contracts.check(pl.concat(frames), contracts.INSTRUMENT)


def _reading(
    orders: Transactions, start: int, end: int, further: Sequence[str]
) -> pl.LazyFrame:
    is_order = ~pl.col("is_return")
    measures = {
        "recency": (end - pl.when(is_order).then("day").max()).cast(pl.Int32),
        "products": pl.when(is_order).then("products").sum().cast(pl.Int64),
        "units": pl.when(is_order).then("units").sum().cast(pl.Int64),
        "refunds": -pl.when(~is_order).then("net").sum().cast(pl.Int64),
    }
    return (
        orders.known(end)
        .filter(pl.col("day") >= start)
        .group_by("customer")
        .agg(
            pl.col("customer_id").first(),
            days=pl.when(is_order).then("day").drop_nulls().n_unique().cast(pl.Int32),
            spend=pl.col("net").sum(),
            **{name: measures[name] for name in further},
        )
        .filter(pl.col("days") > 0)
        .sort("customer")
        .with_columns(end=pl.lit(end, pl.Int32))
        .select(*_INSTRUMENT, *further)
    )


@dataclass(frozen=True, slots=True)
class Choice:
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


def choose(
    transactions: Transactions,
    wanted: Sequence[str] | None = None,
    until: int | None = None,
) -> Choice:
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
    customer's rows, so a run keeps the names and gives them to every later `build`.
    """
    default = {family.name for family in FAMILIES.all() if family.is_default}
    named = {DEFAULT} if wanted is None else set(wanted)
    names = (named - {DEFAULT}) | (default if DEFAULT in named else set())
    families = _chosen(sorted(names))
    there = offers(transactions, until)
    lacking = {f.name: [n for n in f.needs if n not in there] for f in families}
    notes = tuple(
        f"The features of the family {name} were left out: the data have no "
        f"{' and no '.join(OFFERS[need] for need in needs)}."
        for name, needs in lacking.items()
        if needs
    )
    return Choice(tuple(name for name in lacking if not lacking[name]), notes)


def glossary(
    families: Sequence[str] | None = None, companions: Companions | None = None
) -> tuple[Feature, ...]:
    """Return the declaration of every feature, in column order.

    Parameters
    ----------
    families
        Names of families; all of them when not given.
    companions
        The shop's side tables, for families whose columns depend on them.

    Examples
    --------
    >>> glossary(["rfm"])[0].name
    'recency_days'
    """
    names = FAMILIES.names() if families is None else families
    return _declared(_chosen(names, companions))


def glossary_table() -> pl.DataFrame:
    """Return the glossary as a table: family, feature, meaning, unit, low, high.

    Examples
    --------
    >>> glossary_table().columns
    ['family', 'feature', 'meaning', 'unit', 'low', 'high']
    """
    rows = [(f.family, f.name, f.meaning, f.unit, f.low, f.high) for f in glossary()]
    text = dict.fromkeys(("family", "feature", "meaning", "unit"), pl.String)
    bounds = {"low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema={**text, **bounds}, orient="row")


def checked(frame: pl.DataFrame, declared: Sequence[Feature]) -> pl.DataFrame:
    """Return the frame if it keeps its contract.

    The contract is asked only where one pass over all ranges found a breach: it names
    what broke, and takes several times as long as computing the features.
    """
    if all(_keeps(frame[feature.name], feature) for feature in declared):
        return frame
    return contracts.check(frame, contracts.features(declared))


def _keeps(values: pl.Series, feature: Feature) -> bool:
    numbers = values.to_numpy()  # null becomes NaN, and nothing else may be
    outside = np.isinf(numbers)
    if feature.low is not None:
        outside |= numbers < feature.low
    if feature.high is not None:
        outside |= numbers > feature.high
    is_known = np.isnan(numbers).sum() == values.null_count()
    return bool(is_known and not outside.any())


def _chosen(
    names: Sequence[str], companions: Companions | None = None
) -> tuple[Family, ...]:
    # In the order of their names, so that the columns do not depend on the asking.
    families = (FAMILIES.get(name) for name in sorted(set(names)))
    return tuple(family.on(companions or Companions()) for family in families)


def _declared(families: Sequence[Family]) -> tuple[Feature, ...]:
    return tuple(
        replace(feature, family=family.name)
        for family in families
        for feature in family.features
    )
