"""The worlds whose truth is known, and the best forecast that can be made in each.

`Buying`: customers of BG/NBD with Gamma-Gamma spend. `MarkovWorld`: the current segment
alone decides the next. `Clockwork`: the past fixes the future.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from contest.world import START, Moment, Planted, World, before, lines
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.window import as_date
from segpredict.errors import UnknownNameError, UsageError

CELLS = 1_000_000  # customers × draws at a time, to bound memory
SMOOTHING = 0.5  # of a draw for every segment: none is ruled out by luck

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
class Buying:
    """Customers who buy at a pace of their own until they drop out.

    The truth is one of whole days: who is still here buys on a day with the chance
    1 − e^(−λ), and leaves after a day with a purchase, the first one aside, with the
    chance p. Counted in days that is all there is to know: a shop that sees days sees
    as much as the oracle. Where days are short beside 1/λ it is BG/NBD.

    Parameters
    ----------
    name, meaning
        What it is called, and what is true in it.
    r, alpha
        Rates λ ~ Γ(r, α) a day; alpha in days.
    a, b
        Drop-out probabilities p ~ Beta(a, b).
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

    def probabilities(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> FloatArray:
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
        self, known: FloatArray, moment: Moment, draws: int, rng: np.random.Generator
    ) -> FloatArray:
        shape = (len(known), draws)
        x, t_x, age, bought, money = (column[:, None] for column in known.T)
        rate = rng.gamma(self.r + x, 1 / (self.alpha + t_x), shape)
        leaves = rng.beta(self.a, self.b + x, shape)
        here, removed = _weights(rate, leaves, (x, t_x, age))
        days = _days_ahead(rate, leaves, moment, rng)
        level = rng.gamma(self.q + self.p * bought, 1 / (self.v + money), shape)
        spend = rng.gamma(np.maximum(self.p * days, 1e-9)) / level
        found = moment.segments(days, spend)
        total = (here + removed).sum(axis=1)
        sums = np.column_stack(
            [(here * (found == code)).sum(axis=1) for code in range(moment.classes)]
        )
        sums[:, 0] += removed.sum(axis=1)
        counts = sums / total[:, None] * draws + SMOOTHING
        return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _weights(
    rate: FloatArray, leaves: FloatArray, known: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return prior × likelihood ÷ proposal of being still here, and of having left."""
    x, t_x, age = known
    # ((e^λ − 1) / λ)^x: days with a purchase have the chance 1 − e^(−λ), not λ.
    scale = x * np.log(np.expm1(np.maximum(rate, 1e-12)) / np.maximum(rate, 1e-12))
    scale = scale - scale.max(axis=1, keepdims=True)
    here = np.exp(scale - rate * (age - t_x))
    odds = leaves / np.maximum(1 - leaves, 1e-12)
    return here, np.where(x > 0, np.exp(scale) * odds, 0.0)


def _days_ahead(
    rate: FloatArray, leaves: FloatArray, moment: Moment, rng: np.random.Generator
) -> IntArray:
    """Return the days with a purchase in the outcome of who is still here."""
    buys = -np.expm1(-rate)
    last = rng.geometric(np.maximum(leaves, 1e-15))
    days = rng.binomial(moment.horizon, buys)
    if not moment.gap:
        return np.minimum(days, last)
    between = np.minimum(rng.binomial(moment.gap, buys), last)
    return np.minimum(days, last - between)


def _histories(planted: Planted, customers: npt.NDArray[np.str_], cutoff: int) -> FloatArray:
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
    requested = pl.DataFrame({"customer_id": customers})
    rows = requested.join(found, on="customer_id", how="left", maintain_order="left")
    return rows.drop("customer_id").cast(pl.Float64).to_numpy()


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
    meaning: str = "The current segment alone decides the probabilities of the next."
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
        customer, day, amount = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Planted(self.days, lines(customer, day, amount), states)

    @staticmethod
    def _block(
        rng: np.random.Generator, states: IntArray, start: int
    ) -> tuple[IntArray, IntArray, FloatArray]:
        days = rng.permuted(np.tile(np.arange(BLOCK), (len(states), 1)), axis=1)
        is_bought = np.arange(max(PURCHASES)) < np.array(PURCHASES)[states][:, None]
        customer, place = np.nonzero(is_bought)
        level = np.array(LEVELS)[states[customer]]
        amount = level * (1 + SPREAD * (rng.random(customer.size) - 0.5))
        return customer, start + days[customer, place], amount

    def probabilities(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> FloatArray:
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


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Customers with even gaps between orders of one value each.

    A quarter of them orders once in two horizons: they move at every origin, and the days since
    the last order say where to.

    Parameters
    ----------
    name, meaning
        What it is called, and what is true in it.
    days
        How long it lasts.
    settings
        Settings of the run.
    """

    name: str = "deterministic"
    meaning: str = "Everybody buys like clockwork: the past fixes the future."
    days: int = 728
    settings: tuple[str, ...] = ()

    def draw(self, customers: int, seed: int) -> Planted:
        """Return the purchases of so many customers."""
        rng = np.random.default_rng(seed)
        per_block = rng.choice([0.5, 1.0, 2.0, 4.0, 7.0], customers, p=[0.25, 0.2, 0.2, 0.2, 0.15])
        level = rng.choice(np.array([20.0, 60.0, 200.0]), customers)
        gap = BLOCK / per_block
        counts = np.ceil(self.days / gap).astype(np.int64)
        customer = np.repeat(np.arange(customers), counts)
        nth = np.arange(customer.size) - np.repeat(np.cumsum(counts) - counts, counts)
        time = (rng.random(customers) * gap)[customer] + nth * gap[customer]
        customer, time = customer[time < self.days], time[time < self.days]
        bought = lines(customer, time.astype(np.int64), level[customer])
        return Planted(self.days, bought, {"per_block": per_block, "level": level})

    def probabilities(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> FloatArray:
        """Return certainty of what the clockwork will do."""
        del draws, seed
        start = moment.cutoff + moment.gap
        found = (
            planted.lines.filter(
                pl.col("time").is_between(
                    as_date(start), as_date(start + moment.horizon), closed="left"
                )
            )
            .group_by("customer_id")
            .agg(days=pl.col("time").n_unique(), spend=pl.col("amount").sum())
        )
        rows = (
            pl.DataFrame({"customer_id": customers})
            .join(found, on="customer_id", how="left", maintain_order="left")
            .fill_null(0)
        )
        days = rows["days"].to_numpy().astype(np.int64)
        codes = moment.segments(days, rows["spend"].to_numpy().astype(np.float64))
        return np.eye(moment.classes)[codes]


WEEK = 7.0
# So large a shape leaves no spread: everybody is alike.
NO_SPREAD = 1e8

_ALL: tuple[World, ...] = (
    Buying(
        "or2_like",
        "BG/NBD and Gamma-Gamma with parameters like those of Online Retail II.",
        *(0.64, 63.0, 0.173, 2.72),
        *(2.30, 3.46, 423.0),
    ),
    Buying(
        "cdnow_like",
        "BG/NBD and Gamma-Gamma with the published parameters of CDNOW.",
        *(0.243, 4.414 * WEEK, 0.793, 2.426),
        *(6.25, 3.74, 15.44),
    ),
    Buying(
        "noise",
        "Everybody is alike and forgets: the past says nothing about the future.",
        *(NO_SPREAD, NO_SPREAD * 60.0, 1.0, NO_SPREAD),
        *(2.0, NO_SPREAD, NO_SPREAD * 20.0),
    ),
    MarkovWorld(),
    Clockwork(),
)
WORLDS: Mapping[str, World] = {world.name: world for world in _ALL}


def named(name: str) -> World:
    """Return the world of that name.

    Raises
    ------
    UnknownNameError
        When there is none.

    Examples
    --------
    >>> named("cdnow_like").meaning
    'BG/NBD and Gamma-Gamma with the published parameters of CDNOW.'
    """
    if name not in WORLDS:
        raise UnknownNameError("world", name, WORLDS)
    return WORLDS[name]
