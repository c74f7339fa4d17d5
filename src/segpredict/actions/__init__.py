"""What to do next: plays with a test attached, lists with customers left alone.

In: forecasts of customers, and what came of earlier ones. Out: what stands behind each
play, how it would be tested, and who is on its list. A play is a hypothesis until an
experiment was logged; nothing here says what it would save.
"""

from segpredict.actions.budget import targeting_curves
from segpredict.actions.campaign import (
    EXPERIMENT_ARMS,
    CampaignListRequest,
    add_reasons,
    build_campaign_list,
    campaign_record,
    count_arms,
)
from segpredict.actions.eligible import (
    eligible_customers,
    required_columns,
    segment_roles,
    validate_rules,
)
from segpredict.actions.experiments import ExperimentLog, evidence_status, find_experiment_logs
from segpredict.actions.holdout import assign_strata, draw_holdout, hash_to_uniform
from segpredict.actions.options import MAX_HOLDOUT_SHARE, CampaignOptions
from segpredict.actions.playbook import Campaign, CampaignCatalogue, EligibilityRule, read_campaigns
from segpredict.actions.weighing import CampaignPopulation, plan_campaigns

__all__ = [
    "EXPERIMENT_ARMS",
    "MAX_HOLDOUT_SHARE",
    "Campaign",
    "CampaignCatalogue",
    "CampaignListRequest",
    "CampaignOptions",
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
