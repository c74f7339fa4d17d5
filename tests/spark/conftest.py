"""A session of each engine that answers to PySpark: Sail always, Spark with Java in slow runs."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import polars as pl
import pytest

from segpredict.core.run_folder import open_run
from segpredict.core.transactions import Transactions
from segpredict.pipeline import loading


def sail_session() -> Any:
    server = pytest.importorskip("pysail.spark").SparkConnectServer("127.0.0.1", 0)
    builder = pytest.importorskip("pyspark.sql").SparkSession.builder
    server.start(background=True)
    host, port = server.listening_address
    return builder.remote(f"sc://{host}:{port}").getOrCreate(), server.stop


def spark_session() -> Any:
    if find_spec("pyspark.core") is None or not shutil.which("java"):
        pytest.skip("Spark itself needs the package pyspark (not pyspark-client) and Java")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    return builder.config("spark.sql.session.timeZone", "UTC").getOrCreate(), lambda: None


@pytest.fixture(scope="module", params=["sail", pytest.param("spark", marks=pytest.mark.slow)])
def spark(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        # PySpark takes a main module without a file for a doctest and ends the process; a worker
        # of pytest-xdist is one.
        patch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
        patch.chdir(tmp_path_factory.mktemp("warehouse"))  # where an engine leaves its own files
        session, stop = {"sail": sail_session, "spark": spark_session}[request.param]()
    yield session
    session.stop()
    stop()


@pytest.fixture(scope="module")
def on_spark(spark: Any) -> Callable[[pl.DataFrame], Any]:
    """Return what makes a Spark DataFrame of a frame."""
    return lambda frame: spark.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


@pytest.fixture(scope="module")
def collected() -> Callable[[Any], pl.DataFrame]:
    """Return what collects a Spark DataFrame."""
    return lambda table: pl.DataFrame(table.toArrow())


@pytest.fixture(scope="module")
def shop(run_folder: Any) -> Transactions:
    """Return the shop of a finished run."""
    return loading.load_transactions(open_run(run_folder))


@pytest.fixture(scope="module")
def lines(shop: Transactions, on_spark: Callable[[pl.DataFrame], Any]) -> Any:
    """Return the canonical lines of the shop as a table, in no order."""
    return on_spark(shop.lines.collect().sample(fraction=1, shuffle=True, seed=5))
