"""What every test shares: quiet threads, a tiny shop, a random world, the real data."""

import os

# Before anything loads OpenMP: idle threads that spin make small fits 35 times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Two processes on two cores leave a thread to each.
os.environ.setdefault("POLARS_MAX_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run, and no opinion on how busy the machine is.
settings.register_profile("segpredict", deadline=None, derandomize=True)
settings.load_profile("segpredict")

REAL = Path(os.environ.get("SEGPREDICT_DATA", Path(__file__).parents[1].parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL.is_dir():
        pytest.skip(f"the real data are not at {REAL} (set SEGPREDICT_DATA)")
    return REAL


@pytest.fixture(scope="session", autouse=True)
def _few_trees():
    """Let forests be small: what they are tested for does not need 500 trees."""
    from segpredict.classifier.models.baselines import random_forest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_forest, "N_TREES", 30)
        yield


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the transactions of an invented shop, small enough to run in seconds."""
    from segpredict.data.sample import sample

    shop = sample.generate_sample(600, seed=3)
    return sample.write_sample(shop, tmp_path_factory.mktemp("shop"))[0]


@pytest.fixture(scope="session")
def small_config():
    """Return a config that is quick: fewer draws, starts and explained customers."""
    from segpredict.config import load

    quick = ["classifier.bootstrap_draws=100", "segmentation.n_init=3", "explain.sample_rows=200"]
    quick += ["classifier.xgboost.learning_rate=0.3", "classifier.xgboost.max_rounds=40"]
    return load.load_config("online_retail", quick)


@pytest.fixture(scope="session")
def plain_config(small_config):
    """Return a config whose runs take half the time: for what needs no rich model."""
    from dataclasses import replace

    few = replace(small_config.classifier, families=("rfm",))
    once = replace(small_config.time, test_windows=1)
    return replace(small_config, classifier=few, time=once)


@pytest.fixture(scope="session")
def run_folder(sample_file: Path, small_config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run on the invented shop. Tests must not change it."""
    from segpredict import pipeline

    folder = tmp_path_factory.mktemp("runs") / "run"
    pipeline.run_pipeline([sample_file], small_config, pipeline.RunTarget(folder, "then"))
    return folder


@pytest.fixture(scope="session")
def small():
    """Return a small shop with its segments and a finished training."""
    import small_shop

    return small_shop.make()
