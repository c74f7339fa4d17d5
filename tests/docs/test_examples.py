"""The examples for schedulers can be read, and call commands that there are."""

import ast
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from segpredict.cli._main import app

EXAMPLES = Path(__file__).parents[2] / "examples"
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


def test_the_script_for_cron_calls_ingest_and_score() -> None:
    script = EXAMPLES / "cron" / "nightly.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o100
    text = script.read_text(encoding="utf-8").replace("\\\n", " ")
    ours = re.findall(r"retry segpredict (.*?) \|\|", text)
    assert [line.split()[0] for line in ours] == ["ingest", "score"]
    for line in ours:
        parse(shlex.split(line))


def test_the_script_for_cron_tries_again_while_another_process_writes(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    (tmp_path / "segpredict").write_text(
        f'#!/bin/sh\necho "$1" >> {calls}\n[ "$(wc -l < {calls})" -gt 1 ] || exit 11\n'
    )
    (tmp_path / "sleep").write_text("#!/bin/sh\n")
    for name in ("segpredict", "sleep"):
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SHOP_FOLDER": str(tmp_path)}
    script = EXAMPLES / "cron" / "nightly.sh"
    done = subprocess.run(["bash", str(script)], env=env, capture_output=True, text=True)
    assert done.returncode == 0
    assert calls.read_text().split() == ["ingest", "ingest", "score"]
    assert done.stdout.endswith(" scored\n")
