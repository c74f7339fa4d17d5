"""Campaigns with the test each needs, and their customer lists with control groups.

A campaign is a hypothesis until an experiment is logged; nothing here says how much it would save.
"""

from segpredict.analytics.campaigns.campaign_list import (
    TREATMENT_ARM,
    UNIVERSAL_HOLDOUT_ARM,
    CampaignListRequest,
    add_reasons,
    assigned_customers,
    build_campaign_list,
    campaign_record,
    mark_universal_holdout,
    newly_held,
)
from segpredict.analytics.campaigns.catalogue import (
    Campaign,
    CampaignCatalogue,
    read_campaigns,
    required_columns,
    validate_rules,
)
from segpredict.analytics.campaigns.effects import level_of_look
from segpredict.analytics.campaigns.experiment_log import (
    ExperimentLog,
    evidence_status,
    find_experiment_logs,
)
from segpredict.analytics.campaigns.planning import (
    CampaignPopulation,
    plan_campaigns,
    targeting_curves,
)
from segpredict.analytics.campaigns.readout import (
    CampaignReadout,
    OutcomeEffect,
    ReadoutCosts,
    ReadoutLook,
    read_out,
)
from segpredict.config.outputs import MAX_HOLDOUT_SHARE

__all__ = [
    "MAX_HOLDOUT_SHARE",
    "TREATMENT_ARM",
    "UNIVERSAL_HOLDOUT_ARM",
    "Campaign",
    "CampaignCatalogue",
    "CampaignListRequest",
    "CampaignPopulation",
    "CampaignReadout",
    "ExperimentLog",
    "OutcomeEffect",
    "ReadoutCosts",
    "ReadoutLook",
    "add_reasons",
    "assigned_customers",
    "build_campaign_list",
    "campaign_record",
    "evidence_status",
    "find_experiment_logs",
    "level_of_look",
    "mark_universal_holdout",
    "newly_held",
    "plan_campaigns",
    "read_campaigns",
    "read_out",
    "required_columns",
    "targeting_curves",
    "validate_rules",
]
