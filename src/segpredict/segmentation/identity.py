"""Segment identity across refits: segments matched, ids never reused, changes logged."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON

MIN_SAME_OVERLAP = 0.50  # Jaccard from which two segments are the same one
MAJORITY_SHARE = 0.50  # of a segment's customers
PART = 0.10  # of a segment's customers; smaller parts do not count
FORCED_OVERLAP = 1e15  # outweighs every χ² term


@dataclass(frozen=True, slots=True)
class SegmentEvent:
    """A change of segments between two fits, or by configuration."""

    # ``survive``, ``split``, ``merge``, ``emerge`` or ``vanish`` for a refit; ``merged``,
    # ``apart``, ``pinned`` or ``renamed`` for decisions in the config
    kind: str
    version: int  # version of the resulting segmentation; the first is 1
    # ids of the segments
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    # Jaccard for ``survive``; for ``split`` and ``merge`` the share of the customers of the one
    # segment who are in the several
    overlap: float | None = None

    def to_text(self, names: Mapping[str, str]) -> str:
        """Return the event as a sentence.

        >>> SegmentEvent("split", 2, ("S1",), ("S1", "S4"), 0.98).to_text({"S1": "Core"})
        'S1 (Core) split into S1 (Core) and S4.'
        """
        before, after = (_listed(ids, names) for ids in (self.before, self.after))
        return {
            "survive": f"{before} is still itself (Jaccard {self.overlap or 0:.2f}).",
            "split": f"{before} split into {after}.",
            "merge": f"{before} merged into {after}.",
            "emerge": f"{after} is new.",
            "vanish": f"{before} is gone; its id is not used again.",
            "merged": f"{before} were merged into {after}, as the config says.",
            "apart": f"{after} was set apart by a rule, as the config says.",
            "renamed": f"{after} bears a new name, as the config says.",
            "pinned": f"{after} was kept where it was, as the config says.",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class SegmentIdentity:
    """Which fit this is, which ids were ever issued, and what has changed so far.

    >>> SegmentIdentity(events=(SegmentEvent("vanish", 2, ("S1",)),)).event_rows()[0]["text"]
    'S1 is gone; its id is not used again.'
    """

    version: int = 1  # number of the fit; a segment is its id together with it
    issued_ids: int = 0  # the highest number of an id so far
    events: tuple[SegmentEvent, ...] = ()  # in the order in which they occurred
    names: Mapping[str, str] = field(default_factory=dict)  # the current or last name of each id

    def event_rows(self) -> list[dict[str, JSON]]:
        """Return the events as rows, each with its sentence."""
        return [{**asdict(e), "text": e.to_text(self.names)} for e in self.events]


@dataclass(frozen=True, slots=True)
class SegmentMatch:
    """Which new segment is which old one."""

    # the id of each new segment, in the order of the columns that were matched
    ids: tuple[str, ...]
    identity: SegmentIdentity  # the counter and the log after it


def match_segments(
    counts: IntArray,
    ids: Sequence[str],
    earlier: SegmentIdentity,
    fixed: Mapping[int, int] | None = None,
) -> SegmentMatch:
    """Return the ids of new segments, given how many customers each shares with each.

    With n the count of a cell and E its expectation if old and new were independent, the pairs that
    maximise Σ sign(n − E)(n − E)²/E are found by the Hungarian method; raw counts would favour
    large segments. A pair is accepted if its Jaccard index n / |old ∪ new| is at least .50. A pair
    above .50 is the best match of both segments, so such pairs come first whatever their χ² term:
    if two segments hold nine tenths of all customers each, the overlap cannot exceed what
    independence expects, and yet they are the same segment. An id without a partner is retired; a
    new segment without one gets a number that was never used. A segment splits when two or more new
    ones, each mostly from it, hold a tenth of it or more each; a merge is the reverse. Segments
    that neither survive, split nor merge have emerged or vanished. After Kuhn (1955); Spiliopoulou
    et al., MONIC (2006) for the events.
    """
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0)[None, :] - counts
    jaccard = np.asarray(counts / np.maximum(union, 1), np.float64)
    pairs = _pairs(counts, jaccard, fixed or {})
    issued, named = earlier.issued_ids, []
    for new in range(counts.shape[1]):
        issued += new not in pairs
        named.append(ids[pairs[new]] if new in pairs else f"S{issued}")
    version = earlier.version + 1
    survivors = [
        SegmentEvent("survive", version, (ids[o],), (named[n],), round(float(jaccard[o, n]), 4))
        for n, o in sorted(pairs.items())
    ]
    events = (*earlier.events, *survivors, *_changes(counts, pairs, ids, named, version))
    after = replace(earlier, version=version, issued_ids=issued, events=events)
    return SegmentMatch(tuple(named), after)


def _pairs(counts: IntArray, jaccard: FloatArray, fixed: Mapping[int, int]) -> dict[int, int]:
    """Return new → old of the pairs that are accepted."""
    from scipy.optimize import linear_sum_assignment

    expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0)[None, :]
    expected = expected / max(int(counts.sum()), 1)
    deviation = counts - expected
    surprise = np.sign(deviation) * deviation**2 / np.where(expected > 0, expected, 1.0)
    weights = surprise + FORCED_OVERLAP * (jaccard >= MIN_SAME_OVERLAP)
    for new, old in fixed.items():
        weights[old, new] += 100 * FORCED_OVERLAP
    rows, columns = linear_sum_assignment(weights, maximize=True)
    return {
        new: old
        for old, new in zip(rows.tolist(), columns.tolist(), strict=True)
        if jaccard[old, new] >= MIN_SAME_OVERLAP or fixed.get(new) == old
    }


def _changes(
    counts: IntArray,
    pairs: Mapping[int, int],
    ids: Sequence[str],
    named: Sequence[str],
    version: int,
) -> list[SegmentEvent]:
    split, merged = _main_parts(counts), _main_parts(counts.T)
    events = []
    for old, parts in split.items():
        share, after = _share_held(counts[old], parts), tuple(named[new] for new in parts)
        events.append(SegmentEvent("split", version, (ids[old],), after, share))
    for new, parts in merged.items():
        share, before = _share_held(counts[:, new], parts), tuple(ids[old] for old in parts)
        events.append(SegmentEvent("merge", version, before, (named[new],), share))
    matched_new = {*pairs, *merged, *(new for parts in split.values() for new in parts)}
    matched_old = {*pairs.values(), *split, *(o for ps in merged.values() for o in ps)}
    emerged = [new for new in range(counts.shape[1]) if new not in matched_new]
    vanished = [old for old in range(counts.shape[0]) if old not in matched_old]
    events += [SegmentEvent("emerge", version, (), (named[new],)) for new in emerged]
    events += [SegmentEvent("vanish", version, (ids[old],), ()) for old in vanished]
    return events


def _main_parts(counts: IntArray) -> dict[int, list[int]]:
    """Return row → columns that are mostly of it, where there are two or more."""
    whole, parts = counts.sum(axis=1)[:, None], counts.sum(axis=0)[None, :]
    is_part = (counts > 0) & (counts >= MAJORITY_SHARE * parts) & (counts >= PART * whole)
    found = {row: np.flatnonzero(is_part[row]).tolist() for row in range(len(counts))}
    return {row: columns for row, columns in found.items() if len(columns) > 1}


def _share_held(cells: IntArray, parts: Sequence[int]) -> float:
    return round(float(cells[list(parts)].sum() / max(int(cells.sum()), 1)), 4)


def _listed(ids: Sequence[str], names: Mapping[str, str]) -> str:
    sentences = [f"{i} ({names[i]})" if i in names else i for i in ids]
    *most, last = sentences or [""]
    return f"{', '.join(most)} and {last}" if most else last
