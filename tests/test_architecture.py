"""The rules of the architecture that a test can check."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import segpredict

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "segpredict").rglob("*.py"))
HEAVY = {"polars", "sklearn", "xgboost", "shap", "pandas", "matplotlib"}


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def calls(path: Path) -> list[ast.Call]:
    return [node for node in nodes(path) if isinstance(node, ast.Call)]


def imported(path: Path) -> set[str]:
    names = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


FOREIGN_KEYS = {  # of other libraries and formats, or put together from parts
    *("Algorithm", "Fitted on data until", "Measured on", "predicted_share", "Content-Length"),
    *("SEGPREDICT_TRACEBACK", "msg", "MeasureSpan", "X_all"),
    *("service", "constrained_columns"),  # libpq's and SQLAlchemy's
    *("$defs", "components", "schemas"),  # OpenAPI's
    *("authorization", "content-type", "content-length", "host", "origin", "sec-fetch-site"),
    *("client", "more_body"),  # ASGI's
    # XGBoost's JSON model
    *("learner", "gradient_booster", "gbtree_model_param", "left_children", "learner_model_param"),
    *("cats", "feature_types", "boost_from_average", "tree_param", "softmax_multiclass_param"),
    *("num_deleted", "num_nodes", "size_leaf_vector"),
}
GLOBBING_READERS = {
    f"pl.{verb}_{kind}" for verb in ("read", "scan") for kind in ("parquet", "csv", "ndjson", "ipc")
}


def test_the_public_names_are_sorted_and_all_there() -> None:
    assert segpredict.__all__ == sorted(segpredict.__all__, key=lambda n: (n.islower(), n))
    for name in segpredict.__all__:
        assert getattr(segpredict, name) is not None


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom segpredict.cli import main\n"
        f"sys.argv = ['segpredict', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"heavy = {sorted(HEAVY)!r}\n"
        "print('HEAVY', [m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_a_run_loads_nothing_that_only_plots_and_cross_checks_need() -> None:
    code = "import sys, segpredict.pipeline; print({'shap', 'matplotlib'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


REMOVERS = {"rmtree", "unlink", "rmdir", "fsync", "hardlink_to", "mkdtemp", "TemporaryDirectory"}
WRITERS = {"write_text", "write_bytes"}
MAY_REMOVE = {
    "core/disk.py",
    "core/work_folder.py",
    "data/ingest/ingest.py",  # an empty folder of raw rows
    "pipeline/exports.py",  # an empty folder of a draft
    "core/run_folder.py",  # files of a draft
}
MAY_WRITE = {"core/disk.py", "report/bi/_write.py"}  # the latter into a draft


def test_only_one_place_writes_and_removes() -> None:
    """Or files are half written, on no disk yet, or removed though they are somebody's."""
    for path in SOURCES:
        name = str(path).split("/segpredict/")[-1]
        called = {getattr(c.func, "attr", getattr(c.func, "id", "")) for c in calls(path)}
        assert name in MAY_REMOVE or not called & REMOVERS, path
        assert name in MAY_WRITE or not called & WRITERS, path


def test_nothing_can_run_what_it_loads() -> None:
    for path in SOURCES:
        assert not imported(path) & {"pickle", "marshal", "shelve", "dill"}, path
        from_joblib = {
            name.name
            for node in nodes(path)
            if isinstance(node, ast.ImportFrom) and node.module == "joblib"
            for name in node.names
        }
        # The load of joblib runs what it reads.
        assert from_joblib <= {"Parallel", "cpu_count", "delayed"}, path
        assert "joblib" not in imported(path) or from_joblib, path
        called = {c.func.id for c in calls(path) if isinstance(c.func, ast.Name)}
        assert not called & {"eval", "exec", "compile"}, path


def test_every_module_says_its_purpose_and_keeps_to_one_noun() -> None:
    for path in SOURCES:
        assert ast.get_docstring(nodes(path)[0]), path
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
        assert path.stem not in {"utils", "helpers", "common", "misc"}, path


def test_only_doors_read_the_clock() -> None:
    clock = re.compile(r"\b(datetime\.now|date\.today|time\.time)\(")
    inside = [path for path in SOURCES if "cli" not in path.parts]
    assert [path for path in inside if clock.search(path.read_text(encoding="utf-8"))] == []


def test_public_class_names_are_unique() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in nodes(path)[0].body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_the_root_holds_fifteen_rooms_and_the_errors() -> None:
    root = ROOT / "src" / "segpredict"
    rooms = [path for path in root.iterdir() if (path / "__init__.py").is_file()]
    assert len(rooms) <= 15
    modules = {path.name for path in root.glob("*.py")}
    assert modules <= {"__init__.py", "__main__.py", "_version.py", "errors.py"}


def test_rooms_of_analytics_do_not_import_each_other() -> None:
    folder = ROOT / "src" / "segpredict" / "analytics"
    for path in folder.glob("*/**/*.py"):
        own = path.relative_to(folder).parts[0]
        text = path.read_text(encoding="utf-8")
        used = set(re.findall(r"segpredict\.analytics(?:\.| import )(\w+)", text))
        rooms = {room.name for room in folder.iterdir() if room.is_dir()}
        assert used & rooms <= {own}, path


def test_paths_of_a_run_folder_stand_in_the_table_of_artifacts_alone() -> None:
    from segpredict.pipeline.artifacts import ARTIFACTS, REPORT_PATHS

    table = {path for artifact in ARTIFACTS for path in artifact.files}
    table |= {artifact.path for artifact in ARTIFACTS if "/" in artifact.path}
    table |= set(REPORT_PATHS.values())
    # A store and a simulated shop have files of such names of their own.
    table -= {"transactions.parquet", "rejects.parquet", "ledger.json"}
    for path in SOURCES:
        if path.name == "artifacts.py":
            continue
        literals = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
        assert not {text for text in literals if isinstance(text, str)} & table, path


def test_a_path_is_read_literally() -> None:
    # Polars takes a bracket in a path for a pattern: shop[1] would read the files of shop1.
    for path in SOURCES:
        for call in calls(path):
            if ast.unparse(call.func) in GLOBBING_READERS:
                assert any(k.arg == "glob" for k in call.keywords), (path, ast.unparse(call))


def test_every_key_that_is_read_is_written_somewhere() -> None:
    # A key renamed on one side alone reads as "nothing there": a page with a hole, and no error.
    reads: dict[str, str] = {}
    written: set[object] = set()
    for table in (ROOT / "src").rglob("*.toml"):
        written |= keys_within(tomllib.loads(table.read_text(encoding="utf-8")))
    for path in SOURCES:
        keys = {id(key): key for node in nodes(path) for key in read_keys(node)}
        reads |= {key.value: f"{path.name}:{key.lineno}" for key in keys.values()}
        for node in nodes(path):
            if isinstance(node, ast.Constant) and id(node) not in keys:
                written.add(node.value)
            elif isinstance(node, ast.keyword):
                written.add(node.arg)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                written.add(node.target.id)
    known = written | FOREIGN_KEYS
    unknown = {k: w for k, w in reads.items() if k not in known and k[:1] != "/"}  # no routes
    assert unknown == {}


def keys_within(value: object) -> set[object]:
    """Return the keys of nested tables."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = set(value) if isinstance(value, dict) else set()
    return own.union(*map(keys_within, parts))


def read_keys(node: ast.AST) -> list[ast.Constant]:
    """Return the text keys that a node looks up: `x["key"]` and `x.get("key")`."""
    keys: list[ast.AST] = []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        keys = [node.slice]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        keys = node.args[:1] if node.func.attr in ("get", "pop") else []
    return [key for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{segpredict.__version__}]" in changelog


def test_every_command_is_in_the_readme() -> None:
    from segpredict.cli._main import COMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"`segpredict {name}" not in readme]
    assert missing == []
