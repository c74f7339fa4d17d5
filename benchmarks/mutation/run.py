"""Mutation testing of the modules that promise something: would the tests notice a fault?

    python benchmarks/mutation/run.py --mutants 30
    python benchmarks/mutation/run.py --module core/window.py --mutants 0

A mutant is the module with one small fault (cosmic-ray's operators: another comparison, another
number, a loop that never runs, ...). It is killed if a test of the module fails. Places are drawn
with a seed, then one fault for each; 0 takes every place. What changes only an annotation or how a
dataclass is stored is no fault. Works on a copy of the checkout; needs `pip install cosmic-ray`.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).resolve().parents[2]
SOURCE = Path("src/segpredict")
TARGETS = {  # the tests beside those of the module's own examples
    "core/ledger.py": ["core/test_tables.py", "data/cleaning/test_clean.py"],
    "core/orders.py": ["core/test_order_key.py"],
    "core/run_folder.py": ["core/test_run_folder.py"],
    "core/window.py": ["core/test_window.py"],
    "data/cleaning/_ledger.py": ["data/cleaning/test_clean.py", "data/cleaning/test_shards.py"],
    "data/cleaning/_numbers.py": [
        "data/cleaning/test_catalogue_numbers.py",
        "data/cleaning/test_money.py",
        "data/cleaning/test_parse.py",
    ],
    "data/cleaning/_time_formats.py": [
        "data/cleaning/test_catalogue_times.py",
        "data/cleaning/test_swapped_dates.py",
        "data/cleaning/test_typed_clocks.py",
    ],
    "classifier/splits.py": ["classifier/test_origins.py", "classifier/test_horizon.py"],
    "classifier/evaluation/selection.py": ["classifier/test_model_selection.py"],
    "segmentation/selection/select.py": ["segmentation/selection/test_select.py"],
}
NO_FAULT = ("core/VariableInserter", "core/VariableReplacer")  # need names of variables


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--module", action="append", choices=sorted(TARGETS))
    parser.add_argument("--mutants", type=int, default=30, help="places a module; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print("| module | mutants | killed | score |\n| --- | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder) / "room"
        keep_out = shutil.ignore_patterns(".git", ".venv*", "__pycache__", "_build", ".hypothesis")
        shutil.copytree(HERE, room, ignore=keep_out)
        for module in args.module or TARGETS:
            report(room, module, args.mutants, random.Random(f"{args.seed} {module}"))


def report(room: Path, module: str, wanted: int, rng: random.Random) -> None:
    """Print the score of one module, and each mutant that no test noticed."""
    path = room / SOURCE / module
    code = path.read_text()
    if not passes(room, module):
        sys.exit(f"the tests of {module} fail without any fault")
    places = [list(group) for _, group in groupby(sorted(mutants(code)), key=lambda m: m[0])]
    drawn = rng.sample(places, wanted) if 0 < wanted < len(places) else places
    alive, tried = [], 0
    for place in drawn:
        _, name, occurrence = rng.choice(place)
        mutant = mutate_code(code, get_operator(name)(), occurrence)
        if mutant is None or meaning(mutant) in (None, meaning(code)):
            continue
        tried += 1
        try:
            path.write_text(mutant)
            if passes(room, module):
                alive.append(changed(code, mutant))
        finally:
            path.write_text(code)
    killed = tried - len(alive)
    print(f"| {module} | {tried} | {killed} | {killed / max(tried, 1):.0%} |", flush=True)
    for lines in alive:
        print(lines, file=sys.stderr, flush=True)


def mutants(code: str) -> Iterator[tuple[tuple[int, int], str, int]]:
    """Yield place, operator and occurrence of every possible fault."""
    tree = get_ast(code)
    for name in operator_names():
        if name in NO_FAULT:
            continue
        operator, occurrence = get_operator(name)(), 0
        for node in ast_nodes(tree):
            for start, _ in operator.mutation_positions(node):
                yield start, name, occurrence
                occurrence += 1


def meaning(code: str) -> str | None:
    """Return the syntax tree without annotations and decorators of dataclasses; None for none."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a star between parameters is an operator to cosmic-ray
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.ClassDef):
            node.decorator_list = []
    return ast.dump(tree)


def passes(room: Path, module: str) -> bool:
    tests = [str(SOURCE / module), *(f"tests/{name}" for name in TARGETS[module])]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    env = {
        **os.environ,
        "PYTHONPATH": f"{room / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    try:
        done = subprocess.run(
            command, cwd=room, env=env, capture_output=True, timeout=600, check=False
        )
    except subprocess.TimeoutExpired:
        return False  # a fault that never ends is noticed
    return done.returncode == 0


def changed(code: str, mutant: str) -> str:
    pairs = zip(code.splitlines(), mutant.splitlines(), strict=False)
    line, new = next((i, new) for i, (old, new) in enumerate(pairs, 1) if old != new)
    return f"    line {line}: {new.strip()}"


if __name__ == "__main__":
    main()
