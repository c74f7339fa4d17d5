"""Customer value and revenue at risk, and how such predictions did in backtests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.customer_value import (
    MIN_TOTALS,
    ExpectedTotal,
    expected_total,
)
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.segment import ALL_CUSTOMERS
from segpredict.core.text import count_of
from segpredict.report.context._figures import MethodError, method_error
from segpredict.report.formatting import (
    Row,
    finite_or_none,
    format_iso_day,
    format_money,
    format_share,
)
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.html.chart_layout import PlotAxes, axis_ticks, upright
from segpredict.report.input import ReportInput

MEASURE_LABELS = {
    "value_at_risk": "Revenue at risk",
    "upside": "Upside",
    "expected_value": "Spend in the next window",
}
METHOD_LABELS = {
    "forecast": "Value model of this run",
    "bgnbd": "BG/NBD with Gamma-Gamma",
    "last_year": "Last year's spend, continued",
    "last_window": "Last window's spend, repeated",
    "mean": "The mean of all customers",
}
DECILES = 10


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

    # the actual sum, in currency, and its 95 % interval
    sum: float | None
    sum_low: float | None
    sum_high: float | None
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
class DecileChart:
    """Predicted and actual sums by decile, in one backtest."""

    # the backtest or method, and the realised share
    title: str
    note: str
    axes: PlotAxes  # deciles across, money up
    top: float  # the highest sum of the chart, at its upper edge
    deciles: tuple[PredictedSum, ...]  # highest predictions first


@dataclass(frozen=True, slots=True)
class ValueMethod:
    """The errors of one value model."""

    label: str
    is_model: bool
    figures: Mapping[str, MethodError]


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
    expected_total: ExpectedTotal  # their expected spend with its interval
    total_note: str  # the realised share of such sums in backtests, and why there is no interval
    segments: tuple[SegmentValueRow, ...]  # by segment
    discount_rate: float  # yearly rate of the lifetime values
    # lowest and highest share of the predicted revenue at risk that was realised in the backtests;
    # ``None`` where nothing was tested
    backtested_sums: tuple[float, float] | None
    sums: tuple[PredictedSum, ...]  # predicted and actual sums by backtest
    # charts by decile; the latter over the longest horizon
    backtest_risk: tuple[DecileChart, ...]
    backtest_lifetime: tuple[DecileChart, ...]
    longest: int  # days of the longest horizon
    spans: tuple[ValueHorizon, ...]  # errors of lifetime values, longest horizon first


def customer_value_section(bundle: ReportInput) -> CustomerValueSection | None:
    """Return the context of the section; ``None`` where no customer was valued."""
    found = bundle.customer_value
    if not found or bundle.evaluation is None:
        return None
    sums, selected = found["sums"], str(bundle.evaluation["selected"])
    by_segment = {row["segment_id"]: row for row in found["segments"].to_dicts()}
    if ALL_CUSTOMERS not in by_segment:
        return None
    known = segment_badges(bundle.segments)
    own = sums.filter(pl.col("model") == selected)
    risk = own.filter(measure="value_at_risk")
    days = found["errors"]["days"].max() or 0
    late = sums.filter((pl.col("measure") == "clv") & _is_longest())
    total = expected_total(found["segments"], found["totals"])
    return CustomerValueSection(
        total=_segment_row(by_segment[ALL_CUSTOMERS], None),
        expected_total=total,
        total_note=_total_note(total),
        segments=tuple(
            _segment_row(by_segment[i], badge) for i, badge in known.items() if i in by_segment
        ),
        discount_rate=float(found["value_model"]["discount_rate"]),
        backtested_sums=_realised_range(risk),
        sums=_sums(own),
        backtest_risk=_charts(
            risk.filter(pl.col("window") != POOLED_WINDOWS), "window", bundle.currency
        ),
        backtest_lifetime=_charts(late, "model", bundle.currency),
        longest=int(days),
        spans=_horizons(found["errors"]),
    )


def _total_note(total: ExpectedTotal) -> str:
    windows = count_of(total.backtests, "backtest")
    if total.least_realised is None:
        return "It could not be backtested yet, so there is no interval."
    ends = dict.fromkeys(
        format_share(end, 0) for end in (total.least_realised, total.most_realised)
    )
    text = f"In {windows}, {' to '.join(ends)} of the expected spend was realised"
    if total.low is not None:
        return f"{text}."
    reason = "too few" if total.backtests < MIN_TOTALS else "too different"
    return f"{text}: {reason} for an interval."


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
    ratios = risk.filter((pl.col("part") == ALL_CUSTOMERS) & (pl.col("window") != POOLED_WINDOWS))
    known = [r for r in ratios["ratio"].to_list() if finite_or_none(r) is not None]
    return (min(known), max(known)) if known else None


def _sums(own: pl.DataFrame) -> tuple[PredictedSum, ...]:
    measures = pl.col("measure").is_in([*MEASURE_LABELS])
    whole = own.filter((pl.col("part") == ALL_CUSTOMERS) & measures)
    return tuple(
        _predicted_sum(row, MEASURE_LABELS[str(row["measure"])]) for row in whole.to_dicts()
    )


def _predicted_sum(row: Row, measure: str) -> PredictedSum:
    test = "all tests" if row["window"] == POOLED_WINDOWS else format_iso_day(row["window"])
    return PredictedSum(test, measure, row["n"], row["predicted"], _realised_sum(row))


def _realised_sum(row: Row) -> RealisedSum:
    low, high = finite_or_none(row["ratio_low"]), finite_or_none(row["ratio_high"])
    is_off = low is not None and high is not None and not low <= 1 <= high
    return RealisedSum(
        sum=finite_or_none(row["actual"]),
        sum_low=finite_or_none(row["low"]),
        sum_high=finite_or_none(row["high"]),
        ratio=finite_or_none(row["ratio"]),
        low=low,
        high=high,
        excludes_one=is_off,
    )


def _deciles(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("part").str.contains(r"^\d+$"))


def _top(rows: pl.DataFrame) -> float:
    """Return the largest sum of any decile, the maximum of the axis."""
    part = _deciles(rows)
    tops = [part[name].max() for name in ("predicted", "actual", "high")]
    return max((float(t) for t in tops if finite_or_none(t) is not None), default=0.0)  # type: ignore[arg-type]


def _charts(rows: pl.DataFrame, by: str, currency: str) -> tuple[DecileChart, ...]:
    found, top = [], _top(rows)
    across = tuple((100 * (i + 0.5) / DECILES, str(i + 1)) for i in range(DECILES))
    up = upright(axis_ticks(0, top, lambda amount: format_money(amount, currency, 0)))
    for (name,), part in rows.group_by(by, maintain_order=True):
        whole = _realised_sum(part.filter(part=ALL_CUSTOMERS).to_dicts()[0])
        text = str(name)
        title = format_iso_day(text) if by == "window" else METHOD_LABELS.get(text, text)
        cells = _deciles(part).to_dicts()
        note = "" if whole.ratio is None else f"{whole.ratio:.0%} of the predicted sum was realised"
        deciles = tuple(_predicted_sum(row, str(row["part"])) for row in cells)
        found.append(DecileChart(title, note, PlotAxes(across, up), top, deciles))
    return tuple(found)


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
    errors = {row["metric"]: method_error(row) for row in rows}
    return ValueMethod(METHOD_LABELS.get(name, name), name == "forecast", errors)
