"""The example for dbt: its sources are the declared tables, and dbt builds it with all tests."""

import os
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from segpredict import pipeline
from servers import running

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "dbt"


def test_the_sources_are_the_declared_tables() -> None:
    document = runpy.run_path(str(ROOT / "docs" / "write_dbt.py"))["document"]
    told = (EXAMPLE / "models" / "sources.yml").read_text(encoding="utf-8")
    assert told == document(), "python docs/write_dbt.py"


@pytest.mark.slow
@pytest.mark.parametrize("target", ["duckdb", "postgresql"])
def test_dbt_builds_the_example_and_all_its_tests_pass(
    target: str, run_folder: Path, tmp_path: Path
) -> None:
    program = shutil.which("dbt")
    if program is None:
        pytest.skip("dbt is no program here: install dbt-duckdb, dbt-postgres in their own folder")
    shutil.copytree(EXAMPLE, tmp_path / "dbt")
    if target == "duckdb":
        tables = tmp_path / "tables"
        pipeline.export_bi_tables(run_folder, pipeline.ExportRequest(out=tables))
        build(program, tmp_path / "dbt", "--vars", f"{{tables: {tables}}}")
        return
    with running("postgresql", f"segpredict_dbt_{os.getpid()}") as server:
        pipeline.publish_run(
            str(run_folder), server.url, prefix="segpredict_", create=True, shop=True
        )
        place = sa.make_url(server.url)
        given = {"PGHOST": place.host, "PGPORT": str(place.port), "PGDATABASE": place.database}
        build(program, tmp_path / "dbt", "--target", "postgresql", **given)
        lists = "segpredict_shop.customers_today", "segpredict_customers"
        made, known = (server.run(f"SELECT count(*) FROM {name}") for name in lists)
        assert made == known != [(0,)]


def build(program: str, folder: Path, *given: str, **more: str) -> None:
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **more}
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"} | quiet
    words = [program, "build", "--profiles-dir", ".", *given]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "ERROR=0" in done.stdout
