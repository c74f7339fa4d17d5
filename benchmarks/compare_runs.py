"""Compare two runs value for value, whatever their files and columns are called.

    python benchmarks/compare_runs.py OLD NEW

A column of a table is known by its values: each column of OLD must stand in some table of NEW,
in the same order of rows or, where it does not, with the same values in another order. The
numbers of JSON files are compared as one multiset per run.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    args = parser.parse_args()
    ordered = {key for *_, key in columns(args.new, is_ordered=True)}
    unordered = {key for *_, key in columns(args.new, is_ordered=False)}
    rows = zip(columns(args.old, is_ordered=True), columns(args.old, is_ordered=False), strict=True)
    found = Counter()
    missing = []
    for (file, column, key), (_, _, loose) in rows:
        is_found = key in ordered or loose in unordered
        found[is_found] += 1
        if not is_found:
            missing.append(f"{file}: {column}")
    print(f"columns: {found[True]} of {found.total()} stand in the new run with equal values")
    for name in missing:
        print(f"  missing or changed: {name}")
    before, after = numbers(args.old), numbers(args.new)
    lost = before - after
    print(f"JSON numbers: {before.total() - lost.total()} of {before.total()} stand in the new run")
    return int(bool(missing))


def columns(folder: Path, *, is_ordered: bool) -> Iterator[tuple[str, str, str]]:
    for path in sorted(folder.rglob("*.parquet")):
        frame = pl.read_parquet(path)
        for name in frame.columns:
            yield str(path.relative_to(folder)), name, fingerprint(frame[name], is_ordered)


def fingerprint(values: pl.Series, is_ordered: bool) -> str:  # noqa: FBT001 one of two keys
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        text = values.cast(pl.Float64).to_list()
    else:
        text = [json.dumps(v, default=str, sort_keys=True) for v in values.to_list()]
    if not is_ordered:
        text = sorted(text, key=lambda v: (v is None, str(v)))
    return hashlib.sha256(repr(text).encode()).hexdigest()


def numbers(folder: Path) -> Counter[float]:
    """Return every number in the JSON files of a run, but those of the manifest."""
    found: Counter[float] = Counter()
    for path in sorted(folder.rglob("*.json")):
        if path.name != "manifest.json":
            found.update(walk(json.loads(path.read_text(encoding="utf-8"))))
    return found


def walk(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


if __name__ == "__main__":
    sys.exit(main())
