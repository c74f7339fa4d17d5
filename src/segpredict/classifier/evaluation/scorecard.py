"""Collect all metrics of the comparison in one tidy table: one metric a row."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.bootstrap import Resampling, round_losses
from segpredict.classifier.evaluation.rankings import evaluate_rankings
from segpredict.classifier.evaluation.results import POOLED_WINDOWS, Backtest
from segpredict.core.arrays import FloatArray, IntArray
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
ScorecardRow = dict[str, object]
MetricBounds = dict[tuple[object, object], tuple[float, float]]  # by forecaster and metric


def build_scorecard(
    backtests: Sequence[Backtest],
    segments: Sequence[str],
    *,
    draws: int,
    seed: int,
    selected: str | None = None,
) -> pl.DataFrame:
    """Return every metric of the comparison, one a row.

    Strata are reported over all windows together: in one window they are small.
    """
    rows: list[ScorecardRow] = []
    for backtest in backtests:
        day = as_date(backtest.cutoff).isoformat()
        rows += _figures(day, backtest.probabilities, backtest.labels, segments)
    labels = np.concatenate([backtest.labels for backtest in backtests])
    probabilities = {
        name: np.concatenate([backtest.probabilities[name] for backtest in backtests])
        for name in backtests[0].probabilities
    }
    model = next(iter(probabilities))
    bounds, by = MetricBounds(), Resampling(draws, seed)
    for name in {model, selected or model}:
        given = {name: probabilities[name]}
        bounds |= _calibration(backtests, given, labels, segments, by)
    for row in _figures(POOLED_WINDOWS, probabilities, labels, segments):
        low, high = bounds.get((row["forecaster"], row["metric"]), (None, None))
        rows.append({**row, "low": low, "high": high})
    rows += _by_stratum(backtests, probabilities, labels, segments, by)
    rows += _ranked(backtests, draws, seed)
    return pl.DataFrame(rows, SCORECARD_SCHEMA, orient="row").with_columns(
        pl.col("value", "low", "high").fill_nan(None)
    )


def _figures(
    window: str, probabilities: Mapping[str, FloatArray], labels: IntArray, ids: Sequence[str]
) -> Iterator[ScorecardRow]:
    for name, given in probabilities.items():
        values = metrics.score_forecast(given, labels).to_json()
        values.pop("n_rows")
        areas, errors = (
            metrics.classwise_roc_auc(given, labels),
            metrics.classwise_calibration_error(given, labels),
        )
        values |= {f"auc_{i}": float(v) for i, v in zip(ids, areas, strict=True)}
        values |= {f"ece_{i}": float(v) for i, v in zip(ids, errors, strict=True)}
        for metric, value in values.items():
            yield _cell(window, "all", "", len(labels), name, metric, value)


def _cell(  # noqa: PLR0913, PLR0917 one row of the table
    window: str,
    stratum: str,
    group: str,
    n: int,
    forecaster: str,
    metric: str,
    value: float,
    low: float | None = None,
    high: float | None = None,
) -> ScorecardRow:
    cells = (window, stratum, group, n, forecaster, metric, value, low, high)
    return dict(zip(SCORECARD_SCHEMA, cells, strict=True))


def _calibration(
    backtests: Sequence[Backtest],
    probabilities: Mapping[str, FloatArray],
    labels: IntArray,
    ids: Sequence[str],
    by: Resampling,
) -> MetricBounds:
    """Return intervals of the calibration errors of the only model given.

    Bins are held as they are.
    """
    ((name, given),) = probabilities.items()
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
    drawn = by.sums([t.customers for t in backtests], round_losses(np.column_stack(columns)))
    bounds: MetricBounds = {}
    for place, metric in enumerate(pairs):
        bins = drawn[:, place * metrics.CALIBRATION_BINS : (place + 1) * metrics.CALIBRATION_BINS]
        errors = np.abs(bins).sum(axis=1) / drawn[:, -1]
        low, high = np.quantile(errors, [0.025, 0.975])
        bounds[name, metric] = (float(low), float(high))
    return bounds


def _by_stratum(
    backtests: Sequence[Backtest],
    probabilities: Mapping[str, FloatArray],
    labels: IntArray,
    ids: Sequence[str],
    by: Resampling,
) -> list[ScorecardRow]:
    groups = _few(pl.concat([_groups(backtest, ids) for backtest in backtests]))
    model = next(iter(probabilities))
    rows: list[ScorecardRow] = []
    for stratum in groups.columns:
        values = groups[stratum].to_numpy()
        parts = {str(v): values == v for v in sorted(set(values.tolist()))}
        for group, mask in parts.items():
            n = int(mask.sum())
            for name, given in probabilities.items():
                for metric, row_of in STRATUM_METRICS.items():
                    value = float(row_of(given[mask], labels[mask]).mean())
                    rows.append(_cell(POOLED_WINDOWS, stratum, group, n, name, metric, value))
        if REFERENCE_MODEL in probabilities:
            apart = metrics.row_log_loss(probabilities[model], labels)
            apart = apart - metrics.row_log_loss(probabilities[REFERENCE_MODEL], labels)
            rows += _gaps(backtests, stratum, parts, model, apart, by)
    return rows


def _gaps(
    backtests: Sequence[Backtest],
    stratum: str,
    parts: Mapping[str, IntArray],
    model: str,
    apart: FloatArray,
    by: Resampling,
) -> list[ScorecardRow]:
    masks = [np.asarray(mask, dtype=np.float64) for mask in parts.values()]
    columns = [*(mask * apart for mask in masks), *masks]
    drawn = by.sums([t.customers for t in backtests], round_losses(np.column_stack(columns)))
    rows = []
    for i, (group, mask) in enumerate(parts.items()):
        heads = np.maximum(drawn[:, len(parts) + i], 1)
        low, high = np.quantile(drawn[:, i] / heads, [0.025, 0.975])
        metric, value = f"log_loss_minus_{REFERENCE_MODEL}", float(apart[mask].mean())
        n = int(mask.sum())
        cell = _cell(
            POOLED_WINDOWS, stratum, group, n, model, metric, value, float(low), float(high)
        )
        rows.append(cell)
    return rows


def _groups(backtest: Backtest, ids: Sequence[str]) -> pl.DataFrame:
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
            _yes(backtest.covariates["recency_days"] > LONG_INACTIVE_DAYS, "long_silent"),
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
    answers = ["yes" if flag else "no" for flag in flags]
    return pl.Series(name, answers, pl.String)


def _ranked(backtests: Sequence[Backtest], draws: int, seed: int) -> Iterator[ScorecardRow]:
    for found in evaluate_rankings(backtests, draws=draws, seed=seed):
        interval = found.value
        yield _cell(
            POOLED_WINDOWS,
            "all",
            "",
            found.n,
            found.ranked_by,
            found.metric,
            interval.value,
            interval.low,
            interval.high,
        )
