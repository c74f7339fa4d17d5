"""The sections of the page, each in a module next to its template."""

from segpredict.report.context import (
    campaigns,
    cohorts,
    customer_value,
    demand,
    drivers,
    evaluation,
    exploration,
    headline,
    importance,
    ledger,
    mobility,
    model_card,
    probabilities,
    segment_selection,
    segments,
    shop,
    shortlist,
    transitions,
)
from segpredict.report.input import ReportSection

# In the order of the page.
SECTIONS = (
    ReportSection("headline", "At a glance", headline.headline_section),
    ReportSection("shop", "How the shop is doing", shop.shop_section),
    ReportSection("cohorts", "Cohorts", cohorts.cohorts_section),
    ReportSection("exploration", "What the data look like", exploration.exploration_section),
    ReportSection("segments", "The segments", segments.segments_section),
    ReportSection("segment_profiles", "Segment profiles", segments.segment_profiles_section),
    ReportSection(
        "segment_selection",
        "How the segments were selected",
        segment_selection.segment_selection_section,
    ),
    ReportSection("transitions", "Transitions between segments", transitions.transitions_section),
    ReportSection("mobility", "Mobility, and expected transitions", mobility.mobility_section),
    ReportSection(
        "evaluation", "Is the forecast better than no model?", evaluation.evaluation_section
    ),
    ReportSection(
        "probabilities", "Can the probabilities be trusted?", probabilities.probabilities_section
    ),
    ReportSection(
        "leakage_demo",
        "Leakage demo: what a careless test would report",
        evaluation.leakage_section,
    ),
    ReportSection(
        "customer_value",
        "Revenue at risk and customer value",
        customer_value.customer_value_section,
    ),
    ReportSection("drivers", "What drives the forecast", drivers.drivers_section),
    ReportSection("importance", "Feature importance", importance.importance_section),
    ReportSection(
        "transition_drivers", "What drives each transition", shortlist.transition_drivers_section
    ),
    ReportSection(
        "example_customers", "Three example customers", shortlist.example_customers_section
    ),
    ReportSection("shortlist", "Customers to contact first", shortlist.shortlist_section),
    ReportSection("demand", "Expected demand", demand.demand_section),
    ReportSection("campaigns", "Campaigns", campaigns.campaigns_section),
    ReportSection("ledger", "Data ledger", ledger.ledger_section),
    ReportSection("model_card", "Model card", model_card.model_card_section),
    ReportSection("appendix", "Appendix", ledger.appendix_section),
)
