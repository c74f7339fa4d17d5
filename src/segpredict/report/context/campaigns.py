"""What to do next: plays, what stands behind them, and the test that each needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.analytics.campaigns import evidence_status
from segpredict.report.formatting import finite_or_none, format_iso_day, format_number, format_share
from segpredict.report.html.chart_layout import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

MAX_CAMPAIGNS_IN_DETAIL = 3  # actions told at length
MAX_TEST_WINDOWS = 4  # of a test that a shop would wait for
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
    """What is at stake, in currency, and what of such sums came.

    Parameters
    ----------
    value, low, high
        The sum, and its interval over customers.
    kind
        What the sum is of.
    actual_share
        Least and most of the shares of such sums that came in the tests.
    """

    value: float | None
    low: float | None
    high: float | None
    kind: str
    actual_share: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class CampaignTest:
    """The test that a play needs.

    Parameters
    ----------
    kpi
        What is counted.
    base_rate, n_backtest, backtest_date
        What it was for those eligible at the last test, how many, and from which day.
    uplift
        The effect that is planned for.
    per_arm
        Customers in each of two equal arms.
    detectable_uplift, detectable_uplift_holdout
        The smallest effect seen at once: in equal arms, and with the universal share
        left alone.
    windows, days
        How long a test in equal arms takes; ``None`` where it would take longer than a
        shop waits.
    is_share
        Whether effects are differences of shares; else they are shares of the mean.
    text
        The test in a sentence.
    """

    kpi: str
    base_rate: float | None
    n_backtest: int | None
    backtest_date: str
    uplift: float
    per_arm: int | None
    detectable_uplift: float | None
    detectable_uplift_holdout: float | None
    windows: int | None
    days: int | None
    is_share: bool
    text: str


@dataclass(frozen=True, slots=True)
class SpendTest:
    """The same test with spend counted, with and without the spend before.

    Parameters
    ----------
    mean
        Mean spend of those eligible at the last test in the window that came.
    correlation
        Correlation of that spend with the spend of the window before.
    uplift
        The effect that is planned for, as a share of the mean.
    per_arm, per_arm_unadjusted
        Customers in each of two equal arms, with the spend before taken into account
        (CUPED) and without.
    detectable_uplift
        The smallest effect seen at once, as a share of the mean.
    """

    mean: float | None
    correlation: float | None
    uplift: float | None
    per_arm: int | None
    per_arm_unadjusted: int | None
    detectable_uplift: float | None


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """One play.

    Parameters
    ----------
    name, title, action, caution
        From the playbook.
    n
        Eligible customers.
    at_stake, test, spend
        What stands behind it, and how it would be tested.
    evidence, status
        Whether it was tested, in a word and in a sentence.
    """

    name: str
    title: str
    action: str
    caution: str
    n: int
    at_stake: ValueAtStake
    test: CampaignTest
    spend: SpendTest
    evidence: str
    status: str


@dataclass(frozen=True, slots=True)
class TargetingStep:
    """Of `size` customers the first `n` hold `value`, which is `format_share` of the whole.

    Parameters
    ----------
    n, size
        Length of the list, and of the longest list.
    value, share
        What the first n hold, in currency and of all that the longest list holds.
    """

    n: int
    size: int
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class TargetingCurve:
    """Value at stake by length of the list.

    Parameters
    ----------
    title, kind
        What the list is of, and what is at stake.
    badge
        The segment, if it is a segment's.
    note
        What the first fifth holds.
    path
        The line, in the chart's own units.
    steps
        Its figures.
    """

    title: str
    kind: str
    badge: SegmentBadge | None
    note: str
    path: str
    steps: tuple[TargetingStep, ...]


@dataclass(frozen=True, slots=True)
class CampaignsSection:
    """The section.

    Parameters
    ----------
    top_campaigns
        The three plays with most at stake.
    campaigns
        All plays.
    targeting_curves
        Value at stake by length of list, by play.
    segments
        The same by segment.
    """

    top_campaigns: tuple[CampaignCard, ...]
    campaigns: tuple[CampaignCard, ...]
    targeting_curves: tuple[TargetingCurve, ...]
    segments: tuple[TargetingCurve, ...]


@dataclass(frozen=True, slots=True)
class CampaignSummary:
    """An action as page one shows it: for how many, what is at stake, its test."""

    title: str
    n: int
    at_stake: float | None
    kind: str
    test: str
    status: str


def campaigns_section(bundle: ReportInput) -> CampaignsSection | None:
    """Return the context of the section; ``None`` where no play was weighed."""
    if not bundle.campaigns:
        return None
    table, curves = bundle.campaigns["plans"], bundle.campaigns["targeting_curves"]
    plays = tuple(_action(row, bundle) for row in table.to_dicts())
    titles = {play.name: play.title for play in plays}
    known = segment_badges(bundle.segments)
    return CampaignsSection(
        top_campaigns=_first(plays, table),
        campaigns=plays,
        targeting_curves=_curves(curves.filter(scope="campaign"), titles, {}),
        segments=_curves(curves.filter(scope="segment"), {}, known),
    )


def campaign_summaries(bundle: ReportInput) -> tuple[CampaignSummary, ...]:
    """Return the actions in short form, for page one."""
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


def _first(campaigns: tuple[CampaignCard, ...], table: pl.DataFrame) -> tuple[CampaignCard, ...]:
    ranks = dict(table.select("campaign", "rank").drop_nulls().iter_rows())
    ranked = sorted((p for p in campaigns if p.name in ranks), key=lambda p: ranks[p.name])
    return tuple(ranked[:MAX_CAMPAIGNS_IN_DETAIL])


def _action(row: Mapping[str, Any], bundle: ReportInput) -> CampaignCard:
    told = evidence_status(row["campaign"], bundle.experiments)
    texts = (row["title"], row["action"], row["caution"])
    return CampaignCard(
        row["campaign"], *texts, row["n"], _sum(row), _design(row), _spend(row), *told
    )


def _sum(row: Mapping[str, Any]) -> ValueAtStake:
    least, most = finite_or_none(row["backtest_low"]), finite_or_none(row["backtest_high"])
    return ValueAtStake(
        finite_or_none(row["value_at_stake"]),
        finite_or_none(row["low"]),
        finite_or_none(row["high"]),
        STAKE_LABELS.get(row["stake_column"], row["stake_column"]),
        None if least is None or most is None else (least, most),
    )


def _design(row: Mapping[str, Any]) -> CampaignTest:
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
        windows=row["windows"] if _ends(row) else None,
        days=row["days"] if _ends(row) else None,
        is_share=is_share,
        text=_told(row, is_share=is_share),
    )


def _ends(row: Mapping[str, Any]) -> bool:
    return row["windows"] is not None and row["windows"] <= MAX_TEST_WINDOWS


def _told(row: Mapping[str, Any], *, is_share: bool) -> str:
    """Return the test in a sentence."""
    per_arm, n = row["per_arm"], row["n"]
    if per_arm is None:
        return "Too few like them at the last test to plan one."
    effect = _effect(row["uplift"], is_share=is_share)
    needed = (
        f"To see {effect} ({format_share(row['power'], 0)} power) a test needs "
        f"{format_number(per_arm)} in each arm"
    )
    if row["windows"] == 1:
        least = f"leave {format_share(row['holdout_share'], 0)} of the list alone"
        enough = "" if row["holdout_share"] is None else f" Or {least}."
        return f"{needed}, and {format_number(row['days'])} days.{enough}"
    seen = finite_or_none(row["detectable_uplift"])
    once = "" if seen is None else f"show {_effect(seen, is_share=is_share)} or more"
    if _ends(row):
        long = f"{row['windows']} windows, {format_number(row['days'])} days"
        alone = f" These {format_number(n)} alone {once}." if once else ""
        return f"{needed}: {long}, if each brings as many.{alone}"
    return f"{needed}; these {format_number(n)} {once or 'are too few'}."


def _effect(uplift: float, *, is_share: bool) -> str:
    if is_share:
        return f"+{format_number(100 * uplift, 1)} points"
    return f"+{format_share(uplift, 0)} of the mean"


def _spend(row: Mapping[str, Any]) -> SpendTest:
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
    fifth = next(step for step in steps if step.n >= 0.2 * step.size)
    return (
        f"The first {format_number(fifth.n)} of {format_number(fifth.size)} hold "
        f"{format_share(fifth.share, 0)}"
    )


def _path(steps: tuple[TargetingStep, ...]) -> str:
    places = [(CHART_WIDTH * s.n / s.size, CHART_HEIGHT * (1 - s.share)) for s in steps]
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in [(0.0, CHART_HEIGHT), *places])
