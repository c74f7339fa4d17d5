"""Does a segment spend more at some time of the year? Adjust only where data prove it.

A season mostly moves customers between segments, which the forecast covers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.evaluation.bootstrap import bootstrap_weights, round_amounts
from segpredict.classifier.stored_state import StoredState
from segpredict.core.intervals import Z_ROUNDED
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import DAYS_PER_YEAR, as_date

MIN_PROVING_ORIGINS = 2  # with fewer of them nothing is proven
MAX_INNER_ORIGINS = 3  # origins before the forecast on which the adjustment is tested
BOOTSTRAP_DRAWS = 200


@dataclass(frozen=True, slots=True)
class SpendSeasonality(StoredState):
    """Seasonal factor on the mean spend of segments."""

    horizon: int  # days of a window
    # for each past origin: its day, the actual spend of its outcome, and the spend expected from
    # the segments reached. Empty where no season is proven.
    factors: tuple[tuple[int, float, float], ...] = ()
    reason: str = ""  # why it is or is not, in one sentence

    def factor_at(self, day: int) -> float:
        """Return the factor on the mean spend of every segment from a day on.

        >>> proven = SpendSeasonality(91, ((0, 120.0, 100.0), (182, 90.0, 100.0)))
        >>> [proven.factor_at(day) for day in (364, 546, 450)]
        [1.2, 0.9, 1.0]
        >>> SpendSeasonality(91).factor_at(364)
        1.0
        """
        like = [each for each in self.factors if is_same_season(each[0], day, self.horizon)]
        spent, expected = sum(each[1] for each in like), sum(each[2] for each in like)
        return spent / expected if spent > 0 and expected > 0 else 1.0


def is_same_season(origin: int, day: int, horizon: int) -> bool:
    """Return whether an origin lies in the season of a day, a year or more before it.

    >>> [is_same_season(0, day, 91) for day in (364, 400, 420, 10)]
    [True, True, False, False]
    """
    apart = (day - origin) % DAYS_PER_YEAR
    is_near = min(apart, DAYS_PER_YEAR - apart) <= horizon / 2
    return is_near and day - origin >= DAYS_PER_YEAR - horizon / 2


def estimate_seasonality(
    rows: pl.DataFrame, day: int, horizon: int, complete: int, seed: int = 7
) -> SpendSeasonality:
    """Estimate the seasonal factor from outcomes known on a day.

    At the three newest origins with the season behind them, two at least, the sum of spend must be
    nearer to σ·Σμ than to Σμ, by more than 1.96 standard errors over draws of customers.
    """
    seen = _spent_and_expected(rows, mean_spend_by_segment(rows))
    days = sorted(seen)
    tested = [
        (origin, earlier)
        for origin in days[-MAX_INNER_ORIGINS:]
        if (earlier := [d for d in days if d + complete <= origin])
        and any(is_same_season(d, origin, horizon) for d in earlier)
    ]
    if len(tested) < MIN_PROVING_ORIGINS:
        return SpendSeasonality(
            horizon,
            reason="The mean spend of segments is not adjusted to the season: too few origins "
            f"before {as_date(day)} have a season behind them to test it.",
        )
    errors = [_errors_by_customer(rows, origin, earlier, horizon) for origin, earlier in tested]
    gain, error = _gain(errors, seed)
    spent = sum(seen[origin][0] for origin, _ in tested)
    # The origins overlap, and are one season of one year: one error is no proof.
    is_proven = gain > Z_ROUNDED * error and spent > 0
    share = 1 / spent if spent > 0 else 0.0
    reason_text = (
        f"The mean spend of segments is {'' if is_proven else 'not '}adjusted to the season: "
        f"at {len(tested)} origins before {as_date(day)} the adjustment reduces the error of "
        f"the sum by {gain * share:+.1%}, standard error {error * share:.1%}."
    )
    factors = tuple((day, *seen[day]) for day in days) if is_proven else ()
    return SpendSeasonality(horizon, factors, reason_text)


def mean_spend_by_segment(rows: pl.DataFrame) -> dict[int, float]:
    """Return the mean spend by segment, in currency; the inactive bring nothing."""
    sums = rows.group_by("label").agg(pl.col("spend").sum(), pl.len())
    return {
        int(code): spent / n / MONEY_SCALE
        for code, spent, n in sums.sort("label").iter_rows()
        if code != INACTIVE_CODE
    }


def _spent_and_expected(
    rows: pl.DataFrame, values: Mapping[int, float]
) -> dict[int, tuple[float, float]]:
    """Return actual and expected spend by origin."""
    cells = rows.group_by("cutoff", "label").agg(pl.col("spend").sum(), pl.len())
    seen: dict[int, tuple[float, float]] = {}
    for day, code, spent, n in cells.sort("cutoff", "label").iter_rows():
        before = seen.get(day, (0.0, 0.0))
        expected = n * values.get(int(code), 0.0)
        seen[day] = (before[0] + spent / MONEY_SCALE, before[1] + expected)
    return seen


def _errors_by_customer(
    rows: pl.DataFrame, origin: int, earlier: Sequence[int], horizon: int
) -> pl.DataFrame:
    """Return the error of each customer against μ, and against σ·μ, of its segment."""
    known = rows.filter(pl.col("cutoff").is_in(list(earlier)))
    values = mean_spend_by_segment(known)
    seen = _spent_and_expected(known, values)
    factor = SpendSeasonality(horizon, tuple((day, *seen[day]) for day in seen)).factor_at(origin)
    now = rows.filter(pl.col("cutoff") == origin)
    spent = now["spend"].to_numpy() / MONEY_SCALE
    expected = np.array([values.get(int(code), 0.0) for code in now["label"]])
    columns = {"without": spent - expected, "with_season": spent - factor * expected}
    return now.select("customer_id").with_columns(
        pl.Series(name, round_amounts(miss)) for name, miss in columns.items()
    )


def _gain(errors: Sequence[pl.DataFrame], seed: int) -> tuple[float, float]:
    """Return Σ |Σ without| − |Σ with_season| over origins, and its error over customers."""
    ids = pl.concat(each["customer_id"] for each in errors).unique().sort().to_numpy()
    weights = bootstrap_weights(np.random.default_rng(seed), BOOTSTRAP_DRAWS, len(ids))
    plain, drawn = 0.0, np.zeros(BOOTSTRAP_DRAWS)
    for each in errors:
        positions = np.searchsorted(ids, each["customer_id"].to_numpy())
        columns = each.select("without", "with_season").to_numpy()
        without, with_season = np.abs(columns.sum(axis=0))
        plain += float(without - with_season)
        sums = np.abs(weights[:, positions] @ columns)
        drawn += sums[:, 0] - sums[:, 1]
    return plain, float(drawn.std(ddof=1))
