"""What a person may decide about comparing ways to segment, and the bar to pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segpredict.errors import ConfigError

INSTRUMENTS = ("fm", "rfm", "wide")
AIMS = ("information", "value", "strength", "stability")


@dataclass(frozen=True, slots=True)
class CompareOptions:
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
    instruments: tuple[str, ...] = INSTRUMENTS
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
            f"instruments of {', '.join(INSTRUMENTS)}": bool(self.instruments)
            and set(self.instruments) <= set(INSTRUMENTS),
            "rows of at least 200": self.rows >= 200,
            f"{', '.join(counts)} of at least 1": all(
                getattr(self, name) >= 1 for name in counts
            ),
            "least of at least 2": self.least >= 2,
            f"weights of {', '.join(AIMS)}, 0 or more": set(self.weights) <= set(AIMS)
            and all(weight >= 0 for weight in self.weights.values()),
        }
        broken = [rule for rule, is_kept in is_met.items() if not is_kept]
        if broken:
            raise ConfigError(
                f"The options of the comparison break: {'; '.join(broken)}.",
                fix="correct them under [segments.compare] in the config, or with "
                "--set.",
            )

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers of segments to try."""
        return tuple(range(self.k_min, self.k_max + 1))
