"""K-means on the code of an autoencoder; needs the extra ``deep``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from segpredict.segmentation.algorithms._assignment_rule import EmbeddedRule, apply_encoder
from segpredict.segmentation.algorithms._autoencoder import DEEP_EXTRA, train_encoder
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints
from segpredict.segmentation.algorithms.kmeans import KMeansClustering


@dataclass(frozen=True)
class AutoencoderKMeans(Clusterer):
    """K-means on the code of a neural autoencoder."""

    complexity_rank: ClassVar[int] = 10
    required_extra: ClassVar[str | None] = DEEP_EXTRA
    latent_dim: int = 0  # dimensions of the code; 0 takes half the axes, from 2 to 8
    epochs: int = 100  # most passes over the rows
    sample_rows: int = 6_000  # rows to train on

    def fit_many(
        self, points: WeightedPoints, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, from one trained encoder."""
        require_points(points, max(ks))
        layers, error = train_encoder(
            points,
            seed,
            latent_dim=self.latent_dim,
            epochs=self.epochs,
            sample_rows=self.sample_rows,
        )
        codes = WeightedPoints.from_matrix(apply_encoder(layers, points.matrix), points.weights)
        facts = {"reconstruction_error": error}
        return [
            Clusters.from_rule(points, EmbeddedRule(layers, found.assignment_rule), facts=facts)
            for found in KMeansClustering().fit_many(codes, ks, seed=seed, n_init=n_init)
        ]


PART = AutoencoderKMeans()
