"""Tables of Spark by name and as they are."""

import sys

import pytest

from segpredict.errors import ExtraMissingError
from segpredict.spark.tables import open_table


def test_a_name_without_spark_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ExtraMissingError, match=r"segpredict\[spark\]"):
        open_table("sales.lines")
