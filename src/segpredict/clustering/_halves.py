"""The rule of halves: at each cut to the nearer side, until a group is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from segpredict.clustering._centres import nearest
from segpredict.clustering._points import Floats, Labels
from segpredict.clustering._rule import Rule
from segpredict.tables import JSON


@dataclass(frozen=True, eq=False)
class Halves(Rule):
    """Each row goes to the nearer side of one cut after the other.

    Parameters
    ----------
    sides
        The two centres of each cut, shape (cuts, 2, axes); a cut stands before those
        that cut its sides.
    leads
        Where each side leads: to a cut, by its number, or to group g, by −1 − g.

    Examples
    --------
    >>> import numpy as np
    >>> sides = np.array([[[0.0], [10.0]], [[8.0], [12.0]]])
    >>> rule = Halves(sides, ((-1, 1), (-2, -3)))
    >>> rule.assign(np.array([[1.0], [9.0], [11.0]])).tolist()
    [0, 1, 2]
    """

    kind: ClassVar[str] = "halves"
    sides: Floats
    leads: tuple[tuple[int, int], ...]

    @property
    def k(self) -> int:
        """How many groups there are."""
        return len(self.leads) + 1

    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row."""
        at = np.zeros(len(matrix), np.intp)
        for cut, (centres, leads) in enumerate(
            zip(self.sides, self.leads, strict=True)
        ):
            here = at == cut
            at[here] = np.array(leads)[nearest(matrix[here], centres)]
        groups: Labels = ~at
        return groups

    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        place = {~group: ~rank for rank, group in enumerate(order)}
        leads = [(place.get(a, a), place.get(b, b)) for a, b in self.leads]
        return type(self)(self.sides, tuple(leads))

    def _numbers(self) -> dict[str, JSON]:
        return {"sides": self.sides.tolist(), "leads": [list(x) for x in self.leads]}

    @classmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        leads = tuple((int(a), int(b)) for a, b in state["leads"])
        return cls(np.array(state["sides"], dtype=np.float64), leads)
