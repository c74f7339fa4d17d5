"""Fail if the package has a function, class or property that nothing uses.

python benchmarks/dead_code.py
"""

import sys
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[1]
KINDS = {"class", "function", "import", "method", "property"}
# Called by Python, Typer, Rich, or by the table of artifacts, which names fields.
CALLED_BY_OTHERS = {
    *("__dir__", "__getattr__", "_root", "on_broken_pipe"),
    *("rfm_codes", "segment_events"),
    *("handle_data", "handle_starttag"),  # of a parser of HTML
}


def main() -> int:
    tool = Vulture(ignore_decorators=["@router.*", "@orders_router.*"])  # the service's
    tool.scavenge([str(ROOT / name) for name in ("src", "benchmarks", "tests", "docs")])
    dead = [
        item
        for item in tool.get_unused_code(min_confidence=60)
        if item.typ in KINDS
        and item.name not in CALLED_BY_OTHERS
        and "src" in Path(item.filename).relative_to(ROOT).parts
    ]
    for item in dead:
        print(f"{item.filename}:{item.first_lineno}: unused {item.typ} {item.name}")
    return int(bool(dead))


if __name__ == "__main__":
    sys.exit(main())
