"""One frame and one early-stopped booster for all tests of the room."""

import polars as pl
import pytest
import xgboost as xgb
from planted_drivers import fitted, planted


@pytest.fixture(scope="session")
def frame() -> pl.DataFrame:
    return planted()


@pytest.fixture(scope="session")
def booster(frame: pl.DataFrame) -> xgb.Booster:
    return fitted(frame)
