"""Print for people or for programs: tables, one JSON object, progress on stderr."""

import json
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from segpredict.cli._stages import StageClock
from segpredict.core.text import escape_json_controls, strip_control_characters, to_single_line
from segpredict.errors import LimitError, UsageError

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, Any]  # of a table, by column
# How the numbers of a column are written; of all others, with three digits.
SHARE_COLUMNS = {"share", "stayed share", "share then", "share now", "share difference"}
MONEY_COLUMNS = {"money", "sales", "spend_before", "spend_after"}
LABEL_WIDTH = 8
PLAIN_SPACES = dict.fromkeys((0xA0, 0x202F), " ")  # of the page
FIGURE = re.compile(r"[^\w\s]*(?:[A-Z]{2,3}\s)?\d|–$|$")
COUNT_COLUMNS = {"median_gap_days"}


RUN_FIX = "make the folder of the run writable, or copy it and name the copy with --run."


@contextmanager
def writing_to(option: str, fix: str = "") -> Iterator[None]:
    """Let an error of writing name this option instead of ``--out``, or give this fix."""
    try:
        yield
    except (LimitError, UsageError) as error:
        if "--out" in error.fix:
            error.fix = fix or error.fix.replace("--out", option)
        raise


@dataclass(frozen=True)
class Output:
    """Where and how a command prints."""

    as_json: bool = False  # print one JSON object on stdout and nothing else
    quiet: bool = False  # print nothing but errors
    verbose: bool = False  # print every table

    @property
    def is_silent(self) -> bool:
        """Whether nothing is printed for people."""
        return self.as_json or self.quiet

    def print_line(self, text: str = "") -> None:
        """Print a line for people."""
        self._print(_text(text), soft_wrap=True)

    def print_note(self, text: str) -> None:
        """Print a line for people on stderr, where stdout may carry data."""
        if not self.is_silent:
            write_stderr(text)

    def print_warning(self, text: str) -> None:
        """Print on stderr what went wrong without making the command fail, quiet or not."""
        write_stderr(f"warning: {text}")

    def print_table(self, title: str, rows: Sequence[Row], *, note: str = "") -> None:
        """Print a table for people; numbers stand right.

        No text is read as markup: names of segments stand in titles and heads, too.
        """
        if rows:
            below = [_text(note, "dim")] if note else []
            self._print("", _text(title, "bold"), _table(rows), *below, width=_wide())

    def print_block(self, label: str, *parts: str | Sequence[Row]) -> None:
        """Print lines and small tables behind a label, within the width of the terminal."""
        from rich.console import Group
        from rich.table import Table

        shown = [_text(part) if isinstance(part, str) else _table(part) for part in parts if part]
        if shown:
            grid = Table.grid(padding=(0, 1, 0, 0))
            grid.add_column(width=LABEL_WIDTH, style="bold")
            grid.add_row(_text(label), Group(*shown))
            self._print(grid)

    def print_markdown(self, text: str) -> None:
        """Print Markdown as tables."""
        from rich.markdown import Markdown

        self._print("", Markdown(text.translate(PLAIN_SPACES), hyperlinks=False), width=_wide())

    def print_data(self, text: str) -> None:
        """Print data on stdout: unchanged to a pipe, without control sequences to a terminal."""
        if not self.as_json:
            _write(strip_control_characters(text) if sys.stdout.isatty() else text)

    def write_table(self, table: "pl.DataFrame", out: Path | None, what: str) -> None:
        """Write a table to a .parquet or .csv file; as CSV to stdout where none is named."""
        from segpredict.core.disk import write_file
        from segpredict.core.run_folder import encode_csv, parquet_writer

        if out is None:
            self.print_data(encode_csv(table).decode())
            return
        write_file(out, parquet_writer(table) if out.suffix == ".parquet" else encode_csv(table))
        self.print_line(f"{table.height:,} {what}: {out}")

    def print_json(self, facts: Row) -> None:
        """Print the one JSON object, if it was requested."""
        if self.as_json:
            text = json.dumps(facts, ensure_ascii=False, default=str, allow_nan=False)
            sys.stdout.write(escape_json_controls(text) + "\n")

    @contextmanager
    def stages(self) -> Iterator[StageClock]:
        """Yield a clock that is told the progress and prints a line for each finished stage.

        On a terminal the stage at work is shown below these lines.
        """
        if not sys.stderr.isatty() or self.is_silent:
            clock = StageClock(self.print_note)
            yield clock
            clock.stop()
            return
        from rich import progress
        from rich.console import Console

        columns = (
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeElapsedColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task("starting", total=1.0)
            clock = StageClock(
                lambda line: bars.console.print(_text(line)),
                lambda what, share: bars.update(
                    task, description=to_single_line(what), completed=share
                ),
            )
            yield clock
            clock.stop()

    def _print(self, *shown: Any, width: int | None = None, soft_wrap: bool = False) -> None:
        """Print on stdout without the blanks that fill lines; nothing where output is silent."""
        if self.is_silent:
            return
        from rich.console import Console

        console = Console(width=width)
        with console.capture() as captured:
            for each in shown:
                console.print(each, soft_wrap=soft_wrap)
        _write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()  # so that a closed pipe raises here
    except BrokenPipeError:
        # `segpredict check … | head` is no failure. Typer takes an error with a number for one.
        raise BrokenPipeError from None


def _wide() -> int | None:
    """Return a width that keeps tables whole where there is none to respect: in a pipe."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(to_single_line(text).translate(PLAIN_SPACES), style=style)


def _table(rows: Sequence[Row]) -> Any:
    """Return a table without lines; the first column are names, and figures stand right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for i, (name, value) in enumerate(rows[0].items()):
        is_figure = i > 0 and FIGURE.match(terminal_cell(name, value)) is not None
        side: Any = "right" if is_figure else "left"
        table.add_column(_text(name.replace("_", " ")), justify=side, no_wrap=is_figure)
    for row in rows:
        table.add_row(*(_cell(name, value) for name, value in row.items()))
    return table


def _cell(name: str, value: object) -> Any:
    return value if hasattr(value, "__rich_console__") else _text(terminal_cell(name, value))


def require_table_ending(out: Path | None) -> None:
    """Refuse the name of a table that is neither CSV nor Parquet."""
    if out is not None and out.suffix not in {".csv", ".parquet"}:
        raise UsageError(
            f"--out {out} is neither .csv nor .parquet.", fix="give the file one of these endings."
        )


def write_stderr(text: str) -> None:
    """Write a line to stderr: no command is lost to messages that nobody reads."""
    with suppress(OSError):
        sys.stderr.write(to_single_line(text) + "\n")
        sys.stderr.flush()


def error_line(facts: Row) -> str:
    """Return an error as the one line that stderr shows."""
    return to_single_line(f"error[{facts['code']}] {facts['message']} Fix: {facts['fix']}")


def cut_text(text: str, width: int) -> str:
    """Return a text of at most so many characters, cut between words.

    >>> cut_text("Average value of an order", 20)
    'Average value of an…'
    """
    return shorten(text, width, placeholder="…", break_on_hyphens=False)


def terminal_cell(name: str, value: object) -> str:
    """Return a value as a table cell; the column's name says how it is written.

    >>> terminal_cell("rows", 1234567), terminal_cell("share", 0.1234)
    ('1,234,567', '12.3 %')
    >>> terminal_cell("money", 19287250.5), terminal_cell("note", None)
    ('19,287,250.50', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return _number(name, value) if isinstance(value, float) else str(value)


def _number(name: str, value: float) -> str:
    if not math.isfinite(value):
        return "–"
    if name in SHARE_COLUMNS:
        return f"{100 * value:.1f} %"
    if name in MONEY_COLUMNS:
        return f"{value:,.2f}"
    return f"{value:,.0f}" if name in COUNT_COLUMNS else f"{value:.3f}"
