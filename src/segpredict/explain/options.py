"""How much to explain, and how hard the explanation is tried."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """How much to explain, and how hard the explanation is tried.

    Parameters
    ----------
    rows
        The most customers to explain; the sample is stratified by current segment.
    refits
        Models fitted anew on other draws of customers, for intervals; 0 leaves the
        cross-check out.
    repeats
        Times that each group of columns is shuffled on a test.
    ablations
        Groups without which the trees are fitted again.
    """

    rows: int = 2000
    refits: int = 20
    repeats: int = 10
    ablations: int = 5
