"""Who moved where: the migration table from one window's segments to the next's."""

from collections.abc import Sequence

import polars as pl

from segpredict.errors import TableError
from segpredict.segments._interval import wilson
from segpredict.tables import Segment

NEW = -1  # the code of "no order ever before": a row of the table, never a column
THIN = 30  # customers below which a row's shares say little


def migration(pairs: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return how many customers of each segment were in each segment next.

    Parameters
    ----------
    pairs
        ``state_now`` (code; `NEW` for first-time buyers of the outcome window) and
        ``label`` (code), one row a customer and origin. Rows without a label, whose
        outcome is not complete, are left out.
    segments
        All segments, INACTIVE among them.

    Returns
    -------
    polars.DataFrame
        One row for each pair of segments, also where nobody moved: ``from_id``,
        ``from_name``, ``to_id``, ``to_name``, ``n``, ``row_n``, ``share`` of the row,
        its 95 % interval ``low`` and ``high`` (Wilson), ``is_thin`` (row_n below 30).
        Shares of an empty row are null. NEW is a row where it occurs.

    Raises
    ------
    TableError
        When a code is not that of a segment.

    Notes
    -----
    The interval takes rows for independent. Where origins are pooled a customer counts
    once for each, and the interval is too narrow.

    Examples
    --------
    >>> import polars as pl
    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> pairs = pl.DataFrame({"state_now": [1, 1, 0], "label": [1, 0, 0]})
    >>> moves = migration(pairs, two)
    >>> moves.select("from_id", "to_id", "n", "share").rows()[:2]
    [('S0', 'S0', 1, 1.0), ('S0', 'S1', 0, 0.0)]
    """
    moves = pairs.select(
        start=pl.col("state_now").cast(pl.Int64), to=pl.col("label").cast(pl.Int64)
    ).filter(pl.col("to").is_not_null())
    ends = _table(segments, "to")
    starts = _table(segments, "start")
    if (moves["start"] == NEW).any():
        first = _table([Segment(NEW, "NEW", "New")], "start")
        starts = pl.concat([starts, first])
    _require_known(moves, starts, ends)
    low, high = wilson(pl.col("n"), pl.col("row_n"))
    return (
        starts.join(ends, how="cross")
        .join(moves.group_by("start", "to").len("n"), on=["start", "to"], how="left")
        .with_columns(pl.col("n").fill_null(0).cast(pl.Int64))
        .with_columns(row_n=pl.col("n").sum().over("start"))
        .with_columns(
            share=pl.when(pl.col("row_n") > 0).then(pl.col("n") / pl.col("row_n")),
            low=low,
            high=high,
            is_thin=pl.col("row_n") < THIN,
        )
        .sort(pl.col("start") == NEW, "start", "to")
        .rename({"start_id": "from_id", "start_name": "from_name"})
        .drop("start", "to")
        .select(
            "from_id", "from_name", "to_id", "to_name", pl.exclude("^(from|to)_.*$")
        )
    )


def matrix(moves: pl.DataFrame, values: str = "share") -> pl.DataFrame:
    """Return the migration table as a matrix: a row a start, a column an end.

    Parameters
    ----------
    moves
        What `migration` returned.
    values
        The column to show: ``share``, ``n``, ``low`` or ``high``.
    """
    return moves.select("from_id", "from_name", "to_id", values).pivot(
        on="to_id", index=["from_id", "from_name"], values=values, maintain_order=True
    )


def _table(segments: Sequence[Segment], prefix: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            prefix: pl.Series([s.code for s in segments], dtype=pl.Int64),
            f"{prefix}_id": [s.id for s in segments],
            f"{prefix}_name": [s.name for s in segments],
        }
    )


def _require_known(
    moves: pl.DataFrame, starts: pl.DataFrame, ends: pl.DataFrame
) -> None:
    failures = [
        f"{column} has codes of no segment: {unknown.unique().sort().to_list()}"
        for column, known, side in (
            ("state_now", starts["start"], "start"),
            ("label", ends["to"], "to"),
        )
        if len(unknown := moves[side].filter(~_is_in(moves[side], known)))
    ]
    if failures:
        raise TableError("pairs", failures)


def _is_in(codes: pl.Series, known: pl.Series) -> pl.Series:
    return codes.is_in(known.implode()).fill_null(value=False)
