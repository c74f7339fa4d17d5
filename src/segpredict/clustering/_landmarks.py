"""The rule of the nearest landmarks: for groups that are no balls around a centre."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy.spatial import cKDTree

from segpredict.clustering._points import Floats, Labels
from segpredict.clustering._rule import Rule
from segpredict.tables import JSON

CLOSER = 1e-4  # a nearer neighbour's vote weighs this much more: no vote is tied


@dataclass(frozen=True, eq=False)
class Landmarks(Rule):
    """Each row belongs where the landmarks nearest to it belong.

    Parameters
    ----------
    places
        The landmarks, shape (landmarks, axes).
    groups
        The group of each landmark; every group has at least one.
    neighbours
        How many landmarks vote.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Landmarks(np.array([[0.0], [1.0], [9.0]]), np.array([0, 0, 1]))
    >>> rule.assign(np.array([[4.0], [6.0]])).tolist()
    [0, 1]
    """

    kind: ClassVar[str] = "landmarks"
    places: Floats
    groups: Labels
    neighbours: int = 1

    @property
    def k(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1

    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row."""
        if not len(matrix):
            return np.zeros(0, np.intp)
        _, near = self._tree.query(matrix, k=list(range(1, self._asked + 1)))
        votes = np.zeros((len(matrix), self.k))
        rows = np.arange(len(matrix))
        for rank in range(self._asked):
            weight = 1.0 + CLOSER * (self._asked - rank)
            votes[rows, self.groups[near[:, rank]]] += weight
        labels: Labels = votes.argmax(axis=1)
        return labels

    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        place = np.argsort(np.array(order))
        return type(self)(self.places, place[self.groups], self.neighbours)

    @cached_property
    def _tree(self) -> Any:
        return cKDTree(self.places)

    @property
    def _asked(self) -> int:
        return min(self.neighbours, len(self.places))

    def _numbers(self) -> dict[str, JSON]:
        return {
            "places": self.places.tolist(),
            "groups": self.groups.tolist(),
            "neighbours": self.neighbours,
        }

    @classmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        return cls(
            np.array(state["places"], dtype=np.float64),
            np.array(state["groups"], dtype=np.intp),
            int(state["neighbours"]),
        )
