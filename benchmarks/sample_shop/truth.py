"""The sample shop as a world of the contest, of which everything but the future is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contest.world import Moment, Planted
from segpredict.core.arrays import FloatArray
from segpredict.data.sample.known_future import KnownFuture


@dataclass(frozen=True, slots=True)
class SampleWorld:
    """The sample shop as a world of the contest, of which everything is known."""

    known: KnownFuture
    name: str = "shop"
    meaning: str = "Customers have rhythms, wait for sales, look around, and leave for reasons."
    settings: tuple[str, ...] = ()
    days: int = 728

    def draw(self, customers: int, seed: int) -> Planted:
        """Refuse: the shop was drawn before."""
        raise NotImplementedError

    def probabilities(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> FloatArray:
        """Return the share of each segment among so many plays of what is ahead."""
        del planted
        days = moment.cutoff, moment.gap, moment.horizon
        return self.known.probabilities(
            customers, days, moment.segments, moment.classes, draws, seed
        )
