"""The metrics of one candidate segmentation, and the gates that it must pass."""

from dataclasses import dataclass

from segpredict.config.segmentation import InputSet, SegmentationOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationCandidate:
    """One candidate segmentation and its metrics; ``None`` where not measured.

    >>> SegmentationCandidate(inputs="fm", algorithm="kmeans", k_requested=3).name
    'kmeans k=3 on fm'
    """

    # what was fitted; `k_requested` is the requested number of segments
    inputs: InputSet
    algorithm: str
    k_requested: int
    complexity_rank: int = 0  # rank of the algorithm from simple to complex
    k: int = 0  # number of segments found
    # share of the rows in the smallest and the largest segment
    smallest_share: float = 0.0
    largest_share: float = 1.0
    smallest_rows: float = 0.0  # rows of an average window in the smallest
    # least distance in value between neighbouring segments, in standard deviations
    value_step: float = 0.0
    # share left over by the algorithm; share of rows where the frozen rule agrees
    noise_share: float = 0.0
    agreement: float | None = None
    # internal criteria: they describe and never decide
    silhouette: float | None = None
    inertia: float | None = None
    # of mixtures
    bic: float | None = None
    icl: float | None = None
    tree_accuracy: float | None = None  # balanced accuracy of the tree that describes the segments
    # mean adjusted Rand index (ARI) with other seeds, and how many were tried
    seed_stability: float | None = None
    seed_runs: int = 0
    # mean ARI over bootstrap draws and its error; the worst segment's mean Jaccard and that of
    # each, in rising order of value; how many draws
    bootstrap_stability: float | None = None
    bootstrap_stability_se: float | None = None
    min_jaccard: float | None = None
    jaccards: tuple[float, ...] = ()
    bootstrap_draws: int = 0
    # prediction strength over splits into halves, its error, how many
    prediction_strength: float | None = None
    prediction_strength_se: float | None = None
    strength_splits: int = 0
    # ARI with the segmentation of one horizon earlier, on the newest window's customers
    temporal_stability: float | None = None
    # η² of log1p of the next window's revenue
    value_separation: float | None = None
    value_separation_se: float | None = None
    # information gain about the next window's segment, in nats
    information_gain: float | None = None
    information_gain_se: float | None = None
    null_silhouette: float | None = None  # mean silhouette of Gaussian null samples
    # 95th percentile of the null samples; the higher of the two kinds
    null_silhouette_high: float | None = None
    null_prediction_strength_high: float | None = None
    # mean ARI over bootstrap draws of Gaussian null samples
    null_bootstrap_stability: float | None = None
    # standard deviations by which `bootstrap_stability` exceeds that
    stability: float | None = None
    stability_se: float | None = None
    failed_gates: tuple[str, ...] = ()  # gates that were not passed
    note: str = ""  # why nothing was measured, if nothing was
    # the group of each row of a sample that all candidates share, one character a row
    encoded_labels: str = ""

    @property
    def passes_gates(self) -> bool:
        """Whether it was measured and failed no gate."""
        return not self.failed_gates and not self.note

    @property
    def name(self) -> str:
        """A readable name, such as ``kmeans k=3 on fm``."""
        return f"{self.algorithm} k={self.k or self.k_requested} on {self.inputs}"


@dataclass(frozen=True, slots=True)
class QualityGates:
    """Gates, and the minimum number of rows, for one shop."""

    options: SegmentationOptions  # the thresholds
    # minimum number of customers in the smallest segment of an average window
    min_rows: float = 0.0

    def failed_gates(self, candidate: SegmentationCandidate) -> tuple[str, ...]:
        """Return the gates that a candidate does not pass.

        Metrics that could not be measured (no earlier window, no seed) fail no gate.

        >>> found = {"k": 3, "smallest_share": 0.2, "largest_share": 0.5, "value_step": 0.6,
        ...          "tree_accuracy": 0.8}
        >>> QualityGates(SegmentationOptions()).failed_gates(
        ...     SegmentationCandidate(inputs="fm", algorithm="x", k_requested=3, **found)
        ... )
        ('tree',)
        """
        own, thresholds = self.options, self.options.selection
        is_passed = {
            "number": thresholds.k_min <= candidate.k <= thresholds.k_max,
            "min_share": candidate.smallest_share >= own.min_share,
            "max_share": candidate.largest_share <= own.max_share,
            "min_rows": candidate.smallest_rows >= self.min_rows,
            "min_step": candidate.value_step >= thresholds.min_value_step,
            "noise": candidate.noise_share <= thresholds.max_noise_share,
            "agreement": _reaches(candidate.agreement, thresholds.min_agreement),
            "tree": _reaches(candidate.tree_accuracy, thresholds.min_tree_accuracy),
            "temporal": _reaches(candidate.temporal_stability, thresholds.min_temporal_stability),
            "seed": _reaches(candidate.seed_stability, thresholds.min_seed_stability),
            "bootstrap": _reaches(candidate.bootstrap_stability, thresholds.min_rand_index),
            "jaccard": _reaches(candidate.min_jaccard, thresholds.min_jaccard),
        }
        return tuple(name for name, is_met in is_passed.items() if not is_met)


def _reaches(found: float | None, minimum: float) -> bool:
    return found is None or found >= minimum
