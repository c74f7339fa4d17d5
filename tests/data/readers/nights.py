"""The 305 daily drops of Online Retail, put into a store in several nights.

`python tests/data/readers/nights.py` ingests them night by night and all at once, compares
the stores and prints the table that stands in docs/reference/input.md;
`--write docs/reference/input.md` puts it there. It needs the real data.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from data_sets import DROPS, REAL, put, unpacked

from segpredict import pipeline
from segpredict.config import load
from segpredict.core.transactions import Transactions

MARKS = ("<!-- nights: begin -->", "<!-- nights: end -->")
NIGHTS = (0, 120, 200, 260, 290, 300, 301, 302, 303, 304, 305)


@dataclass(frozen=True)
class Night:
    """One call of `ingest`: files given and new, lines then, seconds, MB written."""

    name: str
    given: int
    added: int
    lines: int
    seconds: float
    written: float


def ingested(name: str, files: list[Path], store: Path) -> tuple[Night, Transactions]:
    """Put files into a store."""
    before, start = files_of(store), time.process_time()
    done = pipeline.ingest([str(path) for path in files], store, load.load_config("online_retail"))
    seconds = time.process_time() - start
    lines = done.shop.ledger.total("used").rows
    new = sum(path.stat().st_size for path in files_of(store) - before) / 1e6
    return Night(name, len(files), len(done.added), lines, seconds, new), done.shop


def files_of(store: Path) -> set[Path]:
    """Return the Parquet files of a store; one that is written again has a new name."""
    return set(store.rglob("*.parquet"))


def differences(one: Path, other: Path) -> list[str]:
    """Return in what two stores differ, once they are read again."""
    plan = load.load_config("online_retail")
    shop, again = (pipeline.read_transactions([str(path)], plan) for path in (one, other))
    found = {
        "lines": shop.lines.collect().equals(again.lines.collect()),
        "ledger": shop.ledger == again.ledger,
        "rejects": _cells(shop) == _cells(again),
        "notes": shop.notes == again.notes,
        "files": shop.files == again.files,
        "fingerprint": shop.fingerprint == again.fingerprint,
    }
    return [name for name, is_equal in found.items() if not is_equal]


def _cells(shop: Transactions) -> object:
    return None if shop.rejects is None else shop.rejects.to_dicts()


def nights(data: Path) -> tuple[list[Night], list[str]]:
    """Return what each night took, and in what the store differs from one of a go."""
    with tempfile.TemporaryDirectory() as folder, unpacked(data, DROPS) as drops:
        files = sorted(drops.rglob("*.csv"))
        by_night, at_once = Path(folder) / "nights", Path(folder) / "once"
        made = [
            # Every night is given the whole folder as it is by then.
            ingested(f"night {i}", files[:end], by_night)[0]
            for i, (_, end) in enumerate(pairwise(NIGHTS), 1)
        ]
        made.append(ingested("all at once", files, at_once)[0])
        return made, differences(by_night, at_once)


def table(made: list[Night], differing: list[str]) -> str:
    """Return the nights as the lines of a table in Markdown, and the comparison."""
    head = "| | files in the folder | new | lines in the store | CPU s | MB written |\n"
    rows = [
        f"| {n.name} | {n.given} | {n.added} | {n.lines:,} | {n.seconds:.1f} | {n.written:.2f} |"
        for n in made
    ]
    summary = (
        f"Different: {', '.join(differing)}."
        if differing
        else "Equal: lines, ledger, rejects, notes, files, fingerprint."
    )
    return f"{head}| --- | --: | --: | --: | --: | --: |\n" + "\n".join([*rows, "", summary])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to put the table into")
    options = parser.parse_args()
    made, differing = nights(REAL)
    text = table(made, differing)
    sys.stdout.write(text + "\n")
    if options.write:
        put(options.write, MARKS, text)
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
