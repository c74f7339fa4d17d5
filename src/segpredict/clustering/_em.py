"""Fit a Gaussian mixture to weighted points whose values are whole numbers in logs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.clustering._centres import nearest
from segpredict.clustering._mixture import LEAST_SHARE, Mixture
from segpredict.clustering._points import Floats, Points
from segpredict.clustering._threads import one_thread
from segpredict.clustering.kmeans import KMeans

SHAPES = ("full", "diag", "tied")
STEPS = 200
TOLERANCE = 1e-4  # of log-likelihood a row, between two steps


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted mixture and how well it does.

    Parameters
    ----------
    mixture
        The rule.
    likelihood
        Log-likelihood of all rows.
    bic, icl
        The smaller, the better. ICL adds twice the entropy of the memberships to BIC:
        it asks for groups that are apart, not for a good fit alone.
    """

    mixture: Mixture
    likelihood: float
    bic: float
    icl: float


def fit_mixture(
    points: Points,
    starts: Sequence[Floats],
    shape: str,
    least: float,
) -> Fitted:
    """Return the best mixture that EM reaches from these starts.

    Parameters
    ----------
    points
        What to describe.
    starts
        Centres to start from, each of shape (k, axes).
    shape
        ``full``, ``diag`` (axes independent) or ``tied`` (one shape for all groups).
    least
        Added to every variance.

    Notes
    -----
    Purchase days are whole numbers. A density can grow without bound on a value that
    many rows share, and BIC then falls with every further component. So each value
    stands for the interval around it up to half-way to its neighbours: its variance,
    width²/12 (Sheppard), enters the covariances, and the likelihood is the lower bound
    that this interval gives (variational dequantisation).

    References
    ----------
    Dempster, Laird and Rubin (1977); Biernacki, Celeux and Govaert (2000), ICL;
    Ho et al. (2019), Flow++, variational dequantisation.
    """
    blur = _blur(points)
    with one_thread():
        tried = [_climb(points, blur, start, shape, least) for start in starts]
    return max(tried, key=lambda fitted: fitted.likelihood)


def starts_of(points: Points, k: int, seed: int, count: int) -> list[Floats]:
    """Return the centres of K-means under several seeds, to start from."""
    tries = range(seed, seed + count)
    return [KMeans().start(points, k, seed=s, n_init=1) for s in tries]


def _blur(points: Points) -> Floats:
    """Return the variance of the interval that each value stands for, by axis."""
    blur = np.empty(points.grains.shape)
    for axis in range(points.grains.shape[1]):
        values, place = np.unique(points.matrix[:, axis], return_inverse=True)
        gaps = np.diff(values) if len(values) > 1 else np.zeros(1)
        before, after = np.append(gaps[0], gaps), np.append(gaps, gaps[-1])
        width = np.minimum((before + after) / 2, 1.0)[: len(values)]
        blur[:, axis] = (width**2 / 12)[place]
    return blur


def _climb(
    points: Points, blur: Floats, start: Floats, shape: str, least: float
) -> Fitted:
    matrix = points.matrix
    members = np.eye(len(start))[:, nearest(matrix, start)]
    mixture = _likeliest(points, matrix, blur, members, (shape, least))
    before = -np.inf
    for _ in range(STEPS):
        members, likelihood = _memberships(points, matrix, blur, mixture)
        if likelihood - before <= TOLERANCE * points.rows:
            break
        before = likelihood
        mixture = _likeliest(points, matrix, blur, members, (shape, least))
    members, likelihood = _memberships(points, matrix, blur, mixture)
    bic = _numbers(mixture, shape) * np.log(points.rows) - 2 * likelihood
    unsure = -(members * np.log(np.maximum(members, 1e-300))).sum(axis=0)
    icl = bic + 2 * float((unsure * points.weights).sum())
    return Fitted(mixture, likelihood, float(bic), icl)


# One row a component: sums over components then run along whole rows, which is several
# times as fast as many sums over few numbers each.
def _memberships(
    points: Points, matrix: Floats, blur: Floats, mixture: Mixture
) -> tuple[Floats, float]:
    """Return the share that each component has in each point, (components, points)."""
    joint = _joint(matrix, mixture)
    sharpness = np.linalg.inv(mixture.covariances)
    for axis in range(blur.shape[1]):
        joint -= 0.5 * sharpness[:, axis, axis, None] * blur[:, axis]
    top = joint.max(axis=0)
    joint -= top
    density = np.exp(joint, out=joint)
    total = density.sum(axis=0)
    logs = top + np.log(total)
    density /= total
    return density, float((logs * points.weights).sum())


def _joint(matrix: Floats, mixture: Mixture) -> Floats:
    """Return `Mixture.joint`, one row a component."""
    factors = np.linalg.inv(np.linalg.cholesky(mixture.covariances))
    axes = matrix.shape[1]
    logs = np.log(np.maximum(mixture.shares, LEAST_SHARE))
    logs = logs + np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    found = np.empty((mixture.k, len(matrix)))
    for group in range(mixture.k):
        scaled = factors[group] @ (matrix - mixture.means[group]).T
        found[group] = logs[group] - 0.5 * (scaled**2).sum(axis=0)
    found -= 0.5 * axes * np.log(2 * np.pi)
    return found


def _likeliest(
    points: Points,
    matrix: Floats,
    blur: Floats,
    members: Floats,
    form: tuple[str, float],
) -> Mixture:
    shape, least = form
    axes = matrix.shape[1]
    rows = members * points.weights
    sizes = np.maximum(rows.sum(axis=1), 1e-9)
    means = rows @ matrix / sizes[:, None]
    blurred = rows @ blur
    shapes = np.empty((len(sizes), axes, axes))
    for group, mean in enumerate(means):
        away = (matrix - mean).T
        shapes[group] = (away * rows[group]) @ away.T + np.diag(blurred[group])
        shapes[group] /= sizes[group]
    if shape == "tied":
        pooled = (shapes * sizes[:, None, None]).sum(axis=0) / sizes.sum()
        shapes = np.repeat(pooled[None], len(sizes), axis=0)
    if shape == "diag":
        shapes = shapes * np.eye(axes)
    return Mixture(sizes / sizes.sum(), means, shapes + least * np.eye(axes))


def _numbers(mixture: Mixture, shape: str) -> int:
    """Return how many numbers the mixture has to learn."""
    k, axes = len(mixture.shares), len(mixture.means[0])
    one = axes * (axes + 1) // 2
    shapes: dict[str, int] = {"full": k * one, "diag": k * axes, "tied": one}
    return k - 1 + k * axes + shapes[shape]
