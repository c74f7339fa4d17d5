"""The sections of the page, each in a module beside its template."""

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
    ReportSection("segment_profiles", "Segment by segment", segments.segment_profiles_section),
    ReportSection(
        "segment_selection",
        "How the segments were chosen",
        segment_selection.segment_selection_section,
    ),
    ReportSection("transitions", "Where customers went", transitions.transitions_section),
    ReportSection("mobility", "How much moves, and what comes next", mobility.mobility_section),
    ReportSection("evaluation", "Is it better than no model?", evaluation.evaluation_section),
    ReportSection(
        "probabilities", "Can the probabilities be used?", probabilities.probabilities_section
    ),
    ReportSection("leakage_demo", "What a careless test would claim", evaluation.leakage_section),
    ReportSection(
        "customer_value",
        "Revenue at risk, and what customers are worth",
        customer_value.customer_value_section,
    ),
    ReportSection("drivers", "What drives the forecast", drivers.drivers_section),
    ReportSection("importance", "Column by column", importance.importance_section),
    ReportSection(
        "transition_drivers", "What sets movers apart", shortlist.transition_drivers_section
    ),
    ReportSection(
        "example_customers", "Three customers, explained", shortlist.example_customers_section
    ),
    ReportSection("shortlist", "Customers to look at first", shortlist.shortlist_section),
    ReportSection("demand", "What they will want", demand.demand_section),
    ReportSection("campaigns", "What to do next", campaigns.campaigns_section),
    ReportSection("ledger", "Where the data went", ledger.ledger_section),
    ReportSection("model_card", "Model card", model_card.model_card_section),
    ReportSection("appendix", "Appendix", ledger.appendix_section),
)
