#!/usr/bin/env python3
"""Set segpredict up on a fresh machine and run it: Python's standard library only.

    python3 dev.py demo                  the main job on the sample shop
    python3 dev.py test                  tests, lint, format, types, import layers
    python3 dev.py test --all-pythons    the same on every supported Python found
    python3 dev.py docs                  the documentation, into docs/_build/html
    python3 dev.py coverage              the tests, and the lines of the package that none runs
    python3 dev.py bench                 where the time of a run goes

It makes its own environment in .venv and reuses it while pyproject.toml is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLOOR = (3, 11)
TESTED = ("3.11", "3.13")  # the two worlds of dependencies: see docs/decisions/design.md
# What the tests of a file share is then made once; the order stays, longest not last.
TESTS = ["pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
DOCS = ["python", "docs/build_site.py"]
TEST_STEPS = (
    ("lint", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("spelling", ["codespell"]),
    ("types", ["mypy"]),
    ("import layers", ["lint-imports"]),
    ("dead code", ["python", "benchmarks/dead_code.py"]),
    ("documentation", DOCS),
    ("tests", TESTS),
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["demo", "test", "docs", "coverage", "bench"])
    parser.add_argument("--all-pythons", action="store_true")
    parser.add_argument("rest", nargs="*", help="passed on to the command")
    args, unknown = parser.parse_known_args()
    rest = [*args.rest, *unknown]
    if args.command == "test":
        pythons = found_pythons() if args.all_pythons else [newest_python()]
        return max(test(python, rest, alone=len(pythons) == 1) for python in pythons)
    # Coverage is apart from the tests, which it makes slower.
    steps = {"coverage": [*TESTS, "--cov"], "docs": DOCS}
    if args.command in steps:
        home = environment(newest_python(), HERE / ".venv", extra="[test]")
        return call(home, *steps[args.command], *rest)
    home = environment(newest_python(), HERE / ".venv", extra="")
    if args.command == "demo":
        return call(home, "segpredict", "demo", *rest)
    return call(home, "python", "benchmarks/run.py", *rest)


def test(python: str, rest: list[str], *, alone: bool) -> int:
    folder = HERE / (".venv" if alone else f".venv-{version(python)}")
    home = environment(python, folder, extra="[test]")
    say(f"Python {version(python)}")
    worst = 0
    for name, (tool, *options) in TEST_STEPS:
        say(name)
        worst |= call(home, tool, *options, *(rest if name == "tests" else []))
    say("all green" if worst == 0 else "something failed, see above")
    return worst


def environment(python: str, folder: Path, extra: str) -> Path:
    """Make the environment, or leave it as it is if nothing has changed."""
    home = folder / ("Scripts" if os.name == "nt" else "bin")
    stamp = folder / "segpredict.stamp"
    facts = (HERE / "pyproject.toml").read_bytes() + version(python).encode()
    wanted = hashlib.sha256(facts).hexdigest()
    have = stamp.read_text().split() if stamp.exists() else ["", ""]
    if have[0] == wanted and extra in ("", have[-1]):
        return home
    say(f"making {folder.name} (Python {version(python)}; a few minutes the first time)")
    if have[0] != wanted:
        make_venv(python, folder)
    pip = [str(home / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--editable", f".{extra}"], cwd=HERE, check=True)
    stamp.write_text(f"{wanted} {extra or '-'}")
    return home


def make_venv(python: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([python, "-m", "venv", str(folder)], check=False)
    if done.returncode:
        sys.exit(
            "This Python cannot make virtual environments. On Debian or Ubuntu:\n"
            "    sudo apt install python3-venv"
        )


def call(home: Path, tool: str, *options: str) -> int:
    env = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "MPLBACKEND": "Agg"}
    env["PATH"] = f"{home}{os.pathsep}{env.get('PATH', '')}"
    command = [str(home / tool), *options]
    return subprocess.run(command, cwd=HERE, env=env, check=False).returncode


def found_pythons() -> list[str]:
    """Return one working interpreter per tested version that this machine has."""
    found = {version(p): p for n in TESTED if (p := shutil.which(f"python{n}"))}
    usable = [found[n] for n in TESTED if n in found]  # a shim may answer nothing
    return usable or [newest_python()]


def newest_python() -> str:
    """Return the running Python if it is new enough, else the newest one around."""
    if sys.version_info >= FLOOR:  # not that of .venv, which may be made anew
        return getattr(sys, "_base_executable", None) or sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        path = shutil.which(name)
        if path and version(path):
            return path
    return sys.exit(f"segpredict needs Python {FLOOR[0]}.{FLOOR[1]} or newer.")


def version(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def say(text: str) -> None:
    print(f"== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
