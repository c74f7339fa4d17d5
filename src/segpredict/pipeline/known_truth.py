"""The known truth of a sample shop beside the forecasts of a run, once these are made."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from segpredict.classifier import metrics
from segpredict.classifier.models.baselines import find_segment_borders, segments_between
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON
from segpredict.data.ingest import path_names
from segpredict.data.sample.folder import sample_folder
from segpredict.data.sample.known_future import KnownFuture
from segpredict.pipeline.results import Segmented, Trained

DRAWS = 100  # plays of the truth: they make its log-loss some .01 nats too large


def with_known_truth(
    trained: Trained, segmented: Segmented, time: TimeOptions, data: object
) -> Trained:
    """Return the results with the scores of the truth, if the data are a folder of `sample`.

    No model can see it: all are fitted, and one is selected, before the truth is first read.
    """
    folder = sample_folder(path_names(data) or ())
    training, segmentation = trained.training, segmented.segmentation
    if folder is None or training is None or not segmentation.is_by_purchases:
        return trained
    known = KnownFuture.of_folder(folder)
    if known is None:
        return trained
    borders, n_segments = (
        find_segment_borders(segmentation, time.horizon),
        len(segmentation.segments),
    )

    def segment_of(days: IntArray, spend: FloatArray) -> IntArray:
        return segments_between(borders, days, spend)

    tests = training.backtests
    found = [
        known.probabilities(
            each.customers, (each.cutoff, time.gap, time.horizon), segment_of, n_segments, DRAWS, i
        )
        for i, each in enumerate(tests)
    ]
    labels = [each.labels for each in tests]
    truth: JSON = {
        "pooled": _scores(found, labels),
        "windows": [_scores([p], [y]) for p, y in zip(found, labels, strict=True)],
    }
    return replace(trained, evaluation={**trained.evaluation, "known_truth": truth})


def _scores(probabilities: Sequence[FloatArray], labels: Sequence[IntArray]) -> JSON:
    return asdict(metrics.score_forecast(np.concatenate(probabilities), np.concatenate(labels)))
