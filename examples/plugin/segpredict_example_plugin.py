"""A plugin for segpredict: a clustering algorithm, a feature family and a reader."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data.readers import FileReader, SourceTable, file_sha256, row_numbers
from segpredict.features import family as f
from segpredict.features.engine import measures as m
from segpredict.segmentation.algorithms import Clusterer, Clusters, WeightedPoints

# Part 1, an algorithm: `--set segmentation.algorithm=spend_quantiles`.


@dataclass(frozen=True)
class SpendQuantiles(Clusterer):
    """Centres at k quantiles of the first input, which is spend."""

    complexity_rank: ClassVar[int] = 0

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points; nothing in it is random."""
        del seed, n_init
        order = np.argsort(points.matrix[:, 0], kind="stable")
        passed = np.cumsum(points.weights[order])
        ranks = np.searchsorted(passed, (np.arange(k) + 0.5) / k * passed[-1])
        return Clusters.from_centres(points, points.matrix[order[ranks]])


ALGORITHM = SpendQuantiles()

# Part 2, a feature family: `--set 'classifier.families=["rfm", "large_orders"]'`.


def _measures(window: f.Window) -> f.Measures:
    lookback = m.last_days(window.lookback)
    return {
        "orders_lookback": m.count_orders(lookback),
        "large_orders": m.sum_orders("is_large", lookback),
    }


def _derive(_: f.Window) -> f.Derived:
    share = pl.col("large_orders") / pl.col("orders_lookback")
    return {f.share("share_large_orders", "Share of orders of 100 or more, in currency."): share}


FAMILY = f.FeatureFamily(
    "large_orders",
    _derive,
    _measures,
    columns={"is_large": (pl.col("net") >= 100 * MONEY_SCALE).cast(pl.Int64)},
    is_default=False,
)

# Part 3, a reader: every `--data` then takes files of that ending.


def _read(path: Path, _: SourceOptions) -> SourceTable:
    frame = pl.read_ndjson(path).cast(pl.String)
    return SourceTable(frame, row_numbers(frame.height, 1), file_sha256(path), {"format": "jsonl"})


READER = FileReader((".jsonl",), _read)
