"""What all candidates of one instrument share: one sample, one set of resamples."""

from dataclasses import dataclass
from functools import cached_property

from segpredict.clustering import CompareOptions, Floats, Points
from segpredict.criteria.internal import Folds
from segpredict.criteria.resampling import (
    bootstrap,
    gaussian,
    halves,
    permuted,
    systematic,
)

NULL_DRAWS = 2  # bootstrap draws in one null world


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """The newest customers, in today's space and in that of one horizon earlier.

    Parameters
    ----------
    points
        What could be known one horizon ago, in its own space.
    then, now
        The newest window's rows in that space, and in today's.
    """

    points: Points
    then: Floats
    now: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """One world without groups, and resamples of it.

    Parameters
    ----------
    sample
        Its rows.
    resamples
        Bootstrap samples of them.
    halves
        The rows, halved.
    """

    sample: Points
    resamples: tuple[Points, ...]
    halves: tuple[Points, Points]

    @classmethod
    def of(cls, sample: Points, seed: int, draw: int, draws: int) -> "Null":
        """Return a world with its resamples."""
        again = tuple(
            bootstrap(sample, seed, draw * NULL_DRAWS + i) for i in range(draws)
        )
        return cls(sample, again, halves(sample, seed, draw))


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that does not depend on the candidate, worked out once.

    Parameters
    ----------
    points
        All rows, in standard deviations; value is the first axis.
    options
        How thoroughly to measure.
    windows
        How many windows the rows come from.
    customers
        How many customers they come from, where a customer has several.
    seed
        Start of every random draw.
    earlier
        What the temporal comparison needs; ``None`` where history is too short.
    """

    points: Points
    options: CompareOptions
    windows: int = 1
    customers: int | None = None
    seed: int = 0
    earlier: Earlier | None = None

    @cached_property
    def sample(self) -> Points:
        """The rows on which stability is measured."""
        rows = self.options.rows
        return systematic(self.points, min(rows, self.customers or rows))

    @cached_property
    def folds(self) -> Folds:
        """Samples with all their distances."""
        return Folds.of(systematic(self.points, self.options.rows))

    @cached_property
    def resamples(self) -> tuple[Points, ...]:
        """Bootstrap samples."""
        draws = range(self.options.draws)
        return tuple(bootstrap(self.sample, self.seed, draw) for draw in draws)

    @cached_property
    def halves(self) -> tuple[tuple[Points, Points], ...]:
        """Halvings."""
        splits = range(self.options.splits)
        return tuple(halves(self.sample, self.seed, draw) for draw in splits)

    @cached_property
    def gaussian(self) -> tuple[Null, ...]:
        """Worlds of one Gaussian with the same covariance."""
        return tuple(
            Null.of(gaussian(self.sample, self.seed, draw), self.seed, draw, NULL_DRAWS)
            for draw in range(self.options.nulls)
        )

    @cached_property
    def permuted(self) -> tuple[Null, ...]:
        """Worlds in which no column knows another."""
        return tuple(
            Null.of(permuted(self.sample, self.seed, draw), self.seed, draw, 0)
            for draw in range(self.options.nulls)
        )
