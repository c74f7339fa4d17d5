"""A world in which the current segment alone decides the chances of the next."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segpredict.core.arrays import Floats, Ints
from segpredict.errors import UsageError
from segpredict.oracle._world import START, Moment, Planted, lines

BLOCK = 91  # days in which a state holds; windows of tests and training must fit them
PURCHASES = (0, 1, 3, 8)  # on different days, by state
LEVELS = (0.0, 20.0, 50.0, 120.0)  # of one purchase, in currency
SPREAD = 0.1  # of a purchase around its level, as a share
NEXT = (
    (0.62, 0.24, 0.10, 0.04),
    (0.38, 0.36, 0.20, 0.06),
    (0.20, 0.22, 0.40, 0.18),
    (0.10, 0.08, 0.22, 0.60),
)


@dataclass(frozen=True, slots=True)
class MarkovWorld:
    """Customers who change state from window to window by one matrix.

    Parameters
    ----------
    name, meaning
        What it is called, and what is true in it.
    days
        How long it lasts: whole windows.
    settings
        Settings of the run: origins must stand where windows meet.
    """

    name: str = "markov"
    meaning: str = "The current segment decides the chances of the next; nothing else."
    days: int = 20 * BLOCK
    settings: tuple[str, ...] = (f"time.step={BLOCK}", f"time.horizon={BLOCK}")

    def draw(self, customers: int, seed: int) -> Planted:
        """Return the purchases of so many customers, and their states as truth."""
        rng = np.random.default_rng(seed)
        cuts = np.cumsum(NEXT, axis=1)[:, :-1]
        states = np.empty((self.days // BLOCK, customers), dtype=np.int64)
        states[0] = rng.integers(1, len(PURCHASES), customers)
        for block in range(1, len(states)):
            luck = rng.random(customers)[:, None]
            states[block] = (luck > cuts[states[block - 1]]).sum(axis=1)
        parts = [self._block(rng, states[i], i * BLOCK) for i in range(len(states))]
        customer, day, amount = (
            np.concatenate(each) for each in zip(*parts, strict=True)
        )
        return Planted(self.days, lines(customer, day, amount), states)

    @staticmethod
    def _block(
        rng: np.random.Generator, states: Ints, start: int
    ) -> tuple[Ints, Ints, Floats]:
        days = rng.permuted(np.tile(np.arange(BLOCK), (len(states), 1)), axis=1)
        is_bought = np.arange(max(PURCHASES)) < np.array(PURCHASES)[states][:, None]
        customer, place = np.nonzero(is_bought)
        level = np.array(LEVELS)[states[customer]]
        amount = level * (1 + SPREAD * (rng.random(customer.size) - 0.5))
        return customer, start + days[customer, place], amount

    def chances(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> Floats:
        """Return the row of the true matrix that belongs to the current state.

        Raises
        ------
        UsageError
            When the question does not fit the windows of the world.
        """
        del draws, seed
        blocks, rest = divmod(moment.cutoff - START, BLOCK)
        if rest or moment.gap or moment.horizon != BLOCK:
            raise UsageError(
                f"The world {self.name} is one of whole windows of {BLOCK} days.",
                fix=f"give {', '.join(self.settings)} and no gap.",
            )
        days = np.array(PURCHASES)
        segments = moment.segments(days, days * np.array(LEVELS))
        rows = np.zeros((len(PURCHASES), moment.classes))
        for state, segment in enumerate(segments.tolist()):
            rows[:, segment] += np.array(NEXT)[:, state]
        now = planted.truth[blocks - 1]
        return np.asarray(rows[now[np.char.lstrip(customers, "c").astype(np.int64)]])
