"""``segpredict monitor``: what became of a run's forecasts, and whether to train again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import column_mapping, current_time, run_currency
from segpredict.cli._output import RUN_FIX, Output, Row, cut_text, writing_to

if TYPE_CHECKING:
    import polars as pl

    from segpredict.pipeline.monitor import MonitorResult

REFRESH_EXIT_CODE = 12  # with --exit-code, where something is to be done
MAX_DATES = 6  # dates of the time line on a terminal, the newest
MAX_FINDINGS = 4
MAX_GROUPS = 4
MAX_NAME = 14  # characters of a segment
TIME_LINE = ("log_loss", "accuracy", "macro_f1", "ece", "set_coverage", "expected_value_ratio")
HEADS = {
    "log_loss": "log-loss",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "ece": "calibr.",
    "set_coverage": "sets",
    "expected_value_ratio": "spend",
}


def command(
    data: o.DataOption,
    run: o.RunOption = Path("artifacts/run"),
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Judge the nights of this history (see `segpredict score --history`). Default: "
            "the end of the run, and every step after it.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="Judge as on this day, as YYYY-MM-DD: later rows are not used, and data that "
            "stopped before it are found. Default: the day after the last row.",
        ),
    ] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="End with 12 where the advice is to train again or to check the data.",
        ),
    ] = False,
    page: Annotated[
        bool,
        typer.Option(
            "--page",
            help="Also keep the result in the run, as the page monitor.html, with the readouts of "
            "campaigns. `segpredict serve` shows it.",
        ),
    ] = False,
    columns: o.ColumnsOption = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Compare past forecasts with what came, and say whether to train again.

    Every date whose outcome window is over is scored again with the run, on what was known that
    day: the figures of the verdict, against the same baselines, with the bands that the run's
    own backtests promised.

    For schedulers: `segpredict monitor --run artifacts/may --data shop.store --exit-code
    --as-of $(date +%F)`

    Example: `segpredict monitor --run artifacts/may --data sales.csv`
    """
    from segpredict import pipeline
    from segpredict.scoring.new_data import NewData

    output = Output(as_json, quiet, verbose)
    with output.stages() as progress:
        new = NewData(data, column_mapping(columns))
        found = pipeline.monitor_run(run, new, history, as_of=as_of, progress=progress)
    _show(output, found, run_currency(run))
    facts = found.to_json()
    if page:
        with writing_to("--page", RUN_FIX):
            place = pipeline.keep_monitor_page(run, found, current_time()).resolve()
        output.print_line(f"The page: {place.as_uri()}")
        facts["page"] = str(place)
    output.print_json(facts)
    if exit_code and found.advice.action != "keep":
        raise typer.Exit(REFRESH_EXIT_CODE)


def _show(output: Output, found: "MonitorResult", currency: str) -> None:
    advice = found.advice
    since = f" (since {advice.since})" if advice.since and advice.action != "keep" else ""
    output.print_block("ADVICE", f"{advice.action}{since}: {advice.reason}")
    output.print_block("DATA", f"until {found.data_until}; {len(found.dates)} dates judged")
    if found.dates:
        dates = found.dates if output.verbose else found.dates[-MAX_DATES:]
        lines = [*_promised(found), *(_date(found, date) for date in dates)]
        output.print_block("FIGURES", lines, "* outside the band; sets and spend: share that came")
        output.print_block("SKILL", [_skill(found, date) for date in dates], "log-loss saved")
        output.print_block("MONEY", list(_money(found, dates[-1], currency)))
        output.print_block("MIX", list(_mix(found, dates[-1])))
        groups = list(_groups(found.groups))
        shown = groups if output.verbose else groups[:MAX_GROUPS]
        output.print_block("GROUPS", shown, "largest rise first, by chance or not")
        output.print_block("DEMAND", found.demand.select(DEMAND_COLUMNS).to_dicts())
        output.print_block("NIGHTS", found.recorded.to_dicts())
    output.print_block("DRIFT", list(_drift(found.drift)), DRIFT_NOTE if found.drift.height else "")
    told = advice.reason.startswith
    texts = [finding.text for finding in found.findings if not told(finding.text)]
    output.print_block("FINDINGS", *(texts if output.verbose else texts[:MAX_FINDINGS]))
    output.print_block("NOTES", *found.notes)


DRIFT_NOTE = "PSI since the end of the run, and what the shop's own past allows"
DEMAND_COLUMNS = ["level", "items", "expected", "actual", "ratio", "wape", "inside"]


def _promised(found: "MonitorResult") -> Iterator[Row]:
    """Yield the mean of the backtests and the ends of the bands."""
    bands = {row["figure"]: row for row in found.figures.iter_rows(named=True)}
    for label, name in (("backtests", "expected"), ("lowest", "low"), ("highest", "high")):
        cells = {head: _figure(bands.get(figure, {}).get(name)) for figure, head in HEADS.items()}
        if name == "expected" or any(cell != "–" for cell in cells.values()):
            yield {"date": label, **cells}


def _date(found: "MonitorResult", date: str) -> Row:
    own = {row["figure"]: row for row in found.figures.filter(date=date).iter_rows(named=True)}
    cells = {}
    for figure, head in HEADS.items():
        row = own.get(figure)
        mark = "*" if row is not None and row["is_worse"] else ""
        cells[head] = _figure(None if row is None else row["value"]) + mark
    return {"date": date, **cells}


def _figure(value: float | None) -> str:
    from segpredict.report.formatting import format_number

    return format_number(value, 3)


def _skill(found: "MonitorResult", date: str) -> Row:
    from segpredict.report.formatting import format_share

    own = found.baselines.filter(date=date)
    cells = {
        name: format_share(-difference / loss)
        for name, loss, difference in own.select("baseline", "log_loss", "difference").iter_rows()
    }
    return {"against": date, **cells}


def _money(found: "MonitorResult", date: str, currency: str) -> Iterator[Row]:
    from segpredict.report.formatting import format_money, format_number

    labels = {"expected_value": "spend", "value_at_risk": "lost revenue"}
    for row in found.sums.filter(date=date, part="all").iter_rows(named=True):
        ends = [format_number(row[name], 2) for name in ("ratio", "ratio_low", "ratio_high")]
        yield {
            date: labels[row["measure"]],
            "expected": format_money(row["predicted"], currency, 0),
            "came": format_money(row["actual"], currency, 0),
            "ratio": ends[0],
            "low": ends[1],
            "high": ends[2],
        }


def _mix(found: "MonitorResult", date: str) -> Iterator[Row]:
    from segpredict.report.formatting import format_share

    own = found.mix.filter(date=date)
    ids = [cut_text(name, MAX_NAME) for name in own["segment"]]
    for name in ("predicted", "actual"):
        shares = dict(zip(ids, map(format_share, own[name]), strict=True))
        yield {date: name, **shares}


def _groups(groups: "pl.DataFrame") -> Iterator[Row]:
    """Yield the groups whose log-loss is furthest above that of the backtests."""
    import polars as pl

    own = groups.filter(metric="log_loss").with_columns(change=pl.col("value") - pl.col("expected"))
    for row in own.sort("change", descending=True, nulls_last=True).iter_rows(named=True):
        name = f"{row['stratum'].replace('_', ' ')} {row['group']}"
        yield {
            "group": cut_text(name, 30),
            "customers": row["n"],
            "log-loss": _figure(row["value"]),
            "backtests": _figure(row["expected"]),
        }


def _drift(drift: "pl.DataFrame") -> Iterator[Row]:
    """Yield the forecast and the feature that moved furthest, on the newest date."""
    import polars as pl

    newest = drift.filter(pl.col("kind") != "size", pl.col("date") == pl.col("date").max())
    ranked = newest.sort(pl.col("value") / pl.col("high"), descending=True)
    for row in ranked.unique("kind", keep="first", maintain_order=True).iter_rows(named=True):
        yield {
            row["date"]: f"{row['kind']} {row['column']}",
            "PSI": _figure(row["value"]),
            "highest": _figure(row["high"]),
        }
