"""How the segments were selected: the candidates compared, and the gates they fail."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.report.formatting import Row
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
    "own_segments": "The shop's own file",
}
INPUT_LABELS = {"fm": "spend, days", "rfm": "spend, days, recency", "wide": "all measures"}
GATE_LABELS = {
    "number": "too many or too few",
    "min_share": "smallest too small",
    "max_share": "largest too large",
    "min_rows": "too few customers in the smallest",
    "min_step": "neighbours too similar",
    "noise": "too many unassigned",
    "agreement": "rule differs from groups",
    "tree": "hard to describe",
    "temporal": "unstable over time",
    "seed": "depends on the seed",
    "bootstrap": "unstable",
    "jaccard": "a segment dissolves",
}
GRADE_MEANINGS = {
    "natural": "the groups are separated more than by chance",
    "reproducible": "the groups are found again with other customers and later data, but are "
    "not separated more than data without groups: they are useful cuts, not natural clusters",
    "constructive": "the groups are useful cuts, and no more",
}
FIGURE_LABELS = {  # column → heading
    "silhouette": "Silhouette",
    "null_silhouette": "Silhouette without groups",
    "bootstrap_stability": "Bootstrap stability",
    "min_jaccard": "Least stable segment",
    "temporal_stability": "Temporal stability",
    "prediction_strength": "Prediction strength",
    "value_separation": "Value separation",
    "information_gain": "Information on the next segment, nats",
}


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate."""

    # its algorithm, inputs and number of segments
    algorithm: str
    inputs: str
    k: int
    figures: tuple[float | None, ...]  # one number per heading; ``None`` where it was not measured
    failed_gates: tuple[str, ...]  # failed gates, in words
    is_selected: bool  # whether it is selected
    equivalent_to: str  # a simpler candidate with the same segments; then this one is not ranked


@dataclass(frozen=True, slots=True)
class SegmentSelectionSection:
    """The section."""

    # natural, reproducible or constructive, and its meaning
    grade: str
    meaning: str
    # the selected candidate, and the next; ``None`` where there is none
    selected: str | None
    runner_up: str | None
    similarity: float | None  # adjusted Rand index of the runner-up with the selected candidate
    is_applied: bool  # whether the page uses the selected candidate
    # numbers of candidates measured, and passing every gate
    n_tried: int
    n_passed: int
    headings: tuple[str, ...]  # of the numbers
    # candidates that pass, best first; then, of every other algorithm, the best one
    candidates: tuple[CandidateRow, ...]
    not_tried: tuple[str, ...]  # algorithms that could not be used, and why


def segment_selection_section(bundle: ReportInput) -> SegmentSelectionSection | None:
    """Return the context of the section; ``None`` where no candidates were compared."""
    if bundle.comparison is None or bundle.selection is None:
        return None
    selection, second = bundle.selection, bundle.selection.get("runner_up")
    rows = bundle.comparison.filter(pl.col("note") == "").to_dicts()
    passing = [row for row in rows if row["passes_gates"]]
    shown = sorted(passing, key=_rank)
    known = {row["algorithm"] for row in passing}
    order = {name: i for i, name in enumerate(ALGORITHM_LABELS)}
    others = {row["algorithm"] for row in rows} - known
    ordered = sorted(others, key=lambda name: order.get(name, len(order)))
    nearest = [_nearest(rows, algorithm) for algorithm in ordered]
    return SegmentSelectionSection(
        grade=str(selection["grade"]),
        meaning=GRADE_MEANINGS.get(str(selection["grade"]), ""),
        selected=_named(selection.get("selected")),
        runner_up=_named(second),
        similarity=None if second is None else second.get("rand_index_with_selected"),
        is_applied=bool(selection["is_applied"]),
        n_tried=int(selection["n_tried"]),
        n_passed=int(selection["n_passed"]),
        headings=tuple(FIGURE_LABELS.values()),
        candidates=tuple(_candidate(row) for row in [*shown, *nearest]),
        not_tried=_not_tried(bundle.comparison),
    )


def _rank(row: Row) -> tuple[bool, bool, float]:
    """Return the sort key of a candidate that passes; duplicates are not ranked."""
    score = row["mean_rank"]
    return (not row["is_selected"], score is None, score or 0.0)


def _candidate(row: Row) -> CandidateRow:
    failed = [name for name in str(row["failed_gates"]).split(", ") if name]
    return CandidateRow(
        algorithm=_algorithm(row["algorithm"]),
        inputs=INPUT_LABELS.get(row["inputs"]) or row["inputs"],
        k=int(row["k"]),
        figures=tuple(row.get(name) for name in FIGURE_LABELS),
        failed_gates=tuple(GATE_LABELS.get(name, name) for name in failed),
        is_selected=bool(row["is_selected"]),
        equivalent_to=str(row["equivalent_to"]),
    )


def _nearest(rows: list[dict[str, Any]], algorithm: str) -> dict[str, Any]:
    """Return an algorithm's candidate with the fewest failed gates, the most stable first."""
    own = [row for row in rows if row["algorithm"] == algorithm]
    return min(
        own, key=lambda row: (row["failed_gates"].count(","), -(row["bootstrap_stability"] or 0.0))
    )


def _named(candidate: Row | None) -> str | None:
    if candidate is None:
        return None
    inputs = INPUT_LABELS.get(candidate["inputs"], candidate["inputs"])
    return f"{_algorithm(candidate['algorithm'])} with {candidate['k']} segments ({inputs})"


def _algorithm(name: str) -> str:
    return ALGORITHM_LABELS.get(name, name)


def _not_tried(comparison: pl.DataFrame) -> tuple[str, ...]:
    left = comparison.filter(pl.col("note") != "").select("algorithm", "note").unique()
    return tuple(f"{_algorithm(name)}: {note}" for name, note in left.sort("algorithm").rows())
