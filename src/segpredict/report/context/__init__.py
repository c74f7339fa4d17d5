"""The sections of the page, each in a module next to its template."""

from segpredict.report.context.campaigns import campaigns_section
from segpredict.report.context.cohorts import cohorts_section
from segpredict.report.context.customer_value import customer_value_section
from segpredict.report.context.demand import demand_section
from segpredict.report.context.drivers import drivers_section
from segpredict.report.context.evaluation import evaluation_section, leakage_section
from segpredict.report.context.exploration import exploration_section
from segpredict.report.context.headline import headline_section
from segpredict.report.context.importance import importance_section
from segpredict.report.context.ledger import appendix_section, ledger_section
from segpredict.report.context.mobility import mobility_section
from segpredict.report.context.model_card import model_card_section
from segpredict.report.context.probabilities import probabilities_section
from segpredict.report.context.segment_selection import segment_selection_section
from segpredict.report.context.segments import segment_profiles_section, segments_section
from segpredict.report.context.shop import shop_section
from segpredict.report.context.shortlist import (
    example_customers_section,
    shortlist_section,
    transition_drivers_section,
)
from segpredict.report.context.transitions import transitions_section
from segpredict.report.input import ReportSection

# In the order of the page.
SECTIONS = (
    ReportSection("headline", "At a glance", headline_section),
    ReportSection("shop", "How the shop is doing", shop_section),
    ReportSection("cohorts", "Cohorts", cohorts_section),
    ReportSection("exploration", "What the data look like", exploration_section),
    ReportSection("segments", "The segments", segments_section),
    ReportSection("segment_profiles", "Segment profiles", segment_profiles_section),
    ReportSection("segment_selection", "How the segments were selected", segment_selection_section),
    ReportSection("transitions", "Transitions between segments", transitions_section),
    ReportSection("mobility", "Mobility, and expected transitions", mobility_section),
    ReportSection("evaluation", "Is the forecast better than no model?", evaluation_section),
    ReportSection("probabilities", "Can the probabilities be trusted?", probabilities_section),
    ReportSection(
        "leakage_demo", "Leakage demo: what a careless test would report", leakage_section
    ),
    ReportSection("customer_value", "Revenue at risk and customer value", customer_value_section),
    ReportSection("drivers", "What drives the forecast", drivers_section),
    ReportSection("importance", "Feature importance", importance_section),
    ReportSection("transition_drivers", "What drives each transition", transition_drivers_section),
    ReportSection("example_customers", "Three example customers", example_customers_section),
    ReportSection("shortlist", "Customers to contact first", shortlist_section),
    ReportSection("demand", "Expected demand", demand_section),
    ReportSection("campaigns", "Campaigns", campaigns_section),
    ReportSection("ledger", "Data ledger", ledger_section),
    ReportSection("model_card", "Model card", model_card_section),
    ReportSection("appendix", "Appendix", appendix_section),
)
