"""What a run found, in few lines: the figures of its page, a block a question."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shlex import quote

from rich.bar import Bar

from segpredict._version import __version__
from segpredict.cli._output import Output, Row, cut_text
from segpredict.cli._stages import StageClock
from segpredict.core.crash import describe_crash
from segpredict.core.run_folder import RunFolder
from segpredict.core.text import count_of
from segpredict.core.transactions import MONEY_SCALE
from segpredict.pipeline import artifacts
from segpredict.pipeline.exports import report_input
from segpredict.report import ReportInput, render_markdown, section_contexts
from segpredict.report.context.drivers import FeatureGroupRow, drivers_section
from segpredict.report.context.evaluation import LeaderboardRow, evaluation_section
from segpredict.report.context.headline import SegmentForecast, headline_section
from segpredict.report.context.ledger import appendix_section, ledger_section
from segpredict.report.context.model_card import (
    BROKEN_TEXT,
    CHECKED_TEXT,
    model_card_section,
)
from segpredict.report.context.own_segments import own_segments_section
from segpredict.report.context.segment_selection import segment_selection_section
from segpredict.report.context.segments import segment_profiles_section
from segpredict.report.formatting import (
    format_day_range,
    format_money,
    format_number,
    format_points,
    format_share,
)
from segpredict.report.model_names import METRIC_LABELS

Block = Callable[[Output, ReportInput], None]
MAX_RULES = 2  # rules of cleaning that are named
MAX_SEGMENTS = 6  # rows of segments: with them a run takes 39 lines, the demo 40
MAX_MODELS = 5  # forecasts that are listed
ALWAYS_SHOWN = ("Known truth", "Markov chain", "Persistence")
MAX_DRIVERS = 5
MAX_MEANING = 45  # characters of a feature's meaning and of a campaign's title
MAX_CHECKED = 31  # of a meaning beside the results of its cross-check
MAX_TITLE = 37
MAX_ADDRESS = 70  # characters of an address that fits into a line
BAR_WIDTH = 12
METRICS = {
    "log_loss": "log-loss",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "ece": "calibration",
}


def show_data(output: Output, page: ReportInput) -> None:
    """Print what was read, and what was left out."""
    ledger = ledger_section(page)
    read, used = ledger.read[0].count, ledger.used[0].count
    money = [format_money(count.money / MONEY_SCALE, page.currency) for count in (used, read)]
    share = format_share(ledger.share_used)
    left = sorted((e for e in ledger.left_out if e.count.rows), key=lambda e: -e.count.rows)
    rest = sum(entry.count.rows for entry in left[MAX_RULES:])
    named = [f"{e.rule.replace('_', ' ')} {e.count.rows:,}" for e in left[:MAX_RULES]]
    listed = ", ".join([*named, *([f"other {rest:,}"] if rest else [])])
    output.print_block(
        "DATA",
        f"{used.rows:,} of {read.rows:,} rows used ({share}), {money[0]} of {money[1]}",
        f"left out: {listed or 'nothing'}",
        "" if ledger.adds_up else "The totals of the ledger do NOT reconcile: please report this.",
    )


def show_rules(output: Output, page: ReportInput) -> None:
    """Print the segments of today with the rule of each."""
    found = segment_profiles_section(page)
    rows = [
        {
            "segment": each.badge.name,
            "customers": format_number(each.n),
            "share": format_share(each.share),
            "revenue": format_share(each.revenue_share),
            "rule": each.rule,
        }
        for each in (found.profiles if found else ())
    ]
    became = page.segment_notes.get("what became of the segments", "")
    output.print_block(
        "SEGMENTS", rows, _own_note(page), became, page.segment_notes.get("warnings", "")
    )


def _own_note(page: ReportInput) -> str:
    """Return how the shop's own segments compare with those found by clustering."""
    own = own_segments_section(page)
    if own is None:
        return ""
    shares = [format_share(each.explained, 0) for each in own.predictability]
    told = f"; predictable {shares[0]}, found ones {shares[1]}" if len(shares) == 2 else ""
    return f"own segments: ARI {own.rand_index:.2f} with found ones{told}"


def show_selection(output: Output, page: ReportInput) -> None:
    """Print which candidate was selected, if candidates were compared."""
    found, selection = segment_selection_section(page), page.selection
    if found is None or selection is None:
        return
    alike = "" if found.similarity is None else f", ARI {found.similarity:.2f} with the selected"
    output.print_block(
        "SELECTED",
        f"{found.selected or 'the rule-based segments'}: {found.grade}. {selection['reason']}",
        f"{found.n_passed} of {found.n_tried} candidates pass every gate",
        f"runner-up: {found.runner_up}{alike}" if found.runner_up else "",
        "" if found.is_applied else "In use: as the options say, not the selection; see --select.",
    )


def show_forecast(output: Output, page: ReportInput) -> None:
    """Print the segments of today, and the sizes that are expected."""
    found = headline_section(page)
    window, coming = page.window, found.revenue.new_customers
    customers = format_number(sum(each.customers_now for each in found.segments))
    today = format_day_range(window.start, window.cutoff)
    after = format_day_range(window.outcome_start, window.outcome_end)
    segments = found.segments[::-1]
    shown = (
        segments if len(segments) <= MAX_SEGMENTS else (*segments[: MAX_SEGMENTS - 1], segments[-1])
    )
    hidden = len(segments) - len(shown)
    more = f"; {hidden} more with --verbose" if hidden else ""
    newcomers = f", without {format_number(coming)} new customers" if coming else ""
    output.print_block(
        "SEGMENTS",
        f"{customers} customers who bought from {today}",
        [_forecast_row(each) for each in shown],
        f"(expected: {after}{newcomers}{more})",
        _own_note(page),
    )


def _forecast_row(each: SegmentForecast) -> Row:
    now, expected = each.share_now or 0.0, each.share_expected or 0.0
    return {
        "segment": each.badge.name,
        "customers": format_number(each.customers_now),
        "share": format_share(each.share_now),
        "revenue": format_share(each.revenue),
        "expected": f"{format_number(each.customers_expected)} ({format_share(expected)})",
        "change": format_points(expected - now),
    }


def show_model(output: Output, page: ReportInput) -> None:
    """Print the forecast in use beside the others, and the checks against leakage."""
    found, card = evaluation_section(page), model_card_section(page)
    if not found.leaderboard or card is None:
        return
    # The best, and always those that any forecast has to beat.
    plain = [row for row in found.leaderboard if _short(row) in ALWAYS_SHOWN]
    shown = [row for row in found.leaderboard if row.is_selected or row.is_model or row in plain]
    shown += [row for row in found.leaderboard if row not in shown][: MAX_MODELS - len(shown)]
    periods = count_of(len(found.windows), "period")
    head = f"{format_number(found.n)} forecasts, {periods}"
    broken = card.counts.get(BROKEN_TEXT, 0)
    checks = f"{broken} BROKEN" if broken else f"{card.counts.get(CHECKED_TEXT, 0)} passed"
    output.print_block(
        "MODEL",
        f"in use: {found.model}",
        [_model_row(head, row) for row in found.leaderboard if row in shown],
        f"{found.finding.rstrip('.')}; leakage checks: {checks}",
    )


def _short(row: LeaderboardRow) -> str:
    return row.label.partition(" of ")[0].partition(" (")[0]


def _model_row(head: str, row: LeaderboardRow) -> Row:
    scores = zip(METRIC_LABELS, row.values, strict=True)
    shown = {
        metric.name: format_share(value) if metric.is_share else format_number(value, 3)
        for metric, value in scores
    }
    name = f"{_short(row)}{' (in use)' if row.is_selected else ''}"
    return {head: name, **{label: shown[metric] for metric, label in METRICS.items()}}


def show_leakage(output: Output, page: ReportInput) -> None:
    """Print the scores of tests with data leakage, if they were requested."""
    rows = [
        {
            "what was done": each["meaning"],
            "accuracy": format_share(each["accuracy"]),
            "log-loss": format_number(each["log_loss"], 3),
            "honest": each["is_honest"],
        }
        for each in page.leakage_demo
    ]
    output.print_block("LEAKAGE", rows, "Only the honest row measures the future." if rows else "")


def show_drivers(output: Output, page: ReportInput, top: int = MAX_DRIVERS) -> None:
    """Print the features that move the forecast most, and whether a cross-check agrees."""
    found = drivers_section(page)
    if found is None:
        return
    most = max(row.share for row in found.rows)
    checked = f"ranks: of {found.refits} models fitted again; loss: what is lost if it is shuffled"
    output.print_block(
        "DRIVERS",
        [_driver_row(row, most, is_checked=found.refits > 0) for row in found.rows[:top]],
        checked if found.refits else "",
    )


def _driver_row(row: FeatureGroupRow, most: float, *, is_checked: bool) -> Row:
    proof = {
        "ranks": row.rank_interval,
        "loss": format_number(row.permutation_loss, 4),
        "important": bool(row.is_important),
    }
    return {
        "associations, not causes": cut_text(
            row.meaning, MAX_CHECKED if is_checked else MAX_MEANING
        ),
        "of |SHAP|": format_share(row.share),
        **(proof if is_checked else {"": Bar(most, 0, row.share, width=BAR_WIDTH)}),
    }


def show_value(output: Output, page: ReportInput) -> None:
    """Print the expected revenue, and what is at risk."""
    found = headline_section(page).revenue
    if found.expected is None:
        return
    money = partial(format_money, currency=page.currency)
    total = found.expected
    ends = f" ({money(total.low)} to {money(total.high)})" if total.low is not None else ""
    parts = dict.fromkeys(format_share(end, 0) for end in found.realised_range or ())
    lost = f"; in tests {' to '.join(parts)} of it was lost" if parts else "; not tested yet"
    output.print_block(
        "VALUE",
        f"expected revenue {money(total.value)}{ends}",
        f"last window {money(found.last_window)}, same window last year {money(found.last_year)}",
        f"revenue at risk {money(found.revenue_at_risk)}{lost}",
    )


def show_actions(output: Output, page: ReportInput) -> None:
    """Print the campaigns to begin with."""
    rows = [
        {
            "campaign": each.name,
            "n": format_number(each.n),
            "at stake": format_money(each.at_stake.value, page.currency, 0),
            "": cut_text(each.title, MAX_TITLE),
        }
        for each in headline_section(page).campaigns
    ]
    output.print_block("ACTIONS", rows)


def show_notes(output: Output, page: ReportInput) -> None:
    """Print how many notes there are; `--verbose` and the page have them."""
    notes = len(appendix_section(page).notes)
    if notes:
        count = count_of(notes, "note")
        output.print_block("NOTES", f"{count}: add --verbose, or see the end of the page")


RUN_BLOCKS: tuple[Block, ...] = (
    *(show_data, show_forecast, show_model, show_leakage, show_drivers),
    *(show_value, show_actions, show_notes),
)
RUN_NEXT = ("campaign --run {run}", "explain --run {run} --customer {customer}")


def show_results(
    output: Output,
    run: RunFolder,
    blocks: Sequence[Block] = RUN_BLOCKS,
    *,
    clock: StageClock | None = None,
    commands: Sequence[str] = RUN_NEXT,
) -> None:
    """Print the parts of a run that is published; warn of what could not be made or printed.

    The run is complete by now, and its files hold all that is printed: a part that fails
    must not make the command fail.
    """
    if not output.is_silent:
        with _surviving(output, run):
            page = report_input(run)
            _show(output, run, page, blocks)
            if output.verbose:
                output.print_markdown(render_markdown(section_contexts(page)))
            _show_end(output, run, page, clock, commands)
    for path, reason in run.metadata.get(artifacts.NOT_WRITTEN_KEY, {}).items():
        output.print_warning(
            f"{path} could not be written ({reason}); everything else in the run "
            f"{run.folder} is complete."
        )


def _show(output: Output, run: RunFolder, page: ReportInput, blocks: Sequence[Block]) -> None:
    span = format_day_range(page.first_day, page.end_day)
    seed = run.metadata["config"]["seed"]
    output.print_line(f"segpredict {__version__}  {run.folder}  {span}  seed {seed}")
    for block in blocks:
        with _surviving(output, run):
            block(output, page)


def _show_end(
    output: Output,
    run: RunFolder,
    page: ReportInput,
    clock: StageClock | None,
    commands: Sequence[str],
) -> None:
    """Print the time, where the page is, and what to run next."""
    if clock is not None:
        output.print_block("TIME", clock.summary())
    report = artifacts.REPORT_PATHS["html"]
    if run.has(report):
        output.print_line(f"{'Page':<9}{_address(run.folder / report)}")
    scores = artifacts.find_artifact("scores").files[0]
    parts = [scores] if run.has(scores) else []
    lists = count_of(len(page.lists), "customer list")
    parts += [f"{lists} in lists/"] if page.lists else []
    if parts:
        output.print_line(f"{'Files':<9}{run.folder}: {', '.join(parts)}")
    examples = [example["customer_id"] for example in page.example_customers[:1]]
    known = {"run": quote(str(run.folder)), "customer": quote("".join(examples))}
    for i, command in enumerate(commands):
        if examples or "{customer}" not in command:
            output.print_line(f"{'' if i else 'Next':<9}segpredict {command.format_map(known)}")


def _address(path: Path) -> str:
    """Return what opens a file by a click, or its path where that is too long for a line."""
    address = path.resolve().as_uri()
    return address if len(address) <= MAX_ADDRESS else str(path)


@contextmanager
def _surviving(output: Output, run: RunFolder) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has closed the pipe
    except Exception as error:
        output.print_warning(
            f"a part of the results could not be printed ({describe_crash(error)}); the "
            f"run {run.folder} is complete."
        )
