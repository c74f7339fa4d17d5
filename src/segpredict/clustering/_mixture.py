"""The rule of the likeliest Gaussian: soft groups, each with a shape of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from segpredict.clustering._points import Floats, Labels
from segpredict.clustering._rule import Rule
from segpredict.tables import JSON

LEAST_SHARE = 1e-12  # of the rows; a component that lost all of them stays finite


@dataclass(frozen=True, eq=False)
class Mixture(Rule):
    """Each row belongs to the component that most likely made it.

    Parameters
    ----------
    shares
        Share of the rows that each component made; they sum to 1.
    means
        One place a component, shape (k, axes).
    covariances
        One matrix a component, shape (k, axes, axes), positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> shapes = np.array([[[1.0]], [[1.0]]])
    >>> rule = Mixture(np.array([0.5, 0.5]), np.array([[0.0], [2.0]]), shapes)
    >>> rule.chances(np.array([[1.0], [2.0]])).round(3).tolist()
    [[0.5, 0.5], [0.119, 0.881]]
    """

    kind: ClassVar[str] = "mixture"
    shares: Floats
    means: Floats
    covariances: Floats

    @property
    def k(self) -> int:
        """How many groups there are."""
        return len(self.means)

    @property
    def is_soft(self) -> bool:
        """Whether a row can belong to several groups, by chances."""
        return True

    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row."""
        labels: Labels = self.joint(matrix).argmax(axis=1)
        return labels

    def chances(self, matrix: Floats) -> Floats:
        """Return the chance of each group for each row, shape (rows, k)."""
        joint = self.joint(matrix)
        chances = np.exp(joint - joint.max(axis=1, keepdims=True))
        total = np.zeros(len(matrix))
        for group in range(self.k):
            total += chances[:, group]
        share: Floats = chances / total[:, None]
        return share

    def joint(self, matrix: Floats) -> Floats:
        """Return the log density of each row with each component, shape (rows, k)."""
        factors = np.linalg.inv(np.linalg.cholesky(self.covariances))
        logs = np.log(np.maximum(self.shares, LEAST_SHARE))
        for axis in range(matrix.shape[1]):
            logs = logs + np.log(factors[:, axis, axis])
        found = np.tile(logs, (len(matrix), 1))
        found -= 0.5 * matrix.shape[1] * np.log(2 * np.pi)
        away = [
            matrix[:, axis, None] - self.means[:, axis]
            for axis in range(matrix.shape[1])
        ]
        # Axis by axis, not by a matrix product: see `distances`.
        for row in range(matrix.shape[1]):
            part = np.zeros_like(found)
            for axis in range(row + 1):
                part += factors[:, row, axis] * away[axis]
            found -= 0.5 * part**2
        return found

    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        parts = (self.shares, self.means, self.covariances)
        return type(self)(*(part[list(order)] for part in parts))

    def _numbers(self) -> dict[str, JSON]:
        return {
            "shares": self.shares.tolist(),
            "means": self.means.tolist(),
            "covariances": self.covariances.tolist(),
        }

    @classmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        names = ("shares", "means", "covariances")
        return cls(*(np.array(state[name], dtype=np.float64) for name in names))
