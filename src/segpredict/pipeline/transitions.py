"""Answers about who moved: from a finished run, or from the history of its scores."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from segpredict.analytics import transitions
from segpredict.analytics.transitions import ERASED_STATE, LAPSED_STATE, NEW_STATE
from segpredict.analytics.transitions import files as flows
from segpredict.core.run_folder import open_run
from segpredict.core.segment import Segment
from segpredict.core.types import DateLike
from segpredict.core.window import as_date, day_number
from segpredict.errors import UnknownNameError, UsageError
from segpredict.pipeline import archive
from segpredict.scoring.history import ScoreHistory

TransitionTables = dict[str, pl.DataFrame]
CELL_COLUMNS = ["from_id", "to_id"]


def run_transitions(
    folder: str | Path, since: DateLike = None, segment: str | None = None
) -> TransitionTables:
    """Return what a run knows of moves, by name of the table.

    Parameters
    ----------
    folder
        A run folder.
    since
        The day a period begins with; ``None`` means the newest complete one.
    segment
        Id or name of a segment: only moves into it and out of it.

    Returns
    -------
    dict
        ``who`` (`movement.entered_and_left`) and ``matrix`` of the period, the latter
        with ``foretold`` shares where the period was a test; ``mobility``, ``order``
        and ``compared`` of all periods; ``next``, what is foretold from the end of the
        data on.

    Raises
    ------
    UsageError
        When no period begins on that day.
    UnknownNameError
        When there is no such segment.
    ArtifactError
        When the run keeps no moves.
    """
    files = open_run(folder)
    segments = archive.load_segments(files)
    own = None if segment is None else _named(segment, segments)
    went = files.read_parquet(f"{flows.TRANSITIONS_FOLDER}/{flows.TRANSITIONS_TABLE}.parquet")
    told = flows.load_transitions(files)
    day = _period(went, since)
    matrix = told["observed"].filter(since=day)
    tables: TransitionTables = {
        "customers": transitions.entered_and_left(went.filter(since=day), segments),
        "matrix": matrix,
        **{name: told[name] for name in ("mobility", "markov_order", "comparison") if name in told},
    }
    if "predicted" in told:
        foretold = told["predicted"]
        tables["matrix"] = _beside(matrix, foretold.filter(since=day))
        tables["next"] = foretold.filter(pl.col("since") == pl.col("since").max())
    return _only(tables, own)


def history_transitions(
    history: str | Path,
    since: date | str,
    until: date | str,
    *,
    model: str | None = None,
    segment: str | None = None,
) -> TransitionTables:
    """Return who moved between two days of a history, by name of the table.

    Parameters
    ----------
    history
        The folder of the history.
    since, until
        Days that were scored.
    model
        Digest of the model, or how it begins; see `ScoreHistory.moves`.
    segment
        Id or name of a segment: only moves into it and out of it.

    Returns
    -------
    dict
        ``who``, ``matrix`` and ``mobility``.
    """
    book = ScoreHistory(history)
    first, second = (as_date(day_number(day)) for day in (since, until))
    went = book.transitions_between(first, second, model)
    segments = book.segments(went)
    own = None if segment is None else _named(segment, segments)
    tables = {
        "customers": transitions.entered_and_left(went, segments),
        "matrix": transitions.observed_matrix(went, segments),
        "mobility": transitions.mobility_by_period(went, segments),
    }
    return _only(tables, own)


def _period(went: pl.DataFrame, since: DateLike) -> date:
    known: list[date] = went["since"].unique().sort().to_list()
    day = known[-1] if since is None else as_date(day_number(since))
    if day not in known:
        raise UsageError(
            f"No period of the run begins on {day}; known: {', '.join(map(str, known))}.",
            fix="give one of these days with --from.",
        )
    return day


def _beside(matrix: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Return the matrix with what was foretold of each cell."""
    said = predicted.select(
        *CELL_COLUMNS,
        pl.col("n", "share", "low", "high").name.prefix("foretold_"),
        "basis",
    )
    return matrix.join(said, on=CELL_COLUMNS, how="left", maintain_order="left")


def _named(segment: str, segments: Sequence[Segment]) -> str:
    """Return the id of a segment, or of a place beside them, by its id or name."""
    places = (*segments, NEW_STATE, LAPSED_STATE, ERASED_STATE)
    for place in places:
        if segment.casefold() in (place.id.casefold(), place.name.casefold()):
            return place.id
    raise UnknownNameError("segment", segment, [place.name for place in places])


def _only(tables: TransitionTables, own: str | None) -> TransitionTables:
    """Return the tables with the rows of one segment alone."""
    if own is None:
        return tables
    of = {"customers": ["segment_id", "other_id"], "markov_order": ["now_id"]}
    kept = {}
    for name, table in tables.items():
        columns = of.get(name, [c for c in CELL_COLUMNS if c in table.columns])
        is_own = [pl.col(column) == own for column in columns]
        kept[name] = table.filter(pl.any_horizontal(is_own)) if is_own else table
    return {**kept, "customers": _lists_of(kept["customers"], own)}


def _lists_of(who: pl.DataFrame, own: str) -> pl.DataFrame:
    """Return the lists of the segment itself; of a place beside, those it is in."""
    mine = who.filter(segment_id=own)
    return mine if mine.height else who
