"""Drift before the outcome is known: scores, features, sizes, columns and categories."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from segpredict.analytics.monitoring import (
    DriftStatistics,
    FigureBand,
    Finding,
    measure_drift,
    pooled_bands,
)
from segpredict.classifier import build_panel
from segpredict.classifier.training_data import sample_shop
from segpredict.config.load import Config
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date
from segpredict.scoring.predictor import SegmentPredictor

DRIFT_SCHEMA = {
    **dict.fromkeys(("date", "kind", "column"), pl.String),
    **dict.fromkeys(("value", "high", "low", "js", "ks"), pl.Float64),
    "pairs": pl.Int64,
    "is_outside": pl.Boolean,
}
MIN_PAIRS = 4  # pairs of past dates from which a band is made
CATEGORIES = ("country", "product_id")
Columns = Mapping[str, FloatArray]


def drift_table(
    predictor: SegmentPredictor, trained_on: Transactions, shop: Transactions, config: Config
) -> pl.DataFrame:
    """Return how far scores, features and sizes moved since the end of the run, by date.

    Thresholds are the shop's own: two dates of the run as far apart show how far a column moves
    without any fault (`pooled_bands` of the logarithm of the population stability index, and of
    changes in size by their chance, corrected for the number of columns and dates).
    """
    step, end = config.time.step, trained_on.end_day
    past = _past_dates(trained_on, config)
    # As far from the end of the run as enough pairs of its own dates are.
    furthest = (len(past) - MIN_PAIRS) * step
    dates = list(range(end + step, min(shop.end_day, end + furthest) + 1, step))
    if not dates:
        return pl.DataFrame(schema=DRIFT_SCHEMA)
    known = _columns(predictor, trained_on, past, config)
    new = _columns(predictor, shop, dates, config)
    rows: list[tuple[object, ...]] = []
    for kind, names in _names(predictor, known[end]).items():
        looks = len(names) * len(dates)
        for date in dates:
            lag = date - end
            pairs = [(day - lag, day) for day in past if day - lag in known]
            past_moves = {
                name: [_moved(known[a], known[b], name, kind) for a, b in pairs] for name in names
            }
            bands = _bands(past_moves, looks)
            for name, band in bands.items():
                rows += _row(date, kind, name, band, _moved(known[end], new[date], name, kind))
    return pl.DataFrame(rows, DRIFT_SCHEMA, orient="row")


def _past_dates(trained_on: Transactions, config: Config) -> list[int]:
    """Return the dates of the run, a step apart; with a whole look-back behind each, if enough."""
    time, end = config.time, trained_on.end_day
    dates = range(end, trained_on.first_day + time.lookback // 2, -time.step)
    whole = [day for day in dates if day - time.lookback >= trained_on.first_day]
    return sorted(whole if len(whole) > MIN_PAIRS + 1 else dates)


def _columns(
    predictor: SegmentPredictor, shop: Transactions, dates: Sequence[int], config: Config
) -> dict[int, Columns]:
    """Return scores, features and sizes of each date."""
    sample, weight, _ = sample_shop(shop, config.classifier)
    windows = [predictor.score_window(sample, date) for date in dates]
    panel = build_panel(sample, predictor.segmentation, windows, predictor.families)
    sold = shop.lines.filter(~pl.col("is_return")).group_by("day")
    by_day = sold.agg(pl.col("is_order_head", "amount").sum()).collect()
    found: dict[int, Columns] = {}
    for date in dates:
        rows = panel.at_cutoffs(date).sort("customer_id")
        p = predictor.model.predict_proba(rows)
        states = np.bincount(rows["state_now"].to_numpy(), minlength=len(predictor.segments))
        recent = by_day.filter(pl.col("day").is_between(date - config.time.step, date - 1))
        orders, money = (float(recent[name].sum()) for name in ("is_order_head", "amount"))
        # Sizes are of the whole shop: a sample of a shop that grows is a smaller share of it. Each
        # has the number of cases behind it, by which chance moves it.
        customers = ((count * weight, count) for count in [*states.tolist(), rows.height])
        sizes = [*customers, (orders, orders), (money / max(orders, 1.0), orders)]
        found[date] = {
            **{f"p_{s.id}": p[:, s.code] for s in predictor.segments},
            **{n: rows[n].cast(pl.Float64).to_numpy() for n in _numeric(rows, panel.feature_names)},
            **{n: np.array(size) for n, size in zip(_size_names(predictor), sizes, strict=True)},
        }
    return found


def _numeric(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    return [n for n in names if rows[n].dtype.is_numeric() or rows[n].dtype == pl.Boolean]


def _size_names(predictor: SegmentPredictor) -> list[str]:
    names = [f"customers in {segment.name}" for segment in predictor.segments]
    return [*names, "customers", "orders", "money an order"]


def _names(predictor: SegmentPredictor, columns: Columns) -> dict[str, list[str]]:
    scores = [f"p_{segment.id}" for segment in predictor.segments]
    sizes = _size_names(predictor)
    others = [name for name in columns if name not in {*scores, *sizes}]
    return {"score": scores, "size": sizes, "feature": others}


def _moved(before: Columns, after: Columns, name: str, kind: str) -> DriftStatistics | float | None:
    """Return how far a column moved; of a size, the logarithm of its ratio by its chance."""
    if name not in before or name not in after:
        return None
    if kind != "size":
        return measure_drift(before[name], after[name])
    (one, n_one), (other, n_other) = before[name] + 1, after[name] + 1
    return float(np.log(other / one) / np.sqrt(1 / n_one + 1 / n_other))


def _bands(
    moves: Mapping[str, Sequence[DriftStatistics | float | None]], looks: int
) -> dict[str, FigureBand]:
    """Return the band of each column; columns of a kind vary about alike."""
    values = {
        name: [_value(each) for each in own if each is not None] for name, own in moves.items()
    }
    enough = {name: own for name, own in values.items() if len(own) >= MIN_PAIRS}
    return pooled_bands(enough, looks)


def _row(
    date: int, kind: str, name: str, band: FigureBand, now: DriftStatistics | float | None
) -> Iterator[tuple[object, ...]]:
    if now is None:
        return
    value = _value(now)
    is_outside = band.is_worse(value, 0 if kind == "size" else 1)
    js, ks = (now.js, now.ks) if isinstance(now, DriftStatistics) else (None, None)
    shown = value if kind == "size" else float(np.exp(value))
    ends = (*_shown(band, kind), js, ks, band.tests)
    yield (as_date(date).isoformat(), kind, name, shown, *ends, is_outside)


def _value(moved: DriftStatistics | float) -> float:
    """Return the value that is compared: the index is skewed, its logarithm is not."""
    return float(np.log(moved.psi + 1e-6)) if isinstance(moved, DriftStatistics) else moved


def _shown(band: FigureBand, kind: str) -> tuple[float | None, float | None]:
    if band.high is None or band.low is None:
        return None, None
    return (band.high, band.low) if kind == "size" else (float(np.exp(band.high)), None)


def drift_findings(drift: pl.DataFrame) -> Iterator[Finding]:
    """Yield a finding for scores, sizes and features that moved, each with its first day."""
    labels = {"score": "Forecasts", "size": "Sizes", "feature": "Features"}
    for kind, label in labels.items():
        own = drift.filter("is_outside", kind=kind)
        if own.is_empty():
            continue
        first = own["date"].sort()[0]
        names = own.filter(date=own["date"].max()).sort(pl.col("value").abs(), descending=True)
        listed = ", ".join(names["column"].head(3))
        yield Finding(
            "drift",
            first,
            f"{label} moved further than ever between dates of the run since {first}: {listed}.",
        )


def data_findings(trained_on: Transactions, shop: Transactions) -> Iterator[Finding]:
    """Yield columns that are empty since the end of the run, and categories never seen before."""
    since, end = as_date(trained_on.end_day).isoformat(), trained_on.end_day
    schema = trained_on.lines.collect_schema().names()
    kept = [name for name in CATEGORIES if name in schema]
    new = shop.lines.filter(pl.col("day") >= end)
    if not kept or new.select(pl.len()).collect().item() == 0:
        return
    counts = pl.col(kept).count()
    before, after = (lines.select(counts).collect() for lines in (trained_on.lines, new))
    for name in kept:
        if before[name].item() and not after[name].item():
            text = f"The column {name} is empty since {since}; the run had it."
            yield Finding("data_missing", since, text)
    if "country" in kept:
        yield from _unseen(trained_on, replace(shop, lines=new), since)


def _unseen(trained_on: Transactions, new: Transactions, since: str) -> Iterator[Finding]:
    seen = trained_on.lines.select(pl.col("country").unique()).collect().to_series()
    named = new.lines.filter(pl.col("country").is_not_null())
    counts = named.select((~pl.col("country").is_in(seen.implode())).alias("is_unseen")).collect()
    share = counts["is_unseen"].mean()
    if isinstance(share, float) and share > 0:
        text = f"{share:.1%} of the lines since {since} are of countries that the run never saw."
        yield Finding("unseen_category", since, text)
