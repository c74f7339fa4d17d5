"""The stages of a run in their order, and the commands that compose and save them.

`stages` holds pure functions, `artifacts` the files of a run folder; `runs` composes and saves.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segpredict.data.ingest.ingest import IngestResult, ingest
    from segpredict.data.ingest.read import read_transactions
    from segpredict.pipeline.campaign import CampaignRequest, draw_campaign, list_campaigns
    from segpredict.pipeline.compare import compare_runs
    from segpredict.pipeline.exports import (
        ExportRequest,
        Report,
        export_bi_tables,
        export_query,
        export_report,
    )
    from segpredict.pipeline.load_run import load
    from segpredict.pipeline.monitor import keep_monitor_page, monitor_run
    from segpredict.pipeline.publish import ScoreTable, publish_run
    from segpredict.pipeline.publish_mlflow import publish_to_mlflow
    from segpredict.pipeline.queries import (
        check_data,
        draw_waterfall,
        explain_customer,
        feature_meanings,
        load_run_explanation,
        score_into_history,
        write_plots,
    )
    from segpredict.pipeline.readout import ReadoutRequest, read_out_campaigns
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
    from segpredict.pipeline.verify import verify_folder

# Who loads a run to score needs no report and no training: a name comes when asked for.
_HOMES = {
    "segpredict.data.ingest.ingest": "IngestResult ingest",
    "segpredict.data.ingest.read": "read_transactions",
    "segpredict.pipeline.campaign": "CampaignRequest draw_campaign list_campaigns",
    "segpredict.pipeline.compare": "compare_runs",
    "segpredict.pipeline.exports": (
        "ExportRequest Report export_bi_tables export_query export_report"
    ),
    "segpredict.pipeline.monitor": "keep_monitor_page monitor_run",
    "segpredict.pipeline.publish": "ScoreTable publish_run",
    "segpredict.pipeline.publish_mlflow": "publish_to_mlflow",
    "segpredict.pipeline.queries": (
        "check_data draw_waterfall explain_customer feature_meanings load_run_explanation "
        "score_into_history write_plots"
    ),
    "segpredict.pipeline.load_run": "load",
    "segpredict.pipeline.readout": "ReadoutRequest read_out_campaigns",
    "segpredict.pipeline.runs": (
        "fit run_clustering run_explanation run_pipeline run_report run_training"
    ),
    "segpredict.pipeline.target": "RunTarget SegmentationSearch SelectionMode no_progress",
    "segpredict.pipeline.transitions": "history_transitions run_transitions",
    "segpredict.pipeline.verify": "verify_folder",
}

__all__ = [
    "CampaignRequest",
    "ExportRequest",
    "IngestResult",
    "ReadoutRequest",
    "Report",
    "RunTarget",
    "ScoreTable",
    "SegmentationSearch",
    "SelectionMode",
    "check_data",
    "compare_runs",
    "draw_campaign",
    "draw_waterfall",
    "explain_customer",
    "export_bi_tables",
    "export_query",
    "export_report",
    "feature_meanings",
    "fit",
    "history_transitions",
    "ingest",
    "keep_monitor_page",
    "list_campaigns",
    "load",
    "load_run_explanation",
    "monitor_run",
    "no_progress",
    "publish_run",
    "publish_to_mlflow",
    "read_out_campaigns",
    "read_transactions",
    "run_clustering",
    "run_explanation",
    "run_pipeline",
    "run_report",
    "run_training",
    "run_transitions",
    "score_into_history",
    "verify_folder",
    "write_plots",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'segpredict.pipeline' has no attribute {name!r}")
