"""The interface of clustering algorithms, and the frozen groups that they return."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar, Self

import numpy as np

from segpredict.config.fill import Options
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.state import to_plain
from segpredict.core.types import JSON
from segpredict.errors import SupportError, UnknownNameError
from segpredict.segmentation.algorithms._assignment_rule import (
    AssignmentRule,
    NearestCentre,
    euclidean_distances,
)
from segpredict.segmentation.algorithms._points import WeightedPoints

RADIUS_QUANTILE = 0.99  # of a group's rows lie within its radius
RADIUS_TOLERANCE = 1e-5  # the points of the fit are rounded, new rows are not
MIN_RADIUS = 0.1  # so that a group of equal customers includes near ones


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Frozen groups: the rule that assigns points, and their centres.

    >>> points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [9.0]]))
    >>> found = Clusters.from_centres(points, np.array([[0.5], [9.0]]))
    >>> found.k, found.inertia
    (2, 0.5)
    """

    assignment_rule: AssignmentRule  # assigns any point, seen or new
    # mean of each group's rows, shape (k, axes); rising on the first axis, then the second and so
    # on, unless `reordered` otherwise
    centres: FloatArray
    inertia: float = 0.0  # sum of squared distances of all rows to the centre of their group
    # radius within which 99 % of a group's rows lie; empty where unknown
    group_radii: tuple[float, ...] = ()
    # share of the rows that the algorithm left out as noise. They belong to the nearest group, so
    # that every customer has a segment.
    noise_share: float = 0.0
    # metrics of the fit: ``bic`` and ``icl`` of a mixture, ``reconstruction_error`` of an
    # autoencoder, ``agreement``, the share of the rows whose group is the same under the rule and
    # the algorithm (where the rule is not the algorithm's own)
    facts: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_rule(
        cls,
        points: WeightedPoints,
        rule: AssignmentRule,
        *,
        noise: float = 0.0,
        facts: Mapping[str, float] | None = None,
    ) -> "Clusters":
        """Return the groups that a rule makes of the points."""
        labels = rule.assign(points.matrix)
        centres = points.group_means(labels, _before(points, rule))
        centre = np.zeros((1, centres.shape[1]))
        own = euclidean_distances(points.matrix - centres[labels], centre)[:, 0]
        inertia = float((own**2 * points.weights).sum())
        radii = _radii(own, points, labels, rule.k)
        found = cls(rule, centres, inertia, radii, noise, dict(facts or {}))
        return found.reordered(np.lexsort(centres.T[::-1]).tolist())

    @classmethod
    def from_centres(cls, points: WeightedPoints, centres: FloatArray) -> "Clusters":
        """Return the groups that these centres make of the points."""
        return cls.from_rule(points, NearestCentre(centres))

    @property
    def k(self) -> int:
        """How many groups there are."""
        return self.assignment_rule.k

    def assign(self, matrix: FloatArray) -> IndexArray:
        """Return the group of each row, 0 … k − 1; every row has one."""
        return self.assignment_rule.assign(matrix)

    def predict_proba(self, matrix: FloatArray) -> FloatArray:
        """Return the probability of each group for each row, shape (rows, k)."""
        return self.assignment_rule.predict_proba(matrix)

    def reordered(self, order: Sequence[int]) -> "Clusters":
        """Return the same groups with ``order[i]`` renumbered to i."""
        return replace(
            self,
            assignment_rule=self.assignment_rule.reordered(order),
            centres=self.centres[list(order)],
            group_radii=tuple(self.group_radii[g] for g in order) if self.group_radii else (),
        )

    def to_state(self) -> JSON:
        """Return the groups as plain JSON; `from_state` gives equal ones back."""
        return {f.name: to_plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_state(cls, state: JSON) -> "Clusters":
        """Return the groups of a state.

        Raises `KeyError`, `TypeError` or `ValueError` when the state lacks a part.
        """
        return cls(
            AssignmentRule.from_state(state["assignment_rule"]),
            np.array(state["centres"], dtype=np.float64),
            float(state["inertia"]),
            tuple(map(float, state["group_radii"])),
            float(state["noise_share"]),
            {name: float(value) for name, value in state["facts"].items()},
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Clusters) and self.to_state() == other.to_state()

    def __hash__(self) -> int:
        return hash((self.assignment_rule, self.inertia))


def _before(points: WeightedPoints, rule: AssignmentRule) -> FloatArray:
    """Return the centre of a group without points."""
    if isinstance(rule, NearestCentre):
        return rule.centres
    middle = points.group_means(np.zeros(len(points), np.intp), points.matrix[:1])
    return np.repeat(middle, rule.k, axis=0)


def _radii(
    own: FloatArray, points: WeightedPoints, labels: IndexArray, k: int
) -> tuple[float, ...]:
    order = np.lexsort((own, labels))
    radii = []
    for group in range(k):
        members = order[labels[order] == group]
        passed = np.cumsum(points.weights[members])
        rank = np.searchsorted(passed, RADIUS_QUANTILE * passed[-1]) if len(members) else 0
        radii.append(float(own[members[rank]]) if len(members) else 0.0)
    return tuple(max(radius + RADIUS_TOLERANCE, MIN_RADIUS) for radius in radii)


class Clusterer(Options):
    """One clustering algorithm; a module of this package offers it as ``PART``.

    A subclass is a frozen dataclass whose fields are its settings, each with a default;
    `with_settings` changes them. It overrides `fit`, or `fit_many` where numbers of groups
    can share work: one tree to cut, one encoder to train.

    >>> from segpredict.segmentation.algorithms import CLUSTERERS
    >>> points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> CLUSTERERS.get("kmeans").fit(points, 2, seed=0, n_init=5).centres.tolist()
    [[0.5], [10.5]]
    """

    section: ClassVar[str] = "segmentation.algorithm_settings"
    # how complex it is to explain, 0 the simplest; of equally good groupings the simpler one is
    # selected
    complexity_rank: ClassVar[int]
    # whether it finds the number of groups itself: `k` is then ignored, and the number found may be
    # any from 1 on
    is_density_based: ClassVar[bool] = False
    required_extra: ClassVar[str | None] = None  # the extra of this package that it needs, if any

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points.

        Deterministic algorithms ignore the random seed, those without starts `n_init`.

        Raises `SupportError` when there are fewer distinct points than groups, or no distinct
        groups; `ExtraMissingError` when the algorithm needs an extra that is not installed.
        """
        return self.fit_many(points, (k,), seed=seed, n_init=n_init)[0]

    def fit_many(
        self, points: WeightedPoints, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups of `fit` for each of `ks`."""
        if self.is_density_based:
            return [self.fit(points, min(ks), seed=seed, n_init=n_init)] * len(ks)
        return [self.fit(points, k, seed=seed, n_init=n_init) for k in ks]

    def with_settings(self, settings: Mapping[str, JSON]) -> Self:
        """Return the algorithm with some of its options changed.

        Raises `UnknownNameError` when it has no option of a name; `ConfigError` when a value is of
        another kind, or out of its range.
        """
        known = {f.name: f for f in fields(self)}
        for name in settings:
            if name not in known:
                kind = type(self).__module__.rsplit(".", 1)[-1].lstrip("_")
                raise UnknownNameError(f"setting of {kind}", name, known)
        return replace(self, **settings)


def require_points(points: WeightedPoints, k: int) -> None:
    """Refuse to make more groups than there are distinct points."""
    if len(points) < k:
        fewer = len(points)
        raise SupportError(
            f"{k} groups were asked for, and the {points.n_rows} rows hold only "
            f"{fewer} distinct points.",
            fix=f"--set segmentation.k={fewer} asks for fewer segments."
            if fewer > 1
            else "give more varied data; customers who all buy alike form no segments.",
            count=len(points),
        )
