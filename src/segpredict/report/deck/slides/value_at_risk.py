"""Slides: revenue at risk, the campaign test, and the next steps."""

from segpredict.core.text import count_of
from segpredict.report.context.campaigns import CampaignCard, CampaignsSection
from segpredict.report.context.customer_value import CustomerValueSection, SegmentValueRow
from segpredict.report.context.demand import DemandSection
from segpredict.report.context.drivers import DriversSection
from segpredict.report.context.evaluation import EvaluationSection
from segpredict.report.context.headline import HeadlineSection
from segpredict.report.context.segment_selection import SegmentSelectionSection
from segpredict.report.deck import slide as s
from segpredict.report.deck.style import FILL_COLOUR, STRONG_COLOUR
from segpredict.report.formatting import format_day, format_money, format_number, format_share

WHOLE_MONEY_FROM = 100_000  # from here charts are in thousands


def value_at_risk_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of revenue at risk; ``None`` where no customer was valued."""
    context = source.context_of(CustomerValueSection)
    rows = [each for each in context.segments if each.badge is not None] if context else []
    if context is None or not rows:
        return None
    currency = s.truncate_words(source.bundle.currency, 4)
    return s.SlidePage(
        title=_title(context, rows, currency),
        subtitle=_backtest_text(context),
        elements=s.side_by_side(_chart(rows, currency), _table(context, rows, currency)),
        notes=(
            "Revenue at risk: the part of what each customer would spend at her present "
            "rhythm that is expected to be lost. Upside: what is expected beyond it "
            "(customer_value/segments.csv).",
            "It is the expected loss without a campaign, not what a campaign would save: "
            "customers who are likely to leave need not be those who can be kept.",
            "Next window: expected spend, the present rhythm less risk plus upside.",
            "Backtests: the share of the predicted revenue at risk that was actually lost "
            "(customer_value/sums.csv).",
        ),
    )


def _title(context: CustomerValueSection, rows: list[SegmentValueRow], currency: str) -> str:
    most = max(rows, key=lambda each: each.value_at_risk or 0)
    name = s.truncate_words(most.badge.name if most.badge else "", 30)
    return (
        f"{format_money(context.total.value_at_risk, currency)} is at risk, most of it with "
        f"{name}: {format_money(most.value_at_risk, currency)} of {count_of(most.n, 'customer')}"
    )


def _backtest_text(context: CustomerValueSection) -> str:
    if context.backtested_sums is None:
        return "Revenue at risk was not backtested in this run."
    low, high = (format_share(end, 0) for end in context.backtested_sums)
    return (
        f"In backtests, {low} to {high} of the predicted revenue at risk was actually lost. "
        "It is the expected loss without a campaign, not what a campaign would save."
    )


def _chart(rows: list[SegmentValueRow], currency: str) -> s.SlideChart:
    most = max((each.value_at_risk or 0, each.upside or 0) for each in rows)
    is_big = max(most) >= WHOLE_MONEY_FROM
    unit = f"{currency} thousand" if is_big else currency
    shown = list(reversed(rows))
    risk, upside = tuple(e.value_at_risk for e in shown), tuple(e.upside for e in shown)
    return s.SlideChart(
        heading=f"At stake in the next window, {unit}".rstrip(", "),
        categories=tuple(each.badge.name for each in shown if each.badge),
        series=(
            s.ChartSeries("Revenue at risk", risk, (STRONG_COLOUR,)),
            s.ChartSeries("Upside", upside, (FILL_COLOUR,)),
        ),
        number_format="#,##0," if is_big else "#,##0",
    )


def _table(
    context: CustomerValueSection, rows: list[SegmentValueRow], currency: str
) -> s.SlideTable:
    known = [(s.segment_cell(e.badge), e) for e in reversed(rows) if e.badge]
    named = [*known, (s.SlideCell("All"), context.total)]
    return s.SlideTable(
        heading="Value of the customers with a forecast",
        columns={
            "Current segment": 1.5,
            "Customers": 1.25,
            "At risk": 1.25,
            "Upside": 1.15,
            "Next window": 1.35,
        },
        rows=tuple(
            (
                name,
                format_number(each.n),
                format_money(each.value_at_risk, currency, 0),
                format_money(each.upside, currency, 0),
                format_money(each.expected_value, currency, 0),
            )
            for name, each in named
        ),
        strong=(len(named) - 1,),
    )


HOLDOUT_TEXT = format_share(0.1, 0)  # of every list
MAX_CAMPAIGNS_SHOWN = 3


def experiment_slide(source: s.DeckSource) -> s.SlidePage | None:
    """Return the slide of the test; ``None`` without a campaign."""
    context = source.context_of(CampaignsSection)
    if context is None or not context.campaigns:
        return None
    campaigns = context.top_campaigns or context.campaigns[:MAX_CAMPAIGNS_SHOWN]
    table = _campaign_table(campaigns, s.truncate_words(source.bundle.currency, 4))
    window = source.bundle.window
    days = f"{format_day(window.outcome_start)} to {format_day(window.outcome_end - 1)}"
    how = (
        f"Assign {HOLDOUT_TEXT} of each list, or as many as the test needs, to the "
        "control group at random, before any contact; save the assignment.",
        f"One outcome, fixed beforehand: spend from {days}, "
        "of all customers assigned to contact, reached or not.",
        "Adjustment for the spend of the window before makes the estimate more precise.",
        "Do not split a list that is too small to detect an effect that pays.",
        "No campaign can be the best campaign.",
    )
    return s.SlidePage(
        title="Only a randomised control group shows the effect of a campaign",
        subtitle="High risk does not mean that a campaign works, so each list needs customers "
        "who are not contacted.",
        elements=s.side_by_side(table, s.BulletList(heading="How", sentences=how), 7),
        notes=(
            *_campaign_notes(campaigns),
            "Intention to treat: all customers assigned to contact count, reached or not. "
            "The adjustment for earlier spend is CUPED (Deng et al. 2013).",
        ),
    )


def _campaign_table(campaigns: tuple[CampaignCard, ...], currency: str) -> s.SlideTable:
    return s.SlideTable(
        heading="Campaigns with most at stake, and the test that each needs",
        columns={"Campaign": 2.1, "Eligible": 0.95, "At stake": 1.35, "The test": 3.9},
        rows=tuple(
            (
                s.truncate_words(campaign.title, 46),
                format_number(campaign.n),
                f"{format_money(campaign.at_stake.value, currency, 0)} {campaign.at_stake.kind}",
                s.truncate_words(campaign.test.text, 190),
            )
            for campaign in campaigns
        ),
        words=(0, 3),
    )


def _campaign_notes(campaigns: tuple[CampaignCard, ...]) -> tuple[str, ...]:
    return (
        "Eligible customers, value at stake and sample sizes are from the campaign plans of "
        "this run (campaigns/): an expectation without a campaign, not an effect. "
        "Campaigns can overlap in customers; sums must not be added.",
        *(
            f"{campaign.title}: {campaign.action} {campaign.caution} {campaign.test.text} "
            f"{campaign.status}"
            for campaign in campaigns
        ),
    )


def next_steps_slide(source: s.DeckSource) -> s.SlidePage:
    """Return the last slide."""
    window = source.bundle.window
    due = format_day(window.outcome_end)
    head = source.context_of(HeadlineSection)
    can_act = head is not None and bool(head.segments)
    steps = _next(due) if can_act else ("Train, test and score: segpredict train-classifier.",)
    return s.SlidePage(
        title=f"Run a campaign with a control group now; evaluate this forecast on {due}"
        if can_act
        else "The segments exist; the forecast is next",
        subtitle=f"The forecast is for the {window.horizon} days before that day."
        if can_act
        else "",
        elements=s.side_by_side(
            s.BulletList(heading="Next", sentences=steps, size=16),
            s.BulletList(heading="Not in this run", sentences=_missing(source)),
            7,
        ),
        notes=(
            f"The forecast is for the {window.horizon} days up to {due}; from that day "
            "on every probability can be compared with the outcome.",
            "Everything on these slides is in the run folder, with hashes in manifest.json; the "
            "page (report.html) has all details.",
        ),
    )


def _next(due: str) -> tuple[str, ...]:
    return (
        "1. Agree on one campaign list, and on the outcome that decides.",
        "2. Assign the control group at random, then start the campaign.",
        "3. Score again when there are new orders (segpredict score); the segments stay "
        "the same, so transitions can be followed.",
        f"4. On {due} compare predicted with actual outcomes, and measure the campaign effect.",
        "5. Refit the segments only when they no longer fit (segpredict cluster --refit): "
        "ids are kept.",
    )


def _missing(source: s.DeckSource) -> tuple[str, ...]:
    """Return the parts that this run lacks, each with the command that adds it."""
    drivers = source.context_of(DriversSection)
    tested = source.context_of(EvaluationSection)
    found = {
        "A test on later days: segpredict train-classifier.": tested and tested.leaderboard,
        "Other segmentation candidates: segpredict cluster --compare.": source.context_of(
            SegmentSelectionSection
        ),
        "Drivers: segpredict explain.": drivers,
        "How certain the drivers are: segpredict explain.": drivers is None or drivers.refits,
        "Customer value: segpredict train-classifier.": source.context_of(CustomerValueSection),
        "Demand of products in the next window.": source.context_of(DemandSection),
    }
    return tuple(text for text, part in found.items() if not part)
