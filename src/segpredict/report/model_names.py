"""Labels of models and metrics, and which direction is better."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from segpredict.report.formatting import Row, finite_or_none, name_to_words

MODEL_LABELS = {
    "ensemble": "Ensemble of XGBoost, BG/NBD and Markov chain",
    "xgboost": "XGBoost",
    "bgnbd_gg": "BG/NBD and Gamma-Gamma",
    "markov2": "Second-order Markov chain",
    "rules_grid": "RFM rule grid",
    "persistence": "Persistence (all customers stay)",
    "markov": "Markov chain",
    "prior": "Class shares",
    "rfm_lookup": "RFM look-up",
    "xgb_rfm4": "XGBoost on RFM only",
    "logit": "Multinomial logit",
}
MODEL_PROSE_NAMES = {
    **{name: MODEL_LABELS[name] for name in ("xgboost", "xgb_rfm4")},
    "ensemble": "the ensemble",
    "prior": "the class shares",
    "bgnbd_gg": "BG/NBD",
    "markov": "the Markov chain",
    "rfm_lookup": "the RFM look-up",
    "logit": "the multinomial logit",
}


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """One metric of a forecast."""

    # in the evaluation, and on the page
    name: str
    label: str
    is_share: bool  # whether it is shown in percent
    higher_is_better: bool  # whether higher values are better
    meaning: str  # its meaning in one sentence


METRIC_LABELS = (
    MetricLabel(
        *("log_loss", "Log-loss", False, False),
        "Mean negative log-probability of the actual segment; lower is better. The metric that "
        "decides.",
    ),
    MetricLabel(
        *("brier", "Brier", False, False),
        "Squared error of the probabilities; lower is better.",
    ),
    MetricLabel(
        *("accuracy", "Accuracy", True, True),
        "Share of customers who were in their most likely segment.",
    ),
    MetricLabel(
        *("balanced_accuracy", "Balanced accuracy", True, True),
        "Accuracy averaged over segments, so that small ones have the same weight.",
    ),
    MetricLabel(
        *("macro_f1", "Macro F1", False, True),
        "Precision and recall in one number, averaged over segments. Predicting the most likely "
        "segment can be worse than persistence here, even if every probability is right.",
    ),
    MetricLabel(
        *("ece", "Calibration error", True, False),
        "Mean difference of predicted probabilities and observed frequencies.",
    ),
)


def model_label(model: str) -> str:
    """Return the label of a model.

    >>> model_label("markov"), model_label("new_model")
    ('Markov chain', 'New model')
    """
    return MODEL_LABELS.get(model, name_to_words(model))


def replace_model_names(text: str, names: Mapping[str, str] = MODEL_PROSE_NAMES) -> str:
    """Return a sentence with model names of the code replaced by readable ones.

    >>> replace_model_names("ensemble is selected: it is 12% below markov.")
    'The ensemble is selected: it is 12% below the Markov chain.'
    """
    if not names:
        return text
    known = "|".join(re.escape(name) for name in names)
    found = re.sub(rf"\b({known})\b", lambda match: names[match[1]], text)
    return found[:1].upper() + found[1:]


def log_loss_skill(models: Row, model: str, against: str) -> float | None:
    """Return the log-loss skill of a model: 1 − LL / LL of the other.

    >>> log_loss_skill({"a": {"log_loss": 0.9}, "b": {"log_loss": 1.2}}, "a", "b")
    0.25
    """
    own = finite_or_none((models.get(model) or {}).get("log_loss"))
    other = finite_or_none((models.get(against) or {}).get("log_loss"))
    return None if own is None or not other else 1 - own / other
