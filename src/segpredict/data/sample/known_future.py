"""The forecast of who knows every customer's nature, but not whether they have left.

Whether they are still customers follows from the pause since the last order and the visits in it
(`drivers`); what they do next is played many times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import gammaincc

from segpredict.core.arrays import BoolArray, FloatArray, IntArray
from segpredict.core.window import day_number
from segpredict.data.sample.customers import SPEND_P
from segpredict.data.sample.drivers import KnownPast, SampleTruth
from segpredict.data.sample.folder import TRUTH_FILE
from segpredict.data.sample.order_lines import FIRST_ID
from segpredict.data.sample.sample import DRAWN_FROM, draw_truth

SMOOTHING = 0.5  # of a play for every segment: none is ruled out by luck

# From purchase days and spend of customers to their segments.
SegmentFunction = Callable[[IntArray, FloatArray], IntArray]


@dataclass(frozen=True, slots=True)
class KnownFuture:
    """The sample shop, of which everything is known but what is ahead."""

    truth: SampleTruth
    start: int  # the first day (a day number)

    @classmethod
    def of_folder(cls, folder: Path) -> "KnownFuture | None":
        """Return that of a folder made by `write_sample`; ``None`` if another version made it."""
        path = folder / TRUTH_FILE
        drawn = pl.read_parquet_metadata(path)
        if not set(DRAWN_FROM) <= set(drawn):
            return None
        customers, seed, days = (int(drawn[name]) for name in DRAWN_FROM[:3])
        again = draw_truth(customers, seed, days, drawn["start"])
        written = pl.read_parquet(path, columns=["rate_per_day"], glob=False)[
            "rate_per_day"
        ].to_numpy()
        is_same = np.array_equal(again.people.rate[:customers], written)
        return cls(again, day_number(drawn["start"])) if is_same else None

    def probabilities(
        self,
        customers: npt.NDArray[np.str_],
        days: tuple[int, int, int],
        segment_of: SegmentFunction,
        n_segments: int,
        draws: int,
        seed: int,
    ) -> FloatArray:
        """Return the share of each segment among so many plays of what is ahead.

        * `customers`: ids, one a row of the result.
        * `days`: the cutoff (a day number), and the lengths of gap and outcome.
        * `segment_of`, `n_segments`: the segments of an outcome, without an order the first.
        """
        cutoff, gap, horizon = days
        past, known = self.truth.past_at(cutoff - self.start)
        places = np.searchsorted(known, customers.astype(np.int64) - FIRST_ID)
        rng, total = np.random.default_rng(seed), np.zeros((len(customers), n_segments))
        stays, lasts = past.probability_of_stay(), past.survival(past.day)
        for _ in range(draws):
            rest = _gaps(lasts * rng.random(lasts.size), past.people.regularity)
            is_here = rng.random(stays.size) < stays
            bought, spent = _play(past, rest, is_here, (gap, horizon), rng)
            codes = segment_of(bought[places], spent[places])
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
    ahead: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:
    """Play the days ahead once: purchase days and spend of every customer.

    `rest` is the length of the gap that is under way, in units of the mean gap; `ahead` the days
    to the outcome, and of it.
    """
    wait, horizon = ahead
    people, n = past.people, past.last.size
    kind, k = people.sale_kind, people.regularity
    end = past.clock.to_ticks(np.full(n, float(past.day + wait + horizon)), kind)
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
    inside = day >= past.day + wait
    buyer, day = buyer[inside], day[inside]
    spent = people.spend_mean[buyer] * rng.gamma(SPEND_P, 1 / SPEND_P, buyer.size)
    whole = np.unique(buyer * 10_000 + day) // 10_000
    bought = np.bincount(whole, minlength=n).astype(np.int64)
    return bought, np.bincount(buyer, spent, minlength=n).astype(np.float64)
