"""The files of an explanation in a run folder, and back.

::

    explanation/  importance.*  topics.*  moves.*  reasons, contributions (.parquet)
                  explainer.json: how to explain anybody else
                  evidence.*, headlines, tests (.parquet) if it was cross-checked
"""

import json
from collections.abc import Sequence

import polars as pl

from segpredict.artifacts import Draft, Files, as_csv, as_json, as_parquet
from segpredict.classifier import Booster, Forecaster, Usage
from segpredict.explain import (
    Evidence,
    Explainer,
    Explanation,
    Group,
    importance_json,
)
from segpredict.tables import JSON, Feature, Segment

TABLES = ("importance", "topics", "moves", "reasons", "contributions")
WITH_CSV = ("importance", "topics", "moves")


def keep(
    draft: Draft, told: Explanation, explainer: Explainer, checked: Evidence | None
) -> None:
    """Write an explanation, how it was made, and how it was cross-checked."""
    draft.drop("explanation/")
    for name in TABLES:
        draft.write(f"explanation/{name}.parquet", as_parquet(getattr(told, name)))
    for name in WITH_CSV:
        draft.write(f"explanation/{name}.csv", as_csv(getattr(told, name)))
    draft.write("explanation/importance.json", importance_json(told).encode())
    draft.write("explanation/explainer.json", as_json(explainer.state()))
    if checked is None:
        return
    draft.write("explanation/evidence.parquet", as_parquet(checked.table))
    draft.write("explanation/evidence.csv", as_csv(checked.table))
    draft.write("explanation/headlines.parquet", as_parquet(checked.headlines))
    draft.write("explanation/tests.parquet", as_parquet(checked.origins))
    draft.write("explanation/evidence.json", as_json(checked.facts()))


def has(files: Files) -> bool:
    """Return whether a run was explained, by a version that left all files."""
    return files.has("explanation/explainer.json")


def read(files: Files, classes: tuple[Segment, ...]) -> Explanation:
    """Return the explanation of a run."""
    told = json.loads(files.path("explanation/importance.json").read_bytes())
    state = files.json("explanation/explainer.json")
    tables: dict[str, pl.DataFrame] = {
        name: files.parquet(f"explanation/{name}.parquet") for name in TABLES
    }
    return Explanation(
        **tables,
        base=told["base"],
        names=tuple(told["names"]),
        classes=classes,
        groups=tuple(Group.from_state(group) for group in state["groups"]),
        population=told["population"],
        note=told["note"],
    )


def evidence(files: Files) -> Evidence | None:
    """Return how importance was cross-checked, if it was."""
    if not files.has("explanation/evidence.json"):
        return None
    facts = files.json("explanation/evidence.json")
    return Evidence(
        files.parquet("explanation/evidence.parquet"),
        files.parquet("explanation/headlines.parquet"),
        files.parquet("explanation/tests.parquet"),
        facts["agreement"],
        facts["refits"],
        tuple(facts["notes"]),
    )


def people(
    told: Explanation, scores: pl.DataFrame | None
) -> tuple[dict[str, JSON], ...]:
    """Return three customers whose reasons are worth reading, with their forecasts.

    Among those explained with two reasons or more: whose worth is most at risk, who is
    likeliest to rise, and who is worth most and expected to stay.
    """
    if scores is None or told.reasons.is_empty():
        return ()
    counts = told.reasons.filter(speaks="for").group_by("customer_id").len()
    clear = counts.filter(pl.col("len") >= 2)
    known = scores.join(clear, on="customer_id", how="semi", maintain_order="left")
    stays = pl.col("next_segment_id") == pl.col("segment_id")
    rises = pl.col("next_segment_id") > pl.col("segment_id")
    wanted = (
        ("at risk", known.sort("value_at_risk", descending=True, maintain_order=True)),
        (
            "on the way up",
            known.filter(rises).sort("p_up", descending=True, maintain_order=True),
        ),
        (
            "here to stay",
            known.filter(stays).sort(
                "expected_value", descending=True, maintain_order=True
            ),
        ),
    )
    found: list[dict[str, JSON]] = []
    for kind, rows in wanted:
        chosen = rows.filter(
            ~pl.col("customer_id").is_in([person["customer_id"] for person in found])
        ).head(1)
        for score in chosen.to_dicts():
            reasons = told.reasons.filter(customer_id=score["customer_id"])
            told_of = reasons.select("speaks", "text", "odds_ratio").to_dicts()
            found.append({**score, "kind": kind, "reasons": told_of})
    return tuple(found)


def explainer(
    files: Files,
    forecaster: Forecaster,
    trees: Booster,
    classes: tuple[Segment, ...],
    glossary: Sequence[Feature],
    usage: Usage | None = None,
) -> Explainer | None:
    """Return what explains anybody else's forecast of a run, if it was explained."""
    if not has(files):
        return None
    state = files.json("explanation/explainer.json")
    found = Explainer.from_state(state, forecaster, trees, classes, glossary)
    return found.naming(usage)
