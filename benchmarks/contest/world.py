"""What a simulated world is, what happened in it, and what the oracle is asked."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.classifier.models.baselines import SegmentBorders, segments_between
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.window import as_date, day_number

START = day_number("2020-01-06")  # the first day of every world, a Monday


@dataclass(frozen=True, slots=True)
class Planted:
    """What happened in a world.

    Parameters
    ----------
    days
        How long it lasted.
    lines
        One row a purchase: ``customer_id``, ``order_id``, ``time``, ``amount`` (in
        currency), which is all that a shop sees.
    truth
        What no shop sees, if the oracle needs it.
    """

    days: int
    lines: pl.DataFrame
    truth: Any = None

    @property
    def end_day(self) -> int:
        """The day after the last (a day number)."""
        return START + self.days


@dataclass(frozen=True, slots=True)
class Moment:
    """The question of one test, as the oracle needs it.

    Parameters
    ----------
    cutoff, gap, horizon
        The day T* (a day number), and days: to the outcome, and of it.
    borders
        The frozen segments, as spends from which on each begins, for 1, 2 … purchase
        days.
    classes
        Number of segments, INACTIVE included.
    """

    cutoff: int
    gap: int
    horizon: int
    borders: SegmentBorders
    classes: int

    def segments(self, days: IntArray, spend: FloatArray) -> IntArray:
        """Return the segment of each window with so many purchase days and spend."""
        return segments_between(self.borders, days, spend)


class World(Protocol):
    """A way to make customers of whom everything is known."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def meaning(self) -> str:
        """What is true in it, in one sentence."""

    @property
    def settings(self) -> tuple[str, ...]:
        """Settings of the run that its truth asks for, such as ``time.step=91``."""

    @property
    def days(self) -> int:
        """How long it should last."""

    def draw(self, customers: int, seed: int) -> Planted:
        """Return what happened."""

    def probabilities(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> FloatArray:
        """Return the probability of each segment, one row a customer as given.

        Nothing of `planted` on or after the cutoff is looked at, unless the world is
        one in which the past fixes it.
        """


def ids(count: int) -> npt.NDArray[np.str_]:
    """Return the names of the first so many customers, in sorted order."""
    return np.array([f"c{i:07d}" for i in range(count)])


def lines(customer: IntArray, day: IntArray, amount: FloatArray) -> pl.DataFrame:
    """Return purchases in the columns of an export, by day and customer.

    Days count from the first of the world; amounts are rounded to cents.
    """
    order = np.lexsort((customer, day))
    names = ids(int(customer.max()) + 1)
    dates = pl.Series(day[order] + START, dtype=pl.Int32).cast(pl.Date)
    cents = np.maximum(np.rint(amount[order] * 100), 1)
    return pl.DataFrame(
        {
            "customer_id": names[customer[order]],
            "order_id": pl.int_range(len(order), eager=True).cast(pl.String),
            "time": dates,
            "amount": cents / 100,
        }
    )


def before(planted: Planted, day: int) -> pl.DataFrame:
    """Return the purchases before a day."""
    return planted.lines.filter(pl.col("time") < as_date(day))
