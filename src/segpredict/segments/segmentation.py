"""The frozen segmenter: how a window of buying becomes a segment; nothing learns."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from segpredict import contracts
from segpredict.clustering import Candidate, distances
from segpredict.errors import ArtifactError, MismatchError, TableError
from segpredict.segments._transform import Axis, further
from segpredict.tables import INACTIVE, JSON, Segment
from segpredict.window import as_date

VERSION = 1


@dataclass(frozen=True, slots=True)
class SegmentValue:
    """What the fit rows of a segment bought in one window.

    Parameters
    ----------
    code
        The segment.
    rows
        Fit rows in it, over all windows.
    mean_spend, median_spend
        Net spend in currency.
    mean_days, median_days
        Purchase days.
    """

    code: int
    rows: int = 0
    mean_spend: float = 0.0
    median_spend: float = 0.0
    mean_days: float = 0.0
    median_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Segments, frozen: codes, ids and names keep their meaning for good.

    Parameters
    ----------
    horizon
        Days of the windows it measures; rows of other lengths mean something else.
    fit_end
        Latest end of a window it was fitted on (day number).
    axes
        The way from the instrument to the space of the centres.
    centres
        One place a segment, in the order of the codes 1 … k.
    segments
        INACTIVE (code 0) and the active ones in rising order of mean spend.
    values
        What the fit rows bought, by code.
    candidates
        The numbers of segments that were tried, and how they fared.
    notices
        What a reader should know about the choice; one sentence each.
    algorithm
        The part of `segpredict.clustering` that found the centres.
    """

    horizon: int
    fit_end: int
    axes: tuple[Axis, ...]
    centres: tuple[tuple[float, ...], ...]
    segments: tuple[Segment, ...]
    values: tuple[SegmentValue, ...]
    candidates: tuple[Candidate, ...] = ()
    notices: tuple[str, ...] = ()
    algorithm: str = "kmeans"

    @property
    def k(self) -> int:
        """Number of active segments."""
        return len(self.centres)

    @property
    def further(self) -> tuple[str, ...]:
        """What `features.instrument` must measure beyond spend and days."""
        return further(axis.column for axis in self.axes)

    def candidate_table(self) -> pl.DataFrame:
        """Return the numbers of segments that were tried, one a row, rising.

        Returns
        -------
        polars.DataFrame
            ``k``, ``silhouette``, ``inertia`` (per row), ``smallest`` and ``largest``
            share, ``step``, ``failed`` (names of gates, text), ``is_chosen``.
        """
        rows = [
            {**asdict(tried), "failed": ", ".join(tried.failed)}
            for tried in self.candidates
        ]
        return pl.DataFrame(rows)

    def assign(self, instrument: pl.DataFrame) -> pl.DataFrame:
        """Return the segment of each row.

        Parameters
        ----------
        instrument
            `contracts.INSTRUMENT`, measured on windows of `horizon` days.

        Returns
        -------
        polars.DataFrame
            ``customer_id``, ``end``, ``segment`` (Int8, 1 … k), ``distance`` to the own
            centre and ``margin``, how much farther the next one is (standard
            deviations), sorted by end and customer.

        Raises
        ------
        TableError
            When the instrument breaks its contract.

        Notes
        -----
        A customer without a row is INACTIVE; `complete` says so. Of two centres equally
        near, the one of lower value wins.
        """
        rows = contracts.check(instrument, contracts.INSTRUMENT)
        places = rows.select(axis.place for axis in self.axes).to_numpy()
        apart = distances(places, np.array(self.centres))
        nearest = np.partition(apart, 1, axis=1)[:, :2]
        return rows.select(
            "customer_id",
            "end",
            pl.Series("segment", apart.argmin(axis=1) + 1, dtype=pl.Int8),
            pl.Series("distance", nearest[:, 0], dtype=pl.Float64),
            pl.Series("margin", nearest[:, 1] - nearest[:, 0], dtype=pl.Float64),
        ).sort("end", "customer_id")

    def require_blind_to(self, cutoff: int) -> None:
        """Refuse to serve a test whose outcome it may have seen (leak L3).

        Raises
        ------
        MismatchError
            When a window it was fitted on ends after the cutoff.
        """
        if self.fit_end > cutoff:
            raise MismatchError(
                f"The segments were fitted on windows up to {as_date(self.fit_end)} "
                f"and would be tested from {as_date(cutoff)} on.",
                fix="fit them on windows that end on or before the test cutoff.",
            )

    def state(self) -> JSON:
        """Return all of it as plain JSON; `from_state` gives an equal value back."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_state(cls, state: JSON) -> "Segmentation":
        """Return the segmentation of a state.

        Raises
        ------
        ArtifactError
            When the state is of another version or lacks a part.
        """
        if not isinstance(state, Mapping) or state.get("version") != VERSION:
            raise ArtifactError(
                "The stored segments are not of a version that this segpredict reads.",
                fix="run again with this version, or install the one that wrote them.",
            )
        try:
            return cls(**_parts({n: v for n, v in state.items() if n != "version"}))
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"The stored segments are incomplete: {error}.",
                fix="restore the run folder, or run again.",
            ) from None


def _parts(state: dict[str, Any]) -> dict[str, Any]:
    tried = [{**c, "failed": tuple(c["failed"])} for c in state["candidates"]]
    return {
        **state,
        "axes": tuple(Axis(**a) for a in state["axes"]),
        "centres": tuple(tuple(map(float, c)) for c in state["centres"]),
        "segments": tuple(Segment(**s) for s in state["segments"]),
        "values": tuple(SegmentValue(**v) for v in state["values"]),
        "candidates": tuple(Candidate(**c) for c in tried),
        "notices": tuple(state["notices"]),
    }


def complete(assignments: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return the segment of every customer asked about; without a row, INACTIVE.

    Parameters
    ----------
    assignments
        What `Segmentation.assign` returned.
    customers
        ``customer_id``, and ``end`` where several windows are asked about; each once.

    Returns
    -------
    polars.DataFrame
        The columns of `customers` that name rows, and ``segment`` (Int8); sorted. A
        customer of the assignments who was not asked about is not in it.

    Raises
    ------
    TableError
        When a customer would have two segments.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"customer_id": ["b"], "segment": pl.Series([2], dtype=pl.Int8)}
    >>> complete(pl.DataFrame(rows), pl.DataFrame({"customer_id": ["a", "b"]})).rows()
    [('a', 0), ('b', 2)]
    """
    keys = ["end", "customer_id"] if "end" in customers.columns else ["customer_id"]
    known = assignments.select(*keys, pl.col("segment").cast(pl.Int8))
    _require_once(known, keys, "assignments")
    _require_once(customers, keys, "customers")
    return (
        customers.select(keys)
        .join(known, on=keys, how="left")
        .with_columns(pl.col("segment").fill_null(INACTIVE))
        .sort(keys)
    )


def _require_once(frame: pl.DataFrame, keys: list[str], table: str) -> None:
    twice = frame.select(keys).is_duplicated()
    if twice.any():
        named = " and ".join(keys)
        raise TableError(table, [f"{named} is not unique in {twice.sum()} rows"])
