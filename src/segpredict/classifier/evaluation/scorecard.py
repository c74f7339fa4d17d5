"""Collect all metrics of the comparison in one tidy table: one metric a row."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation import results
from segpredict.classifier.evaluation.bootstrap import Resampling, percentile_interval, round_losses
from segpredict.classifier.evaluation.rankings import evaluate_rankings
from segpredict.core.arrays import BoolArray, FloatArray, IntArray
from segpredict.core.window import as_date

SCORECARD_SCHEMA = {
    **dict.fromkeys(("window", "stratum", "group"), pl.String),
    "n": pl.Int64,
    "forecaster": pl.String,
    "metric": pl.String,
    **dict.fromkeys(("value", "low", "high"), pl.Float64),
}
REFERENCE_MODEL = "markov"
STRATUM_METRICS = {
    "log_loss": metrics.row_log_loss,
    "brier": metrics.row_brier_score,
    "rps": metrics.row_ranked_probability_score,
}
LONG_INACTIVE_DAYS = 182  # days without a purchase
DECILES = 10
CALENDAR_YEAR, MAX_TENURE_YEARS = 365, 3  # days; customers of as many years and more are one group
MAX_COUNTRIES = 5  # shown one by one
ScorecardRow = tuple[object, ...]  # one cell for each column of the schema
MetricBounds = dict[tuple[str, str], tuple[float, float]]  # by forecaster and metric
NO_BOUNDS = (None, None)


def build_scorecard(
    backtests: Sequence[results.Backtest],
    segments: Sequence[str],
    by: Resampling,
    selected: str | None = None,
) -> pl.DataFrame:
    """Return every metric of the comparison, one a row; strata over all windows together."""
    rows: list[ScorecardRow] = []
    for backtest in backtests:
        day = as_date(backtest.cutoff).isoformat()
        rows += _figures(day, backtest.probabilities, backtest.labels, segments, {})
    probabilities, labels = results.pool_all_models(backtests)
    model = next(iter(probabilities))
    bounds = MetricBounds()
    for name in {model, selected or model}:
        bounds |= _calibration(backtests, name, segments, by)
    rows += _figures(results.POOLED_WINDOWS, probabilities, labels, segments, bounds)
    rows += _confusion(selected or model, probabilities[selected or model], labels, segments)
    rows += _by_stratum(backtests, probabilities, labels, segments, by)
    for ranked in evaluate_rankings(backtests, draws=by.draws, seed=by.seed):
        found = (ranked.value.value, ranked.value.low, ranked.value.high)
        head = (results.POOLED_WINDOWS, "all", "", ranked.n, ranked.ranked_by, ranked.metric)
        rows.append((*head, *found))
    return pl.DataFrame(rows, SCORECARD_SCHEMA, orient="row").with_columns(
        pl.col("value", "low", "high").fill_nan(None)
    )


def _figures(
    window: str,
    probabilities: Mapping[str, FloatArray],
    labels: IntArray,
    ids: Sequence[str],
    bounds: MetricBounds,
) -> Iterator[ScorecardRow]:
    for name, given in probabilities.items():
        values = metrics.score_forecast(given, labels).to_json()
        values.pop("n_rows")
        ranks = metrics.column_ranks(given)
        areas = metrics.classwise_roc_auc(given, labels, ranks)
        errors = metrics.classwise_calibration_error(given, labels, ranks)
        values |= {f"auc_{i}": float(v) for i, v in zip(ids, areas, strict=True)}
        values |= {f"ece_{i}": float(v) for i, v in zip(ids, errors, strict=True)}
        for metric, value in values.items():
            ends = bounds.get((name, metric), NO_BOUNDS)
            yield (window, "all", "", len(labels), name, metric, value, *ends)


def _confusion(
    name: str, given: FloatArray, labels: IntArray, ids: Sequence[str]
) -> Iterator[ScorecardRow]:
    """Yield how many customers of each actual segment have each most likely segment."""
    counts = metrics.confusion_matrix(labels, given.argmax(axis=1), given.shape[1])
    for actual, row in zip(ids, counts.tolist(), strict=True):
        for predicted, n in zip(ids, row, strict=True):
            head = (results.POOLED_WINDOWS, "all", actual, sum(row), name)
            yield (*head, f"predicted_{predicted}", float(n), *NO_BOUNDS)


def _calibration(
    backtests: Sequence[results.Backtest], name: str, ids: Sequence[str], by: Resampling
) -> MetricBounds:
    """Return intervals of a model's calibration errors; bins are held as they are."""
    given, labels = results.pool_backtests(backtests, name)
    happened = np.eye(given.shape[1])[labels]
    hits = (given.argmax(axis=1) == labels).astype(np.float64)
    pairs = {"ece": (given.max(axis=1), hits)}
    pairs |= {f"ece_{i}": (given[:, c], happened[:, c]) for c, i in enumerate(ids)}
    columns = [
        (confidence - actual)[:, None]
        * np.eye(metrics.CALIBRATION_BINS)[metrics.equal_mass_bins(confidence)]
        for confidence, actual in pairs.values()
    ]
    columns = [*columns, np.ones((len(labels), 1))]
    whole = round_losses(np.column_stack(columns))
    drawn = by.sums([t.customers for t in backtests], whole)
    bounds: MetricBounds = {}
    for place, metric in enumerate(pairs):
        bins = drawn[:, place * metrics.CALIBRATION_BINS : (place + 1) * metrics.CALIBRATION_BINS]
        spread = np.abs(bins).sum(axis=1) / drawn[:, -1]
        own = whole[:, place * metrics.CALIBRATION_BINS : (place + 1) * metrics.CALIBRATION_BINS]
        error = float(np.abs(own.sum(axis=0)).sum() / len(labels))
        # Absolute values of draws are larger on average than that of the data themselves: without
        # that bias the interval holds its own estimate.
        low, high = percentile_interval(spread - (spread.mean() - error))
        bounds[name, metric] = max(low, 0.0), high
    return bounds


def _by_stratum(
    backtests: Sequence[results.Backtest],
    probabilities: Mapping[str, FloatArray],
    labels: IntArray,
    ids: Sequence[str],
    by: Resampling,
) -> list[ScorecardRow]:
    groups = _few(pl.concat([_groups(backtest, ids) for backtest in backtests]))
    parts = {
        (stratum, str(group)): (groups[stratum] == group).to_numpy()
        for stratum in groups.columns
        for group in groups[stratum].unique().sort().to_list()
    }
    gaps = _gaps(backtests, parts, probabilities, labels, by)
    losses = {
        (name, metric): row_of(given, labels)
        for name, given in probabilities.items()
        for metric, row_of in STRATUM_METRICS.items()
    }
    rows: list[ScorecardRow] = []
    for stratum in groups.columns:
        own = {part: mask for part, mask in parts.items() if part[0] == stratum}
        for part, mask in own.items():
            head = (results.POOLED_WINDOWS, *part, int(mask.sum()))
            for (name, metric), loss in losses.items():
                rows.append((*head, name, metric, float(loss[mask].mean()), *NO_BOUNDS))
        rows += [gaps[part] for part in own if gaps]
    return rows


def _gaps(
    backtests: Sequence[results.Backtest],
    parts: Mapping[tuple[str, str], BoolArray],
    probabilities: Mapping[str, FloatArray],
    labels: IntArray,
    by: Resampling,
) -> dict[tuple[str, str], ScorecardRow]:
    """Return by part how far the model is ahead of the reference; one draw serves all parts."""
    if REFERENCE_MODEL not in probabilities:
        return {}
    model = next(iter(probabilities))
    apart = metrics.row_log_loss(probabilities[model], labels)
    apart = apart - metrics.row_log_loss(probabilities[REFERENCE_MODEL], labels)
    masks = np.column_stack([*parts.values()]).astype(np.float64)
    columns = round_losses(np.hstack([masks * apart[:, None], masks]))
    tops, sizes = np.hsplit(by.sums([t.customers for t in backtests], columns), 2)
    found: dict[tuple[str, str], ScorecardRow] = {}
    for i, (part, mask) in enumerate(parts.items()):
        ends = percentile_interval(tops[:, i] / np.maximum(sizes[:, i], 1))
        head = (results.POOLED_WINDOWS, *part, int(mask.sum()), model)
        value = float(apart[mask].mean())
        found[part] = (*head, f"log_loss_minus_{REFERENCE_MODEL}", value, *ends)
    return found


def _groups(backtest: results.Backtest, ids: Sequence[str]) -> pl.DataFrame:
    named = pl.Series("segment_now", [ids[code] for code in backtest.states], pl.String)
    if backtest.covariates is None:
        return pl.DataFrame([named])
    spend = backtest.covariates["spend_364"].fill_null(0.0).to_numpy()
    below = np.searchsorted(np.sort(spend), spend, side="left")
    decile = below * DECILES // max(1, len(spend)) + 1
    years = backtest.covariates["age_days"].cast(pl.Int64).fill_null(0) // CALENDAR_YEAR
    old = [str(min(year, MAX_TENURE_YEARS)) + "+" * (year >= MAX_TENURE_YEARS) for year in years]
    return pl.DataFrame(
        [
            named,
            _yes(backtest.covariates["is_new"], "is_new"),
            _yes(backtest.covariates["recency_days"] > LONG_INACTIVE_DAYS, "long_inactive"),
            pl.Series("value_decile", [f"{place:02d}" for place in decile], pl.String),
            pl.Series("cohort_age", old, pl.String),
            backtest.covariates["country"].cast(pl.String),
        ]
    )


def _few(groups: pl.DataFrame) -> pl.DataFrame:
    """Keep the largest countries and call the rest "other"; leave out unknown ones."""
    if "country" not in groups.columns or groups["country"].is_null().all():
        return groups.drop("country", strict=False)
    counts = groups["country"].drop_nulls().value_counts()
    largest = counts.sort("count", "country", descending=[True, False])["country"]
    known = pl.col("country").is_in(largest.head(MAX_COUNTRIES).to_list())
    return groups.with_columns(country=pl.when(known).then("country").otherwise(pl.lit("other")))


def _yes(flags: pl.Series, name: str) -> pl.Series:
    return pl.Series(name, ["yes" if flag else "no" for flag in flags], pl.String)
