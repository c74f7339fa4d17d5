"""Page one, on one screen: what was foretold, for whom, and how far to trust it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl
from scipy import stats

from segpredict.core.window import DAYS_PER_YEAR
from segpredict.data.cleaning import NO_CUSTOMER
from segpredict.report.context._trust_box import TrustBox, trust_box
from segpredict.report.context.campaigns import campaign_summaries
from segpredict.report.context.customer_value import RealisedSum, customer_value_section
from segpredict.report.formatting import finite_or_none, format_day_range, format_number
from segpredict.report.html.chart_layout import (
    SegmentBadge,
    StripPiece,
    segment_badges,
    stacked_strip,
)
from segpredict.report.input import ReportInput
from segpredict.report.model_names import replace_model_names

MIX_NOTE = (
    "Inactive means no order in {days} days. People who have yet to buy for the first "
    "time are not counted, so the mix leans towards Inactive."
)
MIX_INTERVAL_LEVEL = 0.8  # of the interval of the mix; few tests bear no more


@dataclass(frozen=True, slots=True)
class SegmentForecast:
    """How large a segment was, is, and is expected to be.

    Parameters
    ----------
    badge
        The segment.
    customers_now, customers_expected
        Customers.
    share_now, share_expected
        Their shares.
    revenue
        Share of the revenue of the newest window.
    before, last_year
        Customers one window earlier and in the same season last year; ``None`` if not
        known, and for INACTIVE, which is counted among others on each day.
    low, high
        Interval of `share_expected` (see Notes).

    Notes
    -----
    The interval is the expected share ± t·e: e is the root mean square of how far the
    shares foretold in the tests were from those that came, and t the quantile of
    Student's distribution with as many degrees of freedom as tests. It holds what this
    shop's seasons did to earlier forecasts, and nothing that they never met.
    """

    badge: SegmentBadge
    customers_now: float
    customers_expected: float
    share_now: float | None
    share_expected: float | None
    revenue: float | None
    before: float | None
    last_year: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RevenueAtStake:
    """Money that the next window is expected to move, and what came of such claims.

    Parameters
    ----------
    revenue_at_risk, upside
        Expected loss by those who fall and gain by those who rise, in currency.
    realised_loss
        Of the risk foretold in all tests together, counted by segment.
    realised_range
        Least and most share that came in one test.
    """

    revenue_at_risk: float | None
    upside: float | None
    realised_loss: RealisedSum | None
    realised_range: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class HeadlineCampaign:
    """Something to do: what, for how many customers, and how to test it."""

    title: str
    n: float | None
    test: str


@dataclass(frozen=True, slots=True)
class DataBox:
    """The data box.

    Parameters
    ----------
    span
        First and last day.
    files, rows, orders, customers
        What was read and used.
    rows_used
        Share of the rows.
    unknown
        Share of the money read that names no customer; ``None`` without that rule.
    """

    span: str
    files: int
    rows: int
    orders: int
    customers: int
    rows_used: float | None
    unknown: float | None


@dataclass(frozen=True, slots=True)
class HeadlineSection:
    """The first screen.

    Parameters
    ----------
    sentence
        What was foretold, for whom and for when.
    finding
        The largest expected change, or nothing.
    current_mix, expected_mix
        Strips of the mix of segments.
    segments
        The same as a table.
    n_tests
        Tests behind the interval of the mix.
    note
        What the mix does and does not count.
    revenue_at_stake
        Revenue at risk; ``None`` where nobody was valued.
    campaigns
        The first three things to do; none where nobody worked them out.
    trust
        The trust box; ``None`` where nothing was tested.
    data
        What all of this rests on.
    warnings
        What a reader must know.
    """

    sentence: str
    finding: str
    current_mix: tuple[StripPiece, ...]
    expected_mix: tuple[StripPiece, ...]
    segments: tuple[SegmentForecast, ...]
    n_tests: int
    note: str
    revenue_at_stake: RevenueAtStake | None
    campaigns: tuple[HeadlineCampaign, ...]
    trust: TrustBox | None
    data: DataBox
    warnings: tuple[str, ...]


def headline_section(bundle: ReportInput) -> HeadlineSection:
    """Return the context of the first screen."""
    known = segment_badges(bundle.segments)
    moves = _moves(bundle, known)
    verdict = bundle.evaluation or {}
    return HeadlineSection(
        sentence=_sentence(bundle),
        finding=_finding(moves),
        current_mix=stacked_strip(bundle.current_mix, known),
        expected_mix=stacked_strip(bundle.expected_mix, known),
        segments=moves,
        n_tests=len(verdict.get("windows") or ()),
        note=MIX_NOTE.format(days=bundle.window.horizon),
        revenue_at_stake=_stakes(bundle),
        campaigns=_actions(bundle),
        trust=trust_box(verdict, _segment_grade(bundle)) if verdict else None,
        data=_data(bundle),
        warnings=_warnings(bundle),
    )


def _segment_grade(bundle: ReportInput) -> str:
    return str((bundle.selection or bundle.segment_notes).get("grade", ""))


def _sentence(bundle: ReportInput) -> str:
    window = bundle.window
    bought = format_day_range(window.start, window.cutoff)
    outcome = format_day_range(window.outcome_start, window.outcome_end)
    customers = sum(finite_or_none(n) or 0 for n in bundle.current_mix.values())
    who = f"the {format_number(customers)} customers" if customers else "all customers"
    return f"For {who} who bought from {bought}: the segment likely for each from {outcome}."


def _moves(bundle: ReportInput, known: Mapping[str, SegmentBadge]) -> tuple[SegmentForecast, ...]:
    now = {i: finite_or_none(bundle.current_mix.get(i)) or 0.0 for i in known}
    then = {i: finite_or_none(bundle.expected_mix.get(i)) or 0.0 for i in known}
    total_now, total_then = sum(now.values()), sum(then.values())
    if not total_now and not total_then:
        return ()
    off = _errors(bundle.evaluation or {}) if total_then else {}
    before, last_year = _earlier(bundle)
    revenue = _revenue(bundle.profile)
    return tuple(
        SegmentForecast(
            badge=chip,
            customers_now=now[i],
            customers_expected=then[i],
            share_now=now[i] / total_now if total_now else None,
            share_expected=then[i] / total_then if total_then else None,
            revenue=revenue.get(i),
            before=before.get(i),
            last_year=last_year.get(i),
            low=max(0.0, then[i] / total_then - off[i]) if i in off else None,
            high=min(1.0, then[i] / total_then + off[i]) if i in off else None,
        )
        for i, chip in known.items()
    )


def _errors(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return half the width of the interval of each segment's share."""
    told = [
        (origin["actual_mix"], (origin.get("predicted_mix") or {}).get(evaluation["selected"]))
        for origin in evaluation.get("windows") or ()
        if origin.get("actual_mix")
    ]
    gaps = [
        [came - said for came, said in zip(realised, forecast, strict=True)]
        for realised, forecast in told
        if forecast
    ]
    if not gaps:
        return {}
    wide = float(stats.t.ppf((1 + MIX_INTERVAL_LEVEL) / 2, len(gaps)))
    return {
        str(name): wide * math.sqrt(sum(gap**2 for gap in each) / len(gaps))
        for name, each in zip(evaluation["segments"], zip(*gaps, strict=True), strict=True)
    }


def _earlier(bundle: ReportInput) -> tuple[dict[str, float], dict[str, float]]:
    """Return the sizes of the segments one window ago, and in last year's season."""
    observed = bundle.transitions.get("observed")
    if observed is None or observed["since"].null_count() == observed.height:
        return {}, {}
    active = [segment.id for segment in bundle.segments[1:]]
    last = observed["since"].max()
    newest = observed.filter(since=last)
    by_row = newest.filter(pl.col("from_id").is_in(active))
    until = newest["until"][0] - timedelta(DAYS_PER_YEAR)
    year = observed.filter((pl.col("until") == until) & pl.col("to_id").is_in(active))
    return _sizes(by_row, "from_id"), _sizes(year, "to_id")


def _sizes(rows: pl.DataFrame, by: str) -> dict[str, float]:
    sums = rows.group_by(by).agg(pl.col("n").sum()).sort(by)
    return {str(name): float(n) for name, n in sums.iter_rows()}


def _revenue(profile: pl.DataFrame | None) -> dict[str, float | None]:
    if profile is None or not {"id", "revenue_share"} <= set(profile.columns):
        return {}
    shares = profile.select("id", "revenue_share").iter_rows()
    return {str(name): finite_or_none(share) for name, share in shares}


def _finding(moves: tuple[SegmentForecast, ...]) -> str:
    changes = [
        (m.share_expected - m.share_now, m)
        for m in moves
        if m.share_expected is not None and m.share_now is not None
    ]
    if not changes:
        return ""
    change, most = max(changes, key=lambda pair: abs(pair[0]))
    if abs(change) < 0.005:
        return "The mix of segments is expected to stay as it is."
    verb = "grow" if change > 0 else "shrink"
    return (
        f"{most.badge.name} is expected to {verb} most: from "
        f"{format_number((most.share_now or 0) * 100)} to "
        f"{format_number((most.share_expected or 0) * 100)} of every hundred customers."
    )


def _stakes(bundle: ReportInput) -> RevenueAtStake | None:
    found = customer_value_section(bundle)
    if found is None:
        return None
    pooled = [told for told in found.sums if told.window == "all tests"]
    risk = [told.actual[0] for told in pooled if told.measure == "Revenue at risk"]
    return RevenueAtStake(
        found.total.value_at_risk,
        found.total.upside,
        risk[0] if risk else None,
        found.backtested_sums,
    )


def _actions(bundle: ReportInput) -> tuple[HeadlineCampaign, ...]:
    return tuple(
        HeadlineCampaign(each.title, float(each.n), each.test)
        for each in campaign_summaries(bundle)
    )


def _data(bundle: ReportInput) -> DataBox:
    book = bundle.ledger
    read, used = book.total("in"), book.total("used")
    unknown = [e.count.money for e in book.entries if e.rule == NO_CUSTOMER.name]
    return DataBox(
        span=format_day_range(bundle.first_day, bundle.end_day),
        files=len(bundle.files),
        rows=read.rows,
        orders=used.orders,
        customers=used.customers,
        rows_used=used.rows / read.rows if read.rows else None,
        unknown=sum(unknown) / read.money if unknown and read.money else None,
    )


def _warnings(bundle: ReportInput) -> tuple[str, ...]:
    from_verdict = (bundle.evaluation or {}).get("warnings") or ()
    names = {segment.id: f"{segment.name} ({segment.id})" for segment in bundle.segments}
    told = (replace_model_names(replace_model_names(str(text)), names) for text in from_verdict)
    own = (replace_model_names(text) for text in bundle.warnings)
    return tuple(dict.fromkeys([*own, *told]))
