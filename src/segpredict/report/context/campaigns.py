"""Campaigns: the value at stake, the evidence, and the test that each needs."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.campaigns import evidence_status
from segpredict.report.formatting import (
    Row,
    finite_fields,
    finite_or_none,
    format_iso_day,
    format_number,
    format_share,
)
from segpredict.report.html.badges import Badges, SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

MAX_CAMPAIGNS_IN_DETAIL = 3  # campaigns described at length
MAX_TEST_WINDOWS = 4  # the longest test that a shop would wait for
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
    """The same test with spend as the outcome."""

    # mean spend in the outcome window of the customers eligible at the last backtest
    mean: float | None
    uplift: float | None  # the effect that is planned for, as a share of the mean
    # customers in each of two equal arms, adjusted for the spend of the window before (CUPED)
    per_arm: int | None
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
    list: str  # the file of its customers, next to the page; empty without one


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
    steps: tuple[TargetingStep, ...]  # its numbers


@dataclass(frozen=True, slots=True)
class CampaignsSection:
    """The section."""

    top_campaigns: tuple[CampaignCard, ...]  # the three campaigns with most value at stake
    campaigns: tuple[CampaignCard, ...]  # all campaigns
    # value at stake by length of the list, by campaign
    targeting_curves: tuple[TargetingCurve, ...]
    segments: tuple[TargetingCurve, ...]  # the same by segment


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
        targeting_curves=tuple(_curves(curves.filter(scope="campaign"), titles, {})),
        segments=tuple(_curves(curves.filter(scope="segment"), {}, known)),
    )


def _top_campaigns(
    campaigns: tuple[CampaignCard, ...], table: pl.DataFrame
) -> tuple[CampaignCard, ...]:
    ranks = dict(table.select("campaign", "rank").drop_nulls().iter_rows())
    ranked = sorted((p for p in campaigns if p.name in ranks), key=lambda p: ranks[p.name])
    return tuple(ranked[:MAX_CAMPAIGNS_IN_DETAIL])


def _campaign_card(row: Row, bundle: ReportInput) -> CampaignCard:
    evidence, status = evidence_status(row["campaign"], bundle.experiments)
    return CampaignCard(
        name=row["campaign"],
        **{column: row[column] for column in ("title", "action", "caution", "n")},
        at_stake=_value_at_stake(row),
        test=_test(row),
        spend=_spend_test(row),
        evidence=evidence,
        status=status,
        list=f"lists/{name}.csv" if (name := f"campaign_{row['campaign']}") in bundle.lists else "",
    )


def _value_at_stake(row: Row) -> ValueAtStake:
    least, most = finite_or_none(row["backtest_low"]), finite_or_none(row["backtest_high"])
    return ValueAtStake(
        value=finite_or_none(row["value_at_stake"]),
        **finite_fields(row, "low", "high"),
        kind=STAKE_LABELS.get(row["stake_column"]) or row["stake_column"],
        actual_share=None if least is None or most is None else (least, most),
    )


def _test(row: Row) -> CampaignTest:
    is_share = row["kpi"] != "spends"
    return CampaignTest(
        kpi=KPI_LABELS.get(row["kpi"]) or row["kpi"],
        backtest_date=format_iso_day(row["backtest_date"]) if row["backtest_date"] else "",
        n_backtest=row["n_backtest"],
        uplift=row["uplift"],
        per_arm=row["per_arm"],
        **finite_fields(row, "base_rate", "detectable_uplift", "detectable_uplift_holdout"),
        windows=row["windows"] if _is_feasible(row) else None,
        days=row["days"] if _is_feasible(row) else None,
        is_share=is_share,
        text=_test_sentence(row, is_share=is_share),
    )


def _is_feasible(row: Row) -> bool:
    return row["windows"] is not None and row["windows"] <= MAX_TEST_WINDOWS


def _test_sentence(row: Row, *, is_share: bool) -> str:
    per_arm, n = row["per_arm"], row["n"]
    if per_arm is None:
        return "Too few similar customers at the last backtest to plan a test."
    effect = _effect(row["uplift"], is_share=is_share)
    needed = (
        f"To detect {effect} ({format_share(row['power'], 0)} power) a test needs "
        f"{format_number(per_arm)} customers in each arm"
    )
    if row["windows"] == 1:
        part = format_share(row["holdout_share"], 0)
        holdout = f" Or a control group of {part} of the list is enough."
        enough = "" if row["holdout_share"] is None else holdout
        return f"{needed}, and {format_number(row['days'])} days.{enough}"
    detectable = finite_or_none(row["detectable_uplift"])
    effect = "" if detectable is None else _effect(detectable, is_share=is_share)
    once = effect and f"can show {effect} or more"
    if _is_feasible(row):
        duration = f"{row['windows']} windows, {format_number(row['days'])} days"
        first = f" The first {format_number(n)} {once}." if once else ""
        return f"{needed}: {duration}, if each window brings as many customers.{first}"
    return f"{needed}; the {format_number(n)} eligible {once or 'are too few'}."


def _effect(uplift: float | None, *, is_share: bool) -> str:
    if is_share and uplift is not None:
        return f"+{format_number(100 * uplift, 1)} percentage points"
    return f"+{format_share(uplift, 0)} of the mean"


def _spend_test(row: Row) -> SpendTest:
    return SpendTest(
        mean=finite_or_none(row["spend"]),
        uplift=finite_or_none(row["spend_uplift"]),
        per_arm=row["spend_per_arm"],
        detectable_uplift=finite_or_none(row["spend_detectable_uplift"]),
    )


def _curves(curves: pl.DataFrame, titles: Mapping[str, str], known: Badges) -> list[TargetingCurve]:
    found = []
    for (name, kind), part in curves.group_by("name", "stake_column", maintain_order=True):
        badge = known.get(str(name))
        title = badge.name if badge else titles.get(str(name))
        if title is None:
            continue
        rows = part.select("n", "size", "value", "share").iter_rows()
        steps = tuple(TargetingStep(*row) for row in rows)
        fifth = next((step for step in steps if step.n >= 0.2 * step.size), steps[-1])
        note = (
            f"The first {format_number(fifth.n)} of {format_number(fifth.size)} hold "
            f"{format_share(fifth.share, 0)}"
        )
        found.append(TargetingCurve(title, STAKE_LABELS[str(kind)], badge, note, steps))
    return found
