"""Frozen rules that assign any point, seen or new, to its group."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.state import to_plain
from segpredict.core.types import JSON

Readers = Mapping[str, Callable[[JSON], Any]]


def euclidean_distances(matrix: FloatArray, centres: FloatArray) -> FloatArray:
    """Return the Euclidean distance of each row to each centre, shape (rows, centres).

    Summed axis by axis, not by a matrix product, whose last digits depend on how many
    rows are computed at once.

    >>> euclidean_distances(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0], [3.0, 4.0]])).tolist()
    [[5.0, 0.0]]
    """
    squares = np.zeros((len(matrix), len(centres)))
    for axis in range(matrix.shape[1]):
        squares += (matrix[:, axis, None] - centres[:, axis]) ** 2
    return np.sqrt(squares)


def nearest_centre(matrix: FloatArray, centres: FloatArray) -> IndexArray:
    """Return the index of the nearest centre of each row; ties go to the first."""
    labels: IndexArray = euclidean_distances(matrix, centres).argmin(axis=1)
    return labels


class AssignmentRule(ABC):
    """A frozen way from a point to its group, 0 … k − 1.

    A subclass is a frozen dataclass whose fields are its whole state. Every row gets a
    group, however far away it is. Rules are equal when their states are.

    A rule gives a single row the same result as among others: no matrix products, whose
    last digits depend on how many rows are computed at once.

    >>> rule = AssignmentRule.from_state({"kind": "centres", "centres": [[0.0], [9.0]]})
    >>> rule.k, rule.assign(np.array([[7.0]])).tolist()
    (2, [1])
    """

    kind: ClassVar[str]
    _kinds: ClassVar[dict[str, type["AssignmentRule"]]] = {}
    _readers: ClassVar[Readers]  # of each field, from plain JSON

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        AssignmentRule._kinds[cls.kind] = cls

    @property
    @abstractmethod
    def k(self) -> int:
        """How many groups there are."""

    @abstractmethod
    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row, 0 … k − 1; ties go to the first."""

    @property
    def is_soft(self) -> bool:
        """Whether it gives probabilities of several groups."""
        return False

    def predict_proba(self, matrix: FloatArray) -> FloatArray:
        """Return the probability of each group for each row, shape (rows, k).

        One for the assigned group, unless the algorithm is a soft one.
        """
        return np.eye(self.k)[self.assign(matrix)]

    @abstractmethod
    def reordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""

    def to_state(self) -> JSON:
        """Return the rule as plain JSON; `from_state` gives an equal one back."""
        return {"kind": self.kind, **{n: to_plain(getattr(self, n)) for n in self._readers}}

    @staticmethod
    def from_state(state: JSON) -> "AssignmentRule":
        """Return the rule of a state."""
        if state["kind"] not in AssignmentRule._kinds:
            # A rule of its own is made known by its algorithm's module, or by a plugin.
            import_module("segpredict.segmentation.algorithms").CLUSTERERS.names()
        if state["kind"] not in AssignmentRule._kinds:
            raise ValueError(f"no rule is of the kind {state['kind']!r}")
        rule = AssignmentRule._kinds[state["kind"]]
        return rule(**{name: read(state[name]) for name, read in rule._readers.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssignmentRule) and self.to_state() == other.to_state()

    def __hash__(self) -> int:
        return hash((self.kind, self.k))


def read_floats(numbers: JSON) -> FloatArray:
    """Return the array of lists of numbers."""
    return np.array(numbers, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class NearestCentre(AssignmentRule):
    """Each row belongs to the nearest centre.

    >>> rule = NearestCentre(np.array([[0.0], [10.0]]))
    >>> rule.assign(np.array([[7.0], [1.0]])).tolist()
    [1, 0]
    >>> AssignmentRule.from_state(rule.to_state()) == rule
    True
    """

    kind: ClassVar[str] = "centres"
    _readers: ClassVar[Readers] = {"centres": read_floats}
    centres: FloatArray  # one point per group, shape (k, axes)

    @property
    def k(self) -> int:
        """How many groups there are."""
        return len(self.centres)

    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row."""
        return nearest_centre(matrix, self.centres)

    def reordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        return type(self)(self.centres[list(order)])


@dataclass(frozen=True, eq=False)
class GridCells(AssignmentRule):
    """Each row belongs to the group of the cell of the grid in which it lies.

    >>> rule = GridCells(((1.0,), (5.0,)), (0, 1, 1, 2))
    >>> rule.assign(np.array([[0.9, 4.9], [1.0, 4.9], [1.0, 5.0]])).tolist()
    [0, 1, 2]
    """

    kind: ClassVar[str] = "cells"
    _readers: ClassVar[Readers] = {
        "cut_points": lambda axes: tuple(tuple(map(float, cuts)) for cuts in axes),
        "groups": lambda groups: tuple(map(int, groups)),
    }
    # for each axis of the grid, the values from which the next score is given; rising
    cut_points: tuple[tuple[float, ...], ...]
    # the group of each cell, in the order of the scores, the last axis fastest
    groups: tuple[int, ...]

    @property
    def k(self) -> int:
        """How many groups there are."""
        return max(self.groups) + 1

    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row."""
        groups: IndexArray = np.array(self.groups, dtype=np.intp)[self.cell_codes(matrix)]
        return groups

    def cell_codes(self, matrix: FloatArray) -> IndexArray:
        """Return the cell of each row: its scores as one number."""
        cell = np.zeros(len(matrix), np.intp)
        for axis, cuts in enumerate(self.cut_points):
            score = np.searchsorted(np.array(cuts), matrix[:, axis], side="right")
            cell = cell * (len(cuts) + 1) + score
        return cell

    def reordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        place = {group: rank for rank, group in enumerate(order)}
        return type(self)(self.cut_points, tuple(place[group] for group in self.groups))


@dataclass(frozen=True, eq=False)
class NearestLandmarks(AssignmentRule):
    """Each row belongs to the group of the nearest landmark: groups need not be round.

    >>> rule = NearestLandmarks(np.array([[0.0], [1.0], [9.0]]), np.array([0, 0, 1]))
    >>> rule.assign(np.array([[4.0], [6.0]])).tolist()
    [0, 1]
    """

    kind: ClassVar[str] = "landmarks"
    _readers: ClassVar[Readers] = {
        "points": read_floats,
        "groups": lambda groups: np.array(groups, np.intp),
    }
    points: FloatArray  # the landmarks, shape (landmarks, axes)
    groups: IndexArray  # the group of each landmark; every group has at least one

    @property
    def k(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1

    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row."""
        if not len(matrix):
            return np.zeros(0, np.intp)
        labels: IndexArray = self.groups[self._tree.query(matrix)[1]]
        return labels

    def reordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        return type(self)(self.points, np.argsort(np.array(order))[self.groups])

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.points)


@dataclass(frozen=True, eq=False)
class EncoderLayer:
    """One layer of an encoder: weights of shape (in, out), and a bias.

    >>> EncoderLayer(np.array([[2.0]]), np.array([1.0]))(np.array([[3.0]])).tolist()
    [[7.0]]
    """

    weights: FloatArray
    bias: FloatArray

    def __call__(self, matrix: FloatArray) -> FloatArray:
        """Return the output for each row."""
        out = np.tile(self.bias, (len(matrix), 1))
        # Input by input, not by a matrix product: see `euclidean_distances`.
        for axis, weights in enumerate(self.weights):
            out += matrix[:, axis, None] * weights
        return out


def _read_layers(layers: JSON) -> tuple[EncoderLayer, ...]:
    return tuple(EncoderLayer(*map(read_floats, (e["weights"], e["bias"]))) for e in layers)


def apply_encoder(layers: Sequence[EncoderLayer], matrix: FloatArray) -> FloatArray:
    """Return the encoding of each row; tanh between layers, not after the last."""
    for layer in layers[:-1]:
        matrix = np.tanh(layer(matrix))
    return layers[-1](matrix)


@dataclass(frozen=True, eq=False)
class EmbeddedRule(AssignmentRule):
    """Each row is mapped into another space, where a rule assigns it.

    >>> from segpredict.segmentation.algorithms import NearestCentre
    >>> flip = EncoderLayer(np.array([[-1.0]]), np.array([0.0]))
    >>> rule = EmbeddedRule((flip,), NearestCentre(np.array([[-5.0], [5.0]])))
    >>> rule.assign(np.array([[4.0], [-4.0]])).tolist()
    [0, 1]
    """

    kind: ClassVar[str] = "embedded"
    _readers: ClassVar[Readers] = {"layers": _read_layers, "inner_rule": AssignmentRule.from_state}
    # the mapping: one linear layer (PCA), or several with tanh between them (an encoder)
    layers: tuple[EncoderLayer, ...]
    inner_rule: AssignmentRule  # the rule in the space of the last layer

    @property
    def k(self) -> int:
        """How many groups there are."""
        return self.inner_rule.k

    @property
    def is_soft(self) -> bool:
        """Whether it gives probabilities of several groups."""
        return self.inner_rule.is_soft

    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row."""
        return self.inner_rule.assign(apply_encoder(self.layers, matrix))

    def predict_proba(self, matrix: FloatArray) -> FloatArray:
        """Return the probability of each group for each row, shape (rows, k)."""
        return self.inner_rule.predict_proba(apply_encoder(self.layers, matrix))

    def reordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        return type(self)(self.layers, self.inner_rule.reordered(order))
