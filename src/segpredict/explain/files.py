"""The files of an explanation in a run folder, and back.

::

    explanation/  importance.*  topics.*  moves.*  reasons, contributions (.parquet)
                  explainer.json: how to explain anybody else
                  evidence.*, headlines, tests (.parquet) if it was cross-checked
"""

import json
from collections.abc import Sequence

import polars as pl

from segpredict.classifier import DecisionPolicy, Forecaster, XgboostModel
from segpredict.core.panel import Feature
from segpredict.core.run_folder import RunDraft, RunFiles, encode_csv, encode_json, parquet_writer
from segpredict.core.segment import Segment
from segpredict.core.types import JSON
from segpredict.explain import (
    Explanation,
    FeatureGroup,
    ForecastExplainer,
    ImportanceEvidence,
    importance_json,
)

EXPLANATION_TABLES = (
    "importance",
    "group_importance",
    "transition_drivers",
    "reasons",
    "contributions",
)
CSV_TABLES = ("importance", "group_importance", "transition_drivers")


def save_explanation(
    draft: RunDraft,
    explanation: Explanation,
    explainer: ForecastExplainer,
    evidence: ImportanceEvidence | None,
) -> None:
    """Write an explanation, how it was made, and how it was cross-checked."""
    draft.remove("explain/")
    for name in EXPLANATION_TABLES:
        draft.write(f"explain/{name}.parquet", parquet_writer(getattr(explanation, name)))
    for name in CSV_TABLES:
        draft.write(f"explain/{name}.csv", encode_csv(getattr(explanation, name)))
    draft.write("explain/importance.json", importance_json(explanation).encode())
    draft.write("explain/explainer.json", encode_json(explainer.to_state()))
    if evidence is None:
        return
    draft.write("explain/evidence.parquet", parquet_writer(evidence.table))
    draft.write("explain/evidence.csv", encode_csv(evidence.table))
    draft.write("explain/headline_importance.parquet", parquet_writer(evidence.headlines))
    draft.write("explain/evidence_by_window.parquet", parquet_writer(evidence.tests))
    draft.write("explain/evidence.json", encode_json(evidence.to_json()))


def has_explanation(files: RunFiles) -> bool:
    """Return whether a run was explained, by a version that left all files."""
    return files.has("explain/explainer.json")


def load_explanation(files: RunFiles, classes: tuple[Segment, ...]) -> Explanation:
    """Return the explanation of a run."""
    told = json.loads(files.path("explain/importance.json").read_bytes())
    state = files.read_json("explain/explainer.json")
    tables: dict[str, pl.DataFrame] = {
        name: files.read_parquet(f"explain/{name}.parquet") for name in EXPLANATION_TABLES
    }
    return Explanation(
        **tables,
        base_values=told["base"],
        feature_names=tuple(told["names"]),
        classes=classes,
        groups=tuple(FeatureGroup.from_state(group) for group in state["groups"]),
        population=told["population"],
        model_note=told["note"],
    )


def load_evidence(files: RunFiles) -> ImportanceEvidence | None:
    """Return how importance was cross-checked, if it was."""
    if not files.has("explain/evidence.json"):
        return None
    facts = files.read_json("explain/evidence.json")
    return ImportanceEvidence(
        files.read_parquet("explain/evidence.parquet"),
        files.read_parquet("explain/headline_importance.parquet"),
        files.read_parquet("explain/evidence_by_window.parquet"),
        facts["agreement"],
        facts["refits"],
        tuple(facts["notes"]),
    )


def pick_example_customers(
    explanation: Explanation, scores: pl.DataFrame | None
) -> tuple[dict[str, JSON], ...]:
    """Return three customers whose reasons are worth reading, with their forecasts.

    Among those explained with two reasons or more: whose worth is most at risk, who is
    likeliest to rise, and who is worth most and expected to stay.
    """
    if scores is None or explanation.reasons.is_empty():
        return ()
    counts = explanation.reasons.filter(speaks="for").group_by("customer_id").len()
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
            known.filter(stays).sort("expected_value", descending=True, maintain_order=True),
        ),
    )
    found: list[dict[str, JSON]] = []
    for kind, rows in wanted:
        chosen = rows.filter(
            ~pl.col("customer_id").is_in([person["customer_id"] for person in found])
        ).head(1)
        for score in chosen.to_dicts():
            reasons = explanation.reasons.filter(customer_id=score["customer_id"])
            told_of = reasons.select("speaks", "text", "odds_ratio").to_dicts()
            found.append({**score, "kind": kind, "reasons": told_of})
    return tuple(found)


def load_explainer(
    files: RunFiles,
    forecaster: Forecaster,
    trees: XgboostModel,
    classes: tuple[Segment, ...],
    glossary: Sequence[Feature],
    policy: DecisionPolicy | None = None,
) -> ForecastExplainer | None:
    """Return what explains anybody else's forecast of a run, if it was explained."""
    if not has_explanation(files):
        return None
    state = files.read_json("explain/explainer.json")
    found = ForecastExplainer.from_state(state, forecaster, trees, classes, glossary)
    return found.with_policy(policy)
