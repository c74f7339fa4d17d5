"""The rows of the catalogue of bad input about cells and shops, and their tests.

`python tests/data/cleaning/catalogue_of_rows.py` prints the table of counts that stands in
docs/reference/cleaning.md.
"""

import re
import sys
from pathlib import Path

ROOMS = {
    "I": ("ids", 19),
    "T": ("dates and time", 28),
    "N": ("numbers and money", 20),
    "B": ("business reality", 18),
    "M": ("too little or too unusual to model", 16),
}
# Rows that are answered in another way than the catalogue says; docs/reference/cleaning.md says
# why. M15 alone has no test.
OTHERWISE = (
    *("I09", "T09", "T12", "T16", "T18", "T19", "T25", "T28"),
    *("N04", "N09", "N15", "N16", "B03", "B07", "B10", "B13"),
    *("M02", "M06", "M08", "M11", "M15"),
)
UNTESTED = ("M15",)
HERE = Path(__file__).parent


def answered() -> set[str]:
    """Return the rows that are the id of a test."""
    paths = sorted(HERE.glob("test_catalogue_*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    return set(re.findall(r'row\(\s*f?"([ITNBM]\d\d)\b', text))


def rows() -> set[str]:
    """Return the ids of all rows."""
    return {f"{room}{i:02}" for room, (_, n) in ROOMS.items() for i in range(1, n + 1)}


def table() -> str:
    """Return the counts as the lines of a table in Markdown."""
    by_test = answered()
    lines = []
    for room, (meaning, n) in ROOMS.items():
        has = sum(row.startswith(room) for row in by_test)
        other = sum(row.startswith(room) for row in OTHERWISE)
        lines.append(f"| {room} | {meaning} | {n} | {has} | {n - other} | {other} |")
    head = "| | about | rows | with a test | as specified | otherwise (below) |\n"
    return head + "| --- | --- | --: | --: | --: | --: |\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
