"""What every clustering algorithm offers, and the rule that its groups freeze into."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from segpredict.clustering._points import Floats, Labels, Points
from segpredict.errors import SupportError


def distances(matrix: Floats, centres: Floats) -> Floats:
    """Return the Euclidean distance of each row to each centre, shape (rows, centres).

    Notes
    -----
    Summed axis by axis, not by a matrix product, whose last digits depend on how many
    rows are asked at once.

    Examples
    --------
    >>> import numpy as np
    >>> distances(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0], [3.0, 4.0]])).tolist()
    [[5.0, 0.0]]
    """
    squares = np.zeros((len(matrix), len(centres)))
    for axis in range(matrix.shape[1]):
        squares += (matrix[:, axis, None] - centres[:, axis]) ** 2
    return np.sqrt(squares)


def nearest(matrix: Floats, centres: Floats) -> Labels:
    """Return the index of the nearest centre of each row; ties go to the first."""
    labels: Labels = distances(matrix, centres).argmin(axis=1)
    return labels


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups, frozen: their centres, and how tightly the points lie around them.

    Parameters
    ----------
    centres
        One row a group, sorted by the first axis, then the second and so on.
    inertia
        Sum of squared distances of all rows to their nearest centre.
    """

    centres: Floats
    inertia: float

    @classmethod
    def around(cls, points: Points, centres: Floats) -> "Clusters":
        """Return the groups that these centres make of the points."""
        ordered = centres[np.lexsort(centres.T[::-1])]
        near = distances(points.matrix, ordered).min(axis=1)
        return cls(ordered, float((near**2 * points.weights).sum()))

    @property
    def k(self) -> int:
        """How many groups there are."""
        return len(self.centres)

    def assign(self, matrix: Floats) -> Labels:
        """Return the index of the nearest centre of each row; ties go to the first."""
        return nearest(matrix, self.centres)


class Clusterer(ABC):
    """One clustering algorithm; a module of this room offers it as ``PART``."""

    @abstractmethod
    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points.

        Parameters
        ----------
        points
            What to group.
        k
            How many groups to make.
        seed
            Seed of the random starts; ignored by algorithms without chance.
        n_init
            How many starts to try; ignored by algorithms without starts.

        Raises
        ------
        SupportError
            When there are fewer distinct points than groups.
        """


def require_points(points: Points, k: int) -> None:
    """Refuse to make more groups than there are distinct points."""
    if len(points) < k:
        raise SupportError(
            f"{k} groups were asked for, and the {points.rows} rows hold only "
            f"{len(points)} distinct points.",
            fix="ask for fewer segments, or give more varied data.",
            count=len(points),
        )
