"""The shop's own segments beside those found by clustering."""

from dataclasses import dataclass

from segpredict.report.formatting import finite_fields
from segpredict.report.input import ReportInput

SIDE_LABELS = {"own": "The shop's own segments", "found": "Segments found by clustering"}


@dataclass(frozen=True, slots=True)
class OwnSegmentRow:
    """The customers of one of the shop's own segments."""

    name: str  # its name
    counts: tuple[int, ...]  # customers in each found segment


@dataclass(frozen=True, slots=True)
class SegmentPredictability:
    """What today's segment alone tells about the next one, on the newest complete period."""

    label: str  # whose segments
    # log-loss of a Markov chain and of the shares of the segments, by how much the chain is better,
    # and the share of customers who stayed
    log_loss: float | None
    log_loss_of_mix: float | None
    explained: float | None
    staying: float | None


@dataclass(frozen=True, slots=True)
class OwnSegmentsSection:
    """The section."""

    found: tuple[str, ...]  # names of the found segments, in the order of the columns
    rows: tuple[OwnSegmentRow, ...]  # the shop's own segments, lowest value first
    rand_index: float  # adjusted Rand index of the two
    predictability: tuple[SegmentPredictability, ...]  # empty without two complete periods


def own_segments_section(bundle: ReportInput) -> OwnSegmentsSection | None:
    """Return the context of the section; ``None`` without segments of the shop's own."""
    given = bundle.own_segments
    if given is None:
        return None
    rows = zip(given["own"], given["counts"], strict=True)
    return OwnSegmentsSection(
        found=tuple(given["found"]),
        rows=tuple(OwnSegmentRow(name, tuple(counts)) for name, counts in rows if any(counts)),
        rand_index=given["rand_index"],
        predictability=tuple(
            SegmentPredictability(
                SIDE_LABELS[side],
                **finite_fields(figures, "log_loss", "log_loss_of_mix", "explained", "staying"),
            )
            for side, figures in given["predictability"].items()
        ),
    )
