"""How the segments were chosen: every way that was compared, and the gates it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.report.input import ReportInput

ALGORITHM_LABELS = {
    "kmeans": "K-means",
    "gmm": "Gaussian mixture",
    "ward": "Ward",
    "dbscan": "DBSCAN",
    "hdbscan": "HDBSCAN",
    "autoencoder_kmeans": "Autoencoder + K-means",
    "hybrid": "Hybrid",
    "rules": "Rule grid",
}
INPUT_LABELS = {
    "fm": "spend, days",
    "rfm": "spend, days, recency",
    "wide": "all measures",
}
GATE_LABELS = {
    "number": "too many or too few",
    "min_share": "smallest too small",
    "max_share": "largest too large",
    "min_rows": "too few customers",
    "min_step": "neighbours too alike",
    "noise": "too many left over",
    "agreement": "rule differs from groups",
    "tree": "hard to describe",
    "temporal": "drifts in time",
    "seed": "depends on the seed",
    "bootstrap": "unstable",
    "jaccard": "a segment dissolves",
}
GRADE_MEANINGS = {
    "natural": "the groups stand apart more than chance alone would make them",
    "reproducible": "the groups come back with other customers and later data, but do "
    "not stand apart more than a cloud without groups would: they are made, not found",
    "constructive": "the groups are useful cuts and not more",
}
FIGURE_LABELS = {  # column → heading
    "silhouette": "Silhouette",
    "null_silhouette": "Of a cloud",
    "bootstrap_stability": "Other customers",
    "min_jaccard": "Worst segment",
    "temporal_stability": "One window earlier",
    "prediction_strength": "Prediction strength",
    "value_separation": "Value explained",
    "information_gain": "Information gain, nats",
}


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One way to segment.

    Parameters
    ----------
    algorithm, inputs, k
        What it is.
    figures
        One figure a heading; ``None`` where it was not measured.
    failed_gates
        Gates that were not passed, in words.
    is_selected
        Whether the rule takes it.
    equivalent_to
        A simpler way that makes the same segments, so that this one is not ranked.
    """

    algorithm: str
    inputs: str
    k: int
    figures: tuple[float | None, ...]
    failed_gates: tuple[str, ...]
    is_selected: bool
    equivalent_to: str


@dataclass(frozen=True, slots=True)
class SegmentSelectionSection:
    """The section.

    Parameters
    ----------
    grade, meaning
        Natural, reproducible or constructive, and what that says.
    selected, runner_up
        What the rule takes, and the next; ``None`` where there is none.
    similarity
        Adjusted Rand index of the runner-up with the winner.
    is_applied
        Whether the segments on the page were made that way.
    n_tried, n_passed
        How many ways were measured, and passed every gate.
    headings
        Of the figures.
    candidates
        The ways that pass, best first; then, of every other algorithm, the one that
        comes nearest.
    not_tried
        Algorithms that could not be used, and why.
    """

    grade: str
    meaning: str
    selected: str | None
    runner_up: str | None
    similarity: float | None
    is_applied: bool
    n_tried: int
    n_passed: int
    headings: tuple[str, ...]
    candidates: tuple[CandidateRow, ...]
    not_tried: tuple[str, ...]


def segment_selection_section(bundle: ReportInput) -> SegmentSelectionSection | None:
    """Return how the segments were chosen, or nothing where no ways were compared."""
    if bundle.comparison is None or bundle.selection is None:
        return None
    told, second = bundle.selection, bundle.selection.get("runner_up")
    rows = bundle.comparison.filter(pl.col("note") == "").to_dicts()
    passing = [row for row in rows if row["passes_gates"]]
    shown = sorted(passing, key=_rank)
    known = {row["algorithm"] for row in passing}
    others = sorted({row["algorithm"] for row in rows} - known, key=_place)
    nearest = [_nearest(rows, algorithm) for algorithm in others]
    return SegmentSelectionSection(
        grade=str(told["grade"]),
        meaning=GRADE_MEANINGS.get(str(told["grade"]), ""),
        selected=_named(told.get("selected")),
        runner_up=_named(second),
        similarity=None if second is None else second.get("rand_index_with_selected"),
        is_applied=bool(told["is_applied"]),
        n_tried=int(told["n_tried"]),
        n_passed=int(told["n_passed"]),
        headings=tuple(FIGURE_LABELS.values()),
        candidates=tuple(_way(row) for row in [*shown, *nearest]),
        not_tried=_absent(bundle.comparison),
    )


def _rank(row: Mapping[str, Any]) -> tuple[bool, bool, float]:
    """Return the place of a way that passes; twins of another are not ranked."""
    score = row["mean_rank"]
    return (not row["is_selected"], score is None, score or 0.0)


def _way(row: Mapping[str, Any]) -> CandidateRow:
    failed = [name for name in str(row["failed_gates"]).split(", ") if name]
    return CandidateRow(
        algorithm=_algorithm(row["algorithm"]),
        inputs=INPUT_LABELS.get(row["inputs"], row["inputs"]),
        k=int(row["k"]),
        figures=tuple(row.get(name) for name in FIGURE_LABELS),
        failed_gates=tuple(GATE_LABELS.get(name, name) for name in failed),
        is_selected=bool(row["is_selected"]),
        equivalent_to=str(row["equivalent_to"]),
    )


def _nearest(rows: list[dict[str, Any]], algorithm: str) -> dict[str, Any]:
    """Return an algorithm's way that fails the fewest gates, the steadier first."""
    own = [row for row in rows if row["algorithm"] == algorithm]
    return min(
        own, key=lambda row: (row["failed_gates"].count(","), -(row["bootstrap_stability"] or 0.0))
    )


def _named(way: Mapping[str, Any] | None) -> str | None:
    if way is None:
        return None
    instrument = INPUT_LABELS.get(way["inputs"], way["inputs"])
    return f"{_algorithm(way['algorithm'])} with {way['k']} segments ({instrument})"


def _algorithm(name: str) -> str:
    return ALGORITHM_LABELS.get(name, name)


def _place(name: str) -> int:
    known = list(ALGORITHM_LABELS)
    return known.index(name) if name in known else len(known)


def _absent(comparison: pl.DataFrame) -> tuple[str, ...]:
    left = comparison.filter(pl.col("note") != "").select("algorithm", "note").unique()
    return tuple(f"{_algorithm(name)}: {note}" for name, note in left.sort("algorithm").rows())
