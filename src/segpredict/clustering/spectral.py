"""Spectral clustering: groups that hang together through near neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import eigh
from scipy.spatial import cKDTree
from sklearn.cluster import KMeans as LloydKMeans

from segpredict.clustering._clusterer import (
    Clusterer,
    Clusters,
    agreement,
    require_points,
)
from segpredict.clustering._landmarks import Landmarks
from segpredict.clustering._points import Floats, Labels, Points
from segpredict.clustering._threads import one_thread


@dataclass(frozen=True)
class Spectral(Clusterer):
    """Normalised spectral clustering of a sample; the rest goes with its neighbours.

    Parameters
    ----------
    neighbours
        Nearest points that a point hangs together with.
    votes
        Nearest points of the sample that decide on a row, seen or new.
    sample
        Distinct points; the work grows with their cube.

    References
    ----------
    Ng, Jordan and Weiss (2001); von Luxburg (2007).

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [1.0], [2.0], [50.0], [51.0], [52.0]]))
    >>> tuned = PART.tuned({"neighbours": 2, "votes": 1})
    >>> tuned.fit(points, 2, seed=0, n_init=3).centres.tolist()
    [[1.0], [51.0]]
    """

    rank: ClassVar[int] = 7
    neighbours: int = 15
    votes: int = 15
    sample: int = 1_500

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        return self.sweep(points, (k,), seed=seed, n_init=n_init)[0]

    def sweep(
        self, points: Points, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, from the vectors of one graph."""
        require_points(points, max(ks))
        few = points.thin(max(self.sample, *ks))
        with one_thread():
            vectors = _vectors(_graph(few.matrix, self.neighbours), max(ks))
            grouped = [_grouped(vectors[:, :k], few, k, seed, n_init) for k in ks]
        return [self._frozen(points, few, labels) for labels in grouped]

    def _frozen(self, points: Points, few: Points, labels: Labels) -> Clusters:
        # A group of fewer points than vote against it could keep none of its own.
        votes = max(1, min(self.votes, int(np.bincount(labels).min())))
        rule = Landmarks(few.matrix, labels, votes)
        alike = agreement(rule, few.matrix, labels, few.weights)
        return Clusters.of(points, rule, facts={"agreement": alike})


def _graph(matrix: Floats, neighbours: int) -> Floats:
    count = min(neighbours + 1, len(matrix))
    _, near = cKDTree(matrix).query(matrix, k=list(range(1, count + 1)))
    graph = np.zeros((len(matrix), len(matrix)))
    graph[np.arange(len(matrix))[:, None], near] = 1.0
    mutual: Floats = (graph + graph.T) / 2
    return mutual


def _vectors(graph: Floats, k: int) -> Floats:
    """Return the k smoothest vectors over the graph, one row a point."""
    root = 1 / np.sqrt(graph.sum(axis=1))
    laplacian = np.eye(len(graph)) - root[:, None] * graph * root
    _, vectors = eigh(laplacian, subset_by_index=[0, k - 1])
    smooth: Floats = vectors
    return smooth


def _grouped(vectors: Floats, points: Points, k: int, seed: int, n_init: int) -> Labels:
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    # The last digits of the vectors are the machine's; they must not decide.
    places = np.round(vectors / np.maximum(lengths, 1e-12), 6)
    lloyd = LloydKMeans(k, n_init=n_init, random_state=seed)
    lloyd.fit(places, sample_weight=points.weights)
    _, labels = np.unique(lloyd.labels_, return_inverse=True)
    groups: Labels = labels.astype(np.intp)
    return groups


PART = Spectral()
