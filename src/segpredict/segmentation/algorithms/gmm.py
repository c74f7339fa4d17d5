"""Gaussian mixtures by EM: soft groups with covariances, whose type ICL chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np

from segpredict.config.fill import Count, Size
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.segmentation.algorithms import _assignment_rule as assignment_rule
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread
from segpredict.segmentation.algorithms.kmeans import KMeansClustering

COVARIANCE_TYPES = ("full", "diag", "tied")
MAX_ITERATIONS = 200
TOLERANCE = 1e-4  # of log-likelihood a row, between two steps
MIN_COMPONENT_SHARE = 1e-12  # of the rows; a component that lost all of them stays finite


@dataclass(frozen=True, eq=False)
class GaussianMixtureRule(assignment_rule.AssignmentRule):
    """Each row belongs to the most likely component.

    >>> shapes = np.array([[[1.0]], [[1.0]]])
    >>> rule = GaussianMixtureRule(np.array([0.5, 0.5]), np.array([[0.0], [2.0]]), shapes)
    >>> rule.predict_proba(np.array([[1.0], [2.0]])).round(3).tolist()
    [[0.5, 0.5], [0.119, 0.881]]
    """

    kind: ClassVar[str] = "mixture"
    _readers: ClassVar[assignment_rule.Readers] = dict.fromkeys(
        ("weights", "means", "covariances"), assignment_rule.read_floats
    )
    weights: FloatArray  # share of the rows of each component; they sum to 1
    means: FloatArray  # one point per component, shape (k, axes)
    covariances: FloatArray  # one matrix a component, shape (k, axes, axes), positive definite

    @property
    def k(self) -> int:
        """How many groups there are."""
        return len(self.means)

    @property
    def is_soft(self) -> bool:
        """Whether it gives probabilities of several groups."""
        return True

    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row."""
        labels: IndexArray = self.joint_log_density(matrix).argmax(axis=1)
        return labels

    def predict_proba(self, matrix: FloatArray) -> FloatArray:
        """Return the probability of each group for each row, shape (rows, k)."""
        joint = self.joint_log_density(matrix)
        densities = np.exp(joint - joint.max(axis=1, keepdims=True))
        total = np.zeros(len(matrix))
        for group in range(self.k):
            total += densities[:, group]
        share: FloatArray = densities / total[:, None]
        return share

    def joint_log_density(self, matrix: FloatArray) -> FloatArray:
        """Return the log density of each row with each component, shape (rows, k)."""
        factors = np.linalg.inv(np.linalg.cholesky(self.covariances))
        logs = np.log(np.maximum(self.weights, MIN_COMPONENT_SHARE))
        for axis in range(matrix.shape[1]):
            logs = logs + np.log(factors[:, axis, axis])
        found = np.tile(logs, (len(matrix), 1))
        found -= 0.5 * matrix.shape[1] * np.log(2 * np.pi)
        away = [matrix[:, axis, None] - self.means[:, axis] for axis in range(matrix.shape[1])]
        # Axis by axis, not by a matrix product: see `euclidean_distances`.
        for row in range(matrix.shape[1]):
            part = np.zeros_like(found)
            for axis in range(row + 1):
                part += factors[:, row, axis] * away[axis]
            found -= 0.5 * part**2
        return found

    def reordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        parts = (self.weights, self.means, self.covariances)
        return type(self)(*(part[list(order)] for part in parts))


@dataclass(frozen=True, slots=True, eq=False)
class FittedMixture:
    """A fitted mixture and its criteria."""

    mixture: GaussianMixtureRule  # the rule
    log_likelihood: float  # log-likelihood of all rows
    # The smaller, the better. ICL adds twice the entropy of the memberships to BIC: it prefers
    # separated groups to a good fit alone.
    bic: float
    icl: float


def fit_mixture(
    points: WeightedPoints, starts: Sequence[FloatArray], covariance_type: str, min_variance: float
) -> FittedMixture:
    """Return the best mixture that EM finds from these starts.

    Purchase days are whole numbers. A density can grow without bound on a value that many rows
    share, and BIC then falls with every further component. So each value represents the interval
    around it up to half-way to its neighbours: its variance, width²/12 (Sheppard), enters the
    covariances, and the likelihood is the lower bound that this interval gives (variational
    dequantisation). After Dempster, Laird and Rubin (1977); Biernacki, Celeux and Govaert (2000),
    ICL; Ho et al. (2019), Flow++, variational dequantisation.
    """
    fit = _MixtureFit(points, points.matrix, _blur(points), covariance_type, min_variance)
    with limit_to_one_thread():
        tried = [fit.run_em(start) for start in starts]
    return max(tried, key=lambda fitted: fitted.log_likelihood)


def kmeans_starts(points: WeightedPoints, k: int, seed: int, count: int) -> list[FloatArray]:
    """Return the centres of K-means under several seeds, as starting points."""
    tries = range(seed, seed + count)
    return [KMeansClustering().best_start(points, k, seed=s, n_init=1) for s in tries]


def _blur(points: WeightedPoints) -> FloatArray:
    """Return the variance of the interval that each value represents, by axis."""
    blur = np.empty(points.integer_coordinates.shape)
    for axis in range(points.integer_coordinates.shape[1]):
        values, place = np.unique(points.matrix[:, axis], return_inverse=True)
        gaps = np.diff(values) if len(values) > 1 else np.zeros(1)
        before, after = np.append(gaps[0], gaps), np.append(gaps, gaps[-1])
        width = np.minimum((before + after) / 2, 1.0)[: len(values)]
        blur[:, axis] = (width**2 / 12)[place]
    return blur


@dataclass(frozen=True, slots=True, eq=False)
class _MixtureFit:
    """EM on weighted points.

    Memberships have one row a component: sums over components then run along whole rows, which is
    several times as fast as many sums over few numbers each.
    """

    points: WeightedPoints
    matrix: FloatArray  # of the points
    blur: FloatArray  # variance of the interval that each value represents
    covariance_type: str
    min_variance: float  # added to every variance

    def run_em(self, start: FloatArray) -> FittedMixture:
        """Return the mixture that these centres lead to."""
        memberships = np.eye(len(start))[:, assignment_rule.nearest_centre(self.matrix, start)]
        mixture, before = self._maximize(memberships), -np.inf
        rows, weights = self.points.n_rows, self.points.weights
        for _ in range(MAX_ITERATIONS):
            memberships, likelihood = self._expect(mixture)
            if likelihood - before <= TOLERANCE * rows:
                break
            before, mixture = likelihood, self._maximize(memberships)
        memberships, likelihood = self._expect(mixture)
        bic = _n_parameters(mixture, self.covariance_type) * np.log(rows) - 2 * likelihood
        entropy = -(memberships * np.log(np.maximum(memberships, 1e-300))).sum(axis=0)
        icl = bic + 2 * float((entropy * weights).sum())
        return FittedMixture(mixture, likelihood, float(bic), icl)

    def _expect(self, mixture: GaussianMixtureRule) -> tuple[FloatArray, float]:
        """Return the share that each component has in each point, and the log-likelihood."""
        joint = _joint(self.matrix, mixture)
        sharpness = np.linalg.inv(mixture.covariances)
        for axis in range(self.blur.shape[1]):
            joint -= 0.5 * sharpness[:, axis, axis, None] * self.blur[:, axis]
        top = joint.max(axis=0)
        joint -= top
        density = np.exp(joint, out=joint)
        total = density.sum(axis=0)
        logs = top + np.log(total)
        density /= total
        return density, float((logs * self.points.weights).sum())

    def _maximize(self, memberships: FloatArray) -> GaussianMixtureRule:
        """Return the likeliest mixture, given the share of each component in each point."""
        axes = self.matrix.shape[1]
        rows = memberships * self.points.weights
        sizes = np.maximum(rows.sum(axis=1), 1e-9)
        means = rows @ self.matrix / sizes[:, None]
        blurred = rows @ self.blur
        shapes = np.empty((len(sizes), axes, axes))
        for group, mean in enumerate(means):
            away = (self.matrix - mean).T
            shapes[group] = (away * rows[group]) @ away.T + np.diag(blurred[group])
            shapes[group] /= sizes[group]
        if self.covariance_type == "tied":
            pooled = (shapes * sizes[:, None, None]).sum(axis=0) / sizes.sum()
            shapes = np.repeat(pooled[None], len(sizes), axis=0)
        if self.covariance_type == "diag":
            shapes = shapes * np.eye(axes)
        shapes = shapes + self.min_variance * np.eye(axes)
        return GaussianMixtureRule(sizes / sizes.sum(), means, shapes)


def _joint(matrix: FloatArray, mixture: GaussianMixtureRule) -> FloatArray:
    """Return `GaussianMixtureRule.joint_log_density`, one row a component."""
    factors = np.linalg.inv(np.linalg.cholesky(mixture.covariances))
    axes = matrix.shape[1]
    logs = np.log(np.maximum(mixture.weights, MIN_COMPONENT_SHARE))
    logs = logs + np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    found = np.empty((mixture.k, len(matrix)))
    for group in range(mixture.k):
        scaled = factors[group] @ (matrix - mixture.means[group]).T
        found[group] = logs[group] - 0.5 * (scaled**2).sum(axis=0)
    found -= 0.5 * axes * np.log(2 * np.pi)
    return found


def _n_parameters(mixture: GaussianMixtureRule, covariance_type: str) -> int:
    """Return the number of free parameters of the mixture."""
    k, axes = len(mixture.weights), len(mixture.means[0])
    one = axes * (axes + 1) // 2
    return k - 1 + k * axes + {"full": k * one, "diag": k * axes, "tied": one}[covariance_type]


@dataclass(frozen=True)
class GaussianMixtureClustering(Clusterer):
    """Gaussian mixture by EM on weighted points, started from K-means."""

    complexity_rank: ClassVar[int] = 4
    # ``full``, ``diag``, ``tied``, or ``auto``: that of the three with the least ICL
    covariance_type: Literal["full", "diag", "tied", "auto"] = "auto"
    reg_covar: Size = 1e-3  # added to every variance, so that no group can collapse onto one point
    n_starts: Count = 3  # seeds of K-means to start from
    sample_rows: Count = 5_000  # points that EM works on; they represent all

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points; ``facts`` hold ``bic`` and ``icl``."""
        require_points(points, k)
        sample = points.quantize(max(self.sample_rows, k))
        starts = kmeans_starts(sample, k, seed, min(self.n_starts, n_init))
        types = COVARIANCE_TYPES if self.covariance_type == "auto" else (self.covariance_type,)
        mixtures = [fit_mixture(sample, starts, each, self.reg_covar) for each in types]
        best = min(mixtures, key=lambda fitted: fitted.icl)
        facts = {"bic": best.bic, "icl": best.icl}
        return Clusters.from_rule(points, best.mixture, facts=facts)


PART = GaussianMixtureClustering()
