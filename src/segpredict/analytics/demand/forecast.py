"""Forecast the units of each item from the segments that customers will be in.

With the dispersion of demand around the forecast, and the quantiles to order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.demand import sales
from segpredict.analytics.demand.sales import SalesHistory, sold_lines, weekly_units
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_WEEK

CLASS_LIMITS = (0.8, 0.95)  # of all units: fast, middling and slow items
MIN_ITEMS_OF_CLASS = 30  # items below which a level is one class
MIN_LOG_DISPERSION, MAX_LOG_DISPERSION = -12.0, 6.0  # search range
ROUNDING_TOLERANCE = 1e-9  # float noise that must not lift a whole number to the next

SEGMENT_METHOD, ONE_SEGMENT_METHOD = "segments", "everybody_alike"
SEASONAL_NAIVE, LAST_WINDOW_NAIVE = "seasonal_naive", "last_window"
EXPONENTIAL_SMOOTHING, SMOOTHED_SHARES = "ses", "ses_season"
SMOOTHING_RATE = 0.1  # how far one week moves the level


@dataclass(frozen=True)
class LevelForecast:
    """The units to be expected of the items of one level."""

    level: str  # ``total``, ``category`` or ``product``
    items: tuple[str, ...]  # names, sorted
    expected: Mapping[str, FloatArray]  # units by method, one an item
    rates: FloatArray  # units per customer of each segment (columns; code 0 first)


def forecast_levels(
    transactions: Transactions,
    history: SalesHistory,
    expected_mix: FloatArray,
    time: TimeOptions,
    levels: Sequence[str],
) -> list[LevelForecast]:
    """Return the forecasts of each level at a cutoff; products share what their category sells."""
    since = transactions.first_day + time.horizon
    first = first_sale_days(sold_lines(transactions, history.cutoff), since)
    by_segment = shrunk_item_rates(history, len(expected_mix), first)
    pooled = shrunk_item_rates(history.without_segments(), 2, first)
    found = []
    for level in levels:
        items, rates = by_segment[level].items, by_segment[level].rates
        expected = {
            SEGMENT_METHOD: rates @ expected_mix,
            ONE_SEGMENT_METHOD: pooled[level].rates[:, 1] * expected_mix[1:].sum(),
            **_without_customers(transactions, history, time, level, items),
        }
        found.append(LevelForecast(level, items, expected, rates))
    return found


def _without_customers(
    transactions: Transactions,
    history: SalesHistory,
    time: TimeOptions,
    level: str,
    items: tuple[str, ...],
) -> dict[str, FloatArray]:
    """Return the forecasts that past units alone give."""
    found = {LAST_WINDOW_NAIVE: history.windows[0].units_sold(level, items)}
    weeks = weekly_units(transactions, history.cutoff, level, items)
    smoothed = exponential_smoothing(weeks) * (time.horizon / DAYS_PER_WEEK)
    if history.season_window is not None:
        found[SEASONAL_NAIVE] = history.season_window.units_sold(level, items)
        if len(items) > 1 and smoothed.sum():
            # The newest shares of the items, at the units of last year's season.
            found[SMOOTHED_SHARES] = smoothed * (found[SEASONAL_NAIVE].sum() / smoothed.sum())
    return found | {EXPONENTIAL_SMOOTHING: smoothed}


def exponential_smoothing(weeks: FloatArray) -> FloatArray:
    """Return the units of a week to be expected of each item: exponential smoothing.

    The level begins with the mean of the first quarter of a year and moves by rate · (week − level)
    each week.

    >>> exponential_smoothing(np.array([[4.0, 4.0, 4.0, 4.0]])).tolist()
    [4.0]
    """
    if weeks.shape[1] == 0:
        return np.zeros(len(weeks))
    level: FloatArray = weeks[:, :13].mean(axis=1)
    for week in weeks.T:
        level = level + SMOOTHING_RATE * (week - level)
    return level


@dataclass(frozen=True)
class ItemRates:
    """The items of one level."""

    items: tuple[str, ...]  # names, sorted
    # units per customer of each segment in a window; columns by code, the inactive buy nothing
    rates: FloatArray


def shrunk_item_rates(
    history: SalesHistory, n_segments: int, first_sold: Mapping[str, int]
) -> dict[str, ItemRates]:
    """Return the items of all levels known at a cutoff.

    Rates of the total and of categories are shrunk to their mean over segments, those of products
    (from their first sale on) to the mean product of their category in the segment, and share what
    it sells.
    """
    found: dict[str, ItemRates] = {}
    for level in sales.DEMAND_LEVELS:
        sold = pl.concat([window.purchases[level] for window in history.all_windows])
        items = tuple(sold.drop_nulls().unique().cast(pl.String).sort().to_list())
        is_product = level == sales.PRODUCT_LEVEL
        starts = np.array([first_sold.get(i, 0) if is_product else 0 for i in items], dtype=int)
        units, scatter = sales.segment_sales(history.windows, level, items, n_segments)
        exposure = np.zeros(units.shape)
        for window in history.windows:
            start, end = window.span
            on_sale = np.clip((end - starts) / (end - start), 0.0, 1.0)
            exposure += np.outer(on_sale, window.members[1:])
        if is_product:
            above = found[sales.CATEGORY_LEVEL]
            parents = _categories(history, items, above.items)
            rates = _product_rates(units, scatter, exposure, parents, above.rates[:, 1:])
        else:
            one = np.zeros(n_segments - 1, dtype=int)
            rates = gamma_poisson_rates(units.T, scatter.T, exposure.T, one).T
        found[level] = ItemRates(items, np.column_stack([np.zeros(len(items)), rates]))
    return found


def first_sale_days(lines: pl.LazyFrame, since: int) -> dict[str, int]:
    """Return the day on which each product was first sold, of `sales.sold_lines`.

    Those first seen before a day are left out: the data may begin later than they did.
    """
    days = lines.group_by(sales.PRODUCT_LEVEL).agg(pl.col("day").min()).collect()
    return dict(days.drop_nulls().filter(pl.col("day") >= since).iter_rows())


def _product_rates(
    units: FloatArray,
    scatter: FloatArray,
    exposure: FloatArray,
    parents: IntArray,
    whole: FloatArray,
) -> FloatArray:
    """Return rates that add up to those of each category (`whole`)."""
    count = np.bincount(parents, minlength=len(whole))[:, None]
    found = gamma_poisson_rates(units, scatter, exposure, parents, whole / np.maximum(count, 1))
    sums = np.zeros_like(whole)
    np.add.at(sums, parents, found)
    factor = np.divide(whole, sums, out=np.ones_like(whole), where=sums > 0)
    return found * factor[parents]


def _categories(
    history: SalesHistory, items: tuple[str, ...], categories: tuple[str, ...]
) -> IntArray:
    """Return the row of each product's category."""
    pairs = pl.concat(
        window.purchases.select(sales.PRODUCT_LEVEL, sales.CATEGORY_LEVEL)
        for window in history.all_windows
    )
    category_of = dict(pairs.drop_nulls().unique().iter_rows())
    row = {name: i for i, name in enumerate(categories)}
    return np.array([row[category_of[item]] for item in items], dtype=int)


def gamma_poisson_rates(
    units: FloatArray,
    scatter: FloatArray,
    exposure: FloatArray,
    family: IntArray,
    mean: FloatArray | None = None,
) -> FloatArray:
    """Return rates, each shrunk to the mean of its family by its uncertainty.

    One rate for each of `units`. Without exposure it is the family's mean.

    A rate is drawn from a gamma distribution with the family's mean m and variance τ². Units vary
    by φ · mean, where φ = Σ(y − ȳ)² / Σy: buyers arrive by Poisson and each takes a batch (with φ =
    1 it is the plain Gamma-Poisson). φ is each item's own, with the family's at the weight of one
    piece: a wholesaler's thousand make one product uncertain and not all of them. The posterior
    mean is m + w(r − m) with w = E / (E + φm/τ²). τ² is what the rates r of a family differ by more
    than chance, Σ E(r − m)² − Σ φm (times 1 − 1/J where m is fitted to the J rows), over ΣE −
    ΣE²/ΣE; with a given mean over ΣE.

    After Efron and Morris, Data analysis using Stein's estimator (1975); Fader and Hardie on
    Gamma-Poisson purchase rates.

    Two rows of ten customers differ by no more than Poisson would have them.

    >>> import numpy as np
    >>> sold, ten = np.array([[4.0], [6.0]]), np.array([[10.0], [10.0]])
    >>> gamma_poisson_rates(sold, sold, ten, np.array([0, 0]))[:, 0].tolist()
    [0.5, 0.5]
    """
    count = int(family.max()) + 1 if len(family) else 0

    def total(values: FloatArray) -> FloatArray:
        sums = np.zeros((count, units.shape[1]))
        np.add.at(sums, family, values)
        return sums

    sold, reach = total(units), total(exposure)
    centre = _over(sold, reach) if mean is None else mean
    family_mean = centre[family]
    rate = np.where(exposure > 0, _over(units, exposure), family_mean)
    family_batch = np.where(sold > 0, _over(total(scatter), sold), 1.0)
    batch = (scatter + family_batch[family]) / (units + 1)
    noise = batch * family_mean
    expected_noise = total(np.where(exposure > 0, noise, 0.0))
    effective_exposure = reach
    if mean is None:
        rows = total((exposure > 0).astype(float))
        expected_noise = expected_noise * (1 - _over(np.ones_like(rows), rows))
        effective_exposure = reach - _over(total(exposure**2), reach)
    squared_deviation = total(exposure * (rate - family_mean) ** 2)
    variance = np.maximum(_over(squared_deviation - expected_noise, effective_exposure), 0.0)
    spread = variance[family] * exposure
    return family_mean + _over(spread, spread + noise) * (rate - family_mean)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return a quotient, 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def turnover_classes(expected: FloatArray) -> IntArray:
    """Return the class of each item: 0 fast, 1 middling, 2 slow.

    Fast are up to four fifths of all units, slow those beyond 95 %; below thirty items all are
    fast.

    >>> np.bincount(turnover_classes(np.array([80.0] + [1.0] * 40))).tolist()
    [17, 18, 6]
    """
    if len(expected) < MIN_ITEMS_OF_CLASS:
        return np.zeros(len(expected), dtype=int)
    order = np.argsort(-expected, kind="stable")
    cumulated = np.cumsum(expected[order]) - expected[order]
    found = np.zeros(len(expected), dtype=int)
    found[order] = np.searchsorted(np.array(CLASS_LIMITS) * expected.sum(), cumulated, "right")
    return found


def negative_binomial_dispersion(expected: FloatArray, actual: FloatArray) -> float | None:
    """Return the dispersion α of a negative binomial around what was expected.

    α of Var = μ + αμ²; ``None`` without a row.

    Maximum likelihood, with the forecasts as means.

    >>> far, near = np.array([0.0, 10.0, 0.0, 10.0]), np.array([4.0, 5.0, 5.0, 6.0])
    >>> alphas = [negative_binomial_dispersion(np.full(4, 5.0), units) for units in (far, near)]
    >>> alphas[0] > alphas[1]
    True
    """
    from scipy import optimize, stats

    is_expected = expected > 0
    if not is_expected.any():
        return None
    mean, units = expected[is_expected], np.rint(actual[is_expected])

    def unlikely(log_alpha: float) -> float:
        n = np.exp(-log_alpha)
        return -float(stats.nbinom.logpmf(units, n, n / (n + mean)).sum())

    found = optimize.minimize_scalar(
        unlikely, bounds=(MIN_LOG_DISPERSION, MAX_LOG_DISPERSION), method="bounded"
    )
    return float(np.exp(found.x))


def negative_binomial_quantile(
    expected: FloatArray, alpha: FloatArray | float, probability: FloatArray | float
) -> FloatArray:
    """Return the least number of units that meets demand with a given probability.

    A mean of 1 with α = 1 is geometric: 1 − 2^−(k + 1) of it is k or less.

    >>> negative_binomial_quantile(np.array([1.0, 0.0]), 1.0, 0.9).tolist()
    [3.0, 0.0]
    """
    from scipy import stats

    n = 1 / alpha
    share = n / (n + expected)
    level = np.broadcast_to(np.asarray(probability, dtype=float), expected.shape)
    found = np.array(stats.nbinom.ppf(level - ROUNDING_TOLERANCE, n, share), dtype=float)
    return np.where(expected > 0, found, np.where(np.isnan(level), np.nan, 0.0))


def critical_ratio(price: FloatArray, cost: FloatArray, salvage: float) -> FloatArray:
    """Return the probability with which demand should be met.

    (p − c) / (p − s) with price p, cost c and the value s = salvage · c of an unsold unit: a sale
    that is missed costs p − c, an unsold unit c − s (the newsvendor). NaN where a unit sold brings
    no margin.

    >>> critical_ratio(np.array([10.0, 10.0]), np.array([4.0, 12.0]), 0.5).tolist()
    [0.75, nan]
    """
    gain = price - cost
    is_profitable = gain > 0
    whole = np.where(is_profitable, price - salvage * cost, 1.0)
    return np.where(is_profitable, gain / whole, np.nan)
