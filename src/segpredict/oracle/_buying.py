"""A world of BG/NBD customers with Gamma-Gamma spend, and its Bayes forecast.

The truth is one of whole days: who is still here buys on a day with the chance
1 − e^(−λ), and leaves after a day with a purchase, the first one aside, with the chance
p. Counted in days that is all there is to know: a shop that sees days sees as much as
the oracle. Where days are short beside 1/λ it is BG/NBD.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.core.arrays import Floats, Ints
from segpredict.oracle._world import Moment, Planted, before, lines
from segpredict.window import as_date

CELLS = 1_000_000  # customers × draws at a time, to bound memory
SMOOTHING = 0.5  # of a draw for every segment: none is ruled out by luck


@dataclass(frozen=True, slots=True)
class Buying:
    """Customers who buy at a pace of their own until they drop out.

    Parameters
    ----------
    name, meaning
        What it is called, and what is true in it.
    r, alpha
        Rates λ ~ Γ(r, α) a day; alpha in days.
    a, b
        Chances to leave p ~ Beta(a, b).
    p, q, v
        A purchase is Γ(p, ν) with ν ~ Γ(q, v); v in currency.
    days
        How long the world lasts. Customers come evenly over it.
    settings
        Settings of the run.
    """

    name: str
    meaning: str
    r: float
    alpha: float
    a: float
    b: float
    p: float
    q: float
    v: float
    days: int = 728
    settings: tuple[str, ...] = ()

    def draw(self, customers: int, seed: int) -> Planted:
        """Return the purchases of so many customers."""
        rng = np.random.default_rng(seed)
        now = rng.integers(0, self.days, customers)
        rate = rng.gamma(self.r, 1 / self.alpha, customers)
        leaves = rng.beta(self.a, self.b, customers)
        level = rng.gamma(self.q, 1 / self.v, customers)
        active = np.arange(customers)
        who, when = [active], [now.copy()]
        while active.size:
            wait = np.ceil(rng.exponential(1, active.size) / rate[active])
            now[active] += np.clip(wait, 1, self.days).astype(np.int64)
            active = active[now[active] < self.days]
            who.append(active)
            when.append(now[active])
            active = active[rng.random(active.size) >= leaves[active]]
        customer = np.concatenate(who)
        amount = rng.gamma(self.p, 1, customer.size) / level[customer]
        return Planted(self.days, lines(customer, np.concatenate(when), amount))

    def chances(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> Floats:
        """Return what follows for each customer under the true hyper-parameters.

        Notes
        -----
        Importance sampling: (λ, p) come from Γ(r + x, α + t_x) × Beta(a, b + x) and
        are weighted by prior × likelihood ÷ proposal; ν from its posterior, which is
        Γ(q + p·n, v + money). Each draw plays the outcome: Binomial days with a
        purchase, cut off where the customer leaves; their spend; the frozen segments.
        """
        known = _histories(planted, customers, moment.cutoff)
        rng = np.random.default_rng(seed)
        size = max(1, CELLS // draws)
        parts = [
            self._played(known[start : start + size], moment, draws, rng)
            for start in range(0, max(1, len(known)), size)
        ]
        return np.concatenate(parts)

    def _played(
        self, known: Floats, moment: Moment, draws: int, rng: np.random.Generator
    ) -> Floats:
        shape = (len(known), draws)
        x, t_x, age, bought, money = (column[:, None] for column in known.T)
        rate = rng.gamma(self.r + x, 1 / (self.alpha + t_x), shape)
        leaves = rng.beta(self.a, self.b + x, shape)
        here, gone = _weights(rate, leaves, (x, t_x, age))
        days = _days_ahead(rate, leaves, moment, rng)
        level = rng.gamma(self.q + self.p * bought, 1 / (self.v + money), shape)
        spend = rng.gamma(np.maximum(self.p * days, 1e-9)) / level
        found = moment.segments(days, spend)
        total = (here + gone).sum(axis=1)
        sums = np.column_stack(
            [(here * (found == code)).sum(axis=1) for code in range(moment.classes)]
        )
        sums[:, 0] += gone.sum(axis=1)
        counts = sums / total[:, None] * draws + SMOOTHING
        return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _weights(
    rate: Floats, leaves: Floats, known: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return prior × likelihood ÷ proposal of being still here, and of having left."""
    x, t_x, age = known
    # ((e^λ − 1) / λ)^x: days with a purchase have the chance 1 − e^(−λ), not λ.
    scale = x * np.log(np.expm1(np.maximum(rate, 1e-12)) / np.maximum(rate, 1e-12))
    scale = scale - scale.max(axis=1, keepdims=True)
    here = np.exp(scale - rate * (age - t_x))
    odds = leaves / np.maximum(1 - leaves, 1e-12)
    return here, np.where(x > 0, np.exp(scale) * odds, 0.0)


def _days_ahead(
    rate: Floats, leaves: Floats, moment: Moment, rng: np.random.Generator
) -> Ints:
    """Return the days with a purchase in the outcome of who is still here."""
    buys = -np.expm1(-rate)
    last = rng.geometric(np.maximum(leaves, 1e-15))
    days = rng.binomial(moment.horizon, buys)
    if not moment.gap:
        return np.minimum(days, last)
    between = np.minimum(rng.binomial(moment.gap, buys), last)
    return np.minimum(days, last - between)


def _histories(
    planted: Planted, customers: npt.NDArray[np.str_], cutoff: int
) -> Floats:
    """Return x, t_x, age, purchases and money of each customer before a day.

    `age` counts the days on which a purchase would have been seen.
    """
    found = (
        before(planted, cutoff)
        .group_by("customer_id")
        .agg(
            x=pl.len() - 1.0,
            t_x=(pl.col("time").max() - pl.col("time").min()).dt.total_days(),
            age=(pl.lit(as_date(cutoff)) - pl.col("time").min()).dt.total_days() - 1,
            bought=pl.len(),
            money=pl.col("amount").sum(),
        )
    )
    asked = pl.DataFrame({"customer_id": customers})
    rows = asked.join(found, on="customer_id", how="left", maintain_order="left")
    return rows.drop("customer_id").cast(pl.Float64).to_numpy()
