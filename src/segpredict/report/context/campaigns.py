"""Campaigns: the value at stake, the evidence, and the test that each needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.analytics.campaigns import evidence_status
from segpredict.report.formatting import finite_or_none, format_iso_day, format_number, format_share
from segpredict.report.html.chart_layout import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

MAX_CAMPAIGNS_IN_DETAIL = 3  # campaigns described at length
MAX_TEST_WINDOWS = 4  # the longest test that a shop would wait for
CHART_WIDTH, CHART_HEIGHT = 100.0, 60.0  # of a chart, in its own units
STAKE_LABELS = {
    "value_at_risk": "at risk",
    "upside": "upside",
    "expected_value": "expected to be spent",
}
KPI_LABELS = {
    "buys": "share who buy",
    "stays": "share who stay or rise",
    "rises": "share who rise",
    "spends": "mean spend",
}


@dataclass(frozen=True, slots=True)
class ValueAtStake:
    """The value at stake, in currency, and what share of such sums was realised."""

    # the sum, and its confidence interval over customers
    value: float | None
    low: float | None
    high: float | None
    kind: str  # what the sum is of
    # lowest and highest share of such sums that was realised in the backtests
    actual_share: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class CampaignTest:
    """The test that a campaign needs."""

    kpi: str  # the outcome that is measured
    # its value for the customers eligible at the last backtest, their number, and the day
    base_rate: float | None
    n_backtest: int | None
    backtest_date: str
    uplift: float  # the effect that is planned for
    per_arm: int | None  # customers in each of two equal arms
    # the smallest effect detectable in one window: in equal arms, and with the universal holdout
    # share as control group
    detectable_uplift: float | None
    detectable_uplift_holdout: float | None
    # how long a test in equal arms takes; ``None`` where it takes too long
    windows: int | None
    days: int | None
    is_share: bool  # whether effects are differences of shares; else they are shares of the mean
    text: str  # the test in a sentence


@dataclass(frozen=True, slots=True)
class SpendTest:
    """The same test with spend as the outcome, with and without adjustment (CUPED)."""

    # mean spend in the outcome window of the customers eligible at the last backtest
    mean: float | None
    correlation: float | None  # correlation of that spend with the spend of the window before
    uplift: float | None  # the effect that is planned for, as a share of the mean
    # customers in each of two equal arms, with and without adjustment for the spend of the window
    # before (CUPED)
    per_arm: int | None
    per_arm_unadjusted: int | None
    # the smallest effect detectable in one window, as a share of the mean
    detectable_uplift: float | None


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """One campaign."""

    # from the campaign catalogue
    name: str
    title: str
    action: str
    caution: str
    n: int  # eligible customers
    # its value at stake, and how it would be tested
    at_stake: ValueAtStake
    test: CampaignTest
    spend: SpendTest
    # whether it was tested, as a word and as a sentence
    evidence: str
    status: str


@dataclass(frozen=True, slots=True)
class TargetingStep:
    """The first `n` of `size` customers hold `value`, which is `share` of the total."""

    # length of the list, and of the whole list
    n: int
    size: int
    # what the first n hold, in currency and as a share of the whole list
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class TargetingCurve:
    """Value at stake by length of the list."""

    # the campaign or segment, and the kind of value
    title: str
    kind: str
    badge: SegmentBadge | None  # the segment; ``None`` for a campaign
    note: str  # the share that the first fifth holds
    path: str  # the line, in the chart's own units
    steps: tuple[TargetingStep, ...]  # its numbers


@dataclass(frozen=True, slots=True)
class CampaignsSection:
    """The section."""

    top_campaigns: tuple[CampaignCard, ...]  # the three campaigns with most value at stake
    campaigns: tuple[CampaignCard, ...]  # all campaigns
    # value at stake by length of the list, by campaign
    targeting_curves: tuple[TargetingCurve, ...]
    segments: tuple[TargetingCurve, ...]  # the same by segment


@dataclass(frozen=True, slots=True)
class CampaignSummary:
    """A campaign in short form, for the first screen."""

    title: str
    n: int
    at_stake: float | None
    kind: str
    test: str
    status: str


def campaigns_section(bundle: ReportInput) -> CampaignsSection | None:
    """Return the context of the section; ``None`` where no campaign was planned."""
    if not bundle.campaigns:
        return None
    table, curves = bundle.campaigns["plans"], bundle.campaigns["targeting_curves"]
    cards = tuple(_campaign_card(row, bundle) for row in table.to_dicts())
    titles = {card.name: card.title for card in cards}
    known = segment_badges(bundle.segments)
    return CampaignsSection(
        top_campaigns=_top_campaigns(cards, table),
        campaigns=cards,
        targeting_curves=_curves(curves.filter(scope="campaign"), titles, {}),
        segments=_curves(curves.filter(scope="segment"), {}, known),
    )


def campaign_summaries(bundle: ReportInput) -> tuple[CampaignSummary, ...]:
    """Return the top campaigns in short form, for the first screen."""
    found = campaigns_section(bundle)
    return tuple(
        CampaignSummary(
            each.title,
            each.n,
            each.at_stake.value,
            each.at_stake.kind,
            each.test.text,
            each.status,
        )
        for each in (found.top_campaigns if found else ())
    )


def _top_campaigns(
    campaigns: tuple[CampaignCard, ...], table: pl.DataFrame
) -> tuple[CampaignCard, ...]:
    ranks = dict(table.select("campaign", "rank").drop_nulls().iter_rows())
    ranked = sorted((p for p in campaigns if p.name in ranks), key=lambda p: ranks[p.name])
    return tuple(ranked[:MAX_CAMPAIGNS_IN_DETAIL])


def _campaign_card(row: Mapping[str, Any], bundle: ReportInput) -> CampaignCard:
    evidence = evidence_status(row["campaign"], bundle.experiments)
    texts = (row["title"], row["action"], row["caution"])
    return CampaignCard(
        row["campaign"],
        *texts,
        row["n"],
        _value_at_stake(row),
        _test(row),
        _spend_test(row),
        *evidence,
    )


def _value_at_stake(row: Mapping[str, Any]) -> ValueAtStake:
    least, most = finite_or_none(row["backtest_low"]), finite_or_none(row["backtest_high"])
    return ValueAtStake(
        finite_or_none(row["value_at_stake"]),
        finite_or_none(row["low"]),
        finite_or_none(row["high"]),
        STAKE_LABELS.get(row["stake_column"], row["stake_column"]),
        None if least is None or most is None else (least, most),
    )


def _test(row: Mapping[str, Any]) -> CampaignTest:
    is_share = row["kpi"] != "spends"
    return CampaignTest(
        kpi=KPI_LABELS.get(row["kpi"], row["kpi"]),
        base_rate=finite_or_none(row["base_rate"]),
        n_backtest=row["n_backtest"],
        backtest_date=format_iso_day(row["backtest_date"]) if row["backtest_date"] else "",
        uplift=row["uplift"],
        per_arm=row["per_arm"],
        detectable_uplift=finite_or_none(row["detectable_uplift"]),
        detectable_uplift_holdout=finite_or_none(row["detectable_uplift_holdout"]),
        windows=row["windows"] if _is_feasible(row) else None,
        days=row["days"] if _is_feasible(row) else None,
        is_share=is_share,
        text=_test_sentence(row, is_share=is_share),
    )


def _is_feasible(row: Mapping[str, Any]) -> bool:
    return row["windows"] is not None and row["windows"] <= MAX_TEST_WINDOWS


def _test_sentence(row: Mapping[str, Any], *, is_share: bool) -> str:
    per_arm, n = row["per_arm"], row["n"]
    if per_arm is None:
        return "Too few similar customers at the last backtest to plan a test."
    effect = _effect(row["uplift"], is_share=is_share)
    needed = (
        f"To detect {effect} ({format_share(row['power'], 0)} power) a test needs "
        f"{format_number(per_arm)} customers in each arm"
    )
    if row["windows"] == 1:
        holdout = (
            f"a control group of {format_share(row['holdout_share'], 0)} of the list is enough"
        )
        enough = "" if row["holdout_share"] is None else f" Or {holdout}."
        return f"{needed}, and {format_number(row['days'])} days.{enough}"
    detectable = finite_or_none(row["detectable_uplift"])
    once = (
        "" if detectable is None else f"can show {_effect(detectable, is_share=is_share)} or more"
    )
    if _is_feasible(row):
        duration = f"{row['windows']} windows, {format_number(row['days'])} days"
        first = f" The first {format_number(n)} {once}." if once else ""
        return f"{needed}: {duration}, if each window brings as many customers.{first}"
    return f"{needed}; the {format_number(n)} eligible {once or 'are too few'}."


def _effect(uplift: float | None, *, is_share: bool) -> str:
    if is_share and uplift is not None:
        return f"+{format_number(100 * uplift, 1)} percentage points"
    return f"+{format_share(uplift, 0)} of the mean"


def _spend_test(row: Mapping[str, Any]) -> SpendTest:
    return SpendTest(
        finite_or_none(row["spend"]),
        finite_or_none(row["spend_correlation"]),
        finite_or_none(row["spend_uplift"]),
        row["spend_per_arm"],
        row["spend_per_arm_unadjusted"],
        finite_or_none(row["spend_detectable_uplift"]),
    )


def _curves(
    curves: pl.DataFrame, titles: Mapping[str, str], known: Mapping[str, SegmentBadge]
) -> tuple[TargetingCurve, ...]:
    found = []
    for (name, kind), part in curves.group_by("name", "stake_column", maintain_order=True):
        if str(name) not in titles and str(name) not in known:
            continue
        chip = known.get(str(name))
        title = chip.name if chip else titles[str(name)]
        steps = tuple(
            TargetingStep(row["n"], row["size"], row["value"], row["share"])
            for row in part.to_dicts()
        )
        found.append(
            TargetingCurve(title, STAKE_LABELS[str(kind)], chip, _note(steps), _path(steps), steps)
        )
    return tuple(found)


def _note(steps: tuple[TargetingStep, ...]) -> str:
    fifth = next((step for step in steps if step.n >= 0.2 * step.size), steps[-1])
    return (
        f"The first {format_number(fifth.n)} of {format_number(fifth.size)} hold "
        f"{format_share(fifth.share, 0)}"
    )


def _path(steps: tuple[TargetingStep, ...]) -> str:
    places = [
        (CHART_WIDTH * s.n / (s.size or 1), CHART_HEIGHT * (1 - (s.share or 0.0))) for s in steps
    ]
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in [(0.0, CHART_HEIGHT), *places])
