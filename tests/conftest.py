"""What every test shares: quiet threads, a tiny shop, a random world, the real data."""

import os

# Before anything loads OpenMP: idle threads that spin make small fits 35 times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "2")
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest

REAL = Path(
    os.environ.get(
        "SEGPREDICT_DATA", Path(__file__).parents[1].parent / "shared" / "data"
    )
)


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL.is_dir():
        pytest.skip(f"the real data are not at {REAL} (set SEGPREDICT_DATA)")
    return REAL
