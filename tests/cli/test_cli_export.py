"""``segpredict export``: the query of a run, asked of the run's own tables."""

import json

import polars as pl
import pytest

from segpredict.core.run_folder import open_run
from segpredict.pipeline import loading
from segpredict.pipeline.exports import load_star_schema
from segpredict.report.bi import BI_TABLES

duckdb = pytest.importorskip("duckdb")


def test_the_query_of_a_run_gives_the_segments_of_its_scores(
    segpredict, run_folder, tmp_path
) -> None:
    pytest.importorskip("sqlglot")
    out = tmp_path / "segments.sql"
    code, _, said = segpredict("export", "--run", run_folder, "--table", "lines", "--out", out)
    assert code == 0, said
    code, told, _ = segpredict("export", "--run", run_folder, "--table", "lines", "--json")
    assert (code, json.loads(told)["query"]) == (0, out.read_text(encoding="utf-8"))
    run = open_run(run_folder)
    lines = next(table for table in BI_TABLES if table.name == "lines")
    batches = load_star_schema(run).customer_batches()
    connection = duckdb.connect()
    connection.register("lines", pl.concat(map(lines.build_rows, batches)).to_arrow())
    found = dict(connection.sql(out.read_text(encoding="utf-8")).pl().rows_by_key("customer_id"))
    scores = loading.load(run, "scores").select("customer_id", "segment_id", "segment")
    assert scores.height > 400
    for customer, *segment in scores.rows():
        assert list(found[customer][0]) == segment
    assert not set(scores["customer_id"]) - set(found)


def test_without_sqlglot_it_says_what_to_install(segpredict, run_folder, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sqlglot", None)
    code, _, said = segpredict("export", "--run", run_folder)
    assert code == 3
    assert "segpredict[sql]" in said


def test_a_name_that_is_none_is_refused(segpredict, run_folder) -> None:
    pytest.importorskip("sqlglot")
    code, _, said = segpredict("export", "--run", run_folder, "--table", "x; DROP TABLE y")
    assert code == 2
    assert "no name of a table in duckdb" in said
