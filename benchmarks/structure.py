"""Count the figures of the package's structure.

python benchmarks/structure.py [SRC/segpredict]
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

FACE = {"__init__", "__main__", "_version"}
RUN_FILE = re.compile(r"^[a-z_]+/[a-z_{}*]+\.(?:json|parquet|csv)$")


def main(root: Path) -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in root.rglob("*.py")}
    texts = {path: path.read_text(encoding="utf-8") for path in trees}
    for name, value in figures(root, trees, texts):
        print(f"{name:64} {value}")


def figures(
    root: Path, trees: dict[Path, ast.Module], texts: dict[Path, str]
) -> Iterator[tuple[str, object]]:
    folders = [p for p in root.iterdir() if p.is_dir() and any(p.glob("*.py"))]
    loose = [p for p in root.glob("*.py") if p.stem not in FACE]
    yield "folders at the root", len(folders)
    yield "loose modules at the root", len(loose)
    yield "files", len(trees)
    yield "lines of source", sum(len(text.splitlines()) for text in texts.values())
    yield "arrows between rooms of the root", len(arrows(root, trees, depth=1))
    yield "arrows between all folders", len(arrows(root, trees, depth=9))
    classes = Counter(n.name for t in trees.values() for n in t.body if isinstance(n, ast.ClassDef))
    public = {name: n for name, n in classes.items() if not name.startswith("_")}
    yield "public class names defined more than once", sum(n > 1 for n in public.values())
    yield "public function names in more than one room", len(shared_functions(root, trees))
    names = [n.name for t in trees.values() for n in functions(t) if not n.name.startswith("__")]
    yield "mean length of a function's name", round(sum(map(len, names)) / len(names), 1)
    yield "comments per 100 code lines", comments(texts, trees)
    shown, exported = examples(root, trees)
    yield "exported objects with an example that runs", f"{shown} of {exported}"
    yield "run-folder paths as string literals (files)", path_literals(trees)
    yield "tuple parameters of unlike things", sum(map(tuple_parameters, trees.values()))
    longest = max((len(text.splitlines()), str(path.name)) for path, text in texts.items())
    yield "longest file", longest
    small = sum(len(text.splitlines()) < 40 for p, text in texts.items() if p.stem not in FACE)
    yield "files under 40 lines, without __init__", small


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def place(root: Path, path: Path, depth: int) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    folder = parts[:-1] or (parts[-1],)
    return ".".join(folder[:depth])


def arrows(root: Path, trees: dict[Path, ast.Module], depth: int) -> set[tuple[str, str]]:
    modules = {dotted(root, path): path for path in trees}
    found = set()
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(
                root.name
            ):
                continue
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                target = modules.get(full) or modules.get(str(node.module))
                if target is not None:
                    pair = place(root, path, depth), place(root, target, depth)
                    found.add(pair)
    return {(a, b) for a, b in found if a != b and not {a, b} & FACE}


def dotted(root: Path, path: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def shared_functions(root: Path, trees: dict[Path, ast.Module]) -> set[str]:
    homes = defaultdict(set)
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                homes[node.name].add(place(root, path, 1))
    return {name for name, rooms in homes.items() if len(rooms) > 1}


def comments(texts: dict[Path, str], trees: dict[Path, ast.Module]) -> float:
    said = code = 0
    for path, text in texts.items():
        docs = sum(doc_lines(node) for node in ast.walk(trees[path]))
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        whole = sum(line.startswith("#") for line in lines)
        said += whole + sum("  # " in line for line in lines if not line.startswith("#"))
        code += len(lines) - whole - docs
    return round(100 * said / code, 1)


def doc_lines(node: ast.AST) -> int:
    holds = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    if not holds or ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return len(list(range(first.lineno, (first.end_lineno or first.lineno) + 1)))


def examples(root: Path, trees: dict[Path, ast.Module]) -> tuple[int, int]:
    """Return how many names in `__all__` have a doctest, and how many there are."""
    documents: dict[tuple[str, str], str] = {}
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                inner = [
                    ast.get_docstring(n) or "" for n in node.body if isinstance(n, ast.FunctionDef)
                ]
                own = ast.get_docstring(node) or ""
                extra = "\n".join(inner) if isinstance(node, ast.ClassDef) else ""
                documents[dotted(root, path), node.name] = own + extra
    exported = set()
    for path, tree in trees.items():
        if path.stem == "__init__" and path.parent != root:
            wanted = {
                e.value
                for n in tree.body
                if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "__all__"
                for e in getattr(n.value, "elts", ())
            }
            for node in tree.body:
                if isinstance(node, ast.ImportFrom):
                    exported |= {
                        (str(node.module), a.name)
                        for a in node.names
                        if (a.asname or a.name) in wanted
                        and (str(node.module), a.name) in documents
                    }
    return sum(">>>" in documents[key] for key in exported), len(exported)


def path_literals(trees: dict[Path, ast.Module]) -> str:
    found = Counter(
        str(path.name)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and RUN_FILE.match(node.value)
    )
    return f"{found.total()} in {len(found)}"


def tuple_parameters(tree: ast.Module) -> int:
    """Return how many parameters are tuples of two or more different types."""
    total = 0
    for node in functions(tree):
        for arg in [*node.args.args, *node.args.kwonlyargs]:
            note = arg.annotation
            if isinstance(note, ast.Subscript) and getattr(note.value, "id", "") == "tuple":
                inner = note.slice.elts if isinstance(note.slice, ast.Tuple) else []
                kinds = {ast.dump(each) for each in inner}
                total += len(kinds) > 1 and not any(
                    isinstance(each, ast.Constant) and each.value is ... for each in inner
                )
    return total


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "src/segpredict")
