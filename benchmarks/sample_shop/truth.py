"""The forecast of who knows every customer's nature, but not whether they have left.

Whether they are still customers follows from the pause since the last order and the visits in it
(`segpredict.data.sample.drivers`); what they do next is played many times.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc

from contest.world import Moment, Planted
from segpredict.core.arrays import BoolArray, FloatArray, IntArray
from segpredict.data.sample.customers import SPEND_P
from segpredict.data.sample.drivers import KnownPast, SampleTruth

FIRST_ID = 12346  # the id of the first customer
SMOOTHING = 0.5  # of a draw for every segment: none is ruled out by luck


@dataclass(frozen=True, slots=True)
class SampleWorld:
    """The sample shop as a world of the contest, of which everything is known."""

    truth: SampleTruth
    start: int  # the first day (a day number)
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
        past, known = self.truth.past_at(moment.cutoff - self.start)
        places = np.searchsorted(known, customers.astype(np.int64) - FIRST_ID)
        rng, total = np.random.default_rng(seed), np.zeros((len(customers), moment.classes))
        stays, lasts = past.probability_of_stay(), past.survival(past.day)
        for _ in range(draws):
            rest = _gaps(lasts * rng.random(lasts.size), past.people.regularity)
            is_here = rng.random(stays.size) < stays
            days, spend = _play(past, rest, is_here, moment.horizon, rng)
            codes = moment.segments(days[places], spend[places])
            total[np.arange(len(codes)), codes] += 1
        return np.asarray((total + SMOOTHING) / (total + SMOOTHING).sum(axis=1, keepdims=True))


def _gaps(survival: FloatArray, shape: IntArray) -> FloatArray:
    """Return the gaps, 1 on average, that last longer with such probabilities."""
    found, grid = np.empty(survival.size), np.geomspace(1e-4, 60.0, 4_000)
    for k in np.unique(shape):
        own, falls = shape == k, -np.log(np.maximum(gammaincc(k, k * grid), 1e-300))
        found[own] = np.interp(-np.log(np.maximum(survival[own], 1e-300)), falls, grid)
    return found


def _play(
    past: KnownPast,
    rest: FloatArray,
    is_here: BoolArray,
    horizon: int,
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:
    """Play the days ahead once: purchase days and spend of every customer.

    `rest` is the length of the gap that is under way, in units of the mean gap.
    """
    people, n = past.people, past.last.size
    kind, k = people.sale_kind, people.regularity
    end = past.clock.to_ticks(np.full(n, past.day + float(horizon)), kind)
    now = past.clock.to_ticks(past.last, kind) + rest / people.rate
    active = np.flatnonzero(is_here & (now < end))
    who, when = [active], [now[active]]
    while active.size:
        active = active[rng.random(active.size) >= people.drop[active]]
        now[active] += rng.gamma(k[active]) / (k[active] * people.rate[active])
        active = active[now[active] < end[active]]
        who.append(active)
        when.append(now[active])
    buyer, ticks = np.concatenate(who), np.concatenate(when)
    day = past.clock.to_days(ticks, kind[buyer]).astype(np.int64)
    spent = people.spend_mean[buyer] * rng.gamma(SPEND_P, 1 / SPEND_P, buyer.size)
    whole = np.unique(buyer * 10_000 + day) // 10_000
    return np.bincount(whole, minlength=n), np.bincount(buyer, spent, minlength=n)
