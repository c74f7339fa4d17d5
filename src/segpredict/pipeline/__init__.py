"""The only module that knows the order of the rooms.

Each stage reads what the stage before has left in the run folder and adds its own
files, so ``run`` and the single commands walk the same way.
"""

from segpredict.core.types import Progress
from segpredict.intake import Fresh, Ingested, ingest, read
from segpredict.pipeline._answers import (
    check,
    explanation,
    load,
    meanings,
    picture,
    score,
    score_into,
    waterfall,
    why,
)
from segpredict.pipeline._campaign import Wish, campaign, plays
from segpredict.pipeline._exports import Export, Report, tables, told
from segpredict.pipeline._movement import moves, moves_between
from segpredict.pipeline._runs import (
    cluster,
    explain,
    fit,
    report,
    run,
    train_classifier,
)
from segpredict.pipeline._target import Search, Target, Ways, silent

__all__ = [
    "Export",
    "Fresh",
    "Ingested",
    "Progress",
    "Report",
    "Search",
    "Target",
    "Ways",
    "Wish",
    "campaign",
    "check",
    "cluster",
    "explain",
    "explanation",
    "fit",
    "ingest",
    "load",
    "meanings",
    "moves",
    "moves_between",
    "picture",
    "plays",
    "read",
    "report",
    "run",
    "score",
    "score_into",
    "silent",
    "tables",
    "told",
    "train_classifier",
    "waterfall",
    "why",
]
