"""Names of code in the docs about the design stand in the code."""

import ast
import re
from collections import defaultdict
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from segpredict.config.load import Config
from segpredict.pipeline.artifacts import ARTIFACTS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "segpredict"
PAGES = ("decisions/design.md", "decisions/decisions.md", "concepts/glossary.md")
NAME = r"[A-Za-z_]\w*"
ENDINGS = ("", ".py", ".toml", ".md", ".sql", ".js")
OUTPUTS = (".parquet", ".json", ".csv", ".html", ".pptx")  # endings of what a run or store holds


def members_of_code() -> dict[str, set[str]]:
    """Return what each class, module and room defines or holds, by its name alone."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = path.parent.name if path.name == "__init__.py" else path.stem
        found[module] |= set(names_bound(tree))
        found[path.parent.name].add(path.stem)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                found[node.name] |= {*names_bound(node), *(f"<{base}>" for base in bases)}
    for room in [path.parent for path in PACKAGE.rglob("*/__init__.py")]:
        found[room.parent.name].add(room.name)
    return found


def names_bound(scope: ast.Module | ast.ClassDef) -> list[str]:
    """Return the names that the statements of a module or class bind."""
    names: list[str] = []
    for node in scope.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.ImportFrom):
            names += [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                names += [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
    return names


def files_written() -> set[str]:
    """Return the files of a run by the table of artifacts, and those that the source names."""
    texts = {path for artifact in ARTIFACTS for path in artifact.files}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts |= {node.value} if node.value.endswith(OUTPUTS) else set()
    return texts


WRITTEN = files_written()
MEMBERS = members_of_code()
DEFINED = {name for members in MEMBERS.values() for name in members} | set(MEMBERS)


def holds(owner: str, name: str) -> bool:
    """Return whether a class, one of its bases, or a module holds a name."""
    bases = [member[1:-1] for member in MEMBERS[owner] if member.startswith("<")]
    return name in MEMBERS[owner] or any(holds(base, name) for base in bases)


def setting_names(kind: type = Config) -> set[str]:
    """Return the names of the sections of a config and of their settings."""
    names = set()
    for setting in fields(kind):
        names.add(setting.name)
        if is_dataclass(setting.default_factory):
            names |= setting_names(setting.default_factory)
    return names


SETTINGS = setting_names()


def stands_in_a_file(text: str) -> bool:
    """Return whether `room/module.NAME`, `room/module.py` or `folder/` is there."""
    place, dot, name = text.rstrip("/").rpartition(".")
    homes = (PACKAGE, ROOT, ROOT / "docs", ROOT / "docs" / "reference")
    if dot and f".{name}" not in ENDINGS and "/" not in name:
        return stands_in_a_file(place) and name in MEMBERS[place.rpartition("/")[2]]
    return any((home / f"{text}{ending}").exists() for home in homes for ending in ENDINGS)


def is_in_the_code(text: str) -> bool:
    """Return whether a name exists; what is not a name of code counts as one that does."""
    text = re.sub(r"\(.*\)$", "", text)
    if text.endswith(OUTPUTS):
        return any(known.endswith(text) for known in WRITTEN)
    if re.fullmatch(rf"{NAME}(/{NAME})+/?(\.\w+)?", text) and text.split("/")[0] in ROOMS:
        return stands_in_a_file(text)
    if re.fullmatch(rf"{NAME}\.{NAME}", text):
        owner, name = text.split(".")
        if owner in SETTINGS and name in SETTINGS:
            return True
        return owner not in MEMBERS or holds(owner, name) or text.endswith(ENDINGS[1:])
    is_class = re.fullmatch(r"[A-Z][a-z]+([A-Z]\w*)+", text)
    is_constant = re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text)
    return text in DEFINED if is_class or is_constant else True


ROOMS = {path.name for path in PACKAGE.iterdir() if path.is_dir()} | {"docs", "tests", "benchmarks"}


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_code_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    names = set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text))
    assert names
    assert sorted(name for name in names if not is_in_the_code(name)) == []


@pytest.mark.parametrize(
    "stale",
    [
        *(
            "config/time_options.py",
            "core/orders.NO_KEY",
            "Segmentation.foretell",
            "features.lesson",
        ),
        *("SegmentProphet", "CLEANING_LAWS", "segmentation/affinity.py", "tests/shelf"),
    ],
)
def test_a_stale_name_is_found(stale: str) -> None:
    assert not is_in_the_code(stale)


PRIVATE_WORDS = re.compile(
    r"\b(foretold|foretell\w*|whoever|lotter\w*|heeded|rehears\w*|canary|playbook|valuer)\b"
    r"|\bcame (true|of)\b",
    re.IGNORECASE,
)


def test_source_and_docs_speak_the_words_of_the_field() -> None:
    folders = (PACKAGE, ROOT / "docs", ROOT / "examples", ROOT / "benchmarks", ROOT / "configs")
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    endings = {".py", ".md", ".toml", ".html", ".js", ".sh", ".yml", ".ipynb"}
    pages = [path for path in paths if path.suffix in endings and "_build" not in path.parts]
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in (*pages, *ROOT.glob("*.md"))
        if path.name != "CHANGELOG.md"  # it names what was renamed
        for match in PRIVATE_WORDS.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()
