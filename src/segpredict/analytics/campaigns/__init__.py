"""Campaigns with the test each needs, and their customer lists with control groups.

A campaign is a hypothesis until an experiment is logged; nothing here says how much it would save.
"""

from segpredict.analytics.campaigns.campaign_list import (
    EXPERIMENT_ARMS,
    CampaignListRequest,
    add_reasons,
    build_campaign_list,
    campaign_record,
    count_arms,
)
from segpredict.analytics.campaigns.catalogue import (
    Campaign,
    CampaignCatalogue,
    EligibilityRule,
    read_campaigns,
)
from segpredict.analytics.campaigns.eligibility import (
    eligible_customers,
    required_columns,
    segment_roles,
    validate_rules,
)
from segpredict.analytics.campaigns.experiment_log import (
    ExperimentLog,
    evidence_status,
    find_experiment_logs,
)
from segpredict.analytics.campaigns.holdout import assign_strata, draw_holdout, hash_to_uniform
from segpredict.analytics.campaigns.planning import CampaignPopulation, plan_campaigns
from segpredict.analytics.campaigns.targeting_curves import targeting_curves
from segpredict.config.campaigns import MAX_HOLDOUT_SHARE

__all__ = [
    "EXPERIMENT_ARMS",
    "MAX_HOLDOUT_SHARE",
    "Campaign",
    "CampaignCatalogue",
    "CampaignListRequest",
    "CampaignPopulation",
    "EligibilityRule",
    "ExperimentLog",
    "add_reasons",
    "assign_strata",
    "build_campaign_list",
    "campaign_record",
    "count_arms",
    "draw_holdout",
    "eligible_customers",
    "evidence_status",
    "find_experiment_logs",
    "hash_to_uniform",
    "plan_campaigns",
    "read_campaigns",
    "required_columns",
    "segment_roles",
    "targeting_curves",
    "validate_rules",
]
