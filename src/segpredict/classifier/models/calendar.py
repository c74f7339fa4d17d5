"""Give trees the time of the year only where older forecasts prove that it helps.

On a short history it is the order of the origins, and an unseen day of the year loses.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.models import xgboost
from segpredict.classifier.training_data import TrainingData
from segpredict.core.window import DAYS_PER_YEAR, as_date
from segpredict.features.families.calendar import PART

CALENDAR_COLUMNS = tuple(feature.name for feature in PART.features)
MAX_INNER_ORIGINS = 3  # origins before the forecast on which the columns must prove themselves
MIN_PROVING_ORIGINS = 2  # with fewer of them nothing is proven


def select_calendar_features(training_data: TrainingData) -> tuple[TrainingData, str]:
    """Return the training data with the calendar columns where they help, and why.

    The training outcomes must cover the season to predict for at least half of its days; and at the
    newest origins of which that is true, trees with the columns, trained on what was complete by
    then, must have a lower log-loss by more than one standard error over customers.
    """
    available = tuple(name for name in CALENDAR_COLUMNS if name in training_data.rows.columns)
    if training_data.history is None or not available:
        return training_data, ""
    origins = training_data.rows["cutoff"].unique().sort().to_list()
    day = as_date(training_data.history.cutoff)
    if not _covers(origins, training_data.history.cutoff, training_data.history.horizon):
        return training_data, (
            f"No training outcome shows the season that follows {day}: trees get no calendar."
        )
    usable = [
        origin
        for origin in origins[-MAX_INNER_ORIGINS:]
        if _covers(_complete(training_data, origin), origin, training_data.history.horizon)
    ]
    if len(usable) < MIN_PROVING_ORIGINS:
        return training_data, (
            f"Too few origins before {day} have a season behind them: trees get no calendar."
        )
    gain, error = _gain(training_data, usable, available)
    is_given = gain > error
    reason = (
        f"The calendar {'helps' if is_given else 'does not help'} at {len(usable)} "
        f"origins before {day}: {gain:+.4f} nats, standard error {error:.4f}."
    )
    if not is_given:
        return training_data, reason
    names = (*training_data.feature_names, *available)
    return replace(training_data, feature_names=names), reason


def _complete(training_data: TrainingData, cutoff: int) -> list[int]:
    """Return the origins whose outcome was known on a day."""
    assert training_data.history is not None
    latest = cutoff - training_data.history.days_to_complete
    return training_data.rows.filter(pl.col("cutoff") <= latest)["cutoff"].unique().sort().to_list()


def _covers(origins: Sequence[int], cutoff: int, horizon: int) -> bool:
    """Return whether an outcome of these origins lies in the season after a cutoff."""
    apart = [(cutoff - origin) % DAYS_PER_YEAR for origin in origins]
    return any(min(days, DAYS_PER_YEAR - days) <= horizon / 2 for days in apart)


def _gain(
    training_data: TrainingData, origins: Sequence[int], requested: Sequence[str]
) -> tuple[float, float]:
    """Return the mean gain in log-loss and its standard error over customers."""
    gains, customers, own = [], [], training_data.feature_names
    for origin in origins:
        known = training_data.at_cutoffs(_complete(training_data, origin))
        later = training_data.at_cutoffs([origin])
        without, with_calendar = (
            metrics.row_log_loss(xgboost.fit(known, names).predict_proba(later.rows), later.labels)
            for names in (own, (*own, *requested))
        )
        gains.append(without - with_calendar)
        customers.append(later.rows["customer_id"])
    found = np.concatenate(gains)
    return float(found.mean()), metrics.clustered_standard_error(found, pl.concat(customers))
