"""All candidate segmentations of the same windows, measured in the same way.

Tasks are one per algorithm and inputs; saved results of a task need not be measured again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
import polars as pl

from segpredict.config.segmentation import SELECTION_CRITERIA, InputSet, SegmentationOptions
from segpredict.core import schemas
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.types import JSON
from segpredict.errors import ExtraMissingError
from segpredict.segmentation.algorithms import CLUSTERERS, Clusters, WeightedPoints
from segpredict.segmentation.inputs import CLUSTERING_INPUTS, extra_inputs, fit_axes, placed
from segpredict.segmentation.selection import SegmentationCandidate, SegmentationSelection, select
from segpredict.segmentation.selection.candidate import QualityGates
from segpredict.segmentation.selection.measure import AlgorithmCandidate, measure_candidates
from segpredict.segmentation.selection.resampling import EarlierFit, ResampleSet
from segpredict.segmentation.selection.stability import eta_squared

RANK_COLUMNS = ("mean_rank", "difference_to_best", "difference_se")
SHARED_ROWS = 2_000  # rows on which the segments of all candidates are compared
FALLBACK_SEGMENTS, VALUE_BANDS = "rules", 3  # where no candidate passes

# From labels of the rows and the number of groups to nats and their error.
InformationFunction = Callable[[IndexArray, int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class SelectionTask:
    """One algorithm on one set of inputs, at all numbers of segments."""

    inputs: InputSet
    algorithm: str


@dataclass(frozen=True, eq=False)
class SelectionRun:
    """The comparison of candidates on one shop's windows."""

    # `schemas.CLUSTERING_INPUTS_SCHEMA` with every column that any inputs may need: windows of one
    # length, all of which ended on or before the first test cutoff. Without the rows of rule-based
    # segments.
    inputs_frame: pl.DataFrame
    options: SegmentationOptions  # what to compare, and the gates
    outcome_delay: int  # days from the end of a window to the end of its outcome
    # measures how well later segments can be predicted; ``None`` where history is too short
    information_function: InformationFunction | None = None

    @cached_property
    def tasks(self) -> tuple[SelectionTask, ...]:
        """All tasks, simplest inputs and simplest algorithm first."""
        settings = self.options.selection
        names = settings.algorithms or CLUSTERERS.names()
        simple = sorted(names, key=lambda name: (CLUSTERERS.get(name).complexity_rank, name))
        order = [name for name in CLUSTERING_INPUTS if name in settings.inputs]
        return tuple(SelectionTask(i, name) for i in order for name in simple)

    def run_task(self, task: SelectionTask) -> list[SegmentationCandidate]:
        """Return the candidates of one task, by rising number of segments.

        A candidate that cannot be fitted says why in its note; the comparison goes on.
        """
        clusterer = CLUSTERERS.get(task.algorithm)
        settings = self.options.selection
        ks = settings.segment_counts[:1] if clusterer.is_density_based else settings.segment_counts
        empty = SegmentationCandidate(inputs=task.inputs, algorithm=task.algorithm, k_requested=0)
        rank = clusterer.complexity_rank
        candidates = {k: replace(empty, k_requested=k, complexity_rank=rank) for k in ks}
        space = self._space(task.inputs)
        configured = clusterer.with_settings(_settings(self.options, task.algorithm))
        algorithm = AlgorithmCandidate(
            configured, self.options.n_init, settings.refit_starts, self.options.seed
        )
        try:
            found = measure_candidates(candidates, algorithm, space.resamples, self._gates)
        except ExtraMissingError as error:
            return [replace(candidate, note=str(error)) for candidate in candidates.values()]
        note = "the customers are not varied enough for so many segments"
        return [
            self._with_outcome(*found[k], space) if k in found else replace(candidate, note=note)
            for k, candidate in candidates.items()
        ]

    def _with_outcome(
        self, candidate: SegmentationCandidate, clusters: Clusters, space: "InputSpace"
    ) -> SegmentationCandidate:
        labels = clusters.assign(space.points_of_rows)
        metrics: dict[str, Any] = {
            "encoded_labels": select.encode_labels(labels[self._shared_rows])
        }
        rows, spent, customers = self._outcome_rows
        if len(rows):
            value, error = eta_squared(spent, labels[rows], customers)
            metrics.update(value_separation=round(value, 6), value_separation_se=round(error, 6))
        if self.information_function is not None:
            nats, error = self.information_function(labels, clusters.k)
            metrics.update(information_gain=round(nats, 6), information_gain_se=round(error, 6))
        return replace(candidate, **metrics)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        return schemas.validate_schema(self.inputs_frame, schemas.CLUSTERING_INPUTS_SCHEMA)

    @cached_property
    def _gates(self) -> QualityGates:
        active = self._rows.height / self._rows["end"].n_unique()
        return QualityGates(self.options, self.options.least_customers(active))

    @cached_property
    def _space(self) -> Callable[[InputSet], "InputSpace"]:
        """The space of one set of inputs; only the last one is cached."""
        spaces = partial(InputSpace.from_rows, self._rows, self.options, self.outcome_delay)
        return lru_cache(maxsize=1)(spaces)

    @cached_property
    def _shared_rows(self) -> IndexArray:
        """Positions of rows at even steps through sorted purchases, independent of ids."""
        purchases = pl.struct(pl.exclude("customer_id", "end"))
        order = self._rows.select(purchases.arg_sort()).to_series()
        count = min(len(order), SHARED_ROWS)
        return order.to_numpy()[np.arange(count) * len(order) // count].astype(np.intp)

    @cached_property
    def _outcome_rows(self) -> tuple[IndexArray, FloatArray, IndexArray]:
        """Rows with a known outcome: their positions, log revenue and customers."""
        rows = self._rows.with_row_index("row")
        ends = rows["end"].unique()
        after = rows.select(
            "customer_id",
            (pl.col("end") - self.outcome_delay).cast(pl.Int32).alias("end"),
            later=pl.col("spend"),
        )
        pairs = (
            rows.filter((pl.col("end") + self.outcome_delay).is_in(ends.implode()))
            .join(after, on=["customer_id", "end"], how="left", maintain_order="left")
            .with_columns(
                pl.col("customer_id").rank("dense").cast(pl.Int64) - 1,
                (pl.col("later").fill_null(0).clip(0) / MONEY_SCALE).log1p(),
            )
        )
        places, customers = (
            pairs[name].to_numpy().astype(np.intp) for name in ("row", "customer_id")
        )
        return places, pairs["later"].to_numpy(), customers


@dataclass(frozen=True, slots=True, eq=False)
class InputSpace:
    """The rows as one set of inputs places them."""

    points_of_rows: FloatArray  # coordinates, one row per input row
    resamples: ResampleSet  # what all candidates share

    @classmethod
    def from_rows(
        cls, rows: pl.DataFrame, options: SegmentationOptions, outcome_delay: int, name: InputSet
    ) -> "InputSpace":
        """Return the rows in the space of these inputs."""
        limits, weights = options.winsor_percentiles, options.overrides.axis_weights
        axes = fit_axes(rows, limits, name, weights)
        points, newest = placed(rows, axes), rows["end"].max()
        known_rows = rows.filter(pl.col("end") <= pl.lit(newest) - outcome_delay)
        new, earlier = rows.filter(pl.col("end") == newest), None
        if known_rows.height:
            before = fit_axes(known_rows, limits, name, weights)
            known = WeightedPoints.from_matrix(placed(known_rows, before))
            earlier = EarlierFit(known, placed(new, before), placed(new, axes))
        weighted = WeightedPoints.from_matrix(points).quantize(options.max_points)
        counts = rows["end"].n_unique(), rows["customer_id"].n_unique()
        resamples = ResampleSet(weighted, options.selection, *counts, options.seed, earlier)
        return cls(points, resamples)


def _settings(options: SegmentationOptions, algorithm: str) -> Mapping[str, Any]:
    """Return the settings of an algorithm; those in the config are of the configured one."""
    return options.algorithm_settings if algorithm == options.algorithm else {}


def required_inputs() -> tuple[str, ...]:
    """Return what `features.clustering_inputs` must measure for all candidates."""
    return extra_inputs(dict.fromkeys(c for names in CLUSTERING_INPUTS.values() for c in names))


def comparison_table(
    candidates: Sequence[SegmentationCandidate], selection: SegmentationSelection
) -> pl.DataFrame:
    """Return the comparison, one row per candidate."""
    elbows = _elbows(candidates)
    similarity = select.similarity_to_selected(candidates, selection.selected)
    rows = []
    for i, candidate in enumerate(candidates):
        state = asdict(candidate)
        del state["encoded_labels"]
        key = (candidate.inputs, candidate.algorithm)
        rank = selection.ranking.get(i)
        ranks, first = {} if rank is None else rank.ranks, selection.equivalents.get(i)
        rows.append(
            {
                **state,
                "jaccards": " ".join(f"{share:.3f}" for share in candidate.jaccards),
                "failed_gates": ", ".join(candidate.failed_gates),
                "passes_gates": candidate.passes_gates,
                "is_elbow": elbows.get(key) == candidate.k_requested,
                **{name: getattr(rank, name, None) for name in RANK_COLUMNS},
                **{f"rank_{aim}": ranks.get(aim) for aim in SELECTION_CRITERIA},
                "rand_index_with_selected": similarity[i],
                "equivalent_to": "" if first is None else candidates[first].name,
                "is_selected": selection.selected == i,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col(pl.Null).cast(pl.Float64)
    )


def _elbows(candidates: Sequence[SegmentationCandidate]) -> dict[tuple[str, str], int | None]:
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for candidate in candidates:
        if candidate.inertia is not None:
            key = (candidate.inputs, candidate.algorithm)
            curves.setdefault(key, []).append((candidate.k_requested, candidate.inertia))
    return {key: select.elbow_point(*zip(*curve, strict=True)) for key, curve in curves.items()}


def options_of_selected(
    options: SegmentationOptions,
    candidates: Sequence[SegmentationCandidate],
    selection: SegmentationSelection,
) -> SegmentationOptions:
    """Return the options that reproduce the selected segments.

    Where no candidate passes, this is the rule grid that fails the fewest gates, or three
    bands of it where the grid was not compared.
    """
    if selection.selected is not None:
        selected = candidates[selection.selected]
    else:
        rule_grids = [t for t in candidates if t.algorithm == FALLBACK_SEGMENTS and t.k > 1]
        empty = SegmentationCandidate(
            inputs=options.inputs, algorithm=FALLBACK_SEGMENTS, k_requested=VALUE_BANDS
        )
        selected = min(rule_grids, key=lambda t: (len(t.failed_gates), t.k), default=empty)
    return replace(
        options,
        algorithm=selected.algorithm,
        inputs=selected.inputs,
        k=selected.k_requested,
        algorithm_settings=_settings(options, selected.algorithm),
    )


def selection_summary(
    candidates: Sequence[SegmentationCandidate], selection: SegmentationSelection
) -> JSON:
    """Return what was selected and why, as saved in the run folder."""
    similarity = select.similarity_to_selected(candidates, selection.selected)

    def described(place: int | None) -> JSON:
        if place is None:
            return None
        names = ("name", "algorithm", "inputs", "k")
        facts = {name: getattr(candidates[place], name) for name in names}
        return {**facts, "rand_index_with_selected": similarity[place]}

    chosen = {name: described(getattr(selection, name)) for name in ("selected", "runner_up")}
    return selection.to_state() | chosen
