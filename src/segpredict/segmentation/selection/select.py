"""The rule that selects one candidate, fixed before anything is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from segpredict.config.segmentation import SELECTION_CRITERIA, SelectionOptions
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.types import JSON
from segpredict.segmentation.selection.candidate import SegmentationCandidate
from segpredict.segmentation.selection.stability import rand_index

RANK_DRAWS = 500
EQUIVALENT_RAND_INDEX = 0.999  # adjusted Rand index from which two candidates are one
INPUTS_BY_SIMPLICITY = ("fm", "rfm", "wide")  # simplest inputs first


@dataclass(frozen=True, slots=True)
class CandidateRank:
    """The rank of a candidate that passes all gates among the others.

    >>> CandidateRank(2.5, difference_to_best=0.5, difference_se=0.8, ranks={}).is_tied
    True
    """

    mean_rank: float  # weighted mean of its ranks; 1 would be best in everything
    # difference of its mean rank to the best one, and the standard error of that
    difference_to_best: float
    difference_se: float
    ranks: Mapping[str, float]  # rank by criterion, 1 is best

    @property
    def is_tied(self) -> bool:
        """Whether it lies within one standard error of the best."""
        return self.difference_to_best <= self.difference_se


@dataclass(frozen=True, slots=True)
class SegmentationSelection:
    """What the rule selected, and why."""

    # positions in the list of candidates; ``None`` where there is none
    selected: int | None
    runner_up: int | None
    grade: str  # ``natural``, ``reproducible`` or ``constructive``
    # how many candidates were measured, and how many passed all gates
    n_tried: int
    n_passed: int
    reason: str  # why, in one sentence
    # by position in the list, for all that passed and are not equivalent to another
    ranking: Mapping[int, CandidateRank]
    # of those that passed and make the same segments as a simpler one, the position of that one.
    # They are not ranked: a copy must not push others down.
    equivalents: Mapping[int, int] = field(default_factory=dict)

    def to_state(self) -> JSON:
        """Return the selection as JSON, without the ranking."""
        state = asdict(self)
        return {k: v for k, v in state.items() if k not in ("ranking", "equivalents")}


def select_candidate(
    candidates: Sequence[SegmentationCandidate], options: SelectionOptions
) -> SegmentationSelection:
    """Return the candidate that the rule selects.

    Gates first. Candidates that make the same segments count once. Of those that pass, the mean of
    ranks of information gain, value separation, prediction strength and stability against the null;
    within one standard error of the best, the fewest segments, then the simplest algorithm, the
    simplest inputs and the better mean rank. The error comes from redrawing every value from its
    own error 500 times and ranking again. After Akhanli and Hennig (2020), on
    aggregating calibrated indexes chosen for the aim.

    >>> own = {"inputs": "fm", "algorithm": "kmeans", "k_requested": 3}
    >>> tried = [SegmentationCandidate(**own, k=k, stability=9.0 - k) for k in (3, 4)]
    >>> select_candidate(tried, SelectionOptions()).selected
    0
    """
    passing = [i for i, candidate in enumerate(candidates) if candidate.passes_gates]
    tried = sum(not candidate.note for candidate in candidates)
    if not passing:
        reason = f"None of {tried} candidates passes all gates; segments are made by rule."
        return SegmentationSelection(None, None, "constructive", tried, 0, reason, {})
    equivalents = _equivalents(candidates, passing)
    own = [i for i in passing if i not in equivalents]
    ranking = dict(zip(own, _ranked([candidates[i] for i in own], options), strict=True))

    def preference(i: int) -> tuple[object, ...]:
        rank, simplicity = ranking[i].mean_rank, _simplicity(candidates[i])
        order = (*simplicity, rank) if ranking[i].is_tied else (rank, *simplicity)
        return not ranking[i].is_tied, *order, candidates[i].algorithm

    by_rule = sorted(own, key=preference)
    selected, *rest = by_rule
    grade = grade_segments(candidates[selected], options)
    counts, reason = (tried, len(passing)), _reason(candidates, ranking, selected)
    runner_up = rest[0] if rest else None
    return SegmentationSelection(selected, runner_up, grade, *counts, reason, ranking, equivalents)


def grade_segments(candidate: SegmentationCandidate, options: SelectionOptions) -> str:
    """Return whether segments are ``natural``, ``reproducible`` or ``constructive``.

    Natural: silhouette and prediction strength exceed the 95th percentile of the null samples by
    the margin, and the strength is high. Reproducible: all gates are passed.
    """
    if not candidate.passes_gates:
        return "constructive"
    pairs = (
        (candidate.silhouette, candidate.null_silhouette_high),
        (candidate.prediction_strength, candidate.null_prediction_strength_high),
    )
    known = [(found, null) for found, null in pairs if found is not None and null is not None]
    is_beyond = len(known) == 2 and all(f - null >= options.null_margin for f, null in known)
    is_strong = (candidate.prediction_strength or 0.0) >= options.natural_strength
    return "natural" if is_beyond and is_strong else "reproducible"


def elbow_point(ks: Sequence[int], inertias: Sequence[float]) -> int | None:
    """Return the k at which the curve bends most, by the Kneedle rule.

    ``None`` for fewer than three numbers or a curve that does not fall.

    Both axes are scaled to [0, 1]; the knee is where the curve lies farthest below the straight
    line from its first to its last point.

    After Satopää, Albrecht, Irwin and Raghavan (2011).

    >>> elbow_point([2, 3, 4, 5], [10.0, 4.0, 3.0, 2.0])
    3
    """
    if len(ks) < 3 or inertias[0] <= inertias[-1]:
        return None
    across = (np.array(ks) - ks[0]) / (ks[-1] - ks[0])
    up = (np.array(inertias) - inertias[-1]) / (inertias[0] - inertias[-1])
    return int(ks[int(np.argmax(1 - across - up))])


def _equivalents(
    candidates: Sequence[SegmentationCandidate], passing: Sequence[int]
) -> dict[int, int]:
    """Return which candidates make the segments of a simpler one, and of which."""
    firsts: list[int] = []
    equivalents: dict[int, int] = {}
    for i in sorted(passing, key=lambda i: _simplicity(candidates[i])):
        same = [j for j in firsts if _is_equivalent(candidates[i], candidates[j])]
        if same:
            equivalents[i] = same[0]
        else:
            firsts.append(i)
    return equivalents


def _is_equivalent(one: SegmentationCandidate, other: SegmentationCandidate) -> bool:
    if not one.encoded_labels or one.k != other.k:
        return False
    labels = _codes(one.encoded_labels), _codes(other.encoded_labels)
    return rand_index(*labels) >= EQUIVALENT_RAND_INDEX


def _simplicity(candidate: SegmentationCandidate) -> tuple[object, ...]:
    known = (*INPUTS_BY_SIMPLICITY, candidate.inputs)
    return candidate.k, candidate.complexity_rank, known.index(candidate.inputs)


def _ranked(
    candidates: Sequence[SegmentationCandidate], options: SelectionOptions
) -> list[CandidateRank]:
    criteria = [a for a in SELECTION_CRITERIA if any(getattr(t, a) is not None for t in candidates)]
    values = np.array([[_criterion_value(t, aim) for aim in criteria] for t in candidates])
    errors = np.array([[getattr(t, f"{a}_se") or 0.0 for a in criteria] for t in candidates])
    weights = np.array([options.criterion_weights.get(aim, 1.0) for aim in criteria])
    weights = weights / max(weights.sum(), 1e-12)
    ranks = _ranks(values)
    scores = ranks @ weights
    best = int(scores.argmin())
    rng = np.random.default_rng(0)  # a fixed stream: the selection needs no seed
    draws = (errors * rng.standard_normal(values.shape) for _ in range(RANK_DRAWS))
    redrawn = np.stack([_ranks(values + noise) @ weights for noise in draws])
    spread = (redrawn - redrawn[:, [best]]).std(axis=0)
    found = []
    for score, error, own in zip(scores, spread, ranks, strict=True):
        mean, away, se = (round(float(x), 6) for x in (score, score - scores[best], error))
        by_criterion = dict(zip(criteria, own.tolist(), strict=True))
        found.append(CandidateRank(mean, away, se, by_criterion))
    return found


def _criterion_value(candidate: SegmentationCandidate, criterion: str) -> float:
    found = getattr(candidate, criterion)
    return -1e9 if found is None else float(found)  # unmeasured ranks last


def _ranks(values: FloatArray) -> FloatArray:
    """Return ranks by column, highest first; equals share their mean rank."""
    above = (values[None] > values[:, None]).sum(axis=1)
    tied = (values[None] == values[:, None]).sum(axis=1)
    return np.asarray(above + (tied + 1) / 2, np.float64)


def _reason(
    candidates: Sequence[SegmentationCandidate], ranking: Mapping[int, CandidateRank], selected: int
) -> str:
    best = min(ranking, key=lambda i: ranking[i].difference_to_best)
    tied = [i for i in ranking if ranking[i].is_tied]
    if len(tied) == 1:
        return f"{candidates[selected].name} has the best mean rank, and no other is tied with it."
    leader = f"the best mean rank has {candidates[best].name}"
    if best == selected:
        leader = "has the best mean rank itself"
    return (
        f"{len(tied)} of {len(ranking)} that pass lie within one standard error of "
        f"the best mean rank ({leader}); of these {candidates[selected].name} has the fewest "
        "segments and, of equals, the simplest algorithm and inputs."
    )


def similarity_to_selected(
    candidates: Sequence[SegmentationCandidate], selected: int | None
) -> list[float | None]:
    """Return the adjusted Rand index of each candidate with the selected, on shared rows.

    >>> own = {"inputs": "fm", "algorithm": "kmeans", "k_requested": 2}
    >>> found = [SegmentationCandidate(**own, encoded_labels=e) for e in ("0011", "1100", "")]
    >>> similarity_to_selected(found, selected=0)
    [1.0, 1.0, None]
    """
    if selected is None:
        return [None] * len(candidates)
    own = _codes(candidates[selected].encoded_labels)
    labels = (candidate.encoded_labels for candidate in candidates)
    return [round(rand_index(own, _codes(each)), 6) if each else None for each in labels]


def encode_labels(labels: IndexArray) -> str:
    """Return labels as one character a row, for `SegmentationCandidate.encoded_labels`.

    >>> encode_labels(np.array([0, 2, 1]))
    '021'
    """
    return "".join(chr(48 + int(label)) for label in labels)


def _codes(groups: str) -> IndexArray:
    return np.array([ord(sign) - 48 for sign in groups], dtype=np.intp)
