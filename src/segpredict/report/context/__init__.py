"""The sections of the page, each in a module next to its template."""

from segpredict.report.context.campaigns import campaigns_section
from segpredict.report.context.cohorts import cohorts_section
from segpredict.report.context.customer_value import customer_value_section
from segpredict.report.context.demand import demand_section
from segpredict.report.context.drivers import drivers_section
from segpredict.report.context.evaluation import evaluation_section, leakage_demo_section
from segpredict.report.context.exploration import exploration_section
from segpredict.report.context.headline import headline_section
from segpredict.report.context.importance import importance_section
from segpredict.report.context.ledger import appendix_section, ledger_section
from segpredict.report.context.mobility import mobility_section
from segpredict.report.context.model_card import model_card_section
from segpredict.report.context.own_segments import own_segments_section
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
    ReportSection("summary", "Summary", headline_section),
    ReportSection(
        "campaigns",
        "Recommended campaigns and customer lists",
        campaigns_section,
        shortlist_section,
    ),
    ReportSection(
        "segments",
        "Segments",
        segments_section,
        segment_profiles_section,
        segment_selection_section,
        own_segments_section,
    ),
    ReportSection(
        "migration", "Migration, observed and forecast", transitions_section, mobility_section
    ),
    ReportSection("customer_value", "Customer value", customer_value_section),
    ReportSection(
        "drivers",
        "Drivers of the forecast",
        drivers_section,
        example_customers_section,
        importance_section,
        transition_drivers_section,
    ),
    ReportSection("performance", "Model performance", evaluation_section, probabilities_section),
    ReportSection("demand", "Product demand", demand_section),
    ReportSection("kpis", "Business KPIs", shop_section),
    ReportSection("cohorts", "Cohorts", cohorts_section),
    ReportSection("exploration", "Data exploration", exploration_section),
    ReportSection("data_quality", "Data quality", ledger_section),
    ReportSection(
        "model_card", "Model card and leakage checks", model_card_section, leakage_demo_section
    ),
    ReportSection("appendix", "Appendix", appendix_section),
)
