"""What every test shares: quiet threads, a tiny shop, a random world, the real data."""

import os

# Before anything loads OpenMP: idle threads that spin make small fits 35 times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Two processes on two cores leave a thread to each.
os.environ.setdefault("POLARS_MAX_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")
os.environ.setdefault("MPLBACKEND", "Agg")
# Processes that tests start need not compile the package again and again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The processes of pytest-xdist are told a width, by which tables would be laid out.
os.environ.pop("COLUMNS", None)

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

Made = Callable[[str, Callable[[Path], object]], Path]

# The same examples on every run, and no opinion on how busy the machine is. A hunt for
# rare examples: `pytest --hypothesis-profile thorough`.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=8)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("quick")

REAL = Path(os.environ.get("SEGPREDICT_DATA", Path(__file__).parents[1].parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL.is_dir():
        pytest.skip(f"the real data are not at {REAL} (set SEGPREDICT_DATA)")
    return REAL


@pytest.fixture(scope="session", autouse=True)
def _quick_fits():
    """Let the check of stability be small: no test needs 20 draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segpredict.segmentation.fit.STABILITY_DRAWS", 5)
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Made:
    """Return what makes a folder in the first worker that asks and finds it in the others.

    Tests must not change such a folder.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        finished = shared / f"{name}.finished"
        with FileLock(shared / f"{name}.lock"):
            if not finished.exists():
                make(shared / name)
                finished.touch()
        return shared / name

    return folder


@pytest.fixture(scope="session")
def sample_file(made_once: Made) -> Path:
    """Return the transactions of an invented shop, small enough to run in seconds."""
    from segpredict.data.sample import sample

    def make(folder: Path) -> None:
        sample.write_sample(sample.generate_sample(600, seed=3), folder)

    return made_once("shop", make) / "transactions.csv"


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
def run_folder(sample_file: Path, small_config, made_once: Made) -> Path:
    """Return a finished run on the invented shop. Tests must not change it."""
    from segpredict import pipeline

    def make(folder: Path) -> None:
        pipeline.run_pipeline([sample_file], small_config, pipeline.RunTarget(folder, "then"))

    return made_once("runs", lambda folder: make(folder / "run")) / "run"


@pytest.fixture(scope="session")
def real_segments(real_data: Path, made_once: Made) -> Path:
    """Return Online Retail II, cleaned and segmented. Tests must not change it."""
    from segpredict import pipeline
    from segpredict.config import load

    quick = ["classifier.bootstrap_draws=300"]
    quick += ["classifier.xgboost.learning_rate=0.25", "classifier.xgboost.max_rounds=60"]
    quick += ["classifier.baselines=['markov', 'persistence', 'prior']"]
    quick += ["classifier.families=['rfm']"]  # the slow tests and the benchmark ask all
    files = sorted((real_data / "online_retail").glob("online_retail_ii_*.parquet"))

    def make(folder: Path) -> None:
        plan = load.load_config("online_retail_ii", quick)
        pipeline.run_clustering(files, plan, pipeline.RunTarget(folder / "run"))

    return made_once("real", make) / "run"


@pytest.fixture
def _no_pictures() -> Iterator[None]:
    from pictures import without_pictures

    with without_pictures():
        yield


@pytest.fixture(scope="session")
def small():
    """Return a small shop with its segments and a finished training."""
    import small_shop

    return small_shop.make()


@pytest.fixture(scope="session", params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[object]:
    """Return a database server that runs, with an empty database of this process."""
    from servers import running

    with running(request.param, f"segpredict_test_{os.getpid()}") as found:
        yield found
