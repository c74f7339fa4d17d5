"""The rows of the catalogue of bad input about files, and which tests answer them.

`python tests/data/readers/catalogue_of_files.py` prints the table of counts that stands in
docs/reference/input.md.
"""

import re
import sys
from pathlib import Path

ROOMS = {
    "F": ("files, packing, coding", 30),
    "S": ("structure of CSV", 30),
    "P": ("Parquet", 12),
    "X": ("Excel", 13),
}
# Rows that are answered in another way than the catalogue says; docs/reference/input.md says why.
OTHERWISE = (
    *("F02", "F19", "F23", "F27", "F28"),
    *("S12", "S25"),
    *("P02", "P04", "P12"),
    *("X04", "X06", "X07", "X12"),
)
HERE = Path(__file__).parent


def answered() -> dict[str, int]:
    """Return how often each row of the catalogue is named by a test."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in sorted(HERE.glob("test_catalogue_*.py"))
    )
    found = re.findall(r'(?:def test_|id=f?")([fspxFSPX]\d\d)', text)
    named = [row.upper() for row in found]
    return {row: named.count(row) for row in sorted(set(named))}


def rows() -> tuple[str, ...]:
    """Return the ids of all rows."""
    return tuple(f"{letter}{i:02}" for letter, (_, n) in ROOMS.items() for i in range(1, n + 1))


def table() -> str:
    """Return the counts as the lines of a table in Markdown."""
    by_row = answered()
    lines = []
    for letter, (meaning, n) in ROOMS.items():
        has = sum(row.startswith(letter) for row in by_row)
        other = sum(row.startswith(letter) for row in OTHERWISE)
        lines.append(f"| {letter} | {meaning} | {n} | {has} | {n - other} | {other} |")
    head = "| | about | rows | with a test | as specified | otherwise (below) |\n"
    return head + "| --- | --- | --: | --: | --: | --: |\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
