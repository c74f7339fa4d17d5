"""Importance as one JSON object, with its context."""

import json

from segpredict.explain.explanation import Explanation


def importance_json(explanation: Explanation) -> str:
    """Return importance, base values and what was explained, as JSON."""
    facts = {
        "customers": explanation.n_customers,
        "population": explanation.population,
        "unit": "log-odds",
        "base": dict(explanation.base_values),
        "names": list(explanation.feature_names),
        "note": explanation.model_note,
        "importance": explanation.importance.to_dicts(),
    }
    return json.dumps(facts, allow_nan=False, ensure_ascii=False, indent=1)
