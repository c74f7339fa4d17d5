"""A season in what segments bring: found where planted, denied where it is not."""

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.customer_value.seasonality import SpendSeasonality, estimate_seasonality
from segpredict.core.transactions import MONEY_SCALE

ORIGINS = range(200, 1_200, 28)
DAY = 1_200 + 91


def rows(factor, customers=400):
    """Return outcomes of which a third of the year brings more, by a factor."""
    rng = np.random.default_rng(5)
    parts = []
    for origin in ORIGINS:
        label = rng.integers(0, 3, customers)
        usual = np.array([0.0, 20.0, 100.0])[label] * rng.gamma(8, 1 / 8, customers)
        high = factor if origin % 364 > 243 else 1.0
        parts.append(
            pl.DataFrame(
                {
                    "customer_id": [f"c{i:03d}" for i in range(customers)],
                    "cutoff": pl.Series([origin] * customers, dtype=pl.Int32),
                    "label": pl.Series(label, dtype=pl.Int8),
                    "spend": np.round(usual * high * MONEY_SCALE).astype(np.int64),
                }
            )
        )
    return pl.concat(parts)


def test_a_planted_season_is_proven_and_measured():
    found = estimate_seasonality(rows(1.5), DAY, 91, 91)
    assert found.reason.startswith("The mean spend of segments is adjusted")
    # Within the high third, and in the middle of the rest.
    high, low = found.factor_at(364 * 4 - 60), found.factor_at(364 * 4 + 120)
    assert high / low == pytest.approx(1.5, abs=0.1)


def test_without_a_season_nothing_is_adjusted():
    found = estimate_seasonality(rows(1.0), DAY, 91, 91)
    assert found.factors == ()
    assert "not adjusted" in found.reason
    assert found.factor_at(DAY) == 1.0


def test_a_year_of_data_proves_nothing():
    short = rows(1.5).filter(pl.col("cutoff") < 500)
    found = estimate_seasonality(short, 600, 91, 91)
    assert "too few origins" in found.reason
    assert found.factor_at(600) == 1.0


def test_a_season_survives_being_kept():
    found = estimate_seasonality(rows(1.5), DAY, 91, 91)
    assert SpendSeasonality.from_state(found.to_state()) == found
