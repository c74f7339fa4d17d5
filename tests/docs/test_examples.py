"""The examples for schedulers can be read, and call commands that there are."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
import yaml

from segpredict import pipeline
from segpredict.cli._main import app
from servers import running

EXAMPLES = Path(__file__).parents[2] / "examples"
PUBLISHED = ("--to", "postgresql://shop@db.example/sales", "--table", "segpredict_scores")
DAGS = sorted(EXAMPLES.glob("*/segpredict_nightly.py"))


def parse(words: list[str]) -> None:
    known: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known[words[0]].make_context(words[0], words[1:])


def texts(node: ast.AST) -> list[str]:
    """Return the words of a call's arguments; a name stands for itself."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Starred) and isinstance(node.value, ast.Name):
        return list(PUBLISHED) if node.value.id == "TO" else []
    inner = node.value.elts if isinstance(node, ast.Starred) else node.args
    return [word for one in inner for word in texts(one)]


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.parent.name)
def test_a_job_calls_ingest_and_score(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    ours = [texts(c) for c in calls if isinstance(c.func, ast.Name) and c.func.id == "segpredict"]
    assert sorted(words[0] for words in ours) == ["ingest", "score"]
    for words in ours:
        parse(words)
    assert all(repr(word).replace("'", '"') in path.read_text() for word in PUBLISHED[::2])
    assert ours[-1][-4:] == list(PUBLISHED)


def test_the_script_for_cron_calls_ingest_and_score() -> None:
    script = EXAMPLES / "cron" / "nightly.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o100
    text = script.read_text(encoding="utf-8").replace("\\\n", " ")
    ours = re.findall(r"retry segpredict (.*?) \|\|", text)
    assert [line.split()[0] for line in ours] == ["ingest", "score"]
    for line in ours:
        parse([word for word in shlex.split(line) if word != "${to[@]}"])


@pytest.mark.parametrize("code", [9, 11])
def test_the_script_for_cron_tries_again_while_a_retry_may_help(tmp_path: Path, code: int) -> None:
    calls = fake_programs(tmp_path, f'[ "$(wc -l < calls)" -gt 1 ] || exit {code}')
    done = run_script(tmp_path)
    assert done.returncode == 0
    assert [line.split()[0] for line in calls()] == ["ingest", "ingest", "score"]
    assert done.stdout.endswith(" scored\n")
    assert "--to" not in calls()[-1]


def test_the_script_for_cron_stops_where_a_retry_would_not_help(tmp_path: Path) -> None:
    calls = fake_programs(tmp_path, "exit 5")
    assert run_script(tmp_path).returncode == 5
    assert len(calls()) == 1


def test_the_script_for_cron_publishes_to_a_database_that_is_named(tmp_path: Path) -> None:
    calls = fake_programs(tmp_path, "exit 0")
    assert run_script(tmp_path, SHOP_DATABASE=PUBLISHED[1]).returncode == 0
    assert calls()[-1].endswith(" ".join(PUBLISHED))


def fake_programs(folder: Path, ending: str) -> Callable[[], list[str]]:
    """Put a ``segpredict`` into a folder that notes its words; return what reads the notes."""
    (folder / "segpredict").write_text(f'#!/bin/sh\necho "$*" >> calls\n{ending}\n')
    (folder / "sleep").write_text("#!/bin/sh\n")
    for name in ("segpredict", "sleep"):
        (folder / name).chmod(0o755)
    return lambda: (folder / "calls").read_text().splitlines()


def run_script(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{folder}:/usr/bin:/bin", "SHOP_FOLDER": str(folder), **more}
    script = EXAMPLES / "cron" / "nightly.sh"
    return subprocess.run(["bash", str(script)], env=env, capture_output=True, text=True)


@pytest.fixture
def shop_folder(tmp_path: Path, sample_file: Path) -> Path:
    """Return the folder of a shop: files of today in ``drops``, a finished run."""
    from segpredict.config.load import build_config

    (tmp_path / "drops").mkdir()
    shutil.copy(sample_file, tmp_path / "drops")
    target = pipeline.RunTarget(tmp_path / "artifacts" / "may", "then")
    pipeline.run_pipeline(
        [sample_file], build_config({"classifier": {"families": ["rfm"]}}), target
    )
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheduler", "setup", "command"),
    [
        ("dagster", (), ("job", "execute", "-f", str(DAGS[1]), "-j", "nightly")),
        ("airflow", ("db", "migrate"), ("dags", "test", "segpredict_nightly", "2026-01-31")),
    ],
)
def test_a_scheduler_runs_its_job_twice(
    scheduler: str, setup: tuple[str, ...], command: tuple[str, ...], shop_folder: Path
) -> None:
    """Each scheduler needs an environment of its own: its programs are looked up on the path."""
    program = shutil.which(scheduler)
    if program is None:
        pytest.skip(
            f"{scheduler} is no program here: python -m venv FOLDER, install it there, "
            "and add its bin folder to the end of PATH"
        )
    run, name = shop_folder / "artifacts" / "may", f"segpredict_nightly_{os.getpid()}"
    with running("postgresql", name) as server:
        pipeline.publish_run(str(run), server.url, prefix="segpredict_", create=True)
        env = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "SHOP_FOLDER": str(shop_folder),
            "SHOP_DATABASE": server.url,
            "DAGSTER_HOME": str(shop_folder),
            "AIRFLOW_HOME": str(shop_folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES / "airflow"),
        }
        steps = [setup, ("dags", "reserialize")] if setup else []
        for words in [*steps, command, command]:
            subprocess.run([program, *words], env=env, check=True, capture_output=True)
        published = server.run(f"SELECT {COUNTS} FROM segpredict_scores")
    (night,) = (shop_folder / "history").glob("*.parquet")
    scores = pl.read_parquet(next(shop_folder.glob("scores*.parquet")))
    assert pl.read_parquet(night).height == scores.height
    assert published == [(scores.height, scores.height, 1)]


COUNTS = "count(*), count(DISTINCT customer_id), count(DISTINCT as_of)"


def test_the_examples_of_the_service_call_it_as_it_is() -> None:
    folder = EXAMPLES / "service"
    unit = (folder / "segpredict.service").read_text(encoding="utf-8")
    parse(shlex.split(re.findall(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)[0]))
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    parse(services["segpredict"]["command"])
