"""The rule of the nearest centre, and the distances it goes by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from segpredict.clustering._points import Floats, Labels
from segpredict.clustering._rule import Rule
from segpredict.tables import JSON


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


@dataclass(frozen=True, eq=False)
class Centres(Rule):
    """Each row belongs to the nearest centre.

    Parameters
    ----------
    centres
        One place a group, shape (k, axes).

    Examples
    --------
    >>> import numpy as np
    >>> rule = Centres(np.array([[0.0], [10.0]]))
    >>> rule.assign(np.array([[7.0], [1.0]])).tolist()
    [1, 0]
    >>> Rule.from_state(rule.state()) == rule
    True
    """

    kind: ClassVar[str] = "centres"
    centres: Floats

    @property
    def k(self) -> int:
        """How many groups there are."""
        return len(self.centres)

    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row."""
        return nearest(matrix, self.centres)

    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        return type(self)(self.centres[list(order)])

    def _numbers(self) -> dict[str, JSON]:
        return {"centres": self.centres.tolist()}

    @classmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        return cls(np.array(state["centres"], dtype=np.float64))
