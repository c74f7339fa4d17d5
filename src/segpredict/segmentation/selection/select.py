"""The rule that takes one candidate; written down before anything is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise

import numpy as np

from segpredict.config.segmentation import SELECTION_CRITERIA, SelectionOptions
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.core.types import JSON
from segpredict.segmentation.selection.agreement import adjusted_rand_index, contingency_table
from segpredict.segmentation.selection.candidate import SegmentationCandidate

RANK_DRAWS = 500
EQUIVALENT_RAND_INDEX = 0.999  # adjusted Rand index from which two candidates are one
INPUTS_BY_SIMPLICITY = ("fm", "rfm", "wide")  # plainest instrument first


@dataclass(frozen=True, slots=True)
class CandidateRank:
    """How a candidate that passes all gates fares against the others.

    Parameters
    ----------
    mean_rank
        Weighted mean of its ranks; 1 would be best in everything.
    difference_to_best, difference_se
        How far its score lies behind the best one, and the standard error of that.
    ranks
        Rank by aim, 1 is best.
    """

    mean_rank: float
    difference_to_best: float
    difference_se: float
    ranks: Mapping[str, float]

    @property
    def is_tied(self) -> bool:
        """Whether it lies within one standard error of the best."""
        return self.difference_to_best <= self.difference_se


@dataclass(frozen=True, slots=True)
class SegmentationSelection:
    """What the rule took, and what it says of it.

    Parameters
    ----------
    selected, runner_up
        Places in the list of trials; ``None`` where there is none.
    grade
        ``natural``, ``reproducible`` or ``constructive``.
    n_tried, n_passed
        How many candidates were measured, and how many passed all gates.
    equivalents
        Of those that passed and make the same segments as a simpler one, the place of
        that one. They are not ranked: a copy must not push others down.
    reason
        Why, in one sentence.
    ranking
        By place in the list, for all that passed and are no twin.
    """

    selected: int | None
    runner_up: int | None
    grade: str
    n_tried: int
    n_passed: int
    reason: str
    ranking: Mapping[int, CandidateRank]
    equivalents: Mapping[int, int] = field(default_factory=dict)

    def to_state(self) -> JSON:
        """Return the verdict as JSON, without the standings."""
        told = asdict(self)
        return {k: v for k, v in told.items() if k not in ("ranking", "equivalents")}


def select_candidate(
    candidates: Sequence[SegmentationCandidate], options: SelectionOptions
) -> SegmentationSelection:
    """Return the trial that the rule takes.

    Parameters
    ----------
    candidates
        All candidates, measured.
    options
        Weights of the aims, and what is called natural.

    Notes
    -----
    Gates first. Candidates that make the same segments count once. Of those that pass,
    the mean of ranks of predictable information, value separation, prediction strength
    and stability against the null; within one standard error of the best, the fewest
    segments, then the simplest algorithm, the plainest instrument and the better score.
    The error comes from redrawing every figure from its own error 500 times and ranking
    again.

    References
    ----------
    Akhanli and Hennig (2020), on aggregating calibrated indexes chosen for the aim.
    """
    passing = [i for i, trial in enumerate(candidates) if trial.passes_gates]
    tried = sum(not trial.note for trial in candidates)
    if not passing:
        reason = f"None of {tried} candidates passes all gates; segments are made by rule."
        return SegmentationSelection(None, None, "constructive", tried, 0, reason, {})
    twins = _twins(candidates, passing)
    own = [i for i in passing if i not in twins]
    standings = dict(zip(own, _standings([candidates[i] for i in own], options), strict=True))
    by_rule = sorted(own, key=lambda i: _preference(candidates[i], standings[i]))
    winner, *rest = by_rule
    return SegmentationSelection(
        winner,
        rest[0] if rest else None,
        grade_segments(candidates[winner], options),
        tried,
        len(passing),
        _reason(candidates, standings, winner),
        standings,
        twins,
    )


def grade_segments(candidate: SegmentationCandidate, options: SelectionOptions) -> str:
    """Return whether segments are ``natural``, ``reproducible`` or ``constructive``.

    Notes
    -----
    Natural: silhouette and prediction strength exceed what 95 % of the null worlds show
    by the margin, and the strength is high. Reproducible: all gates are passed.
    """
    if not candidate.passes_gates:
        return "constructive"
    pairs = (
        (candidate.silhouette, candidate.null_silhouette_high),
        (candidate.prediction_strength, candidate.null_prediction_strength_high),
    )
    is_beyond = all(
        found is not None and null is not None and found - null >= options.null_margin
        for found, null in pairs
    )
    is_strong = (candidate.prediction_strength or 0.0) >= options.natural_strength
    return "natural" if is_beyond and is_strong else "reproducible"


def elbow_point(ks: Sequence[int], inertias: Sequence[float]) -> int | None:
    """Return the k at which the curve bends most, by the Kneedle rule.

    Parameters
    ----------
    ks
        Numbers of groups, rising.
    inertias
        Spread within the groups at each.

    Returns
    -------
    int or None
        ``None`` for fewer than three numbers or a curve that does not fall.

    Notes
    -----
    Both axes are scaled to [0, 1]; the knee is where the curve lies farthest below the
    straight line from its first to its last point.

    References
    ----------
    Satopää, Albrecht, Irwin and Raghavan (2011).

    Examples
    --------
    >>> elbow_point([2, 3, 4, 5], [10.0, 4.0, 3.0, 2.0])
    3
    """
    if len(ks) < 3 or inertias[0] <= inertias[-1]:
        return None
    across = (np.array(ks) - ks[0]) / (ks[-1] - ks[0])
    up = (np.array(inertias) - inertias[-1]) / (inertias[0] - inertias[-1])
    return int(ks[int(np.argmax(1 - across - up))])


def gap_statistic_choices(
    candidates: Sequence[SegmentationCandidate],
) -> dict[tuple[str, str], int]:
    """Return the k that the gap statistic takes, by instrument and algorithm.

    The smallest k whose gap reaches that of k + 1 less its error; no entry where none
    does (Tibshirani, Walther and Hastie 2001).
    """
    taken: dict[tuple[str, str], int] = {}
    for trial, after in pairwise(candidates):
        key = (trial.inputs, trial.algorithm)
        is_next = key == (after.inputs, after.algorithm) and after.k == trial.k + 1
        if not is_next or key in taken or None in (trial.gap, after.gap):
            continue
        if (trial.gap or 0.0) >= (after.gap or 0.0) - (after.gap_se or 0.0):
            taken[key] = trial.k
    return taken


def _twins(candidates: Sequence[SegmentationCandidate], passing: Sequence[int]) -> dict[int, int]:
    """Return which trials make the segments of a simpler one, and of which."""
    firsts: list[int] = []
    twins: dict[int, int] = {}
    for i in sorted(passing, key=lambda i: _plainness(candidates[i])):
        alike = [j for j in firsts if _is_twin(candidates[i], candidates[j])]
        if alike:
            twins[i] = alike[0]
        else:
            firsts.append(i)
    return twins


def _is_twin(one: SegmentationCandidate, other: SegmentationCandidate) -> bool:
    if not one.encoded_labels or one.k != other.k:
        return False
    labels = _codes(one.encoded_labels), _codes(other.encoded_labels)
    return (
        adjusted_rand_index(contingency_table(*labels, np.ones(len(one.encoded_labels))))
        >= EQUIVALENT_RAND_INDEX
    )


def _plainness(candidate: SegmentationCandidate) -> tuple[object, ...]:
    plain = (
        INPUTS_BY_SIMPLICITY.index(candidate.inputs)
        if candidate.inputs in INPUTS_BY_SIMPLICITY
        else len(INPUTS_BY_SIMPLICITY)
    )
    return candidate.k, candidate.complexity_rank, plain


def _standings(
    candidates: Sequence[SegmentationCandidate], options: SelectionOptions
) -> list[CandidateRank]:
    aims = [a for a in SELECTION_CRITERIA if any(getattr(t, a) is not None for t in candidates)]
    figures = np.array([[_figure(t, aim) for aim in aims] for t in candidates])
    errors = np.array([[getattr(t, f"{aim}_se") or 0.0 for aim in aims] for t in candidates])
    weights = np.array([options.criterion_weights.get(aim, 1.0) for aim in aims])
    weights = weights / max(weights.sum(), 1e-12)
    ranks = _ranks(figures)
    scores = ranks @ weights
    best = int(scores.argmin())
    chance = np.random.default_rng(0)  # its own stream: the verdict needs no seed
    redrawn = np.stack(
        [
            _ranks(figures + errors * chance.standard_normal(figures.shape)) @ weights
            for _ in range(RANK_DRAWS)
        ]
    )
    spread = (redrawn - redrawn[:, [best]]).std(axis=0)
    return [
        CandidateRank(
            round(float(score), 6),
            round(float(score - scores[best]), 6),
            round(float(error), 6),
            dict(zip(aims, own.tolist(), strict=True)),
        )
        for score, error, own in zip(scores, spread, ranks, strict=True)
    ]


def _figure(candidate: SegmentationCandidate, aim: str) -> float:
    found = getattr(candidate, aim)
    return -1e9 if found is None else float(found)  # unmeasured ranks last


def _ranks(figures: FloatArray) -> FloatArray:
    """Return ranks by column, highest first; equals share their mean rank."""
    above = (figures[None] > figures[:, None]).sum(axis=1)
    level = (figures[None] == figures[:, None]).sum(axis=1)
    return np.asarray(above + (level + 1) / 2, np.float64)


def _preference(candidate: SegmentationCandidate, standing: CandidateRank) -> tuple[object, ...]:
    last = standing.mean_rank, candidate.algorithm
    if standing.is_tied:
        return 0, *_plainness(candidate), *last
    return 1, standing.mean_rank, *_plainness(candidate), candidate.algorithm


def _reason(
    candidates: Sequence[SegmentationCandidate], standings: Mapping[int, CandidateRank], winner: int
) -> str:
    best = min(standings, key=lambda i: standings[i].difference_to_best)
    level = [i for i in standings if standings[i].is_tied]
    if len(level) == 1:
        return f"{candidates[winner].name} has the best mean rank, and none is level with it."
    told = (
        "has the best mean rank itself"
        if best == winner
        else f"the best mean rank has {candidates[best].name}"
    )
    return (
        f"{len(level)} of {len(standings)} that pass lie within one standard error of "
        f"the best mean rank ({told}); of these {candidates[winner].name} has the fewest "
        "segments and, of equals, the simplest algorithm and instrument."
    )


def similarity_to_selected(
    candidates: Sequence[SegmentationCandidate], selected: int | None
) -> list[float | None]:
    """Return the adjusted Rand index of each trial with the winner, on shared rows."""
    if selected is None:
        return [None] * len(candidates)
    own = _codes(candidates[selected].encoded_labels)
    return [
        round(
            adjusted_rand_index(
                contingency_table(own, _codes(t.encoded_labels), np.ones(len(own)))
            ),
            6,
        )
        if t.encoded_labels
        else None
        for t in candidates
    ]


def encode_labels(labels: IndexArray) -> str:
    """Return groups as one sign a row, as `SegmentationCandidate.groups` keeps them."""
    return "".join(chr(48 + int(label)) for label in labels)


def _codes(groups: str) -> IndexArray:
    return np.array([ord(sign) - 48 for sign in groups], dtype=np.intp)
