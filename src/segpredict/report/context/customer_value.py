"""Customer value and revenue at risk, and how such predictions did in backtests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.report.formatting import Row, finite_fields, finite_or_none, format_iso_day
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

POOLED_WINDOWS, ALL_SEGMENTS = "pooled", "all"
SPEND_MEASURE = "Spend in the next window"
MEASURE_LABELS = {
    "value_at_risk": "Revenue at risk",
    "upside": "Upside",
    "expected_value": SPEND_MEASURE,
}
METHOD_LABELS = {
    "forecast": "Value model of this run",
    "bgnbd": "BG/NBD with Gamma-Gamma",
    "last_year": "Last year's spend, continued",
    "last_window": "Last window's spend, repeated",
    "mean": "The mean of all customers",
}
CHART_WIDTH, CHART_HEIGHT = 100.0, 60.0  # of a chart, in its own units


@dataclass(frozen=True, slots=True)
class SegmentValueRow:
    """The value of all customers of one segment together, in currency."""

    badge: SegmentBadge | None  # the segment; ``None`` for all customers
    n: int  # customers with a forecast
    base_value: float | None  # spend of the next window if their present rhythm held
    # the part of it that is expected to be lost, and what is expected beyond it
    value_at_risk: float | None
    upside: float | None
    expected_value: float | None  # expected spend of the next window: base − risk + upside
    clv_year: float | None  # expected spend of the next twelve months, discounted
    spent: float | None  # their spend to date


@dataclass(frozen=True, slots=True)
class RealisedSum:
    """The realised part of a prediction: the sum, and its share with an interval."""

    sum: float | None  # the actual sum, in currency
    # its share of the predicted sum, and the 95 % interval
    ratio: float | None
    low: float | None
    high: float | None
    excludes_one: bool  # whether that interval excludes one


@dataclass(frozen=True, slots=True)
class PredictedSum:
    """A predicted sum and the actual one."""

    window: str  # the day of the forecast, or all tests
    measure: str  # what was predicted
    n: int  # customers
    predicted: float  # its sum, in currency
    actual: RealisedSum  # the actual sum, and its share of the predicted one


@dataclass(frozen=True, slots=True)
class DecilePoint:
    """A decile of the customers in a chart, in the chart's own units."""

    name: str  # 1 for the decile with the highest predictions
    # the bar of the predicted sum
    left: float
    middle: float
    top: float
    height: float
    # the actual sum, and its interval
    dot: float
    low: float
    high: float
    tooltip: PredictedSum  # the numbers behind it


@dataclass(frozen=True, slots=True)
class DecileChart:
    """Predicted and actual sums by decile, in one backtest."""

    # the backtest or method, and the realised share
    title: str
    note: str
    deciles: tuple[DecilePoint, ...]  # ten bars


@dataclass(frozen=True, slots=True)
class ErrorFigure:
    """One error of a method, and its difference to the error of the simple reference."""

    # the error and its 95 % interval
    value: float | None
    low: float | None
    high: float | None
    difference: float | None  # the error minus that of the simple reference
    # whether the interval of the difference lies below or above zero
    is_better: bool
    is_worse: bool


@dataclass(frozen=True, slots=True)
class ValueMethod:
    """The errors of one value model."""

    label: str
    is_model: bool
    figures: Mapping[str, ErrorFigure]


@dataclass(frozen=True, slots=True)
class ValueHorizon:
    """All value models, over one horizon."""

    # first day, and length
    window: str
    days: int
    n: int  # customers
    methods: tuple[ValueMethod, ...]  # the value models


@dataclass(frozen=True, slots=True)
class CustomerValueSection:
    """The section."""

    total: SegmentValueRow  # all customers with a forecast together
    segments: tuple[SegmentValueRow, ...]  # by segment
    discount_rate: float  # yearly rate of the lifetime values
    # lowest and highest share of the predicted revenue at risk that was realised in the backtests;
    # ``None`` where nothing was tested
    backtested_sums: tuple[float, float] | None
    sums: tuple[PredictedSum, ...]  # predicted and actual sums by backtest
    # charts by decile; the latter over the longest horizon
    backtest_risk: tuple[DecileChart, ...]
    backtest_lifetime: tuple[DecileChart, ...]
    # the maximum of their axes, in currency
    top_risk: float
    top_lifetime: float
    longest: int  # days of the longest horizon
    spans: tuple[ValueHorizon, ...]  # errors of lifetime values, longest horizon first


def customer_value_section(bundle: ReportInput) -> CustomerValueSection | None:
    """Return the context of the section; ``None`` where no customer was valued."""
    found = bundle.customer_value
    if not found or bundle.evaluation is None:
        return None
    sums, selected = found["sums"], str(bundle.evaluation["selected"])
    by_segment = {row["segment_id"]: row for row in found["segments"].to_dicts()}
    if ALL_SEGMENTS not in by_segment:
        return None
    known = segment_badges(bundle.segments)
    own = sums.filter(pl.col("model") == selected)
    risk = own.filter(measure="value_at_risk")
    days = found["errors"]["days"].max() or 0
    late = sums.filter((pl.col("measure") == "clv") & _is_longest())
    top_risk, top_late = _top(risk.filter(pl.col("window") != POOLED_WINDOWS)), _top(late)
    return CustomerValueSection(
        total=_segment_row(by_segment[ALL_SEGMENTS], None),
        segments=tuple(
            _segment_row(by_segment[i], badge) for i, badge in known.items() if i in by_segment
        ),
        discount_rate=float(found["value_model"]["discount_rate"]),
        backtested_sums=_realised_range(risk),
        sums=_sums(own),
        backtest_risk=_charts(risk.filter(pl.col("window") != POOLED_WINDOWS), "window", top_risk),
        backtest_lifetime=_charts(late, "model", top_late),
        top_risk=top_risk,
        top_lifetime=top_late,
        longest=int(days),
        spans=_horizons(found["errors"]),
    )


def _segment_row(row: Row, badge: SegmentBadge | None) -> SegmentValueRow:
    names = ("base_value", "value_at_risk", "upside", "expected_value", "clv_year")
    values = [finite_or_none(row[name]) for name in (*names, "spent_to_date")]
    return SegmentValueRow(badge, int(row["n"]), *values)


def _is_longest() -> pl.Expr:
    """Select the rows of the longest horizon; pooled rows are of one window."""
    is_single = pl.col("window") != POOLED_WINDOWS
    longest = pl.col("windows").filter((pl.col("measure") == "clv") & is_single).max()
    return (pl.col("windows") == longest) & is_single


def _realised_range(risk: pl.DataFrame) -> tuple[float, float] | None:
    ratios = risk.filter((pl.col("part") == ALL_SEGMENTS) & (pl.col("window") != POOLED_WINDOWS))
    known = [r for r in ratios["ratio"].to_list() if finite_or_none(r) is not None]
    return (min(known), max(known)) if known else None


def _sums(own: pl.DataFrame) -> tuple[PredictedSum, ...]:
    measures = pl.col("measure").is_in([*MEASURE_LABELS])
    whole = own.filter((pl.col("part") == ALL_SEGMENTS) & measures)
    return tuple(
        _predicted_sum(row, MEASURE_LABELS[str(row["measure"])]) for row in whole.to_dicts()
    )


def _predicted_sum(row: Row, measure: str) -> PredictedSum:
    test = "all tests" if row["window"] == POOLED_WINDOWS else format_iso_day(row["window"])
    return PredictedSum(test, measure, row["n"], row["predicted"], _realised_sum(row))


def _realised_sum(row: Row) -> RealisedSum:
    low, high = finite_or_none(row["ratio_low"]), finite_or_none(row["ratio_high"])
    is_off = low is not None and high is not None and not low <= 1 <= high
    sums = finite_fields(row, "actual", "ratio")
    return RealisedSum(sums["actual"], sums["ratio"], low, high, is_off)


def _deciles(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("part").str.contains(r"^\d+$"))


def _top(rows: pl.DataFrame) -> float:
    """Return the largest sum of any decile, the maximum of the axis."""
    part = _deciles(rows)
    tops = [part[name].max() for name in ("predicted", "actual", "high")]
    return max((float(t) for t in tops if finite_or_none(t) is not None), default=0.0)  # type: ignore[arg-type]


def _charts(rows: pl.DataFrame, by: str, top: float) -> tuple[DecileChart, ...]:
    found = []
    for (name,), part in rows.group_by(by, maintain_order=True):
        whole = _realised_sum(part.filter(part=ALL_SEGMENTS).to_dicts()[0])
        text = str(name)
        title = format_iso_day(text) if by == "window" else METHOD_LABELS.get(text, text)
        cells = _deciles(part).to_dicts()
        note = "" if whole.ratio is None else f"{whole.ratio:.0%} of the predicted sum was realised"
        deciles = tuple(_decile(i, row, top) for i, row in enumerate(cells))
        found.append(DecileChart(title, note, deciles))
    return tuple(found)


def _decile(place: int, row: Row, top: float) -> DecilePoint:
    def y(value: Any) -> float:
        amount = finite_or_none(value) or 0.0
        share = min(max(amount / top, 0.0), 1.0) if top else 0.0
        return round(CHART_HEIGHT * (1 - share), 2)

    step = CHART_WIDTH / 10
    left = step * place
    high = y(row["predicted"])
    return DecilePoint(
        str(row["part"]),
        round(left + 0.15 * step, 2),
        round(left + 0.5 * step, 2),
        high,
        round(CHART_HEIGHT - high, 2),
        y(row["actual"]),
        y(row["low"]),
        y(row["high"]),
        _predicted_sum(row, str(row["part"])),
    )


def _horizons(errors: pl.DataFrame) -> tuple[ValueHorizon, ...]:
    found = []
    ordered = errors.sort("windows", "window", descending=True, maintain_order=True)
    keys = ("window", "days", "n")
    for (window, days, n), part in ordered.group_by(*keys, maintain_order=True):
        methods = tuple(
            _method(str(name), each.to_dicts())
            for (name,), each in part.group_by("method", maintain_order=True)
        )
        found.append(ValueHorizon(format_iso_day(window), int(str(days)), int(str(n)), methods))
    return tuple(found)


def _method(name: str, rows: Sequence[Row]) -> ValueMethod:
    errors = {row["metric"]: _figure(row) for row in rows}
    return ValueMethod(METHOD_LABELS.get(name, name), name == "forecast", errors)


def _figure(row: Row) -> ErrorFigure:
    low, high = finite_or_none(row["difference_low"]), finite_or_none(row["difference_high"])
    return ErrorFigure(
        **finite_fields(row, "value", "low", "high", "difference"),
        is_better=high is not None and high < 0,
        is_worse=low is not None and low > 0,
    )
