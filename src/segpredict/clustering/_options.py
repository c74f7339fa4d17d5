"""What a person may decide about segments; everything has a default that works."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from segpredict.clustering._compare_options import CompareOptions
from segpredict.clustering._refine_options import RefineOptions
from segpredict.errors import ConfigError

MOST = 8  # segments; more have no names on the ladder and no use


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How segments are found and what they are called.

    Parameters
    ----------
    k
        Number of active segments; ``None`` lets the data choose.
    k_min, k_max
        Numbers to choose from. Fewer than three are too coarse to act on.
    algorithm
        Name of a part of `segpredict.clustering`.
    settings
        Options of the algorithm that differ from its defaults, by name.
    instrument
        What a window of buying is measured by: ``fm`` (spend and purchase days),
        ``rfm`` (and recency) or ``wide`` (and products, units and refunds).
    n_init
        Random starts of the algorithm.
    winsor
        Percentiles of the fit rows at which spend and days are cut.
    min_share, max_share
        Bounds on a segment's share of the active rows.
    min_customers
        Least number of customers in a segment of an average window; in a shop with
        fewer than twenty times as many active customers, a twentieth of them.
    min_step
        Least distance in spend between neighbouring segments, in standard deviations of
        log spend; below it, one could not be said to be worth more than the other.
    max_points
        Distinct points above which the algorithm sees a systematic sample.
    names
        Segment names by id, such as ``{"S3": "VIP"}``; the rest keep theirs.
    likes
        What the cards say a segment buys more of than others: ``category`` (where the
        products table has one), ``product`` or ``none``.
    refine
        What people decide over the data: merges, weights, segments set apart.
    codes
        Names in the rule grid that replace the usual ones: by its code of scores of
        recency, frequency and spend (``555``), or by the first two for all five of
        spend (``55``).
    seed
        Seed of the random starts.
    compare
        What ``--compare`` and ``--select`` try, and the bar they set.

    Raises
    ------
    ConfigError
        When a value lies outside its range.
    """

    k: int | None = None
    k_min: int = 3
    k_max: int = 8
    algorithm: str = "kmeans"
    settings: Mapping[str, str | int | float] = field(default_factory=dict)
    instrument: str = "fm"
    n_init: int = 20
    winsor: tuple[float, float] = (0.5, 99.5)
    min_share: float = 0.02
    max_share: float = 0.60
    min_customers: int = 200
    min_step: float = 0.5
    max_points: int = 200_000
    names: Mapping[str, str] = field(default_factory=dict)
    likes: Literal["category", "product", "none"] = "category"
    refine: RefineOptions = field(default_factory=RefineOptions)
    codes: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    compare: CompareOptions = field(default_factory=CompareOptions)

    def __post_init__(self) -> None:
        low, high = self.winsor
        asked = 2 if self.k is None else self.k
        is_met = {
            f"k from 2 to {MOST}": 2 <= asked <= MOST,
            f"2 <= k_min <= k_max <= {MOST}": 2 <= self.k_min <= self.k_max <= MOST,
            "instrument of fm, rfm or wide": self.instrument in ("fm", "rfm", "wide"),
            "n_init of at least 1": self.n_init >= 1,
            "winsor percentiles from 0 to 100, rising": 0 <= low < high <= 100,
            "0 <= min_share < max_share <= 1": 0
            <= self.min_share
            < self.max_share
            <= 1,
            "min_customers of at least 0": self.min_customers >= 0,
            "max_points of at least 1,000": self.max_points >= 1_000,
        }
        broken = [rule for rule, is_kept in is_met.items() if not is_kept]
        if broken:
            raise ConfigError(
                f"The segment options break: {'; '.join(broken)}.",
                fix="correct them under [segments] in the config, or with --set.",
            )

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers of segments to try."""
        if self.k is not None:
            return (self.k,)
        return tuple(range(self.k_min, self.k_max + 1))
