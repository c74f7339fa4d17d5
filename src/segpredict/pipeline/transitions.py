"""Transition tables of a finished run, or of two days in the history of its scores."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from segpredict.analytics import transitions
from segpredict.analytics.transitions import ERASED_STATE, LAPSED_STATE, NEW_STATE
from segpredict.core.run_folder import open_run
from segpredict.core.segment import Segment
from segpredict.core.types import DateLike
from segpredict.core.window import as_date, day_number
from segpredict.errors import UnknownNameError, UsageError
from segpredict.pipeline import artifacts, loading
from segpredict.pipeline.report_data import transition_tables_of_run
from segpredict.scoring.history import ScoreHistory

TransitionTables = dict[str, pl.DataFrame]
CELL_COLUMNS = ["from_id", "to_id"]
PERIOD_TABLES = ("activity", "mobility", "markov_order", "comparison")  # of all periods


@loading.of_run
def run_transitions(
    folder: str | Path, since: DateLike = None, segment: str | None = None
) -> TransitionTables:
    """Return the transition tables of a run, by name.

    * `folder`, `since`: a run folder, and the day a period begins with; ``None`` means the newest
      complete one.
    * `segment`: id or name of a segment: only transitions into it and out of it.

    Returned are ``customers`` (`transitions.entered_and_left`) and ``matrix`` of the period, the
    latter with ``predicted_…`` columns where the period was a test window; ``activity``,
    ``mobility``, ``markov_order`` and ``comparison`` of all periods; ``next``, the prediction from
    the end of the data on.

    Raises `UsageError` when no period begins on that day; `UnknownNameError` when there is no such
    segment; `ArtifactError` when the run holds no transitions.
    """
    files = open_run(folder)
    segments = loading.load_segments(files)
    own = None if segment is None else _segment_id(segment, segments)
    customers = artifacts.read(files, "observed_transitions.customers")
    known = transition_tables_of_run(files)
    day = _period(customers, since)
    matrix = known["observed"].filter(since=day)
    tables: TransitionTables = {
        "customers": transitions.entered_and_left(customers.filter(since=day), segments),
        "matrix": matrix,
        **{n: known[n] for n in PERIOD_TABLES if n in known},
    }
    if "predicted" in known:
        predicted, figures = known["predicted"], pl.col("n", "share", "low", "high")
        cells = predicted.filter(since=day).select(
            *CELL_COLUMNS, figures.name.prefix("predicted_"), "basis"
        )
        tables["matrix"] = matrix.join(cells, on=CELL_COLUMNS, how="left", maintain_order="left")
        tables["next"] = predicted.filter(pl.col("since") == pl.col("since").max())
    return _only(tables, own)


def history_transitions(
    history: str | Path,
    since: date | str,
    until: date | str,
    *,
    model: str | None = None,
    segment: str | None = None,
) -> TransitionTables:
    """Return the transition tables between two days of a history, by name.

    * `history`, `since`, `until`: the folder of the history, and days that were scored.
    * `model`: digest of the model, or how it begins; see `ScoreHistory.transitions_between`.
    * `segment`: id or name of a segment: only transitions into it and out of it.

    Returned are ``customers``, ``matrix`` and ``mobility``.
    """
    scores = ScoreHistory(history)
    first, second = (as_date(day_number(day)) for day in (since, until))
    moved = scores.transitions_between(first, second, model)
    segments = scores.segments(moved)
    own = None if segment is None else _segment_id(segment, segments)
    tables = {
        "customers": transitions.entered_and_left(moved, segments),
        "matrix": transitions.observed_matrix(moved, segments),
        "mobility": transitions.mobility_by_period(moved, segments),
    }
    return _only(tables, own)


def _period(customers: pl.DataFrame, since: DateLike) -> date:
    known: list[date] = customers["since"].unique().sort().to_list()
    day = known[-1] if since is None else as_date(day_number(since))
    if day not in known:
        raise UsageError(
            f"No period of the run begins on {day}; known: {', '.join(map(str, known))}.",
            fix="give one of these days with --from.",
        )
    return day


def _segment_id(segment: str, segments: Sequence[Segment]) -> str:
    """Return the id of a segment, or of a state outside of all, by its id or name."""
    states = (*segments, NEW_STATE, LAPSED_STATE, ERASED_STATE)
    for state in states:
        if segment.casefold() in (state.id.casefold(), state.name.casefold()):
            return state.id
    raise UnknownNameError("segment", segment, [state.name for state in states])


def _only(tables: TransitionTables, own: str | None) -> TransitionTables:
    """Return the tables with the rows of one segment alone."""
    if own is None:
        return tables
    columns_of = {"customers": ["segment_id", "other_segment_id"], "markov_order": ["segment_id"]}
    found = {}
    for name, table in tables.items():
        columns = columns_of.get(name, [c for c in CELL_COLUMNS if c in table.columns])
        is_own = [pl.col(column) == own for column in columns]
        found[name] = table.filter(pl.any_horizontal(is_own)) if is_own else table
    # The lists of the segment itself; of a state outside of all, those it is in.
    mine = found["customers"].filter(segment_id=own)
    return {**found, "customers": mine if mine.height else found["customers"]}
