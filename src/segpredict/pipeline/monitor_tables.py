"""The tables of a monitored run: figures by date, baselines, sums, mix, groups, demand, history."""

from collections.abc import Sequence

import polars as pl

from segpredict.analytics.demand.sales import DEMAND_LEVELS, sold_lines
from segpredict.analytics.monitoring import figure_band
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.classifier.metrics import row_log_loss
from segpredict.config.load import Config
from segpredict.core.run_folder import RunFolder
from segpredict.core.segment import ALL_CUSTOMERS, Segment
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import as_date
from segpredict.pipeline import loading
from segpredict.pipeline.past_forecasts import PastForecasts
from segpredict.scoring.history import ScoreHistory

# Figures of the time line, and whether a high value is bad (1), a low one (-1), or both (0).
# A ratio is what came by what was expected.
FIGURES = {
    "log_loss": 1,
    "accuracy": -1,
    "macro_f1": -1,
    "brier": 1,
    "ece": 1,
    "set_coverage": -1,
    "expected_value_ratio": 0,
    "value_at_risk_ratio": 0,
}
FIGURES_SCHEMA = {
    **dict.fromkeys(("date", "figure"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("value", "expected", "low", "high"), pl.Float64),
    "tests": pl.Int64,
    "is_worse": pl.Boolean,
}
BASELINES_SCHEMA = {
    **dict.fromkeys(("date", "baseline"), pl.String),
    **dict.fromkeys(("log_loss", "difference", "low", "high", "p_value"), pl.Float64),
}
SUMS_SCHEMA = {
    **dict.fromkeys(("date", "measure", "part"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(
        ("predicted", "actual", "low", "high", "ratio", "ratio_low", "ratio_high"), pl.Float64
    ),
}
MIX_SCHEMA = {
    **dict.fromkeys(("date", "segment_id", "segment"), pl.String),
    **dict.fromkeys(("predicted", "actual"), pl.Float64),
}
GROUPS_SCHEMA = {
    **dict.fromkeys(("stratum", "group", "metric"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("value", "expected"), pl.Float64),
}
RECORDED_SCHEMA = {
    "date": pl.String,
    "n": pl.Int64,
    **dict.fromkeys(("accuracy", "mean_probability", "changed"), pl.Float64),
}
DEMAND_SCHEMA = {
    **dict.fromkeys(("date", "level"), pl.String),
    "items": pl.Int64,
    **dict.fromkeys(("expected", "actual", "ratio", "wape", "inside"), pl.Float64),
}
GROUP_METRICS = ("log_loss", "brier")


def days(found: PastForecasts) -> list[str]:
    """Return the dates that were judged, oldest first."""
    return [as_date(backtest.cutoff).isoformat() for backtest in found.backtests]


def figures_table(files: RunFolder, config: Config, found: PastForecasts | None) -> pl.DataFrame:
    """Return the figures of each date with their bands."""
    if found is None:
        return pl.DataFrame(schema=FIGURES_SCHEMA)
    model = found.evaluation.selected
    promised = loading.load(files, "customer_value")["sums"].filter(model=model)
    tested = _own_figures(loading.load(files, "scorecard"), promised, model)
    now = _own_figures(found.scorecard, found.sums, model)
    time = config.time
    looks = max(1, -(-len(found.backtests) * time.step // time.horizon))
    errors = _sampling_errors(found)
    rows = []
    past = {figure: tested.filter(metric=figure)["value"].to_list() for figure in FIGURES}
    judged = {figure: before for figure, before in past.items() if before}
    for figure, before in judged.items():
        # Any figure alone asks for a new training, so they share the level.
        band = figure_band(before, errors.get(figure, 0.0), looks * len(judged))
        direction = FIGURES[figure]
        for day, n, value in now.filter(metric=figure).select("window", "n", "value").iter_rows():
            ends = (band.expected, band.low, band.high, band.tests)
            rows.append((day, figure, n, value, *ends, band.is_worse(value, direction)))
    return pl.DataFrame(rows, FIGURES_SCHEMA, orient="row")


def _own_figures(scorecard: pl.DataFrame, sums: pl.DataFrame, model: str) -> pl.DataFrame:
    """Return the figures of the model: ``window``, ``metric``, ``n`` and ``value``."""
    names = ["window", "metric", "n", "value"]
    own = scorecard.filter(pl.col("window") != POOLED_WINDOWS, stratum="all", forecaster=model)
    whole = sums.filter(pl.col("window") != POOLED_WINDOWS, part=ALL_CUSTOMERS, windows=1)
    ratios = whole.select("window", pl.col("measure") + "_ratio", "n", "ratio")
    both = pl.concat([own.select(names), ratios.rename({"measure": "metric", "ratio": "value"})])
    return both.filter(pl.col("metric").is_in(list(FIGURES))).sort("window", maintain_order=True)


def _sampling_errors(found: PastForecasts) -> dict[str, float]:
    """Return the standard error of figures that are means over customers."""
    model = found.evaluation.selected
    last = found.backtests[-1]
    losses = row_log_loss(last.probabilities[model], last.labels)
    hit = last.probabilities[model].argmax(axis=1) == last.labels
    root = len(losses) ** 0.5
    return {"log_loss": float(losses.std()) / root, "accuracy": float(hit.std()) / root}


def baselines_table(found: PastForecasts | None) -> pl.DataFrame:
    """Return log-loss of each baseline, and that of the model minus it."""
    if found is None:
        return pl.DataFrame(schema=BASELINES_SCHEMA)
    rows = []
    for day, window in zip(days(found), found.evaluation.windows, strict=True):
        for name, by_metric in window.differences.items():
            each = by_metric["log_loss"]
            loss = window.scores[name].log_loss
            rows.append((day, name, loss, each.value, each.low, each.high, each.p_value))
    return pl.DataFrame(rows, BASELINES_SCHEMA, orient="row")


def sums_table(found: PastForecasts | None) -> pl.DataFrame:
    """Return expected spend and revenue at risk, and what came, by segment."""
    if found is None:
        return pl.DataFrame(schema=SUMS_SCHEMA)
    # Deciles are numbers; the whole and the segments stay.
    is_named = ~pl.col("part").str.contains(r"^\d+$")
    own = found.sums.filter(is_named, pl.col("window") != POOLED_WINDOWS)
    return own.select(pl.col("window").alias("date"), *list(SUMS_SCHEMA)[1:])


def mix_table(found: PastForecasts | None, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return the predicted and the actual share of each segment."""
    if found is None:
        return pl.DataFrame(schema=MIX_SCHEMA)
    model = found.evaluation.selected
    rows = [
        (
            day,
            each.id,
            each.name,
            window.predicted_mix[model][each.code],
            window.actual_mix[each.code],
        )
        for day, window in zip(days(found), found.evaluation.windows, strict=True)
        for each in segments
    ]
    return pl.DataFrame(rows, MIX_SCHEMA, orient="row")


def groups_table(files: RunFolder, found: PastForecasts | None) -> pl.DataFrame:
    """Return the figures by group over all dates, and those of the backtests."""
    keys = ["stratum", "group", "metric"]
    if found is None:
        return pl.DataFrame(schema=GROUPS_SCHEMA)
    model = found.evaluation.selected

    def own(scorecard: pl.DataFrame) -> pl.DataFrame:
        rows = scorecard.filter(pl.col("stratum") != "all", forecaster=model)
        return rows.filter(pl.col("metric").is_in(list(GROUP_METRICS))).select(*keys, "n", "value")

    before = own(loading.load(files, "scorecard")).select(*keys, expected="value")
    now = own(found.scorecard)
    return now.join(before, on=keys, how="left", maintain_order="left")


def recorded_table(
    history: ScoreHistory | None, model: str, found: PastForecasts | None
) -> pl.DataFrame:
    """Return what this model said of each date, by the history, against what came.

    A forecast of that night differs from the one made today where orders came late.
    """
    if history is None or found is None:
        return pl.DataFrame(schema=RECORDED_SCHEMA)
    ids, rows = list(found.evaluation.segments), []
    for backtest in found.backtests:
        said = history.read_scores(as_date(backtest.cutoff), model).filter("is_eligible")
        came = pl.DataFrame(
            {
                "customer_id": backtest.customers,
                "came": [ids[code] for code in backtest.labels.tolist()],
            }
        )
        again = found.scores.filter(as_of=as_date(backtest.cutoff)).select(
            "customer_id", today="next_segment_id"
        )
        both = said.join(came, on="customer_id").join(again, on="customer_id")
        rows.append(
            (
                as_date(backtest.cutoff).isoformat(),
                both.height,
                both.select((pl.col("next_segment_id") == pl.col("came")).mean()).item(),
                both["p_next"].mean(),
                both.select((pl.col("next_segment_id") != pl.col("today")).mean()).item(),
            )
        )
    return pl.DataFrame(rows, RECORDED_SCHEMA, orient="row")


def demand_table(
    files: RunFolder, config: Config, shop: Transactions, trained_until: int
) -> pl.DataFrame:
    """Return the demand that the run published for its next window against what was sold.

    ``wape`` is Σ|actual − expected| / Σ actual over items; ``inside`` the share of items whose
    sales lay between ``low`` and ``high``.
    """
    window = config.time.window_at(trained_until)
    forecast = loading.load(files, "demand")["forecast"]
    if trained_until + config.time.days_to_complete > shop.end_day or forecast.is_empty():
        return pl.DataFrame(schema=DEMAND_SCHEMA)
    sold = sold_lines(shop, window.outcome_end).filter(pl.col("day") >= window.outcome_start)
    rows = []
    for level in DEMAND_LEVELS:
        own = forecast.filter(level=level)
        units = sold.group_by(pl.col(level).alias("item")).agg(pl.col("quantity").sum()).collect()
        both = own.join(units, on="item", how="full", coalesce=True).with_columns(
            pl.col("expected").fill_null(0.0), actual=pl.col("quantity").fill_null(0) / MONEY_SCALE
        )
        expected, actual = both["expected"].sum(), both["actual"].sum()
        if own.is_empty() or not actual or not expected:
            continue
        wape = (both["expected"] - both["actual"]).abs().sum() / actual
        inside = both.select(pl.col("actual").is_between("low", "high").mean()).item()
        day = as_date(trained_until).isoformat()
        rows.append((day, level, both.height, expected, actual, actual / expected, wape, inside))
    return pl.DataFrame(rows, DEMAND_SCHEMA, orient="row")
