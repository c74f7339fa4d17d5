"""The frozen segmentation: how a customer's window becomes a segment.

And how close a customer is to each segment: probabilities, and the nearest other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import get_type_hints

import numpy as np
import polars as pl

from segpredict.core import schemas
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.state import from_plain, reading_stored, to_plain
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.errors import MismatchError, SchemaError
from segpredict.segmentation.algorithms import Clusters, euclidean_distances
from segpredict.segmentation.identity import SegmentIdentity
from segpredict.segmentation.inputs import COLUMN_UNITS, InputAxis, extra_inputs, placed
from segpredict.segmentation.selection.choose_k import SegmentCountCandidate

SEGMENTATION_VERSION = 2


@dataclass(frozen=True, slots=True)
class SegmentValue:
    """Averages of a segment's fit rows, per window."""

    code: int  # the segment
    rows: int = 0  # fit rows in it, over all windows
    # net spend in currency
    mean_spend: float = 0.0
    median_spend: float = 0.0
    # purchase days
    mean_days: float = 0.0
    median_days: float = 0.0
    # mean Jaccard index over bootstrap samples; ``None`` where it was not measured
    stability: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterGroup:
    """One group of the clustering: its own id, and its segment's."""

    id: str  # the group's own id, by which a refit recognises it
    segment: str  # the id of the segment it belongs to; differs where groups were merged


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment defined by a rule instead of the clustering."""

    id: str  # the segment
    name: str  # its name in the config
    # customers with at least this value in the column, in its own units
    column: str
    min_value: int

    @property
    def matches(self) -> pl.Expr:
        """Whether a row belongs to it."""
        return pl.col(self.column) >= self.min_value


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Segments, frozen: codes, ids and names keep their meaning for good.

    >>> from segpredict.segmentation import fit_segmentation
    >>> schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    >>> bought = [(f"c{n:02}", 91, 4 ** (n % 3), 90_000 * 4 ** (n % 3)) for n in range(30)]
    >>> rows = pl.DataFrame(bought, schema, orient="row")
    >>> fit_segmentation(rows).assign(rows)["segment"].head(3).to_list()
    [1, 2, 3]
    """

    horizon: int  # days of the windows; inputs of other lengths are not comparable
    fit_end: int  # latest end of a window it was fitted on (day number)
    axes: tuple[InputAxis, ...]  # transformations from clustering inputs to standardised axes
    # the groups, in the order of the codes 1 … k, and the rule that assigns any row
    clusters: Clusters
    # INACTIVE (code 0) and the active ones in rising order of mean spend
    segments: tuple[Segment, ...]
    values: tuple[SegmentValue, ...]  # averages of the fit rows, by code
    # the numbers of segments that were tried, with their metrics
    candidates: tuple[SegmentCountCandidate, ...] = ()
    warnings: tuple[str, ...] = ()  # what users should know about the result; one sentence each
    # the part of `segpredict.segmentation.algorithms` that found the groups
    algorithm: str = "kmeans"
    # ids of the groups of `clusters`, in their order, and of the segments they make; empty where
    # each group is the segment in its place
    groups: tuple[ClusterGroup, ...] = ()
    # segments defined by rules before the clustering; the first rule that holds decides
    segment_rules: tuple[SegmentRule, ...] = ()
    # which fit this is, and the log of changes
    identity: SegmentIdentity = field(default_factory=SegmentIdentity)

    @property
    def k(self) -> int:
        """Number of active segments."""
        return len(self.segments) - 1

    @property
    def group_codes(self) -> tuple[int, ...]:
        """The code of the segment that each group belongs to."""
        if not self.groups:
            return tuple(range(1, self.clusters.k + 1))
        codes = {segment.id: segment.code for segment in self.segments}
        return tuple(codes[group.segment] for group in self.groups)

    @property
    def extra_inputs(self) -> tuple[str, ...]:
        """What `features.clustering_inputs` must measure beyond spend and days."""
        columns = {a.column for a in self.axes} | {rule.column for rule in self.segment_rules}
        return extra_inputs(column for column in COLUMN_UNITS if column in columns)

    @property
    def is_by_purchases(self) -> bool:
        """Whether spend and purchase days of the window alone decide."""
        return not self.extra_inputs

    def for_shop(self, transactions: Transactions) -> "Segmentation":
        """Return the segmentation for the customers of a shop: the same for all."""
        del transactions  # the shop's own segments need the file beside them
        return self

    def in_force_at(self, day: int) -> pl.DataFrame:
        """Return segments that hold on a day without an order: none, but of the shop's own."""
        del day
        return pl.DataFrame(schema={"customer_id": pl.String, "segment": pl.Int8})

    def segments_at(self, day: int, inputs: pl.DataFrame) -> pl.DataFrame:
        """Return ``customer_id`` and ``segment`` (the code) of all customers with one on a day.

        `inputs` are the purchases of the window that ends on it, one row a customer.
        """
        del day  # of the shop's own segments, which need no orders
        points = placed(inputs, self.axes)
        codes = self._codes(inputs, self.clusters.assign(points))
        return pl.DataFrame([inputs["customer_id"], codes])

    def _codes(self, inputs: pl.DataFrame, labels: IndexArray) -> pl.Series:
        """Return the code of each row, by the rules and by its group."""
        codes = np.array(self.group_codes, dtype=np.int8)[labels]
        of = {segment.id: segment.code for segment in self.segments}
        for rule in reversed(self.segment_rules):
            holds = (inputs[rule.column] >= rule.min_value).to_numpy()
            codes = np.where(holds, np.int8(of[rule.id]), codes)
        return pl.Series("segment", codes, dtype=pl.Int8)

    def assign(self, inputs: pl.DataFrame, ends: Sequence[int] = ()) -> pl.DataFrame:
        """Return the segment of each row; the shop's own segments hold on further days, too.

        `inputs` are `schemas.CLUSTERING_INPUTS_SCHEMA`, measured on windows of `horizon` days. The
        result has ``customer_id``, ``end``, ``segment`` (Int8, 1 … k), ``distance`` to the own
        segment's centre, ``margin``, how much farther the nearest of the other centres is (standard
        deviations), and ``is_unlike``, whether the customer is an outlier: beyond 99 % of the
        segment's fit rows, before clipping; sorted by end and customer. Rule-based segments have no
        distance and no margin.

        A customer without a row is INACTIVE (`fill_inactive`). Of two equally near centres, the one
        of lower value wins. Every active customer has a segment, outliers too, so that the classes
        of a forecast never change. The margin is negative where the groups are not those of the
        nearest centre, and 0 where there is but one.

        Raises `SchemaError` when the clustering inputs do not match their schema.
        """
        del ends
        rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
        points = placed(rows, self.axes)
        unclipped = rows.select(axis.unclipped for axis in self.axes).to_numpy()
        labels = self.clusters.assign(points)
        own, margin = self._distance_and_margin(points, labels)
        radii = np.array(self.clusters.group_radii or [np.inf] * self.clusters.k)
        unclipped_distance, _ = self._distance_and_margin(unclipped, labels)
        grouped = rows.with_columns(
            self._codes(rows, labels),
            pl.Series("distance", own, dtype=pl.Float64),
            pl.Series("margin", margin, dtype=pl.Float64),
            pl.Series("is_unlike", unclipped_distance > radii[labels], dtype=pl.Boolean),
        )
        return (
            self._apply_rules(grouped)
            .select("customer_id", "end", "segment", "distance", "margin", "is_unlike")
            .sort("end", "customer_id")
        )

    def _apply_rules(self, grouped: pl.DataFrame) -> pl.DataFrame:
        """Return the rows without distances where a rule assigns them."""
        for rule in self.segment_rules:
            holds = rule.matches
            grouped = grouped.with_columns(
                distance=pl.when(~holds).then("distance"),
                margin=pl.when(~holds).then("margin"),
                is_unlike=pl.col("is_unlike") & ~holds,
            )
        return grouped

    def _distance_and_margin(
        self, points: FloatArray, labels: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the distance to the own centre, and how much farther the next one is."""
        distances = euclidean_distances(points, self.clusters.centres)
        codes = np.array(self.group_codes)
        own = distances[np.arange(len(labels)), labels]
        if len(set(self.group_codes)) == 1:
            return own, np.zeros(len(labels))
        distances[codes[labels][:, None] == codes] = np.inf
        return own, distances.min(axis=1) - own

    def require_fitted_before(self, cutoff: int) -> None:
        """Refuse a test whose outcome the fit may have seen (leak L3).

        Raises `MismatchError` when a window it was fitted on ends after the cutoff.
        """
        if self.fit_end > cutoff:
            raise MismatchError(
                f"The segments were fitted on windows up to {as_date(self.fit_end)} "
                f"and would be tested from {as_date(cutoff)} on.",
                fix="fit them on windows that end on or before the test cutoff.",
            )

    def to_state(self) -> JSON:
        """Return all of it as plain JSON; `from_state` gives an equal value back."""
        # Of the shop's own segments the file stays with the shop.
        parts = {f.name: to_plain(getattr(self, f.name)) for f in fields(Segmentation)}
        return {"version": SEGMENTATION_VERSION, **parts}

    @classmethod
    def from_state(cls, state: JSON) -> "Segmentation":
        """Return the segmentation of a state.

        Raises `ArtifactError` when the state is of another version or lacks a part.
        """
        with reading_stored("segmentation", state, SEGMENTATION_VERSION):
            kinds = get_type_hints(cls)
            clusters = Clusters.from_state(state["clusters"])
            names = {f.name for f in fields(cls)} - {"clusters"}
            return cls(clusters=clusters, **{n: from_plain(kinds[n], state[n]) for n in names})


def fill_inactive(assignments: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return the segment of every listed customer; without a row, INACTIVE.

    `customers` has ``customer_id``, and ``end`` for several windows; each once. These columns come
    back, with ``segment`` (Int8); sorted. Other customers of the assignments are left out.

    Raises `SchemaError` when a customer would have two segments.

    >>> rows = {"customer_id": ["b"], "segment": pl.Series([2], dtype=pl.Int8)}
    >>> fill_inactive(pl.DataFrame(rows), pl.DataFrame({"customer_id": ["a", "b"]})).rows()
    [('a', 0), ('b', 2)]
    """
    keys = ["end", "customer_id"] if "end" in customers.columns else ["customer_id"]
    assigned = assignments.select(*keys, pl.col("segment").cast(pl.Int8))
    _require_once(assigned, keys, "assignments")
    _require_once(customers, keys, "customers")
    return (
        customers.select(keys)
        .join(assigned, on=keys, how="left")
        .with_columns(pl.col("segment").fill_null(INACTIVE_CODE))
        .sort(keys)
    )


def _require_once(frame: pl.DataFrame, keys: list[str], table: str) -> None:
    duplicated = frame.select(keys).is_duplicated()
    if duplicated.any():
        named = " and ".join(keys)
        raise SchemaError(table, [f"{named} is not unique in {duplicated.sum()} rows"])


def membership_probabilities(segmentation: Segmentation, inputs: pl.DataFrame) -> pl.DataFrame:
    """Return the probability of each segment for each row.

    Columns ``customer_id``, ``end`` and one per active segment, named by its id; rows add
    up to 1 and are sorted by end and customer. All of it is on one segment where a rule
    assigns the customer, or the algorithm gives no probabilities.
    """
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    points = placed(rows, segmentation.axes)
    of_groups = segmentation.clusters.predict_proba(points)
    of_codes = {s.code: np.zeros(len(points)) for s in segmentation.segments[1:]}
    for group, code in enumerate(segmentation.group_codes):
        of_codes[code] = of_codes[code] + of_groups[:, group]
    ids = {segment.code: segment.id for segment in segmentation.segments[1:]}
    table = rows.with_columns(pl.Series(ids[code], share) for code, share in of_codes.items())
    for rule in reversed(segmentation.segment_rules):
        table = table.with_columns(
            pl.when(rule.matches).then(float(name == rule.id)).otherwise(name).alias(name)
            for name in ids.values()
        )
    return table.select("customer_id", "end", *ids.values()).sort("end", "customer_id")


def nearest_other_segment(segmentation: Segmentation, inputs: pl.DataFrame) -> pl.DataFrame:
    """Return each row's segment, the nearest of the others, and the distance to both.

    ``customer_id``, ``end``, ``segment_id``, ``other_id`` (null where there is only one segment),
    ``distance`` to the own segment's nearest centre and ``other_distance``, in standard deviations
    of the clustering inputs, which are measured on windows of the segmentation's horizon.

    Where both distances are about equal, slightly different purchases would have put
    the customer into the other segment.
    """
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    assigned = segmentation.assign(rows)
    ordered = rows.sort("end", "customer_id")
    points = placed(ordered, segmentation.axes)
    distances = euclidean_distances(points, segmentation.clusters.centres)
    ids = {segment.code: segment.id for segment in segmentation.segments}
    codes = np.array(segmentation.group_codes)
    own = assigned["segment"].to_numpy()[:, None] == codes
    to_own, to_others = np.where(own, distances, np.inf), np.where(own, np.inf, distances)
    other = [ids[int(codes[row.argmin()])] if np.isfinite(row).any() else None for row in to_others]
    return assigned.select("customer_id", "end").with_columns(
        pl.Series("segment_id", [ids[c] for c in assigned["segment"]], pl.String),
        pl.Series("other_id", other, pl.String),
        pl.Series("distance", _finite(to_own.min(axis=1))),
        pl.Series("other_distance", _finite(to_others.min(axis=1))),
    )


def _finite(distances: FloatArray) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in distances]
