"""Run the demo and write what it prints into ``guide/quickstart.md``.

python docs/write_quickstart.py
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PAGE = Path(__file__).with_name("guide") / "quickstart.md"
OUTPUT = re.compile(r"(?<=<!-- output: begin -->\n).*?(?=<!-- output: end -->)", re.DOTALL)
MAX_LINES = 45


def main() -> None:
    """Run and write."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "segpredict", "demo"]
        settings = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
        done = subprocess.run(
            command, cwd=folder, env=settings, capture_output=True, text=True, check=True
        )
        told = done.stdout.replace(folder, "…")
    lines = [line.rstrip() for line in told.splitlines()]
    more = ["…"] if len(lines) > MAX_LINES else []
    block = "\n".join(["```text", *lines[:MAX_LINES], *more, "```", ""])
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(OUTPUT.sub(lambda _: block, page), encoding="utf-8")


if __name__ == "__main__":
    main()
