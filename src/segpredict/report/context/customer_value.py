"""What customers are worth, what of it is at risk, and what came of such claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.report.formatting import finite_or_none, format_iso_day
from segpredict.report.html.chart_layout import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

POOLED_WINDOWS, ALL_SEGMENTS = "pooled", "all"
MEASURE_LABELS = {
    "value_at_risk": "Revenue at risk",
    "upside": "Upside",
    "expected_value": "Spend in the next window",
}
ACTUAL_BASES = ("label", "spend", "change")
METHOD_LABELS = {
    "markov": "Markov chain of segments",
    "bgnbd": "BG/NBD with Gamma-Gamma",
    "last_year": "Last year's spend, carried on",
    "last_window": "Last window's spend, repeated",
    "mean": "Everybody alike",
}
CHART_WIDTH, CHART_HEIGHT = 100.0, 60.0  # of a chart, in its own units


@dataclass(frozen=True, slots=True)
class SegmentValueRow:
    """What the customers of one segment are worth together, in currency.

    Parameters
    ----------
    badge
        The segment; ``None`` for everybody.
    n
        Customers with a forecast.
    value_at_risk, upside
        Revenue at risk, and what is expected to be gained by moving up.
    spent
        What they spent to date.
    clv_next_markov, clv_next_bgnbd
        Value of the next window, by the Markov chain and by BG/NBD.
    clv_year_markov, clv_year_bgnbd
        Value of the next year, discounted, by the same two.
    methods_disagree
        Share of customers whose two values of a year differ more than twofold.
    """

    badge: SegmentBadge | None
    n: int
    value_at_risk: float | None
    upside: float | None
    spent: float | None
    clv_next_markov: float | None
    clv_next_bgnbd: float | None
    clv_year_markov: float | None
    clv_year_bgnbd: float | None
    methods_disagree: float | None


@dataclass(frozen=True, slots=True)
class RealisedSum:
    """What came of a prediction: the sum, and its share of it with an interval.

    Parameters
    ----------
    sum
        What came, in currency.
    ratio, low, high
        Its share of what was predicted, and the 95 % interval.
    excludes_one
        Whether that interval leaves out one.
    """

    sum: float | None
    ratio: float | None
    low: float | None
    high: float | None
    excludes_one: bool


@dataclass(frozen=True, slots=True)
class PredictedSum:
    """A predicted sum and what came, counted in up to three ways.

    Parameters
    ----------
    window
        The day of the forecast, or all tests.
    measure
        What was predicted.
    n
        Customers.
    predicted
        Its sum, in currency.
    actual
        What came, counted by segment, by spend, and in the books.
    """

    window: str
    measure: str
    n: int
    predicted: float
    actual: tuple[RealisedSum | None, ...]


@dataclass(frozen=True, slots=True)
class DecilePoint:
    """A tenth of the customers in a chart, in the chart's own units.

    Parameters
    ----------
    name
        1 for the tenth of whom most was predicted.
    left, middle, top, height
        The bar of what was predicted.
    dot, low, high
        What came, and its interval.
    tooltip
        The figures behind it.
    """

    name: str
    left: float
    middle: float
    top: float
    height: float
    dot: float
    low: float
    high: float
    tooltip: PredictedSum


@dataclass(frozen=True, slots=True)
class DecileChart:
    """Predicted and realised sums by tenth, in one test."""

    title: str
    note: str
    deciles: tuple[DecilePoint, ...]


@dataclass(frozen=True, slots=True)
class ErrorFigure:
    """One error of a method, and how far it is from the plain reference's.

    Parameters
    ----------
    value, low, high
        The error and its 95 % interval.
    difference
        Less the error of the plain reference.
    is_better, is_worse
        Whether the interval of the gap lies below or above zero.
    """

    value: float | None
    low: float | None
    high: float | None
    difference: float | None
    is_better: bool
    is_worse: bool


@dataclass(frozen=True, slots=True)
class ValueMethod:
    """How one way to value customers did."""

    label: str
    is_model: bool
    figures: Mapping[str, ErrorFigure]


@dataclass(frozen=True, slots=True)
class ValueHorizon:
    """All ways to value customers, on one span of days."""

    window: str
    days: int
    n: int
    methods: tuple[ValueMethod, ...]


@dataclass(frozen=True, slots=True)
class CustomerValueSection:
    """The section.

    Parameters
    ----------
    total
        All customers with a forecast together.
    segments
        By segment.
    discount_rate
        Yearly rate of the lifetime values.
    season
        Whether what segments bring is adjusted to the season, in a sentence.
    backtested_sums
        What share of the predicted revenue at risk came, least and most of the tests;
        ``None`` where nothing was tested.
    sums
        Predicted and realised sums by test.
    backtest_risk, backtest_lifetime
        Charts by tenth; the latter on the longest span.
    top_risk, top_lifetime
        What the full height of their charts is, in currency.
    longest
        Days of the longest span.
    spans
        Errors of lifetime values, longest span first.
    """

    total: SegmentValueRow
    segments: tuple[SegmentValueRow, ...]
    discount_rate: float
    season: str
    backtested_sums: tuple[float, float] | None
    sums: tuple[PredictedSum, ...]
    backtest_risk: tuple[DecileChart, ...]
    backtest_lifetime: tuple[DecileChart, ...]
    top_risk: float
    top_lifetime: float
    longest: int
    spans: tuple[ValueHorizon, ...]


def customer_value_section(bundle: ReportInput) -> CustomerValueSection | None:
    """Return the context of the section; ``None`` where nobody was valued."""
    found = bundle.customer_value
    if not found or bundle.evaluation is None:
        return None
    sums, shipped = found["sums"], str(bundle.evaluation["selected"])
    held = {row["segment_id"]: row for row in found["segments"].to_dicts()}
    known = segment_badges(bundle.segments)
    own = sums.filter(pl.col("model") == shipped)
    risk = own.filter(measure="value_at_risk", actual_basis="label")
    days = found["errors"]["days"].max() or 0
    late = sums.filter((pl.col("measure") == "clv") & _is_longest())
    top_risk, top_late = _top(risk.filter(pl.col("window") != POOLED_WINDOWS)), _top(late)
    return CustomerValueSection(
        total=_held(held[ALL_SEGMENTS], None),
        segments=tuple(_held(held[i], chip) for i, chip in known.items() if i in held),
        discount_rate=float(found["valuer"]["discount_rate"]),
        season=str(found["valuer"]["seasonality"]["reason"]),
        backtested_sums=_tested(risk),
        sums=_sums(own),
        backtest_risk=_charts(risk.filter(pl.col("window") != POOLED_WINDOWS), "window", top_risk),
        backtest_lifetime=_charts(late, "model", top_late),
        top_risk=top_risk,
        top_lifetime=top_late,
        longest=int(days),
        spans=_spans(found["errors"]),
    )


def _held(row: Mapping[str, Any], badge: SegmentBadge | None) -> SegmentValueRow:
    names = ("value_at_risk", "upside", "spent_to_date")
    clv = ("clv_next_markov", "clv_next_bgnbd", "clv_year_markov", "clv_year_bgnbd")
    told = [finite_or_none(row[name]) for name in (*names, *clv, "apart")]
    return SegmentValueRow(badge, int(row["n"]), *told)


def _is_longest() -> pl.Expr:
    """Return whether a row is of the longest span; pooled rows are of one window."""
    is_single = pl.col("window") != POOLED_WINDOWS
    longest = pl.col("windows").filter((pl.col("measure") == "clv") & is_single).max()
    return (pl.col("windows") == longest) & is_single


def _tested(risk: pl.DataFrame) -> tuple[float, float] | None:
    ratios = risk.filter((pl.col("part") == ALL_SEGMENTS) & (pl.col("window") != POOLED_WINDOWS))
    told = [r for r in ratios["ratio"].to_list() if finite_or_none(r) is not None]
    return (min(told), max(told)) if told else None


def _sums(own: pl.DataFrame) -> tuple[PredictedSum, ...]:
    whole = own.filter(
        (pl.col("part") == ALL_SEGMENTS) & pl.col("measure").is_in([*MEASURE_LABELS])
    )
    found = whole.group_by("window", "measure", maintain_order=True)
    return tuple(
        _told(part.to_dicts(), MEASURE_LABELS[str(measure)]) for (_, measure), part in found
    )


def _told(rows: Sequence[Mapping[str, Any]], measure: str) -> PredictedSum:
    first = rows[0]
    by = {row["actual_basis"]: _came(row) for row in rows}
    test = "all tests" if first["window"] == POOLED_WINDOWS else format_iso_day(first["window"])
    came = tuple(by.get(name) for name in ACTUAL_BASES)
    return PredictedSum(test, measure, first["n"], first["predicted"], came)


def _came(row: Mapping[str, Any]) -> RealisedSum:
    low, high = finite_or_none(row["ratio_low"]), finite_or_none(row["ratio_high"])
    is_off = low is not None and high is not None and not low <= 1 <= high
    return RealisedSum(
        finite_or_none(row["actual"]), finite_or_none(row["ratio"]), low, high, is_off
    )


def _tenths(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("part").str.contains(r"^\d+$"))


def _top(rows: pl.DataFrame) -> float:
    """Return the largest sum of any tenth, which fills the height of a chart."""
    part = _tenths(rows)
    tops = [part[name].max() for name in ("predicted", "actual", "high")]
    return max((float(t) for t in tops if finite_or_none(t) is not None), default=0.0)  # type: ignore[arg-type]


def _charts(rows: pl.DataFrame, by: str, top: float) -> tuple[DecileChart, ...]:
    found = []
    for (name,), part in rows.group_by(by, maintain_order=True):
        whole = _came(part.filter(part=ALL_SEGMENTS).to_dicts()[0])
        text = str(name)
        title = format_iso_day(text) if by == "window" else METHOD_LABELS.get(text, text)
        cells = _tenths(part).to_dicts()
        note = "" if whole.ratio is None else f"{whole.ratio:.0%} of the sum came"
        tenths = tuple(_tenth(i, row, top) for i, row in enumerate(cells))
        found.append(DecileChart(title, note, tenths))
    return tuple(found)


def _tenth(place: int, row: Mapping[str, Any], top: float) -> DecilePoint:
    def y(value: Any) -> float:
        amount = finite_or_none(value) or 0.0
        share = min(max(amount / top, 0.0), 1.0) if top else 0.0
        return round(CHART_HEIGHT * (1 - share), 2)

    step = CHART_WIDTH / 10
    left = step * place
    high = y(row["predicted"])
    told = _told([row], str(row["part"]))
    return DecilePoint(
        str(row["part"]),
        round(left + 0.15 * step, 2),
        round(left + 0.5 * step, 2),
        high,
        round(CHART_HEIGHT - high, 2),
        y(row["actual"]),
        y(row["low"]),
        y(row["high"]),
        told,
    )


def _spans(errors: pl.DataFrame) -> tuple[ValueHorizon, ...]:
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


def _method(name: str, rows: Sequence[Mapping[str, Any]]) -> ValueMethod:
    told = {row["metric"]: _figure(row) for row in rows}
    return ValueMethod(METHOD_LABELS.get(name, name), name in ("markov", "bgnbd"), told)


def _figure(row: Mapping[str, Any]) -> ErrorFigure:
    low, high = finite_or_none(row["difference_low"]), finite_or_none(row["difference_high"])
    return ErrorFigure(
        finite_or_none(row["value"]),
        finite_or_none(row["low"]),
        finite_or_none(row["high"]),
        finite_or_none(row["difference"]),
        high is not None and high < 0,
        low is not None and low > 0,
    )
