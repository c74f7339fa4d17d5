"""Hold the whole contest without making a run: what a benchmark reads."""

from dataclasses import dataclass, replace

from segpredict import classifier, cleaning, companions, features, segments
from segpredict.classifier import ClassifierOptions, Training
from segpredict.config import Config
from segpredict.core.types import Day, Progress
from segpredict.intake import opened
from segpredict.pipeline._stages import blind_spans
from segpredict.pipeline._target import silent
from segpredict.segments import Segmentation
from segpredict.tables import Transactions


@dataclass(frozen=True, slots=True)
class Contest:
    """All that the contest on one shop made.

    Parameters
    ----------
    shop
        The cleaned transactions.
    segmentation
        The frozen segmenter.
    training
        Verdict, trials, scorecard.
    options
        How it was fitted and judged.
    """

    shop: Transactions
    segmentation: Segmentation
    training: Training
    options: ClassifierOptions


def contest(
    data: object,
    config: Config,
    *,
    as_of: Day = None,
    progress: Progress = silent,
) -> Contest:
    """Read, segment and judge as `run` does, and return it instead of writing it.

    Parameters
    ----------
    data
        Paths, a store or a frame.
    config
        All options.
    as_of
        The cutoff: nothing on or after this day is looked at.
    progress
        Called with what is done next and the share done, 0 to 1.
    """
    progress("reading and cleaning", 0.0)
    shop = opened(data, config, as_of)
    cleaning.supported(shop, config.cleaning)
    spans, _ = blind_spans(shop, config)
    until = max(end for _, end in spans)
    shop = replace(shop, companions=companions.freeze(shop, until))
    choice = features.choose(shop, config.classifier.families, until)
    progress("making segments", 0.1)
    wish = replace(config.segments, seed=config.seed)
    frozen = segments.fit(
        features.instrument(shop, spans, sorted(segments.asked(wish))),
        wish,
        horizon=config.time.measured,
    )
    options = replace(
        config.classifier,
        families=choice.names,
        seed=config.seed,
        threads=config.threads,
    )
    training = classifier.train(
        shop,
        frozen,
        options,
        config.time,
        lambda what, share: progress(what, 0.15 + 0.85 * share),
    )
    return Contest(shop, frozen, training, options)
