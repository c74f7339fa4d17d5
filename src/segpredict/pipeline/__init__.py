"""The only module that knows the order of the rooms.

Each stage reads what the stage before has left in the run folder and adds its own
files, so ``run`` and the single commands walk the same way.
"""

from segpredict.intake import Fresh, read
from segpredict.pipeline._answers import check, explain_customer, load, score
from segpredict.pipeline._runs import (
    cluster,
    explain,
    fit,
    report,
    run,
    train_classifier,
)
from segpredict.pipeline._target import Target, Ways

__all__ = [
    "Fresh",
    "Target",
    "Ways",
    "check",
    "cluster",
    "explain",
    "explain_customer",
    "fit",
    "load",
    "read",
    "report",
    "run",
    "score",
    "train_classifier",
]
