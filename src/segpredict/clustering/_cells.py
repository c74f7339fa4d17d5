"""The rule of cells: fifths of the first two axes, and a group for each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from segpredict.clustering._points import Floats, Labels
from segpredict.clustering._rule import Rule
from segpredict.tables import JSON


@dataclass(frozen=True, eq=False)
class Cells(Rule):
    """Each row belongs to the group of the cell of the grid in which it lies.

    Parameters
    ----------
    cuts
        For each axis of the grid, from which value on the next score is given; rising.
    groups
        The group of each cell, in the order of the scores, the last axis fastest.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Cells(((1.0,), (5.0,)), (0, 1, 1, 2))
    >>> rule.assign(np.array([[0.9, 4.9], [1.0, 4.9], [1.0, 5.0]])).tolist()
    [0, 1, 2]
    """

    kind: ClassVar[str] = "cells"
    cuts: tuple[tuple[float, ...], ...]
    groups: tuple[int, ...]

    @property
    def k(self) -> int:
        """How many groups there are."""
        return max(self.groups) + 1

    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row."""
        groups: Labels = np.array(self.groups, dtype=np.intp)[self.cells(matrix)]
        return groups

    def cells(self, matrix: Floats) -> Labels:
        """Return the cell of each row: its scores as one number."""
        cell = np.zeros(len(matrix), np.intp)
        for axis, cuts in enumerate(self.cuts):
            score = np.searchsorted(np.array(cuts), matrix[:, axis], side="right")
            cell = cell * (len(cuts) + 1) + score
        return cell

    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        place = {group: rank for rank, group in enumerate(order)}
        return type(self)(self.cuts, tuple(place[group] for group in self.groups))

    def _numbers(self) -> dict[str, JSON]:
        return {"cuts": [list(c) for c in self.cuts], "groups": list(self.groups)}

    @classmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        cuts = tuple(tuple(map(float, c)) for c in state["cuts"])
        return cls(cuts, tuple(map(int, state["groups"])))
