"""Run the notebooks and write each with what its cells show, as a page of the site.

python docs/write_notebooks.py
"""

import ast
import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

FOLDER = Path(__file__).with_name("notebooks")
CELL = re.compile(r"^# %%(?: \[(\w+)\])? ?(.*)$", re.MULTILINE)


class Cell(NamedTuple):
    """A cell: its kind (empty for code), its title, and its code."""

    kind: str
    title: str
    code: str


def cells(notebook: Path) -> list[Cell]:
    """Return the cells of a notebook."""
    _, *parts = CELL.split(notebook.read_text(encoding="utf-8"))
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [Cell(kind or "", title, code.strip()) for kind, title, code in found]


def run_cell(code: str, names: dict[str, Any]) -> Any:
    """Run a cell as Jupyter does, and return the value that it shows."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def page(notebook: Path) -> Iterator[str]:
    """Yield the parts of the page of a notebook, which is run in the current folder."""
    names: dict[str, Any] = {}
    for cell in cells(notebook):
        if cell.kind:
            yield ast.literal_eval(cell.code).strip()
            continue
        yield f"**{cell.title}**"
        yield f"```python\n{cell.code}\n```"
        shown = run_cell(cell.code, names)
        yield f"```text\n{shown}\n```"


def main() -> None:
    """Write all pages."""
    for notebook in sorted(FOLDER.glob("*.py")):
        with TemporaryDirectory() as folder, chdir(folder):
            text = "\n\n".join(page(notebook)) + "\n"
        notebook.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
