"""Print for people or for programs: tables, one JSON object, progress on stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Output:
    """Where and how a command speaks.

    Parameters
    ----------
    as_json
        Print one JSON object on stdout and nothing else.
    quiet
        Print nothing but errors.
    """

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str = "") -> None:
        """Print a line for people."""
        if not (self.as_json or self.quiet):
            self._console().print(text, highlight=False, soft_wrap=True, markup=False)

    def table(
        self, title: str, rows: Sequence[Mapping[str, Any]], *, note: str = ""
    ) -> None:
        """Print a table for people; numbers stand right."""
        if self.as_json or self.quiet or not rows:
            return
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=title, caption=note or None, title_justify="left")
        for name, value in rows[0].items():
            table.add_column(
                name.replace("_", " "), justify="right" if _is_figure(value) else "left"
            )
        for row in rows:
            table.add_row(*(escape(cell(value)) for value in row.values()))
        self._console().print(table)

    def result(self, facts: Mapping[str, Any]) -> None:
        """Print the one JSON object, if it was asked for."""
        if self.as_json:
            text = json.dumps(facts, ensure_ascii=False, default=str, allow_nan=False)
            sys.stdout.write(text + "\n")

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Yield a function that shows progress on a terminal, silent in a pipe."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield lambda _what, _share: None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bars:
            task = bars.add_task("starting", total=1.0)

            def advance(what: str, share: float) -> None:
                bars.update(task, description=what, completed=share)

            yield advance

    @staticmethod
    def _console() -> Any:
        from rich.console import Console

        # In a pipe there is no width to respect: 200 keeps tables whole.
        return Console(width=None if sys.stdout.isatty() else 200)


def _is_figure(value: object) -> bool:
    if isinstance(value, str):
        return value.replace(",", "").replace(".", "").lstrip("-").isdecimal()
    return isinstance(value, int | float) and not isinstance(value, bool)


def cell(value: object) -> str:
    """Return a value as a table cell.

    Examples
    --------
    >>> cell(1234567), cell(0.12345), cell(None)
    ('1,234,567', '0.123', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100 else f"{value:.3f}"
    return str(value)
