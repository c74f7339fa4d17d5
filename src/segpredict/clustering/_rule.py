"""How any point, seen or new, finds its group: frozen numbers, nothing that learns."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from segpredict.clustering._points import Floats, Labels
from segpredict.tables import JSON


class Rule(ABC):
    """A frozen way from a point to its group, 0 … k − 1.

    Every row gets a group, however far away it lies; `Clusters.is_unlike` tells of
    those that lie farther than members do. Rules are equal when their states are.

    Notes
    -----
    A rule answers for a row alone what it answers among others: no matrix products,
    whose last digits depend on how many rows are asked at once.
    """

    kind: ClassVar[str]
    _kinds: ClassVar[dict[str, type["Rule"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Rule._kinds[cls.kind] = cls

    @property
    @abstractmethod
    def k(self) -> int:
        """How many groups there are."""

    @abstractmethod
    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row, 0 … k − 1; ties go to the first."""

    @property
    def is_soft(self) -> bool:
        """Whether a row can belong to several groups, by chances."""
        return False

    def chances(self, matrix: Floats) -> Floats:
        """Return the chance of each group for each row, shape (rows, k).

        All on one group, unless the algorithm is a soft one.
        """
        return np.eye(self.k)[self.assign(matrix)]

    @abstractmethod
    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""

    def state(self) -> JSON:
        """Return the rule as plain JSON; `from_state` gives an equal one back."""
        return {"kind": self.kind, **self._numbers()}

    @staticmethod
    def from_state(state: JSON) -> "Rule":
        """Return the rule of a state.

        Raises
        ------
        KeyError, TypeError, ValueError
            When the state is of no known kind, or lacks a part.
        """
        if state["kind"] not in Rule._kinds:
            raise ValueError(f"no rule is of the kind {state['kind']!r}")
        return Rule._kinds[state["kind"]]._of(state)

    @abstractmethod
    def _numbers(self) -> dict[str, JSON]:
        """Return what the rule knows, as plain JSON."""

    @classmethod
    @abstractmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        """Return the rule that knows this."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.state() == other.state()

    def __hash__(self) -> int:
        return hash((self.kind, self.k))
