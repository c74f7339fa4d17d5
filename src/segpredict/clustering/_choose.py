"""How many groups: gates of size and step first, then the silhouette; all on record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._points import Points
from segpredict.clustering._scores import DIGITS, shares, silhouette
from segpredict.errors import SupportError


@dataclass(frozen=True, slots=True)
class Gates:
    """What groups must keep to, so that each is worth acting on.

    Parameters
    ----------
    min_share, max_share
        Bounds on the share of the rows in any one group.
    min_rows
        Least number of rows in any one group.
    min_step
        Least distance between neighbouring centres on the first axis, in its units.

    Notes
    -----
    The step is what keeps counts honest. Purchase days are whole numbers, so K-means
    can cut them into "1", "2", "3" and so on: the silhouette rises with every such cut,
    to the largest k allowed, although neighbours then spend the same.
    """

    min_share: float = 0.02
    max_share: float = 0.60
    min_rows: float = 0.0
    min_step: float = 0.0

    def failed(self, candidate: "Candidate", rows: int) -> tuple[str, ...]:
        """Return the names of the gates that a candidate does not pass.

        Examples
        --------
        >>> tried = Candidate(3, 0.4, 0.5, smallest=0.01, largest=0.7, step=1.0)
        >>> Gates().failed(tried, rows=1000)
        ('min_share', 'max_share')
        """
        verdicts = {
            "min_share": candidate.smallest >= self.min_share,
            "max_share": candidate.largest <= self.max_share,
            "min_rows": candidate.smallest * rows >= self.min_rows,
            "min_step": candidate.step >= self.min_step,
        }
        return tuple(name for name, is_met in verdicts.items() if not is_met)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One number of groups that was tried, and how it fared.

    Parameters
    ----------
    k
        Number of groups.
    silhouette
        Mean silhouette; describes, never proves.
    inertia
        Mean squared distance of a row to its centre, in squared standard deviations.
    smallest, largest
        Share of the rows in the smallest and the largest group.
    step
        Smallest distance between neighbouring centres on the first axis.
    failed
        Gates that were not passed.
    is_chosen
        Whether this one was taken.
    """

    k: int
    silhouette: float
    inertia: float
    smallest: float
    largest: float
    step: float
    failed: tuple[str, ...] = ()
    is_chosen: bool = False

    @property
    def passes(self) -> bool:
        """Whether all gates were passed."""
        return not self.failed


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The groups that were taken, and all that were tried.

    Parameters
    ----------
    clusters
        The groups taken.
    candidates
        One for each number of groups, rising.
    """

    clusters: Clusters
    candidates: tuple[Candidate, ...]


def choose(
    clusterer: Clusterer,
    points: Points,
    ks: Sequence[int],
    gates: Gates,
    *,
    seed: int,
    n_init: int,
) -> Choice:
    """Return the best number of groups and the record of all that were tried.

    Among the candidates that pass the gates the one with the highest silhouette is
    taken; of equals the one with fewest groups. If none passes, it is the coarsest of
    those that fail the fewest gates.

    Parameters
    ----------
    clusterer
        The algorithm.
    points
        What to group.
    ks
        Numbers of groups to try; those above the number of distinct points are skipped.
    gates
        What the sizes must keep to.
    seed, n_init
        Handed to the algorithm.

    Raises
    ------
    SupportError
        When there are fewer distinct points than the smallest number of groups, or
        one group is all that there is.
    """
    require_points(points, min(ks))
    able = [k for k in sorted(set(ks)) if k <= len(points)]
    if clusterer.is_density:
        able = able[:1]  # it finds the number itself, and the same one each time
    fits = clusterer.sweep(points, able, seed=seed, n_init=n_init)
    if max(fit.k for fit in fits) < 2:
        raise SupportError(
            "The algorithm finds one dense region in the data, and no groups.",
            fix="choose another algorithm, such as kmeans.",
        )
    tried = [
        _judge(points, fit, score, gates)
        for fit, score in zip(fits, silhouette(points, *fits), strict=True)
    ]
    best = max(tried, key=_merit)
    record = tuple(replace(c, is_chosen=c is best) for c in tried)
    return Choice(fits[tried.index(best)], record)


def _judge(points: Points, fit: Clusters, score: float, gates: Gates) -> Candidate:
    parts = shares(points, fit)
    inertia = round(fit.inertia / points.rows, DIGITS)
    steps = np.diff(fit.centres[:, 0])
    step = round(float(steps.min()), DIGITS) if len(steps) else 0.0
    tried = Candidate(fit.k, score, inertia, min(parts), max(parts), step)
    return replace(tried, failed=gates.failed(tried, points.rows))


def _merit(candidate: Candidate) -> tuple[int, float, int]:
    score = candidate.silhouette if candidate.passes else 0.0
    return -len(candidate.failed), score, -candidate.k
