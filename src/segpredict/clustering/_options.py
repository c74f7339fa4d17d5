"""What a person may decide about segments; everything has a default that works."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from segpredict.errors import ConfigError

MAX_SEGMENTS = 8  # segments; more have no names on the ladder and no use
SMALL_SHOP = 0.05  # of the active customers, where that is less than min_customers
CLUSTERING_INPUTS = ("fm", "rfm", "wide")
SELECTION_CRITERIA = ("information", "value", "strength", "stability")
RuleColumn = Literal["spend", "days", "recency", "products", "units", "refunds"]
RULE_COLUMNS = get_args(RuleColumn)


@dataclass(frozen=True, slots=True)
class SegmentRuleOptions:
    """A segment that a rule sets apart before the others are made.

    Parameters
    ----------
    column
        The column of the instrument that the rule reads.
    top
        Share of the customers with the highest values; those who tie with the last of
        them are among them.
    least
        Or the least value: in currency, days, products or pieces.

    Raises
    ------
    ConfigError
        Unless one of `top` and `least` is given, in its range.
    """

    column: RuleColumn = "spend"
    top: float | None = None
    least: float | None = None

    def __post_init__(self) -> None:
        is_one = (self.top is None) != (self.least is None)
        if not is_one or (self.top is not None and not 0 < self.top < 0.5):
            raise ConfigError(
                "A segment that is set apart needs either top, a share above 0 and "
                f"below 0.5, or least; found top = {self.top}, least = {self.least}.",
                fix='write it as in [segments.refine.apart] "Key accounts" = '
                '{ column = "spend", top = 0.005 }.',
            )


@dataclass(frozen=True, slots=True)
class OverrideOptions:
    """What people decide over the data: all of it logged, ids left as they are.

    Parameters
    ----------
    merge
        Groups of ids that are to be one segment, which bears the first of them, such
        as ``[["S2", "S3"]]``.
    pin
        Ids of segments that a refit must leave where they are.
    weights
        How much each column of the instrument counts in squared distance, 1 where it is
        not named, 0 to leave it out.
    apart
        Segments that a rule sets apart, by name.

    Raises
    ------
    ConfigError
        When a weight is negative, spend is left out, or a merge names fewer than two.
    """

    merge: tuple[tuple[str, ...], ...] = ()
    pin: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    apart: Mapping[str, SegmentRuleOptions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        merged = [id_ for ids in self.merge for id_ in ids]
        is_met = {
            f"weights of {', '.join(RULE_COLUMNS)}": set(self.weights) <= set(RULE_COLUMNS),
            "weights of 0 or more": all(w >= 0 for w in self.weights.values()),
            "a weight of spend above 0": self.weights.get("spend", 1.0) > 0,
            "at least two ids in each merge": all(len(set(m)) > 1 for m in self.merge),
            "no id in two merges": len(merged) == len(set(merged)),
        }
        broken = [rule for rule, is_kept in is_met.items() if not is_kept]
        if broken:
            raise ConfigError(
                f"What [segments.refine] says breaks: {'; '.join(broken)}.",
                fix="correct it in the config, or with --set.",
            )


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """Which ways to segment are compared, how thoroughly, and what they must pass.

    Parameters
    ----------
    algorithms
        Names of parts of `segpredict.clustering`; empty means all.
    instruments
        What to measure buying by; see ``segments.instrument``.
    k_min, k_max
        Numbers of segments to try.
    rows
        Rows of the sample on which stability is measured; never more than there are
        customers, since another window of the same customer is no news.
    draws, splits, seeds, nulls
        Bootstrap draws; halvings; other seeds; null worlds of each kind. A candidate
        that has failed a gate gets `least` of the first three and no null.
    least
        Draws of a candidate that has failed a gate already.
    starts
        Random starts of a refit on a resample.
    min_jaccard, min_ari, min_temporal, min_seed
        Worst group's mean Jaccard, mean adjusted Rand index over bootstrap draws,
        against the segmenter of one horizon earlier, and over seeds.
    min_tree
        Balanced accuracy of a tree of depth 3.
    min_step
        Least distance in worth between neighbouring segments, in standard deviations.
        Not asked for by default: unlike the quick rule, this one does not go by the
        silhouette, which rises with every whole purchase day that is cut off.
    max_noise
        Share that the algorithm left over and the nearest group took.
    min_agreement
        Share of the fit rows that the frozen rule puts where the algorithm had them.
    margin, natural_strength
        By how much silhouette and prediction strength must exceed what 95 % of the null
        worlds show, and the least prediction strength, to be called natural.
    weights
        Weight of each aim in the mean of ranks; one that is missing counts 1.

    Raises
    ------
    ConfigError
        When a value lies outside its range, or names nothing.
    """

    algorithms: tuple[str, ...] = ()
    instruments: tuple[str, ...] = CLUSTERING_INPUTS
    k_min: int = 2
    k_max: int = 8
    rows: int = 3_000
    draws: int = 50
    splits: int = 25
    seeds: int = 20
    nulls: int = 20
    least: int = 2
    starts: int = 2
    min_jaccard: float = 0.75
    min_ari: float = 0.80
    min_temporal: float = 0.75
    min_seed: float = 0.95
    min_tree: float = 0.85
    min_step: float = 0.0
    max_noise: float = 0.05
    min_agreement: float = 0.98
    margin: float = 0.10
    natural_strength: float = 0.90
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = ("draws", "splits", "seeds", "nulls", "starts")
        is_met = {
            "2 <= k_min <= k_max <= 8": 2 <= self.k_min <= self.k_max <= 8,
            f"instruments of {', '.join(CLUSTERING_INPUTS)}": bool(self.instruments)
            and set(self.instruments) <= set(CLUSTERING_INPUTS),
            "rows of at least 200": self.rows >= 200,
            f"{', '.join(counts)} of at least 1": all(getattr(self, name) >= 1 for name in counts),
            "least of at least 2": self.least >= 2,
            f"weights of {', '.join(SELECTION_CRITERIA)}, 0 or more": set(self.weights)
            <= set(SELECTION_CRITERIA)
            and all(weight >= 0 for weight in self.weights.values()),
        }
        _require(is_met, "segments.compare")

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers of segments to try."""
        return tuple(range(self.k_min, self.k_max + 1))


@dataclass(frozen=True, slots=True)
class SegmentationOptions:
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
    refine: OverrideOptions = field(default_factory=OverrideOptions)
    codes: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    compare: SelectionOptions = field(default_factory=SelectionOptions)

    def __post_init__(self) -> None:
        low, high = self.winsor
        asked = 2 if self.k is None else self.k
        is_met = {
            f"k from 2 to {MAX_SEGMENTS}": 2 <= asked <= MAX_SEGMENTS,
            f"2 <= k_min <= k_max <= {MAX_SEGMENTS}": 2 <= self.k_min <= self.k_max <= MAX_SEGMENTS,
            "instrument of fm, rfm or wide": self.instrument in ("fm", "rfm", "wide"),
            "n_init of at least 1": self.n_init >= 1,
            "winsor percentiles from 0 to 100, rising": 0 <= low < high <= 100,
            "0 <= min_share < max_share <= 1": 0 <= self.min_share < self.max_share <= 1,
            "min_customers of at least 0": self.min_customers >= 0,
            "max_points of at least 1,000": self.max_points >= 1_000,
        }
        _require(is_met, "segments")

    def least_customers(self, active: float) -> float:
        """Return the least size of a segment where so many customers are active."""
        return min(self.min_customers, SMALL_SHOP * active)

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers of segments to try."""
        if self.k is not None:
            return (self.k,)
        return tuple(range(self.k_min, self.k_max + 1))


def _require(is_met: Mapping[str, bool], section: str) -> None:
    broken = [rule for rule, is_kept in is_met.items() if not is_kept]
    if broken:
        raise ConfigError(
            f"The options under [{section}] break: {'; '.join(broken)}.",
            fix="correct them in the config, or with --set.",
        )
