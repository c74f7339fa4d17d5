"""Load a finished run for scoring, and nothing else: no training, no report."""

from pathlib import Path

from segpredict.core.process import refuse_forked_process
from segpredict.core.run_folder import open_run
from segpredict.pipeline import loading
from segpredict.scoring.predictor import SegmentPredictor


@loading.of_run
def load(folder: str | Path) -> SegmentPredictor:
    """Return the predictor of a run folder, after checking the hash of what it reads.

    Raises `ArtifactError` when the folder holds no run, or a file is missing or changed.
    """
    refuse_forked_process()
    return loading.load_predictor(open_run(folder))
