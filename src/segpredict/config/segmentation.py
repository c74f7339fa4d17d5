"""Options of the segmentation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from segpredict.config.fill import Options
from segpredict.errors import ConfigError

MAX_SEGMENTS = 8  # more segments have no names and no use
SMALL_SHOP = 0.05  # of the active customers, where that is less than min_customers
InputSet = Literal["fm", "rfm", "wide"]
Criterion = Literal["information_gain", "value_separation", "prediction_strength", "stability"]
SELECTION_CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
InputColumn = Literal["spend", "days", "recency", "products", "units", "refunds"]
SegmentCount = Annotated[int, Field(ge=2, le=MAX_SEGMENTS)]


@dataclass(frozen=True, slots=True)
class SegmentRuleOptions(Options):
    """A segment defined by a rule, whose customers are taken out before clustering.

    Raises `ConfigError` unless one of `top_share` and `min_value` is given, in its range.
    """

    section: ClassVar[str] = "segmentation.overrides.rules"
    column: InputColumn = "spend"  # The clustering input that the rule reads.
    # Share of the customers with the highest values, ties with the last included.
    top_share: float | None = None
    min_value: float | None = None  # Or the smallest value, in the unit of the column.

    def _check(self) -> None:
        is_one = (self.top_share is None) != (self.min_value is None)
        if not is_one or (self.top_share is not None and not 0 < self.top_share < 0.5):
            raise ConfigError(
                "A segment defined by a rule needs either top_share, above 0 and below 0.5, or "
                f"min_value; found top_share = {self.top_share}, min_value = {self.min_value}.",
                fix='write it as in [segmentation.overrides.rules] "Key accounts" = '
                '{ column = "spend", top_share = 0.005 }.',
            )


CutPoints = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class RfmCutPointOptions(Options):
    """The shop's own cut points of the RFM scores; a score without them is by fifths."""

    section: ClassVar[str] = "segmentation.rfm_cut_points"
    # Days since the last purchase, rising: up to the first the score is 5, then 4, 3, 2, 1.
    recency: CutPoints | None = None
    # Purchase days in the last 364 days, rising: from each on, the score is 2, 3, 4, 5.
    frequency: CutPoints | None = None
    spend: CutPoints | None = None  # Spend in the last 364 days, in currency, as with frequency.

    def _check(self) -> None:
        given = {"recency": self.recency, "frequency": self.frequency, "spend": self.spend}
        self.require(
            {
                f"{name}: four cut points that rise": all(a < b for a, b in pairwise(cuts))
                for name, cuts in given.items()
                if cuts is not None
            }
        )


@dataclass(frozen=True, slots=True)
class OverrideOptions(Options):
    """Manual changes to the segments; all are logged, and ids stay as they are."""

    section: ClassVar[str] = "segmentation.overrides"
    # Groups of ids that become one segment under the first id, such as ``[["S2", "S3"]]``.
    merged: tuple[tuple[str, ...], ...] = ()
    pinned_ids: tuple[str, ...] = ()  # Ids of segments that a refit does not move.
    # Weight of each clustering input in squared distance: 1 if it is not named, 0 to leave it out.
    axis_weights: Mapping[str, NonNegativeFloat] = field(default_factory=dict)
    # Segments defined by a rule, by name.
    rules: Mapping[str, SegmentRuleOptions] = field(default_factory=dict)

    def _check(self) -> None:
        merged = [id_ for ids in self.merged for id_ in ids]
        self.require(
            {
                f"weights of {', '.join(get_args(InputColumn))}": set(self.axis_weights)
                <= set(get_args(InputColumn)),
                "a weight of spend above 0": self.axis_weights.get("spend", 1.0) > 0,
                "at least two ids in each merge": all(len(set(m)) > 1 for m in self.merged),
                "no id in two merges": len(merged) == len(set(merged)),
            }
        )


@dataclass(frozen=True, slots=True)
class SelectionOptions(Options):
    """Which candidates are compared, how thoroughly, and the criteria they must meet."""

    section: ClassVar[str] = "segmentation.selection"
    algorithms: tuple[str, ...] = ()  # Names of the algorithms to compare; empty for all.
    # Sets of clustering inputs to compare; see ``segmentation.inputs``.
    inputs: Annotated[tuple[InputSet, ...], Field(min_length=1)] = get_args(InputSet)
    k_min: SegmentCount = 2  # Smallest number of segments to try.
    k_max: SegmentCount = 8  # Largest number of segments to try.
    # Rows of the sample on which stability is measured; never more than customers, since another
    # window of the same customer adds little.
    sample_rows: Annotated[int, Field(ge=200)] = 3_000
    bootstrap_draws: PositiveInt = 50  # Bootstrap draws of each candidate.
    strength_splits: PositiveInt = 25  # Random halvings, for prediction strength.
    seed_runs: PositiveInt = 20  # Refits with other seeds.
    # Null data sets of each kind; none for a candidate that failed a criterion.
    null_samples: PositiveInt = 20
    # Draws of a candidate that has already failed a criterion.
    min_draws: Annotated[int, Field(ge=2)] = 2
    refit_starts: PositiveInt = 2  # Random starts of a refit on a resample.
    # Smallest mean Jaccard index of the least stable segment over bootstrap draws.
    min_jaccard: float = 0.75
    min_rand_index: float = 0.80  # Smallest mean adjusted Rand index over bootstrap draws.
    # Smallest adjusted Rand index against the segmentation of one horizon earlier.
    min_temporal_stability: float = 0.75
    min_seed_stability: float = 0.95  # Smallest adjusted Rand index over other seeds.
    min_tree_accuracy: float = 0.85  # Smallest balanced accuracy of a decision tree of depth 3.
    # Smallest difference in value between neighbouring segments, in standard deviations. It is 0
    # here: unlike the quick choice of k, the comparison does not rest on the silhouette, which
    # rises with every whole purchase day cut off.
    min_value_step: float = 0.0
    # Largest share of customers that a density algorithm leaves as noise.
    max_noise_share: float = 0.05
    # Smallest share of the fit rows that the frozen rule assigns as the algorithm did.
    min_agreement: float = 0.98
    # By how much silhouette and prediction strength must exceed 95 % of the null data sets, for
    # clusters to be called natural.
    null_margin: float = 0.10
    # Smallest prediction strength of clusters that are called natural.
    natural_strength: float = 0.90
    # Weight of each criterion in the mean of ranks; 1 if it is missing.
    criterion_weights: Mapping[Criterion, NonNegativeFloat] = field(default_factory=dict)

    def _check(self) -> None:
        self.require({"k_min <= k_max": self.k_min <= self.k_max})

    @property
    def segment_counts(self) -> tuple[int, ...]:
        """The numbers of segments to try."""
        return tuple(range(self.k_min, self.k_max + 1))


@dataclass(frozen=True, slots=True)
class SegmentationOptions(Options):
    """How segments are found and what they are called."""

    section: ClassVar[str] = "segmentation"
    k: SegmentCount | None = None  # Number of active segments; without it the data choose.
    # Smallest number of segments to choose; fewer than three are too coarse to act on.
    k_min: SegmentCount = 3
    k_max: SegmentCount = 8  # Largest number of segments to choose.
    # Name of the algorithm: ``kmeans``, ``rules``, ``gmm``, ``ward``, ``dbscan``, ``hdbscan``,
    # ``hybrid`` or ``autoencoder_kmeans``.
    algorithm: str = "kmeans"
    # Options of the algorithm that differ from its defaults, by name.
    algorithm_settings: Mapping[str, str | int | float] = field(default_factory=dict)
    # Clustering inputs: ``fm`` (spend and purchase days), ``rfm`` (with recency) or ``wide`` (also
    # with products, units and refunds).
    inputs: InputSet = "fm"
    n_init: PositiveInt = 20  # Random starts of the algorithm.
    # Percentiles of the fit rows at which spend and days are capped.
    winsor_percentiles: tuple[float, float] = (0.5, 99.5)
    min_share: float = 0.02  # Smallest share of the active rows in a segment.
    max_share: float = 0.60  # Largest share of the active rows in a segment.
    # Smallest number of customers in a segment in an average window; in a shop with fewer than
    # twenty times as many active customers, a twentieth of them.
    min_customers: NonNegativeInt = 200
    # Smallest difference in spend between neighbouring segments, in standard deviations of log
    # spend; below it, their value does not differ clearly.
    min_value_step: float = 0.5
    # Distinct points above which the algorithm is fitted on a systematic sample.
    max_points: Annotated[int, Field(ge=1_000)] = 200_000
    # Segment names by id, such as ``{"S3": "VIP"}``; other segments keep their names.
    names: Mapping[str, str] = field(default_factory=dict)
    # What profiles say a segment buys more of than others: ``category`` (if the products table has
    # one), ``product`` or ``none``.
    affinity_level: Literal["category", "product", "none"] = "category"
    # Manual changes: merged segments, weights, rule-based segments.
    overrides: OverrideOptions = field(default_factory=OverrideOptions)
    # Names in the rule grid that replace the usual ones, by the scores of recency, frequency and
    # spend (``555``), or of the first two (``55``).
    rule_grid_names: Mapping[str, str] = field(default_factory=dict)
    # The shop's own cut points of the RFM scores.
    rfm_cut_points: RfmCutPointOptions = field(default_factory=RfmCutPointOptions)
    seed: int = 0  # Seed of the random starts.
    # What ``cluster --compare`` and ``--select`` try, and the criteria to meet.
    selection: SelectionOptions = field(default_factory=SelectionOptions)

    def _check(self) -> None:
        low, high = self.winsor_percentiles
        self.require(
            {
                "k_min <= k_max": self.k_min <= self.k_max,
                "winsor_percentiles from 0 to 100, rising": 0 <= low < high <= 100,
                "0 <= min_share < max_share <= 1": 0 <= self.min_share < self.max_share <= 1,
            }
        )

    def least_customers(self, active: float) -> float:
        """Return the smallest size of a segment, given the number of active customers."""
        return min(self.min_customers, SMALL_SHOP * active)

    @property
    def segment_counts(self) -> tuple[int, ...]:
        """The numbers of segments to try."""
        if self.k is not None:
            return (self.k,)
        return tuple(range(self.k_min, self.k_max + 1))
