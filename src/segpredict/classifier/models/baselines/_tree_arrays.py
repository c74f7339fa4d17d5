"""Trees as plain arrays: the same code predicts fitted and stored ones."""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON

CellArray = npt.NDArray[np.float32]
LEAF_MARK = -1
ARRAY_TYPES = {"feature": "<i2", "threshold": "<f4", "left": "<i4", "right": "<i4"}


@dataclass(frozen=True, slots=True)
class TreeEnsemble:
    """Many trees, one after the other."""

    roots: npt.NDArray[np.int32]  # the first node of each tree
    feature: npt.NDArray[np.int16]  # column that a node splits on; −1 in a leaf
    threshold: npt.NDArray[np.float32]  # up to this value a row goes left
    # the nodes below
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    probabilities: npt.NDArray[np.float32]  # nodes × segments; only leaves are read

    @classmethod
    def from_sklearn(
        cls, trees: Sequence[Any], probabilities: Sequence[FloatArray]
    ) -> "TreeEnsemble":
        """Return the ensemble of scikit-learn's trees, with these leaf probabilities."""
        sizes = [len(tree.feature) for tree in trees]
        roots = np.cumsum([0, *sizes[:-1]])
        whole = np.concatenate([tree.threshold for tree in trees])
        near = whole.astype(np.float32)
        # Rows hold single precision: rounding down keeps every comparison as it was.
        low = np.nextafter(near, np.float32(-np.inf), dtype=np.float32)
        is_leaf = np.concatenate([tree.children_left for tree in trees]) < 0
        feature = np.concatenate([tree.feature for tree in trees])
        below = [
            np.concatenate([getattr(t, side) + root for t, root in zip(trees, roots, strict=True)])
            for side in ("children_left", "children_right")
        ]
        left, right = (np.where(is_leaf, 0, at).astype(np.int32) for at in below)
        return cls(
            roots.astype(np.int32),
            np.where(is_leaf, LEAF_MARK, feature).astype(np.int16),
            np.where(near > whole, low, near),
            left,
            right,
            np.concatenate(probabilities).astype(np.float32),
        )

    def predict_proba(self, cells: CellArray) -> FloatArray:
        """Return the mean over trees of the probabilities in each row's leaf."""
        rows = np.arange(len(cells))
        total = np.zeros((len(cells), self.probabilities.shape[1]))
        # Tree by tree, so that each row's sum runs in one order.
        for root in self.roots:
            nodes = np.full(len(cells), root, dtype=np.int32)
            open_rows = rows[self.feature[nodes] != LEAF_MARK]
            while len(open_rows):
                at = nodes[open_rows]
                goes_left = cells[open_rows, self.feature[at]] <= self.threshold[at]
                nodes[open_rows] = np.where(goes_left, self.left[at], self.right[at])
                open_rows = open_rows[self.feature[nodes[open_rows]] != LEAF_MARK]
            total += self.probabilities[nodes]
        return np.asarray(total / len(self.roots), dtype=np.float64)

    def to_state(self) -> JSON:
        """Return the arrays as text: little-endian bytes, packed, in base 64."""
        return {
            "segments": self.probabilities.shape[1],
            "roots": _packed(self.roots, "<i4"),
            "probabilities": _packed(self.probabilities, "<f4"),
            **{name: _packed(getattr(self, name), form) for name, form in ARRAY_TYPES.items()},
        }

    @classmethod
    def from_state(cls, state: JSON) -> "TreeEnsemble":
        """Return the forest of a state."""
        nodes = {name: _unpacked(state[name], form) for name, form in ARRAY_TYPES.items()}
        probabilities = _unpacked(state["probabilities"], "<f4").reshape(-1, state["segments"])
        return cls(roots=_unpacked(state["roots"], "<i4"), probabilities=probabilities, **nodes)


def _packed(values: npt.NDArray[Any], form: str) -> str:
    content = zlib.compress(np.ascontiguousarray(values, dtype=form).tobytes())
    return base64.b64encode(content).decode()


def _unpacked(text: str, form: str) -> npt.NDArray[Any]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=form)
