"""Fit a Gaussian mixture to weighted points whose values are whole numbers in logs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.clustering._centres import nearest
from segpredict.clustering._mixture import Mixture
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
    Theis, van den Oord and Bethge (2016), dequantisation.
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
    members = np.eye(len(start))[nearest(points.matrix, start)]
    mixture = _likeliest(points, blur, members, shape, least)
    before = -np.inf
    for _ in range(STEPS):
        members, likelihood = _memberships(points, blur, mixture)
        if likelihood - before <= TOLERANCE * points.rows:
            break
        before = likelihood
        mixture = _likeliest(points, blur, members, shape, least)
    members, likelihood = _memberships(points, blur, mixture)
    bic = _numbers(mixture, shape) * np.log(points.rows) - 2 * likelihood
    unsure = -(members * np.log(np.maximum(members, 1e-300))).sum(axis=1)
    icl = bic + 2 * float((unsure * points.weights).sum())
    return Fitted(mixture, likelihood, float(bic), icl)


def _memberships(
    points: Points, blur: Floats, mixture: Mixture
) -> tuple[Floats, float]:
    joint = mixture.joint(points.matrix)
    sharpness = np.linalg.inv(mixture.covariances)
    for axis in range(blur.shape[1]):
        joint -= 0.5 * blur[:, axis, None] * sharpness[:, axis, axis]
    top = joint.max(axis=1, keepdims=True)
    density = np.exp(joint - top)
    total = density.sum(axis=1, keepdims=True)
    logs = (top + np.log(total))[:, 0]
    return density / total, float((logs * points.weights).sum())


def _likeliest(
    points: Points, blur: Floats, members: Floats, shape: str, least: float
) -> Mixture:
    matrix, axes = points.matrix, points.grains.shape[1]
    rows = members * points.weights[:, None]
    sizes = np.maximum(rows.sum(axis=0), 1e-9)
    means = rows.T @ matrix / sizes[:, None]
    shapes = np.empty((len(sizes), axes, axes))
    for group, mean in enumerate(means):
        away = matrix - mean
        own = rows[:, group, None]
        shapes[group] = (own * away).T @ away + np.diag((own * blur).sum(axis=0))
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
