"""Which files a store holds already: by their bytes, and by what was read of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from segpredict import sources
from segpredict.sources import Layout
from segpredict.tables import FileFact

ALL = "*"  # as `Layout.sheet`; such a file says so with `sheets`


def sorted_out(
    names: Sequence[str], layout: Layout, known: Iterable[FileFact]
) -> tuple[list[Path], dict[str, str]]:
    """Return the files that are new, and name → known name of those that are not.

    Another sheet or table of a known file is new, and so are equal bytes in another
    partition.
    """
    met: dict[str, list[FileFact]] = {}
    for fact in known:
        met.setdefault(fact.sha256, []).append(fact)
    fresh, skipped = [], {}
    for path in sources.paths(names):
        sha256 = sources.digest(path)
        alike = met.setdefault(sha256, [])
        same = [fact.name for fact in alike if _is_same(fact, path, layout)]
        if same:
            skipped[sources.called(path)] = same[0]
        else:
            fresh.append(path)
            alike.append(_promised(path, sha256, layout))
    return fresh, skipped


def _is_same(fact: FileFact, path: Path, layout: Layout) -> bool:
    found = fact.detected
    sheet = ALL if "sheets" in found else found.get("sheet")
    return (
        _partition(Path(fact.name)) == _partition(path)
        and layout.sheet in (None, sheet)
        and layout.table in (None, found.get("table"))
    )


def _partition(path: Path) -> list[str]:
    return [folder for folder in path.parent.parts if "=" in folder]


def _promised(path: Path, sha256: str, layout: Layout) -> FileFact:
    """Return what will be known of a file once it was read."""
    asked = {"sheet": layout.sheet, "table": layout.table}
    found = {name: value for name, value in asked.items() if value}
    if layout.sheet == ALL:
        found["sheets"] = ALL
    return FileFact(sources.called(path), 0, sha256, found)
