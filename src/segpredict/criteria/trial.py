"""What was measured of one way to segment, and the gates that it must pass."""

from dataclasses import asdict, dataclass
from typing import Any

from segpredict.clustering import SegmentationOptions
from segpredict.tables import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationCandidate:
    """One way to segment, and all that was measured of it; ``None`` where it was not.

    Parameters
    ----------
    instrument, algorithm, asked
        What was tried; `asked` is the number of segments asked for.
    rank
        Place of the algorithm from simple to intricate.
    k
        Number of segments found.
    smallest, largest
        Share of the rows in the smallest and the largest segment.
    fewest
        Rows of an average window in the smallest.
    step
        Least distance in value between neighbouring segments, in standard deviations.
    noise, agreement
        Share left over by the algorithm; share of rows where the frozen rule agrees.
    silhouette, silhouette_sd, calinski_harabasz, davies_bouldin, inertia
        Internal criteria: they describe, they never decide.
    bic, icl, dbcv
        Of mixtures; of mixtures; of density methods.
    tree
        Balanced accuracy of the tree that tells the segments.
    seed, seeds
        Mean adjusted Rand index (ARI) with other seeds, and how many were tried.
    bootstrap, bootstrap_se, jaccard, jaccards, draws
        Mean ARI over bootstrap draws and its error; the worst segment's mean Jaccard
        and that of each, in rising order of value; how many draws.
    strength, strength_se, splits
        Prediction strength over halvings, its error, how many.
    temporal
        ARI with the segmenter of one horizon earlier, on the newest window's customers.
    value, value_se
        η² of log1p of the next window's revenue.
    information, information_se
        Predictable information about the next window's segment, in nats.
    null_silhouette, null_permuted
        Mean silhouette in Gaussian and in permuted null worlds.
    null_silhouette_high, null_strength_high
        What 95 % of the null worlds stay below; the higher of the two kinds.
    null_bootstrap
        Mean ARI over bootstrap draws in Gaussian null worlds.
    stability, stability_se
        Standard deviations by which `bootstrap` exceeds that.
    gap, gap_se
        Log inertia of Gaussian null worlds minus the log inertia here.
    failed
        Gates that were not passed.
    note
        Why nothing was measured, if nothing was.
    groups
        The group of each row of a sample that all trials share, one sign a row.
    """

    instrument: str
    algorithm: str
    asked: int
    rank: int = 0
    k: int = 0
    smallest: float = 0.0
    largest: float = 1.0
    fewest: float = 0.0
    step: float = 0.0
    noise: float = 0.0
    agreement: float | None = None
    silhouette: float | None = None
    silhouette_sd: float | None = None
    calinski_harabasz: float | None = None
    davies_bouldin: float | None = None
    inertia: float | None = None
    bic: float | None = None
    icl: float | None = None
    dbcv: float | None = None
    tree: float | None = None
    seed: float | None = None
    seeds: int = 0
    bootstrap: float | None = None
    bootstrap_se: float | None = None
    jaccard: float | None = None
    jaccards: tuple[float, ...] = ()
    draws: int = 0
    strength: float | None = None
    strength_se: float | None = None
    splits: int = 0
    temporal: float | None = None
    value: float | None = None
    value_se: float | None = None
    information: float | None = None
    information_se: float | None = None
    null_silhouette: float | None = None
    null_permuted: float | None = None
    null_silhouette_high: float | None = None
    null_strength_high: float | None = None
    null_bootstrap: float | None = None
    stability: float | None = None
    stability_se: float | None = None
    gap: float | None = None
    gap_se: float | None = None
    failed: tuple[str, ...] = ()
    note: str = ""
    groups: str = ""

    @property
    def passes(self) -> bool:
        """Whether it was measured and failed no gate."""
        return not self.failed and not self.note

    @property
    def name(self) -> str:
        """What people call it, such as ``kmeans k=3 on fm``."""
        return f"{self.algorithm} k={self.k or self.asked} on {self.instrument}"

    def state(self) -> JSON:
        """Return it as JSON; `from_state` gives an equal value back."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "SegmentationCandidate":
        """Return the trial of a state."""
        lists = {name: tuple(state[name]) for name in ("jaccards", "failed")}
        return cls(**{**state, **lists})


@dataclass(frozen=True, slots=True)
class QualityGates:
    """Gates, and the least number of rows, for one shop.

    Parameters
    ----------
    options
        The thresholds.
    least
        Least number of customers in the smallest segment of an average window.
    """

    options: SegmentationOptions
    least: float = 0.0

    def failed(self, trial: SegmentationCandidate) -> tuple[str, ...]:
        """Return the gates that a trial does not pass.

        What could not be measured (no earlier window, no seed) fails no gate.

        Examples
        --------
        >>> found = {"k": 3, "smallest": 0.2, "largest": 0.5, "step": 0.6}
        >>> Bar(SegmentOptions()).failed(
        ...     Trial(instrument="fm", algorithm="x", asked=3, tree=0.8, **found)
        ... )
        ('tree',)
        """
        own, bar = self.options, self.options.compare
        verdicts = {
            "number": bar.k_min <= trial.k <= bar.k_max,
            "min_share": trial.smallest >= own.min_share,
            "max_share": trial.largest <= own.max_share,
            "min_rows": trial.fewest >= self.least,
            "min_step": trial.step >= bar.min_step,
            "noise": trial.noise <= bar.max_noise,
            "agreement": _reaches(trial.agreement, bar.min_agreement),
            "tree": _reaches(trial.tree, bar.min_tree),
            "temporal": _reaches(trial.temporal, bar.min_temporal),
            "seed": _reaches(trial.seed, bar.min_seed),
            "bootstrap": _reaches(trial.bootstrap, bar.min_ari),
            "jaccard": _reaches(trial.jaccard, bar.min_jaccard),
        }
        return tuple(name for name, is_met in verdicts.items() if not is_met)


def _reaches(found: float | None, least: float) -> bool:
    return found is None or found >= least
