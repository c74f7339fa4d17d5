"""Does a segment spend more at some time of the year? Adjust only where data prove it.

A season mostly moves people between segments, which is the forecast's business. What is
asked here is whether people of one and the same segment spend more than usual.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.customer_value.bootstrap import round_amounts
from segpredict.classifier.evaluation.bootstrap import bootstrap_weights
from segpredict.classifier.models.calendar import MIN_PROVING_ORIGINS
from segpredict.core.intervals import Z_ROUNDED
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.types import JSON
from segpredict.core.window import DAYS_PER_YEAR, as_date

MAX_INNER_ORIGINS = 3  # origins before the forecast on which the adjustment must prove itself
BOOTSTRAP_DRAWS = 200


@dataclass(frozen=True, slots=True)
class SpendSeasonality:
    """By how much spend differs from what segments bring, by time of the year.

    Parameters
    ----------
    horizon
        Days of a window.
    factors
        For each past origin: its day, what was spent in its outcome, and what the
        segments that people came to be in would have brought. Empty where no season is
        proven.
    reason
        Why it is or is not, in one sentence.
    """

    horizon: int
    factors: tuple[tuple[int, float, float], ...] = ()
    reason: str = ""

    def factor_at(self, day: int) -> float:
        """Return the factor on the mean spend of every segment from a day on.

        Examples
        --------
        >>> proven = Season(91, ((0, 120.0, 100.0), (182, 90.0, 100.0)))
        >>> proven.at(364), proven.at(546), proven.at(450), Season(91).at(364)
        (1.2, 0.9, 1.0, 1.0)
        """
        like = [each for each in self.factors if is_same_season(each[0], day, self.horizon)]
        spent, usual = sum(each[1] for each in like), sum(each[2] for each in like)
        return spent / usual if spent > 0 and usual > 0 else 1.0

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "horizon": self.horizon,
            "factors": [list(each) for each in self.factors],
            "reason": self.reason,
        }

    @classmethod
    def from_state(cls, state: JSON) -> "SpendSeasonality":
        """Return the season that gave a state."""
        seen = tuple((day, spent, usual) for day, spent, usual in state["factors"])
        return cls(state["horizon"], seen, state["reason"])


def is_same_season(origin: int, day: int, horizon: int) -> bool:
    """Return whether an origin lies in the season of a day, a year or more before it.

    Examples
    --------
    >>> alike(0, 364, 91), alike(0, 400, 91), alike(0, 420, 91), alike(0, 10, 91)
    (True, True, False, False)
    """
    apart = (day - origin) % DAYS_PER_YEAR
    is_near = min(apart, DAYS_PER_YEAR - apart) <= horizon / 2
    return is_near and day - origin >= DAYS_PER_YEAR - horizon / 2


def estimate_seasonality(
    rows: pl.DataFrame, day: int, horizon: int, complete: int, seed: int = 7
) -> SpendSeasonality:
    """Return what outcomes that were known on a day prove about the season.

    Parameters
    ----------
    rows
        ``customer_id``, ``cutoff``, ``label`` (code) and ``spend`` of the outcome (in
        10⁻⁴), sorted by cutoff and customer, of origins complete on that day.
    day
        The day of the forecast.
    horizon
        Days of a window.
    complete
        Days from a cutoff until its outcome is known for good.
    seed
        Start of the draws.

    Notes
    -----
    Of the three newest origins those are asked that had a like season behind them, two
    at least. With μ and the factor σ of what was complete by their own day, the sum of
    spend must be nearer to σ·Σμ than to Σμ, over all of them together, by more than
    1.96 standard errors over draws of customers. Else nothing is adjusted.
    """
    seen = _seen(rows, mean_spend_by_segment(rows))
    days = sorted(seen)
    asked = [
        (origin, earlier)
        for origin in days[-MAX_INNER_ORIGINS:]
        if (earlier := [d for d in days if d + complete <= origin])
        and any(is_same_season(d, origin, horizon) for d in earlier)
    ]
    if len(asked) < MIN_PROVING_ORIGINS:
        told = (
            "What segments bring is not adjusted to the season: too few origins before "
            f"{as_date(day)} have a season behind them to prove it."
        )
        return SpendSeasonality(horizon, reason=told)
    misses = [_misses(rows, origin, earlier, horizon) for origin, earlier in asked]
    gain, error = _gain(misses, seed)
    spent = sum(seen[origin][0] for origin, _ in asked)
    # The origins overlap, and are one season of one year: one error is no proof.
    is_proven = gain > Z_ROUNDED * error and spent > 0
    share = 1 / spent if spent > 0 else 0.0
    told = (
        f"What segments bring is {'' if is_proven else 'not '}adjusted to the season: "
        f"at {len(asked)} origins before {as_date(day)} that brings the sum nearer by "
        f"{gain * share:+.1%}, standard error {error * share:.1%}."
    )
    kept = tuple((day, *seen[day]) for day in days) if is_proven else ()
    return SpendSeasonality(horizon, kept, told)


def mean_spend_by_segment(rows: pl.DataFrame) -> dict[int, float]:
    """Return the mean spend by segment, in currency; the inactive bring nothing."""
    sums = rows.group_by("label").agg(pl.col("spend").sum(), pl.len())
    return {
        int(code): spent / n / MONEY_SCALE
        for code, spent, n in sums.sort("label").iter_rows()
        if code != INACTIVE_CODE
    }


def _seen(rows: pl.DataFrame, values: Mapping[int, float]) -> dict[int, tuple[float, float]]:
    """Return, by origin, what was spent and what its segments would have brought."""
    cells = rows.group_by("cutoff", "label").agg(pl.col("spend").sum(), pl.len())
    seen: dict[int, tuple[float, float]] = {}
    for day, code, spent, n in cells.sort("cutoff", "label").iter_rows():
        before = seen.get(day, (0.0, 0.0))
        usual = n * values.get(int(code), 0.0)
        seen[day] = (before[0] + spent / MONEY_SCALE, before[1] + usual)
    return seen


def _misses(rows: pl.DataFrame, origin: int, earlier: Sequence[int], horizon: int) -> pl.DataFrame:
    """Return what each customer spent beyond μ, and beyond σ·μ, of its segment."""
    known = rows.filter(pl.col("cutoff").is_in(list(earlier)))
    values = mean_spend_by_segment(known)
    seen = _seen(known, values)
    factor = SpendSeasonality(horizon, tuple((day, *seen[day]) for day in seen)).factor_at(origin)
    now = rows.filter(pl.col("cutoff") == origin)
    spent = now["spend"].to_numpy() / MONEY_SCALE
    usual = np.array([values.get(int(code), 0.0) for code in now["label"]])
    told = {"without": spent - usual, "beside": spent - factor * usual}
    return now.select("customer_id").with_columns(
        pl.Series(name, round_amounts(miss)) for name, miss in told.items()
    )


def _gain(misses: Sequence[pl.DataFrame], seed: int) -> tuple[float, float]:
    """Return Σ |Σ without| − |Σ beside| over origins, and its error over customers."""
    everybody = pl.concat(each["customer_id"] for each in misses)
    ids = everybody.unique().sort().to_numpy()
    weights = bootstrap_weights(np.random.default_rng(seed), BOOTSTRAP_DRAWS, len(ids))
    plain, drawn = 0.0, np.zeros(BOOTSTRAP_DRAWS)
    for each in misses:
        places = np.searchsorted(ids, each["customer_id"].to_numpy())
        columns = each.select("without", "beside").to_numpy()
        without, beside = np.abs(columns.sum(axis=0))
        plain += float(without - beside)
        sums = np.abs(weights[:, places] @ columns)
        drawn += sums[:, 0] - sums[:, 1]
    return plain, float(drawn.std(ddof=1))
