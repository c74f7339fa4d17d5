"""The example for dbt: its sources are the declared tables, and dbt builds it with all tests."""

import os
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from segpredict import pipeline

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "dbt"


def test_the_sources_are_the_declared_tables() -> None:
    document = runpy.run_path(str(ROOT / "docs" / "write_dbt.py"))["document"]
    told = (EXAMPLE / "models" / "sources.yml").read_text(encoding="utf-8")
    assert told == document(), "python docs/write_dbt.py"


@pytest.mark.slow
def test_dbt_builds_the_example_and_all_its_tests_pass(run_folder: Path, tmp_path: Path) -> None:
    program = shutil.which("dbt")
    if program is None:
        pytest.skip("dbt is no program here: install dbt-duckdb in an environment of its own")
    tables = tmp_path / "tables"
    pipeline.export_bi_tables(run_folder, pipeline.ExportRequest(out=tables))
    shutil.copytree(EXAMPLE, tmp_path / "dbt")
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"} | quiet
    given = ["--profiles-dir", ".", "--vars", f"{{tables: {tables}}}"]
    done = subprocess.run(
        [program, "build", *given], cwd=tmp_path / "dbt", env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert "ERROR=0" in done.stdout
