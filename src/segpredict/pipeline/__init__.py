"""The stages of a run in their order, and the commands that compose and save them.

`stages` holds pure functions, `artifacts` the files of a run folder; `runs` composes and saves.
"""

from segpredict.data.ingest import IngestResult, ingest, read_transactions
from segpredict.pipeline.campaign import CampaignRequest, draw_campaign, list_campaigns
from segpredict.pipeline.exports import ExportRequest, Report, export_bi_tables, export_report
from segpredict.pipeline.queries import (
    check_data,
    draw_waterfall,
    explain_customer,
    feature_meanings,
    load,
    load_run_explanation,
    score_into_history,
    write_plots,
)
from segpredict.pipeline.runs import (
    fit,
    run_clustering,
    run_explanation,
    run_pipeline,
    run_report,
    run_training,
)
from segpredict.pipeline.target import RunTarget, SegmentationSearch, SelectionMode, no_progress
from segpredict.pipeline.transitions import history_transitions, run_transitions

__all__ = [
    "CampaignRequest",
    "ExportRequest",
    "IngestResult",
    "Report",
    "RunTarget",
    "SegmentationSearch",
    "SelectionMode",
    "check_data",
    "draw_campaign",
    "draw_waterfall",
    "explain_customer",
    "export_bi_tables",
    "export_report",
    "feature_meanings",
    "fit",
    "history_transitions",
    "ingest",
    "list_campaigns",
    "load",
    "load_run_explanation",
    "no_progress",
    "read_transactions",
    "run_clustering",
    "run_explanation",
    "run_pipeline",
    "run_report",
    "run_training",
    "run_transitions",
    "score_into_history",
    "write_plots",
]
