"""The shop's own segments, from a file, in the place of those that are found by clustering."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import polars as pl

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core import schemas
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.errors import MismatchError, SupportError, quote_value
from segpredict.segmentation.algorithms import Clusters, NearestCentre
from segpredict.segmentation.fit_groups import group_statistics, ranked_values, value_order
from segpredict.segmentation.inputs import fit_axes, placed
from segpredict.segmentation.model import Segmentation, SegmentValue

OWN_ALGORITHM = "own_segments"  # stands for the file where others name how segments were found
NO_SEGMENT = "No segment"  # the name of code 0: customers without a row so far
MAX_OWN_SEGMENTS = 20


@dataclass(frozen=True, slots=True)
class OwnSegmentation(Segmentation):
    """Segments that a file gives to customers from day to day, ordered by mean spend.

    A customer is in the segment of the newest row on or before a day, whether or not there were
    orders, and in code 0, "No segment", before the first row. A row counts from the day after the
    customer's first order on, so that nobody has a segment before becoming a customer.
    """

    # ``customer_id``, ``day`` and ``segment`` (null: none from then on), sorted; ``None`` where no
    # shop was given yet
    register: pl.DataFrame | None = field(default=None, compare=False, repr=False)

    @property
    def is_by_purchases(self) -> bool:
        """Whether spend and purchase days of the window alone decide: they do not."""
        return False

    def for_shop(self, transactions: Transactions) -> "OwnSegmentation":
        """Return the segmentation with the file that was given with a shop.

        Raises `MismatchError` when none was given, or it holds segments that the run never saw.
        """
        register, _ = segment_register(transactions)
        if register is None:
            raise MismatchError(
                "The segments of this run are the shop's own, from a file, and no file was given "
                "with these data.",
                fix="give the newest one: `segpredict score --segments FILE`.",
            )
        known = {segment.name for segment in self.segments}
        strange = sorted(set(register["segment"].drop_nulls()) - known)
        if strange:
            raise MismatchError(
                f"The file of segments holds {quote_value(strange[0])}, which the run does not "
                f"know: {', '.join(sorted(known - {NO_SEGMENT}))}.",
                fix="train again with this file.",
            )
        return replace(self, register=register)

    def assign(self, inputs: pl.DataFrame, ends: Sequence[int] = ()) -> pl.DataFrame:
        """Return the segment of each row, and all segments in force on the same and these days.

        Columns are those of `Segmentation.assign`; there are no distances.
        """
        rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
        days = sorted({*rows["end"].to_list(), *ends})
        held, keys = self._held(days), ["end", "customer_id"]
        return (
            rows.select(keys)
            .join(held, on=keys, how="full", coalesce=True)
            .select(
                "customer_id",
                "end",
                pl.col("segment").fill_null(INACTIVE_CODE),
                distance=pl.lit(None, pl.Float64),
                margin=pl.lit(None, pl.Float64),
                is_unlike=pl.lit(value=False),
            )
            .sort("end", "customer_id")
        )

    def segments_at(self, day: int, inputs: pl.DataFrame) -> pl.DataFrame:
        """Return the segments in force on a day, whatever the customers bought."""
        del inputs
        return self.in_force_at(day)

    def in_force_at(self, day: int) -> pl.DataFrame:
        """Return ``customer_id`` and ``segment`` (the code) of all customers on a day."""
        return self._held([day]).select("customer_id", "segment")

    def _held(self, ends: Iterable[int]) -> pl.DataFrame:
        if self.register is None:
            raise MismatchError(
                "The file of the shop's own segments was not read.",
                fix="call for_shop with the transactions first.",
            )
        codes = {segment.name: segment.code for segment in self.segments}
        code = pl.col("segment").replace_strict(codes, default=None, return_dtype=pl.Int8)
        held = in_force(self.register, ends)
        return held.with_columns(code.fill_null(INACTIVE_CODE))


def segmentation_from_state(state: JSON) -> Segmentation:
    """Return the segmentation of a state: clustered, or the shop's own without its file.

    Raises `ArtifactError` when the state is of another version or lacks a part.
    """
    found = Segmentation.from_state(state)
    if found.algorithm != OWN_ALGORITHM:
        return found
    return OwnSegmentation(**{f.name: getattr(found, f.name) for f in fields(Segmentation)})


def segment_register(transactions: Transactions) -> tuple[pl.DataFrame | None, tuple[str, ...]]:
    """Return the rows of the shop's file that count, and notes on those that do not."""
    given = transactions.side_tables.own_segments
    if given is None:
        return None, ()
    bought = transactions.order_days().lines.group_by("customer_id")
    firsts = bought.agg(first=pl.col("day").min()).collect()
    known = given.join(firsts, on="customer_id", how="inner")
    late = known.filter(pl.col("day") > transactions.end_day)
    notes = []
    if known.height < given.height:
        notes.append(
            "Rows of the file of segments whose customers have no order in the data, left out: "
            f"{given.height - known.height:,}."
        )
    if late.height:
        notes.append(
            "Rows of the file of segments that are dated after the data, which end on "
            f"{as_date(transactions.end_day - 1)}, left out: {late.height:,}."
        )
    counted = known.filter(pl.col("day") <= transactions.end_day).select(
        "customer_id",
        pl.max_horizontal("day", pl.col("first") + 1).cast(pl.Int32).alias("since"),
        "day",
        "segment",
    )
    # Of rows before the first order the newest counts.
    rows = counted.sort("customer_id", "day").unique(
        ["customer_id", "since"], keep="last", maintain_order=True
    )
    return rows.select("customer_id", day="since", segment="segment"), tuple(notes)


def in_force(register: pl.DataFrame, ends: Iterable[int]) -> pl.DataFrame:
    """Return the segment of each customer on each of these days: the newest row on or before it.

    >>> rows = {"customer_id": ["a", "a"], "day": [3, 9], "segment": ["Gold", "Lost"]}
    >>> in_force(pl.DataFrame(rows), [2, 3, 8, 9])["segment"].to_list()
    ['Gold', 'Gold', 'Lost']
    """
    parts = [
        register.filter(pl.col("day") <= end)
        .unique("customer_id", keep="last", maintain_order=True)
        .select("customer_id", pl.lit(end, pl.Int32).alias("end"), "segment")
        for end in ends
    ]
    schema = {"customer_id": pl.String, "end": pl.Int32, "segment": pl.String}
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def fit_own_segments(
    transactions: Transactions,
    inputs: pl.DataFrame,
    options: SegmentationOptions,
    horizon: int,
) -> Segmentation:
    """Return the segments of the shop's file, ordered by their mean spend in past windows.

    `inputs` are `schemas.CLUSTERING_INPUTS_SCHEMA` of the windows that the fit may see. Customers
    who are in a segment and bought nothing count with no spend.

    Raises `SupportError` when the file begins after the first window, or holds fewer than two
    segments or too many.
    """
    register, _ = segment_register(transactions)
    names = [] if register is None else register["segment"].drop_nulls().unique().sort().to_list()
    if register is None or not 2 <= len(names) <= MAX_OWN_SEGMENTS:
        raise SupportError(
            f"The file of segments holds {len(names)} segments of customers with an order; "
            f"2 to {MAX_OWN_SEGMENTS} can be forecast.",
            fix="join small segments, or check the columns under [own_segments].",
            count=len(names),
        )
    ends = inputs["end"].unique().sort()
    rows = (
        in_force(register, ends)
        .drop_nulls("segment")
        .join(
            inputs.select("customer_id", "end", "days", "spend"),
            on=["customer_id", "end"],
            how="left",
        )
        .with_columns(pl.col("days", "spend").fill_null(0))
        .sort("end", "customer_id")
    )
    seen = rows["segment"].unique().sort().to_list()
    labels = rows["segment"].replace_strict(seen, range(len(seen)), return_dtype=pl.Int64)
    statistics = dict(zip(seen, group_statistics(rows, labels.to_numpy(), len(seen)), strict=True))
    # A segment that the file names only later has no rows yet.
    values = {name: statistics.get(name, SegmentValue(INACTIVE_CODE)) for name in names}
    order = sorted(names, key=lambda name: (value_order(values[name]), name))
    axes = fit_axes(rows, options.winsor_percentiles)
    points = placed(rows, axes)
    overall = points.mean(axis=0)
    centres = np.stack(
        [
            points[(rows["segment"] == name).to_numpy()].mean(axis=0) if name in seen else overall
            for name in order
        ]
    )
    active = [Segment(code, f"S{code}", name) for code, name in enumerate(order, 1)]
    return OwnSegmentation(
        horizon=horizon,
        fit_end=max(ends.to_list()),
        axes=axes,
        clusters=Clusters(NearestCentre(centres), centres),
        segments=(Segment(INACTIVE_CODE, f"S{INACTIVE_CODE}", NO_SEGMENT), *active),
        values=ranked_values([values[name] for name in order]),
        algorithm=OWN_ALGORITHM,
        register=register,
    )
