"""``segpredict benchmark``: every forecaster on every test window, in one table."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output

if TYPE_CHECKING:
    from segpredict import benchmark

SHOWN = ("data", "forecaster", "log_loss", "skill", "less", "less_low", "less_high")


def command(
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="NAME=PATH",
            help="A data set: NAME is a preset (online_retail, online_retail_ii, "
            "cdnow, adventureworks …) or a TOML file that says how to read PATH, a "
            "file, folder, glob or store. Repeatable.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", help="Take every data set that `segpredict fetch` put here."
        ),
    ] = None,
    world: Annotated[
        list[str] | None,
        typer.Option(
            "--world",
            metavar="NAME",
            help="An invented world whose truth is known: or2_like, cdnow_like, noise, "
            "markov, deterministic; or none. Repeatable; all if not given.",
        ),
    ] = None,
    customers: Annotated[
        int, typer.Option("--customers", min=200, help="Customers of each world.")
    ] = 2_000,
    settings: o.Settings = None,
    leaks: Annotated[
        bool,
        typer.Option(
            "--leaks/--no-leaks", help="Show what leaking tests would have claimed."
        ),
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="A folder for benchmark.md, benchmark.json and one CSV a table.",
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            help="Put the tables into this page, between its comments "
            "`benchmark: begin` and `benchmark: end`.",
        ),
    ] = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Hold the whole contest on data sets and in worlds of known truth.

    Each data set is read, segmented and judged as `segpredict run` does: the model and
    every baseline on every test window, none of which anything has learned from. The
    interval is that of a forecaster's log-loss less the Markov chain's, over customers
    drawn anew. In an invented world the best possible forecast is known: the gap to it
    says what is left to gain, and whoever beats it has seen the future.

    Public data sets come with `segpredict fetch`. Without any data the worlds alone
    take part. Nothing is kept of the runs, so looks at final tests are not counted.

    Example: `segpredict benchmark --folder data --world or2_like --out results`
    """
    from segpredict import benchmark, oracle
    from segpredict.errors import UsageError

    output = Output(as_json, quiet)
    given = tuple(settings or ())
    entries = [benchmark.entry(text, given) for text in data or ()]
    entries += [] if folder is None else benchmark.laid_out(folder, given)
    worlds = [name for name in world or oracle.WORLDS if name != "none"]
    for name in worlds:
        oracle.named(name)
    if not entries and not worlds:
        raise UsageError(
            "There is nothing to hold the contest on.",
            fix="name data with --data or --folder, or leave out --world none.",
        )
    plan = benchmark.Plan(entries, worlds, customers, given, leaks)
    with output.progress() as progress:
        found = benchmark.hold(plan, progress)
    text = benchmark.page(found)
    _show(output, found)
    if out is not None:
        _keep(out, found, text)
        output.say(f"The tables are in {out}")
    if write is not None:
        benchmark.insert(write, text)
        output.say(f"The tables stand in {write}")
    output.result({name: frame.to_dicts() for name, frame in found.frames().items()})


def _show(output: Output, found: "benchmark.Result") -> None:
    pooled = [row for row in found.scores if row["window"] == "pooled"]
    rows = [
        {name: _rounded(row[name]) for name in SHOWN}
        for row in sorted(pooled, key=lambda row: (row["data"], row["log_loss"]))
    ]
    note = "less: log-loss less the Markov chain's, in nats, with its 95 % interval"
    output.table("All test windows together", rows, note=note)
    gaps = [
        {
            "world": row["data"],
            "forecaster": row["forecaster"],
            "log_loss": _rounded(row["log_loss"]),
            "oracle": _rounded(row["oracle"]),
            "gap": _rounded(row["gap"]),
            "gap_se": _rounded(row["gap_se"]),
            "alarm": row["is_alarm"],
        }
        for row in found.oracle
        if row["is_model"] or row["is_shipped"]
    ]
    output.table("Distance to the oracle", gaps, note="alarm: better than can be")
    output.table("What leaking tests would have claimed", found.leaks)


def _rounded(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


def _keep(folder: Path, found: "benchmark.Result", text: str) -> None:
    from segpredict.disk import write_file

    frames = found.frames()
    told = {name: frame.to_dicts() for name, frame in frames.items()}
    write_file(folder / "benchmark.md", (text + "\n").encode())
    content = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    write_file(folder / "benchmark.json", (content + "\n").encode())
    for name, frame in frames.items():
        write_file(folder / f"{name}.csv", frame.write_csv().encode())
