"""Write importance as people and machines want it: CSV, Parquet, JSON."""

import json
from pathlib import Path

from segpredict.explain.explanation import Explanation


def importance_csv(explanation: Explanation) -> str:
    """Return the importance table as CSV."""
    return explanation.importance.write_csv()


def importance_json(explanation: Explanation) -> str:
    """Return importance, base values and what was explained, as JSON."""
    facts = {
        "customers": explanation.customers,
        "population": explanation.population,
        "unit": "log-odds",
        "base": dict(explanation.base),
        "importance": explanation.importance.to_dicts(),
    }
    return json.dumps(facts, allow_nan=False, ensure_ascii=False, indent=1)


def write_importance(explanation: Explanation, folder: Path) -> tuple[Path, ...]:
    """Write ``importance.csv``, ``.parquet`` and ``.json``; return their paths.

    Parameters
    ----------
    explanation
        What to write.
    folder
        An existing folder; files of these names are replaced.
    """
    csv, parquet, facts = (
        folder / f"importance.{kind}" for kind in ("csv", "parquet", "json")
    )
    csv.write_text(importance_csv(explanation), encoding="utf-8", newline="")
    explanation.importance.write_parquet(parquet)
    facts.write_text(importance_json(explanation), encoding="utf-8", newline="")
    return csv, parquet, facts
