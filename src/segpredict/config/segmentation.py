"""What a person may decide about segments; everything has a default that works."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from segpredict.errors import ConfigError

MAX_SEGMENTS = 8  # segments; more have no names on the ladder and no use
SMALL_SHOP = 0.05  # of the active customers, where that is less than min_customers
CLUSTERING_INPUTS = ("fm", "rfm", "wide")
SELECTION_CRITERIA = (
    "information_gain",
    "value_separation",
    "prediction_strength",
    "stability",
)
RuleColumn = Literal["spend", "days", "recency", "products", "units", "refunds"]
RULE_COLUMNS = get_args(RuleColumn)


@dataclass(frozen=True, slots=True)
class SegmentRuleOptions:
    """A segment that a rule sets apart before the others are made.

    Parameters
    ----------
    column
        The column of the instrument that the rule reads.
    top_share
        Share of the customers with the highest values; those who tie with the last of
        them are among them.
    min_value
        Or the least value: in currency, days, products or pieces.

    Raises
    ------
    ConfigError
        Unless one of `top_share` and `min_value` is given, in its range.
    """

    column: RuleColumn = "spend"
    top_share: float | None = None
    min_value: float | None = None

    def __post_init__(self) -> None:
        is_one = (self.top_share is None) != (self.min_value is None)
        if not is_one or (self.top_share is not None and not 0 < self.top_share < 0.5):
            raise ConfigError(
                "A segment that is set apart needs either top, a share above 0 and "
                f"below 0.5, or least; found top = {self.top_share}, least = {self.min_value}.",
                fix='write it as in [segmentation.overrides.rules] "Key accounts" = '
                '{ column = "spend", top = 0.005 }.',
            )


@dataclass(frozen=True, slots=True)
class OverrideOptions:
    """What people decide over the data: all of it logged, ids left as they are.

    Parameters
    ----------
    merged
        Groups of ids that are to be one segment, which bears the first of them, such
        as ``[["S2", "S3"]]``.
    pinned_ids
        Ids of segments that a refit must leave where they are.
    axis_weights
        How much each column of the instrument counts in squared distance, 1 where it is
        not named, 0 to leave it out.
    rules
        Segments that a rule sets apart, by name.

    Raises
    ------
    ConfigError
        When a weight is negative, spend is left out, or a merge names fewer than two.
    """

    merged: tuple[tuple[str, ...], ...] = ()
    pinned_ids: tuple[str, ...] = ()
    axis_weights: Mapping[str, float] = field(default_factory=dict)
    rules: Mapping[str, SegmentRuleOptions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        merged = [id_ for ids in self.merged for id_ in ids]
        is_met = {
            f"weights of {', '.join(RULE_COLUMNS)}": set(self.axis_weights) <= set(RULE_COLUMNS),
            "weights of 0 or more": all(w >= 0 for w in self.axis_weights.values()),
            "a weight of spend above 0": self.axis_weights.get("spend", 1.0) > 0,
            "at least two ids in each merge": all(len(set(m)) > 1 for m in self.merged),
            "no id in two merges": len(merged) == len(set(merged)),
        }
        broken = [rule for rule, is_kept in is_met.items() if not is_kept]
        if broken:
            raise ConfigError(
                f"What [segmentation.overrides] says breaks: {'; '.join(broken)}.",
                fix="correct it in the config, or with --set.",
            )


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """Which ways to segment are compared, how thoroughly, and what they must pass.

    Parameters
    ----------
    algorithms
        Names of parts of `segpredict.segmentation.algorithms`; empty means all.
    inputs
        What to measure buying by; see ``segmentation.inputs``.
    k_min, k_max
        Numbers of segments to try.
    sample_rows
        Rows of the sample on which stability is measured; never more than there are
        customers, since another window of the same customer is no news.
    bootstrap_draws, strength_splits, seed_runs, null_samples
        Bootstrap draws; halvings; other seeds; null worlds of each kind. A candidate
        that has failed a gate gets `min_draws` of the first three and no null.
    min_draws
        Draws of a candidate that has failed a gate already.
    refit_starts
        Random starts of a refit on a resample.
    min_jaccard, min_rand_index, min_temporal_stability, min_seed_stability
        Worst group's mean Jaccard, mean adjusted Rand index over bootstrap draws,
        against the segmenter of one horizon earlier, and over seeds.
    min_tree_accuracy
        Balanced accuracy of a tree of depth 3.
    min_value_step
        Least distance in worth between neighbouring segments, in standard deviations.
        Not asked for by default: unlike the quick rule, this one does not go by the
        silhouette, which rises with every whole purchase day that is cut off.
    max_noise_share
        Share that the algorithm left over and the nearest group took.
    min_agreement
        Share of the fit rows that the frozen rule puts where the algorithm had them.
    null_margin, natural_strength
        By how much silhouette and prediction strength must exceed what 95 % of the null
        worlds show, and the least prediction strength, to be called natural.
    criterion_weights
        Weight of each aim in the mean of ranks; one that is missing counts 1.

    Raises
    ------
    ConfigError
        When a value lies outside its range, or names nothing.
    """

    algorithms: tuple[str, ...] = ()
    inputs: tuple[str, ...] = CLUSTERING_INPUTS
    k_min: int = 2
    k_max: int = 8
    sample_rows: int = 3_000
    bootstrap_draws: int = 50
    strength_splits: int = 25
    seed_runs: int = 20
    null_samples: int = 20
    min_draws: int = 2
    refit_starts: int = 2
    min_jaccard: float = 0.75
    min_rand_index: float = 0.80
    min_temporal_stability: float = 0.75
    min_seed_stability: float = 0.95
    min_tree_accuracy: float = 0.85
    min_value_step: float = 0.0
    max_noise_share: float = 0.05
    min_agreement: float = 0.98
    null_margin: float = 0.10
    natural_strength: float = 0.90
    criterion_weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = ("bootstrap_draws", "strength_splits", "seed_runs", "null_samples", "refit_starts")
        is_met = {
            "2 <= k_min <= k_max <= 8": 2 <= self.k_min <= self.k_max <= 8,
            f"instruments of {', '.join(CLUSTERING_INPUTS)}": bool(self.inputs)
            and set(self.inputs) <= set(CLUSTERING_INPUTS),
            "rows of at least 200": self.sample_rows >= 200,
            f"{', '.join(counts)} of at least 1": all(getattr(self, name) >= 1 for name in counts),
            "least of at least 2": self.min_draws >= 2,
            f"weights of {', '.join(SELECTION_CRITERIA)}, 0 or more": set(self.criterion_weights)
            <= set(SELECTION_CRITERIA)
            and all(weight >= 0 for weight in self.criterion_weights.values()),
        }
        _require(is_met, "segmentation.selection")

    @property
    def segment_counts(self) -> tuple[int, ...]:
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
        Name of a part of `segpredict.segmentation.algorithms`.
    algorithm_settings
        Options of the algorithm that differ from its defaults, by name.
    inputs
        What a window of buying is measured by: ``fm`` (spend and purchase days),
        ``rfm`` (and recency) or ``wide`` (and products, units and refunds).
    n_init
        Random starts of the algorithm.
    winsor_percentiles
        Percentiles of the fit rows at which spend and days are cut.
    min_share, max_share
        Bounds on a segment's share of the active rows.
    min_customers
        Least number of customers in a segment of an average window; in a shop with
        fewer than twenty times as many active customers, a twentieth of them.
    min_value_step
        Least distance in spend between neighbouring segments, in standard deviations of
        log spend; below it, one could not be said to be worth more than the other.
    max_points
        Distinct points above which the algorithm sees a systematic sample.
    names
        Segment names by id, such as ``{"S3": "VIP"}``; the rest keep theirs.
    affinity_level
        What the cards say a segment buys more of than others: ``category`` (where the
        products table has one), ``product`` or ``none``.
    overrides
        What people decide over the data: merges, weights, segments set apart.
    rule_grid_names
        Names in the rule grid that replace the usual ones: by its code of scores of
        recency, frequency and spend (``555``), or by the first two for all five of
        spend (``55``).
    seed
        Seed of the random starts.
    selection
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
    algorithm_settings: Mapping[str, str | int | float] = field(default_factory=dict)
    inputs: str = "fm"
    n_init: int = 20
    winsor_percentiles: tuple[float, float] = (0.5, 99.5)
    min_share: float = 0.02
    max_share: float = 0.60
    min_customers: int = 200
    min_value_step: float = 0.5
    max_points: int = 200_000
    names: Mapping[str, str] = field(default_factory=dict)
    affinity_level: Literal["category", "product", "none"] = "category"
    overrides: OverrideOptions = field(default_factory=OverrideOptions)
    rule_grid_names: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    selection: SelectionOptions = field(default_factory=SelectionOptions)

    def __post_init__(self) -> None:
        low, high = self.winsor_percentiles
        asked = 2 if self.k is None else self.k
        is_met = {
            f"k from 2 to {MAX_SEGMENTS}": 2 <= asked <= MAX_SEGMENTS,
            f"2 <= k_min <= k_max <= {MAX_SEGMENTS}": 2 <= self.k_min <= self.k_max <= MAX_SEGMENTS,
            "instrument of fm, rfm or wide": self.inputs in ("fm", "rfm", "wide"),
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
    def segment_counts(self) -> tuple[int, ...]:
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
