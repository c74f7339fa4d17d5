"""Campaigns with the test each needs, and their customer lists with control groups.

A campaign is a hypothesis until an experiment is logged; nothing here says how much it would save.
"""

from segpredict.analytics.campaigns.campaign_list import (
    TREATMENT_ARM,
    UNIVERSAL_HOLDOUT_ARM,
    CampaignListRequest,
    add_reasons,
    build_campaign_list,
    campaign_record,
    mark_universal_holdout,
)
from segpredict.analytics.campaigns.catalogue import (
    Campaign,
    CampaignCatalogue,
    read_campaigns,
    required_columns,
    validate_rules,
)
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
from segpredict.config.outputs import MAX_HOLDOUT_SHARE

__all__ = [
    "MAX_HOLDOUT_SHARE",
    "TREATMENT_ARM",
    "UNIVERSAL_HOLDOUT_ARM",
    "Campaign",
    "CampaignCatalogue",
    "CampaignListRequest",
    "CampaignPopulation",
    "ExperimentLog",
    "add_reasons",
    "build_campaign_list",
    "campaign_record",
    "evidence_status",
    "find_experiment_logs",
    "mark_universal_holdout",
    "plan_campaigns",
    "read_campaigns",
    "required_columns",
    "targeting_curves",
    "validate_rules",
]
