"""The bar that segments must pass before anybody asks which are best."""

from dataclasses import dataclass

from segpredict.clustering import SegmentOptions
from segpredict.criteria.trial import Trial

# What each gate asks, for people.
GATES = {
    "number": "a number of segments that was asked for",
    "min_share": "no segment smaller than the least share",
    "max_share": "no segment larger than the largest share",
    "min_rows": "enough customers in the smallest segment",
    "min_step": "neighbours differ in worth",
    "noise": "few customers left over by the algorithm",
    "agreement": "the frozen rule repeats the algorithm's own groups",
    "tree": "a small tree can tell the segments",
    "temporal": "the segmenter of one horizon earlier agrees",
    "seed": "another seed gives the same segments",
    "bootstrap": "other customers of the same kind give the same segments",
    "jaccard": "every single segment comes back",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """Gates, and the least number of rows, for one shop.

    Parameters
    ----------
    options
        The thresholds.
    least
        Least number of customers in the smallest segment of an average window.
    """

    options: SegmentOptions
    least: float = 0.0

    def failed(self, trial: Trial) -> tuple[str, ...]:
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
