"""The sections of the page, each in a module beside its template."""

from segpredict.report._input import ReportSection
from segpredict.report.sections import (
    actions,
    card,
    chances,
    choice,
    cohorts,
    customers,
    demand,
    exploration,
    headline,
    importance,
    ledger,
    migration,
    mobility,
    segments,
    shop,
    topics,
    verdict,
    worth,
)

# In the order of the page.
SECTIONS = (
    ReportSection("headline", "At a glance", headline.headline_section),
    ReportSection("shop", "How the shop is doing", shop.shop_section),
    ReportSection("cohorts", "Cohorts", cohorts.cohorts_section),
    ReportSection("exploration", "What the data look like", exploration.exploration_section),
    ReportSection("segments", "The segments", segments.segments_section),
    ReportSection("portraits", "Segment by segment", segments.segment_profiles_section),
    ReportSection("choice", "How the segments were chosen", choice.segment_selection_section),
    ReportSection("migration", "Where customers went", migration.transitions_section),
    ReportSection("mobility", "How much moves, and what comes next", mobility.mobility_section),
    ReportSection("verdict", "Is it better than no model?", verdict.evaluation_section),
    ReportSection("chances", "Can the probabilities be used?", chances.probabilities_section),
    ReportSection("canary", "What a careless test would claim", verdict.leakage_section),
    ReportSection(
        "worth", "Revenue at risk, and what customers are worth", worth.customer_value_section
    ),
    ReportSection("topics", "What drives the forecast", topics.drivers_section),
    ReportSection("importance", "Column by column", importance.importance_section),
    ReportSection("pulls", "What sets movers apart", customers.transition_drivers_section),
    ReportSection("people", "Three customers, explained", customers.example_customers_section),
    ReportSection("customers", "Customers to look at first", customers.shortlist_section),
    ReportSection("demand", "What they will want", demand.demand_section),
    ReportSection("actions", "What to do next", actions.campaigns_section),
    ReportSection("ledger", "Where the data went", ledger.ledger_section),
    ReportSection("card", "Model card", card.model_card_section),
    ReportSection("appendix", "Appendix", ledger.appendix_section),
)
