"""The true probability that a customer of the sample shop stays silent, and what drives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import expit, gammaincc, logit

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.data.sample.customers import (
    REGULARITY,
    REGULARITY_SHARES,
    SampleCustomers,
    SampleOrders,
    leaving_effects,
)
from segpredict.data.sample.shop_clock import SAMPLE_HORIZON, ShopClock
from segpredict.data.sample.visits import FADING_DAYS

LOOKBACK = 364  # strengths are those of customers with an order in so many days
MAX_LOG_ODDS = 6.0  # what is nearly certain counts no more than this
# Driver → the columns of features that show it: whole families, or a prefix of names.
DRIVER_COLUMNS: Mapping[str, Sequence[str]] = {
    "visits": ("web_",),
    "rhythm": ("regularity", "ipt_", "overdue_"),
    "sales": ("discount_",),
    "price tier": ("price_",),
    "first category": ("who_first_category",),
}


@dataclass(frozen=True)
class KnownPast:
    """What a shop that knew its customers' nature would know of each on some day."""

    people: SampleCustomers  # those with an order before the day
    clock: ShopClock
    day: int
    last: FloatArray  # time of the last order before the day
    visit_days: FloatArray  # Σ of days from the last order to each visit after it

    def log_odds_of_leaving(self, without: str = "") -> FloatArray:
        """Return each customer's log-odds of leaving after an order, one driver unknown."""
        own = leaving_effects(self.people).get(without)
        found = logit(self.people.drop)
        return np.asarray(found if own is None else found - own + own.mean())

    def probability_of_stay(self, without: str = "") -> FloatArray:
        """Return the probability of still being a customer.

        Bayes' rule on two ways to a silence of e ticks with visits at days u after the last
        order: having left, p·Π exp(-u / τ)·exp(-vτ(1 - exp(-E / τ))), and still being here,
        (1 - p)·S(e)·exp(-vE), for E days and rates v, v·exp(-u / τ) of visits.
        """
        waited, rate = self.day - self.last, self.people.visits
        fading = rate * FADING_DAYS * (1 - np.exp(-waited / FADING_DAYS))
        seen = rate * waited - fading - self.visit_days / FADING_DAYS
        left = self.log_odds_of_leaving(without) + (0.0 if without == "visits" else seen)
        here = np.log(np.maximum(self.survival(self.day, without), 1e-300))
        return np.asarray(expit(here - left))

    def survival(self, day: float, without: str = "") -> FloatArray:
        """Return the probability that a gap lasts from the last order to some day."""
        people = self.people
        kind = np.zeros_like(people.sale_kind) if without == "sales" else people.sale_kind
        moments = self.clock.to_ticks(np.full(self.last.size, float(day)), kind)
        waited = people.rate * np.maximum(moments - self.clock.to_ticks(self.last, kind), 0.0)
        if without != "rhythm":
            return np.asarray(gammaincc(people.regularity, people.regularity * waited))
        shares = zip(REGULARITY, REGULARITY_SHARES, strict=True)
        return np.asarray(sum(share * gammaincc(k, k * waited) for k, share in shares))

    def probability_of_silence(
        self, horizon: int = SAMPLE_HORIZON, without: str = ""
    ) -> FloatArray:
        """Return the probability of no order in the days ahead, one driver unknown."""
        here = np.maximum(self.survival(self.day, without), 1e-300)
        buys = 1 - self.survival(self.day + horizon, without) / here
        return np.asarray(1 - self.probability_of_stay(without) * buys)


@dataclass(frozen=True)
class SampleTruth:
    """What happened in a sample shop, of which its export shows a part."""

    people: SampleCustomers
    orders: SampleOrders
    visits: pl.DataFrame  # those of `visits.draw_visits`
    clock: ShopClock

    def past_at(self, day: int) -> tuple[KnownPast, IntArray]:
        """Return the past at the start of a day, and the numbers of who had ordered by then."""
        n, orders = self.people.latent.size, self.orders
        last, before = np.full(n, -np.inf), orders.time < day
        np.maximum.at(last, orders.customer[before], orders.time[before])
        known = np.flatnonzero(last >= 0)
        seen = self.visits.filter(pl.col("day") < day)
        whose, moment = seen["customer"].to_numpy(), seen["day"].to_numpy() + 0.5
        later = moment - last[whose]
        after = later > 0.5  # the visit of the order itself says nothing new
        days = seen["sessions"].to_numpy()[after] * later[after]
        sums = np.bincount(whose[after], days, minlength=n).astype(np.float64)
        few = replace(self.people, **{k: each[known] for k, each in vars(self.people).items()})
        return KnownPast(few, self.clock, day, last[known], sums[known]), known


def driver_strengths(past: KnownPast) -> pl.DataFrame:
    """Return the drivers, strongest first.

    Strength is the mean absolute change of the log-odds of silence over the next 91 days when
    the driver is not known, over customers with an order in the last 364 days.
    """
    recent = past.last >= past.day - LOOKBACK
    known = _log_odds(past.probability_of_silence())

    def strength(driver: str) -> float:
        change = known - _log_odds(past.probability_of_silence(without=driver))
        return float(np.abs(change[recent]).mean()) if recent.any() else 0.0

    rows = [
        {"driver": name, "strength": strength(name), "columns": " ".join(columns)}
        for name, columns in DRIVER_COLUMNS.items()
    ]
    return pl.DataFrame(rows).sort("strength", descending=True)


def _log_odds(probability: FloatArray) -> FloatArray:
    return np.asarray(np.clip(logit(probability), -MAX_LOG_ODDS, MAX_LOG_ODDS))
