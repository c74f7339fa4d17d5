"""Every way to segment the same windows, measured alike.

A way is an algorithm, a number of segments and an instrument. The work is parted into
heats, one an algorithm and instrument; a heat can be kept and need not be measured
again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from segpredict.config.segmentation import SELECTION_CRITERIA, SegmentationOptions
from segpredict.core import schemas
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.types import JSON
from segpredict.errors import ExtraMissingError
from segpredict.segmentation.algorithms import CLUSTERERS, Clusters, WeightedPoints
from segpredict.segmentation.inputs import CLUSTERING_INPUTS, extra_inputs, fit_axes
from segpredict.segmentation.selection import (
    AlgorithmCandidate,
    EarlierFit,
    QualityGates,
    ResampleSet,
    SegmentationCandidate,
    SegmentationSelection,
    elbow_point,
    encode_labels,
    eta_squared,
    gap_statistic_choices,
    measure_candidates,
    select_candidate,
    similarity_to_selected,
)

SHARED_ROWS = 2_000  # rows on which the segments of all candidates are laid side by side
FALLBACK_SEGMENTS, VALUE_BANDS = "rules", 3  # where no candidate passes

# From labels of the rows and how many groups there are to nats and their error.
InformationFunction = Callable[[IndexArray, int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class SelectionTask:
    """One algorithm on one instrument, at all numbers of segments."""

    inputs: str
    algorithm: str


@dataclass(frozen=True, eq=False)
class SelectionRun:
    """Ways to segment one shop's windows, and what they are measured with.

    Parameters
    ----------
    inputs_frame
        `contracts.CLUSTERING_INPUTS_SCHEMA` with every column that an instrument may need: windows
        of one length, all of which ended on or before the first test cutoff. Without
        the rows that rules set apart: they are grouped nowhere.
    options
        What to compare, and the bar to pass.
    outcome_delay
        Days from the end of a window to the end of its outcome.
    information_function
        Tells how much can be foretold of later segments; ``None`` where history is too
        short for it.
    """

    inputs_frame: pl.DataFrame
    options: SegmentationOptions
    outcome_delay: int
    information_function: InformationFunction | None = None

    @cached_property
    def tasks(self) -> tuple[SelectionTask, ...]:
        """All heats, plainest instrument and simplest algorithm first."""
        bar = self.options.selection
        names = bar.algorithms or CLUSTERERS.names()
        simple = sorted(names, key=lambda name: (CLUSTERERS.get(name).complexity_rank, name))
        order = [name for name in CLUSTERING_INPUTS if name in bar.inputs]
        return tuple(SelectionTask(i, name) for i in order for name in simple)

    def run_task(self, task: SelectionTask) -> list[SegmentationCandidate]:
        """Return the trials of one heat, by rising number of segments.

        What cannot be fitted here is told in the trial's note, and is no failure of the
        comparison.
        """
        clusterer = CLUSTERERS.get(task.algorithm)
        compare = self.options.selection
        ks = compare.segment_counts[:1] if clusterer.is_density_based else compare.segment_counts
        blank = SegmentationCandidate(
            inputs=task.inputs,
            algorithm=task.algorithm,
            k_requested=0,
            complexity_rank=clusterer.complexity_rank,
        )
        trials = {k: replace(blank, k_requested=k) for k in ks}
        field = self._field(task.inputs)
        contender = AlgorithmCandidate(
            clusterer.with_settings(self._settings(task.algorithm)),
            self.options.n_init,
            compare.refit_starts,
            self.options.seed,
        )
        try:
            found = measure_candidates(trials, contender, field.resamples, self._bar)
        except ExtraMissingError as error:
            return [replace(trial, note=str(error)) for trial in trials.values()]
        few = "the customers are not varied enough for so many segments"
        return [
            self._outcome(*found[k], field) if k in found else replace(trial, note=few)
            for k, trial in trials.items()
        ]

    def _settings(self, algorithm: str) -> Mapping[str, Any]:
        """Return the settings of one algorithm; those given are of the one named."""
        return self.options.algorithm_settings if algorithm == self.options.algorithm else {}

    def _outcome(
        self, candidate: SegmentationCandidate, clusters: Clusters, field: "InputSpace"
    ) -> SegmentationCandidate:
        labels = clusters.assign(field.points_of_rows)
        told: dict[str, Any] = {"encoded_labels": encode_labels(labels[self._shared])}
        rows, spent, customers = self._later
        if len(rows):
            value, error = eta_squared(spent, labels[rows], customers)
            told.update(value_separation=round(value, 6), value_separation_se=round(error, 6))
        if self.information_function is not None:
            nats, error = self.information_function(labels, clusters.k)
            told.update(information_gain=round(nats, 6), information_gain_se=round(error, 6))
        return replace(candidate, **told)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        return schemas.validate_schema(self.inputs_frame, schemas.CLUSTERING_INPUTS_SCHEMA)

    @cached_property
    def _bar(self) -> QualityGates:
        active = self._rows.height / self._rows["end"].n_unique()
        return QualityGates(self.options, self.options.least_customers(active))

    @cached_property
    def _fields(self) -> dict[str, "InputSpace"]:
        return {}

    def _field(self, name: str) -> "InputSpace":
        """Return what one instrument measures; only the last one is kept."""
        if name not in self._fields:
            self._fields.clear()
            self._fields[name] = InputSpace.from_rows(
                self._rows, name, self.options, self.outcome_delay
            )
        return self._fields[name]

    @cached_property
    def _shared(self) -> IndexArray:
        """Places of rows at even steps through what was bought, blind to ids."""
        order = self._rows.select(
            pl.struct(pl.exclude("customer_id", "end")).arg_sort()
        ).to_series()
        count = min(len(order), SHARED_ROWS)
        return order.to_numpy()[np.arange(count) * len(order) // count].astype(np.intp)

    @cached_property
    def _later(self) -> tuple[IndexArray, FloatArray, IndexArray]:
        """Rows whose outcome is known, log revenue in it, and whose they are."""
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
        return (
            pairs["row"].to_numpy().astype(np.intp),
            pairs["later"].to_numpy(),
            pairs["customer_id"].to_numpy().astype(np.intp),
        )


@dataclass(frozen=True, slots=True, eq=False)
class InputSpace:
    """The rows as one instrument places them.

    Parameters
    ----------
    points_of_rows
        One row an instrument's row.
    resamples
        What all candidates share.
    """

    points_of_rows: FloatArray
    resamples: ResampleSet

    @classmethod
    def from_rows(
        cls, rows: pl.DataFrame, name: str, options: SegmentationOptions, lead: int
    ) -> "InputSpace":
        """Return the rows in the space that an instrument makes of them."""
        weights = options.overrides.axis_weights
        axes = fit_axes(rows, options.winsor_percentiles, name, weights)
        places = rows.select(axis.standardized for axis in axes).to_numpy()
        newest = rows["end"].max()
        known = rows.filter(pl.col("end") <= pl.lit(newest) - lead)
        new = rows.filter(pl.col("end") == newest)
        earlier = None
        if known.height:
            before = fit_axes(known, options.winsor_percentiles, name, weights)
            earlier = EarlierFit(
                WeightedPoints.from_matrix(known.select(a.standardized for a in before).to_numpy()),
                new.select(a.standardized for a in before).to_numpy(),
                new.select(a.standardized for a in axes).to_numpy(),
            )
        points = WeightedPoints.from_matrix(places).quantize(options.max_points)
        windows = rows["end"].n_unique()
        customers = rows["customer_id"].n_unique()
        bench = ResampleSet(points, options.selection, windows, customers, options.seed, earlier)
        return cls(places, bench)


def required_inputs() -> tuple[str, ...]:
    """Return what `features.clustering_inputs` must measure for all instruments."""
    return extra_inputs(dict.fromkeys(c for names in CLUSTERING_INPUTS.values() for c in names))


def comparison_table(
    candidates: Sequence[SegmentationCandidate], selection: SegmentationSelection
) -> pl.DataFrame:
    """Return the comparison, one way to segment a row.

    Returns
    -------
    polars.DataFrame
        The fields of `SegmentationCandidate` but the groups; ``is_elbow`` and ``is_gap`` (what
        those two rules would take), ``mean_rank`` with
        ``difference_to_best`` and ``difference_se``, the ranks, ``rand_index_with_selected``,
        ``equivalent_to`` (a simpler candidate that makes the same segments, so that this
        one is not ranked) and ``is_selected``.
    """
    elbows, gaps = _elbows(candidates), gap_statistic_choices(candidates)
    alike = similarity_to_selected(candidates, selection.selected)
    rows = []
    for i, trial in enumerate(candidates):
        state = trial.to_state()
        del state["encoded_labels"]
        key = (trial.inputs, trial.algorithm)
        standing = selection.ranking.get(i)
        ranks = {} if standing is None else standing.ranks
        rows.append(
            {
                **state,
                "jaccards": " ".join(f"{share:.3f}" for share in trial.jaccards),
                "failed_gates": ", ".join(trial.failed_gates),
                "passes_gates": trial.passes_gates,
                "is_elbow": elbows.get(key) == trial.k_requested,
                "is_gap": gaps.get(key) == trial.k,
                "mean_rank": None if standing is None else standing.mean_rank,
                "difference_to_best": None if standing is None else standing.difference_to_best,
                "difference_se": None if standing is None else standing.difference_se,
                **{f"rank_{aim}": ranks.get(aim) for aim in SELECTION_CRITERIA},
                "rand_index_with_selected": alike[i],
                "equivalent_to": _twin(candidates, selection, i),
                "is_selected": selection.selected == i,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col(pl.Null).cast(pl.Float64)
    )


def _twin(
    candidates: Sequence[SegmentationCandidate], selection: SegmentationSelection, place: int
) -> str:
    first = selection.equivalents.get(place)
    return "" if first is None else candidates[first].name


def _elbows(candidates: Sequence[SegmentationCandidate]) -> dict[tuple[str, str], int | None]:
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for trial in candidates:
        if trial.inertia is not None:
            key = (trial.inputs, trial.algorithm)
            curves.setdefault(key, []).append((trial.k_requested, trial.inertia))
    return {
        key: elbow_point([k for k, _ in curve], [spread for _, spread in curve])
        for key, curve in curves.items()
    }


def select_from_table(
    candidates: Sequence[SegmentationCandidate], options: SegmentationOptions
) -> SegmentationSelection:
    """Return what the rule of `criteria.select_candidate` takes."""
    return select_candidate(candidates, options.selection)


def options_of_selected(
    options: SegmentationOptions,
    candidates: Sequence[SegmentationCandidate],
    selection: SegmentationSelection,
) -> SegmentationOptions:
    """Return the options that make the segments which the rule took.

    Where no candidate passes, segments are made by rule: the grid that fails the fewest
    gates, or three bands of it where the grid was not compared.
    """
    if selection.selected is not None:
        winner = candidates[selection.selected]
    else:
        grids = [t for t in candidates if t.algorithm == FALLBACK_SEGMENTS and t.k > 1]
        blank = SegmentationCandidate(
            inputs=options.inputs, algorithm=FALLBACK_SEGMENTS, k_requested=VALUE_BANDS
        )
        winner = min(grids, key=lambda t: (len(t.failed_gates), t.k), default=blank)
    return replace(
        options,
        algorithm=winner.algorithm,
        inputs=winner.inputs,
        k=winner.k_requested,
        algorithm_settings=options.algorithm_settings
        if winner.algorithm == options.algorithm
        else {},
    )


def selection_summary(
    candidates: Sequence[SegmentationCandidate], selection: SegmentationSelection
) -> JSON:
    """Return what was taken and why, as the run folder keeps it."""
    alike = similarity_to_selected(candidates, selection.selected)

    def told(place: int | None) -> JSON:
        if place is None:
            return None
        trial = candidates[place]
        return {
            "name": trial.name,
            "algorithm": trial.algorithm,
            "inputs": trial.inputs,
            "k": trial.k,
            "rand_index_with_selected": alike[place],
        }

    return {
        "selected": told(selection.selected),
        "runner_up": told(selection.runner_up),
        "grade": selection.grade,
        "n_tried": selection.n_tried,
        "n_passed": selection.n_passed,
        "reason": selection.reason,
    }
