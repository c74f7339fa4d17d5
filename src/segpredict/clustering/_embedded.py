"""A rule behind an embedding: rotate, or run through a trained encoder, then assign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from segpredict.clustering._points import Floats, Labels
from segpredict.clustering._rule import Rule
from segpredict.tables import JSON


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of an encoder: weights of shape (in, out), and a bias."""

    weights: Floats
    bias: Floats

    def __call__(self, matrix: Floats) -> Floats:
        """Return what comes out for each row."""
        out = np.tile(self.bias, (len(matrix), 1))
        # Input by input, not by a matrix product: see `distances`.
        for axis, weights in enumerate(self.weights):
            out += matrix[:, axis, None] * weights
        return out


@dataclass(frozen=True, eq=False)
class Embedded(Rule):
    """Each row is carried into another space, where a rule finds its group.

    Parameters
    ----------
    layers
        The way there: one linear layer (PCA), or several with tanh between them (an
        encoder).
    rule
        The rule in the space that the last layer leads to.

    Examples
    --------
    >>> import numpy as np
    >>> from segpredict.clustering import Centres
    >>> flip = Layer(np.array([[-1.0]]), np.array([0.0]))
    >>> rule = Embedded((flip,), Centres(np.array([[-5.0], [5.0]])))
    >>> rule.assign(np.array([[4.0], [-4.0]])).tolist()
    [0, 1]
    """

    kind: ClassVar[str] = "embedded"
    layers: tuple[Layer, ...]
    rule: Rule

    @property
    def k(self) -> int:
        """How many groups there are."""
        return self.rule.k

    @property
    def is_soft(self) -> bool:
        """Whether a row can belong to several groups, by chances."""
        return self.rule.is_soft

    def assign(self, matrix: Floats) -> Labels:
        """Return the group of each row."""
        return self.rule.assign(embed(self.layers, matrix))

    def chances(self, matrix: Floats) -> Floats:
        """Return the chance of each group for each row, shape (rows, k)."""
        return self.rule.chances(embed(self.layers, matrix))

    def ordered(self, order: Sequence[int]) -> Self:
        """Return the rule with group ``order[i]`` renumbered to i."""
        return type(self)(self.layers, self.rule.ordered(order))

    def _numbers(self) -> dict[str, JSON]:
        layers = [
            {"weights": layer.weights.tolist(), "bias": layer.bias.tolist()}
            for layer in self.layers
        ]
        return {"layers": layers, "rule": self.rule.state()}

    @classmethod
    def _of(cls, state: Mapping[str, JSON]) -> Self:
        layers = tuple(
            Layer(
                np.array(layer["weights"], dtype=np.float64),
                np.array(layer["bias"], dtype=np.float64),
            )
            for layer in state["layers"]
        )
        return cls(layers, Rule.from_state(state["rule"]))


def embed(layers: Sequence[Layer], matrix: Floats) -> Floats:
    """Return where the layers carry each row; tanh between layers, not after the last.

    Examples
    --------
    >>> import numpy as np
    >>> twice = Layer(np.array([[2.0]]), np.array([1.0]))
    >>> embed((twice,), np.array([[3.0]])).tolist()
    [[7.0]]
    """
    for layer in layers[:-1]:
        matrix = np.tanh(layer(matrix))
    return layers[-1](matrix)
