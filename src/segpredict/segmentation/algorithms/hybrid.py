"""The hybrid: embed, fit many Gaussians, merge those that overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from segpredict.config.fill import Count, Size
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.segmentation.algorithms._assignment_rule import (
    EmbeddedRule,
    EncoderLayer,
    apply_encoder,
)
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread
from segpredict.segmentation.algorithms.autoencoder_kmeans import train_encoder
from segpredict.segmentation.algorithms.gmm import GaussianMixtureRule, fit_mixture, kmeans_starts
from segpredict.segmentation.algorithms.ward import cut_tree, ward_joins


@dataclass(frozen=True)
class Hybrid(Clusterer):
    """Embedding, over-segmenting mixture, Ward on Bhattacharyya, Gaussian classifier.

    Components a and b with means μ and covariances Σ lie D = ⅛ δᵀΣ̄⁻¹δ + ½ ln(|Σ̄| / √(|Σₐ||Σ_b|))
    apart, δ = μₐ − μ_b, Σ̄ their mean covariance (Bhattacharyya). Ward joins them by √D, weighted
    by their shares: for equal covariances that is Ward on Mahalanobis distances. A group is the
    Gaussian with the mean and covariance of its components, and rows belong to the likeliest group.
    """

    complexity_rank: ClassVar[int] = 9
    # ``pca``, or ``autoencoder`` (needs the extra ``deep``). Installed packages do not change the
    # default, so that a run gives the same segments on every machine.
    embedding: Literal["pca", "autoencoder"] = "pca"
    explained_variance: Size = 0.9  # minimum share of the variance of the principal components
    components_per_segment: Count = 3  # components of the mixture per requested group
    reg_covar: Size = 1e-3  # added to every variance of the mixture
    n_starts: Count = 2  # seeds of K-means from which the mixture starts
    sample_rows: Count = 5_000  # points that the mixture works on

    def fit_many(
        self, points: WeightedPoints, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, in one embedding."""
        require_points(points, max(ks))
        layers: tuple[EncoderLayer, ...] = (fit_pca(points, self.explained_variance),)
        if self.embedding == "autoencoder":
            layers = train_encoder(points, seed)[0]
        codes = WeightedPoints.from_matrix(apply_encoder(layers, points.matrix), points.weights)
        sample = codes.quantize(max(self.sample_rows, *ks))
        tries = min(self.n_starts, n_init)
        rules = [self._rule(sample, k, seed, tries) for k in ks]
        return [Clusters.from_rule(points, EmbeddedRule(layers, rule)) for rule in rules]

    def _rule(self, points: WeightedPoints, k: int, seed: int, tries: int) -> GaussianMixtureRule:
        components = min(k * self.components_per_segment, len(points))
        starts = kmeans_starts(points, components, seed, tries)
        fine = fit_mixture(points, starts, "full", self.reg_covar).mixture
        groups = cut_tree(ward_joins(np.sqrt(_overlaps(fine)), fine.weights), k)
        return _merged(fine, groups)


def fit_pca(points: WeightedPoints, explained_variance: float) -> EncoderLayer:
    """Return the rotation onto the fewest components with this share of the variance.

    The largest weight of a component is positive, so its direction is not random.
    """
    matrix, weights = points.matrix, points.weights[:, None]
    mean = (matrix * weights).sum(axis=0) / points.n_rows
    centred = matrix - mean
    with limit_to_one_thread():
        spread, directions = np.linalg.eigh((centred * weights).T @ centred / points.n_rows)
    order = np.argsort(-spread, kind="stable")
    total = max(float(spread.sum()), np.finfo(float).tiny)
    cumulative = np.cumsum(spread[order]) / total
    count = min(int(np.searchsorted(cumulative, explained_variance - 1e-12)) + 1, len(order))
    components = directions[:, order[:count]]
    largest = np.abs(components).argmax(axis=0)
    components = components * np.where(components[largest, np.arange(count)] < 0, -1.0, 1.0)
    return EncoderLayer(components, -(mean[:, None] * components).sum(axis=0))


def _overlaps(mixture: GaussianMixtureRule) -> FloatArray:
    """Return the Bhattacharyya distance of each two components."""
    means, shapes = mixture.means, mixture.covariances
    mean_covariance = (shapes[:, None] + shapes[None]) / 2
    centred = means[:, None] - means[None]
    solved = np.linalg.solve(mean_covariance, centred[..., None])[..., 0]
    logs = np.linalg.slogdet(shapes)[1]
    spread = np.linalg.slogdet(mean_covariance)[1] - (logs[:, None] + logs[None]) / 2
    distances: FloatArray = (centred * solved).sum(axis=-1) / 8 + spread / 2
    return np.maximum((distances + distances.T) / 2, 0.0)


def _merged(mixture: GaussianMixtureRule, groups: IndexArray) -> GaussianMixtureRule:
    """Return one Gaussian a group, with the mean and covariance of its components."""
    parts = []
    for group in range(int(groups.max()) + 1):
        own = groups == group
        shares, means = mixture.weights[own], mixture.means[own]
        whole = max(float(shares.sum()), np.finfo(float).tiny)
        share = (shares / whole)[:, None]
        mean = (share * means).sum(axis=0)
        centred = means - mean
        between = (share * centred).T @ centred
        within = (share[..., None] * mixture.covariances[own]).sum(axis=0)
        parts.append((whole, mean, within + between))
    wholes, centres, shapes = zip(*parts, strict=True)
    return GaussianMixtureRule(np.array(wholes), np.stack(centres), np.stack(shapes))


PART = Hybrid()
