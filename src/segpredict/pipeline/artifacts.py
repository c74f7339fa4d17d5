"""The files of a run folder: which value stands where, how it is written and read back.

`ARTIFACTS` is the only place that knows the paths; everything else asks by name.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from typing import Any

import polars as pl

from segpredict.analytics.campaigns import CampaignCatalogue
from segpredict.analytics.customer_value import ValueModel
from segpredict.analytics.demand import DEMAND_TABLES
from segpredict.analytics.transitions.tables import CUSTOMER_TABLE, TRANSITION_TABLES
from segpredict.classifier import EnsembleModel
from segpredict.core import disk
from segpredict.core.ledger import Ledger
from segpredict.core.run_folder import RunDraft, RunFiles, encode_csv, encode_json, parquet_writer
from segpredict.core.segment import Segment
from segpredict.core.state import from_plain, to_plain
from segpredict.core.transactions import SideTables
from segpredict.core.types import JSON
from segpredict.data import side_tables
from segpredict.errors import ArtifactError, UnknownNameError
from segpredict.explain import ForecastExplainer, ImportanceEvidence, importance_json
from segpredict.pipeline import results
from segpredict.segmentation import RuleGrid, Segmentation, segmentation_from_state

REPORT_PATHS: Mapping[str, str] = {
    "html": "report.html",
    "json": "report.json",
    "md": "report.md",
    "pptx": "deck.pptx",
}
# What `segpredict monitor --page` keeps: the page, and its figures date by date.
MONITOR_PAGE, MONITOR_FIGURES = "monitor.html", "monitor.parquet"
BI_FOLDER = "bi"
LISTS_FOLDER = "lists"
NOT_WRITTEN_KEY = "not_written"  # in the manifest: files of `REPORT_PATHS` that failed → the reason
STAGES: Mapping[type, str] = {
    results.Prepared: "prepare",
    results.Segmented: "segment",
    results.Trained: "train",
    results.Explained: "explain",
    results.CampaignPlans: "campaigns",
}
# What a stage makes untrue when it is run again.
LATER_STAGES: Mapping[str, tuple[str, ...]] = {
    "prepare": (),
    "segment": (),
    "train": ("train", "explain", "campaigns", "report"),
    "explain": ("explain", "report"),
    "campaigns": ("campaigns",),
}
COMMANDS: Mapping[str, str] = {
    "prepare": "cluster",
    "segment": "cluster",
    "train": "train-classifier",
    "explain": "explain",
    "campaigns": "report",
}
VALUE_TABLES = ("sums", "errors", "segments", "totals")
EXPLANATION_TABLES = (
    *("importance", "group_importance", "transition_drivers"),  # these as CSV, too
    *("reasons", "contributions"),
)


class Form(Enum):
    """How a value is written."""

    JSON = ".json"
    PARQUET = ".parquet"
    TABLE = ".parquet and .csv"
    CSV = ".csv"
    BYTES = "as it is"


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Artifact:
    """One value in a run folder."""

    stage: str  # the stage that makes it
    # a field of the stage's result; after a dot, a part of that field: an attribute, or an entry of
    # a mapping
    name: str
    path: str  # where it stands, without the ending of its form
    form: Form  # how it is written
    # to what is written, and back; ``None`` from `encode` writes nothing
    encode: Callable[[Any], Any] = _unchanged
    decode: Callable[[Any], Any] = _unchanged

    @property
    def files(self) -> tuple[str, ...]:
        """The files it is written to, the one that is read first."""
        endings = {Form.TABLE: (".parquet", ".csv"), Form.BYTES: (".json",)}
        return tuple(self.path + ending for ending in endings.get(self.form, (self.form.value,)))

    def value_of(self, result: results.StageResult) -> Any:
        """Return the value in a stage's result; ``None`` where there is none."""
        value: Any = result
        for part in self.name.split("."):
            if value is None:
                return None
            is_entry = isinstance(value, Mapping)
            value = value.get(part) if is_entry else getattr(value, part)
        return value


def _tables(stage: str, name: str, folder: str, form: Form, *parts: str) -> tuple[Artifact, ...]:
    """Return the artifacts of a field that holds several tables, one file each."""
    return tuple(Artifact(stage, f"{name}.{part}", f"{folder}/{part}", form) for part in parts)


def ledger_to_state(ledger: Ledger) -> JSON:
    """Return a ledger as JSON, money in units of 10⁻⁴.

    >>> from segpredict.core.ledger import LedgerCount, LedgerEntry
    >>> ledger = Ledger((LedgerEntry("in", "read", "Rows read.", LedgerCount(2, 1, 1, 50)),))
    >>> from_plain(Ledger, ledger_to_state(ledger)) == ledger
    True
    """
    entries = [asdict(entry) for entry in ledger.entries]
    return {"money_unit": 1e-4, "adds_up": ledger.adds_up, "entries": entries}


def _side_tables_to_state(given: SideTables) -> JSON:
    names = sorted(side_tables.side_table_frames(given))
    return {**side_tables.side_tables_to_state(given), "tables": names}


def _stored(stage: str, name: str, path: str, kind: Any) -> Artifact:
    """Return the artifact of a value that is stored as its state."""
    return Artifact(stage, name, path, Form.JSON, kind.to_state, kind.from_state)


ARTIFACTS: tuple[Artifact, ...] = (
    # Reading and cleaning
    Artifact(
        *("prepare", "transactions.lines", "transactions", Form.PARQUET),
        decode=pl.DataFrame.lazy,
    ),
    Artifact(
        *("prepare", "transactions.ledger", "ledger", Form.JSON, ledger_to_state),
        partial(from_plain, Ledger),
    ),
    Artifact(
        *("prepare", "transactions.rejects", "rejects", Form.PARQUET),
        lambda frame: frame if frame.height else None,
    ),
    Artifact("prepare", "transactions.product_names", "product_names", Form.PARQUET),
    Artifact("prepare", "side_tables", "side_tables/side_tables", Form.JSON, _side_tables_to_state),
    *_tables(
        *("prepare", "side_table_frames", "side_tables", Form.PARQUET),
        *("customers", "products", "prices", "events", "contacts", "own_segments"),
        "dates",
    ),
    _stored("prepare", "campaign_catalogue", "campaigns/catalogue", CampaignCatalogue),
    # Segments
    Artifact(
        *("segment", "segmentation", "segmentation/model", Form.JSON, Segmentation.to_state),
        segmentation_from_state,
    ),
    Artifact(
        *("segment", "segmentation.segments", "segmentation/segments", Form.JSON, to_plain),
        partial(from_plain, tuple[Segment, ...]),
    ),
    Artifact("segment", "segment_events", "segmentation/events", Form.JSON),
    Artifact("segment", "rule_grid", "segmentation/rule_grid", Form.JSON, RuleGrid.to_state),
    Artifact("segment", "rfm_codes", "segmentation/rfm_codes", Form.CSV),
    Artifact("segment", "segment_profiles", "segmentation/profiles", Form.JSON, list, tuple),
    Artifact("segment", "candidates", "segmentation/candidates", Form.TABLE),
    Artifact("segment", "selection", "segmentation/selection", Form.JSON),
    Artifact("segment", "own_segments", "segmentation/own_segments", Form.JSON),
    *_tables(
        *("segment", "segment_tables", "segmentation", Form.PARQUET),
        *("assignments", "profile", "memberships"),
    ),
    Artifact("segment", "segment_tables.candidates", "segmentation/segment_counts", Form.PARQUET),
    Artifact("segment", "segment_tables.migration", "segmentation/transitions", Form.PARQUET),
    *_tables("segment", "kpis", "kpis", Form.PARQUET, "figures", "months", "lorenz"),
    *_tables("segment", "exploration", "exploration", Form.PARQUET, "cells", "map", "homes"),
    *_tables("segment", "exploration", "exploration", Form.JSON, "facts"),
    *_tables("segment", "observed_transitions", "transitions", Form.PARQUET, CUSTOMER_TABLE),
    *_tables(
        *("segment", "observed_transitions", "transitions", Form.TABLE),
        *(name for name in TRANSITION_TABLES if name != "predicted"),
    ),
    # The classifier and its forecasts
    Artifact("train", "models", "classifier/model", Form.JSON, results.TrainedModels.to_state),
    Artifact("train", "models.booster", "classifier/xgboost", Form.BYTES),
    Artifact("train", "golden_rows", "classifier/golden_rows", Form.PARQUET),
    Artifact(
        *("train", "backtest_models", "classifier/backtest_models", Form.JSON, to_plain),
        lambda states: tuple(map(EnsembleModel.from_state, states)),
    ),
    Artifact("train", "evaluation", "classifier/evaluation", Form.JSON),
    Artifact("train", "scorecard", "classifier/scorecard", Form.TABLE),
    Artifact("train", "curves", "classifier/curves", Form.PARQUET),
    Artifact("train", "test_set_log", "classifier/test_set_log", Form.JSON),
    Artifact("train", "leakage_demo", "classifier/leakage_demo", Form.JSON),
    Artifact("train", "scores", "scores", Form.PARQUET),
    Artifact("train", "backtest_population", "campaigns/backtest_population", Form.PARQUET),
    _stored("train", "value_model", "customer_value/value_model", ValueModel),
    *_tables("train", "customer_value", "customer_value", Form.TABLE, *VALUE_TABLES),
    *_tables("train", "demand", "demand", Form.TABLE, *DEMAND_TABLES),
    *_tables("train", "predicted_transitions", "transitions", Form.TABLE, "predicted"),
    # Explanations
    *_tables("explain", "explanation", "explain", Form.TABLE, *EXPLANATION_TABLES[:3]),
    *_tables("explain", "explanation", "explain", Form.PARQUET, *EXPLANATION_TABLES[3:]),
    Artifact(
        *("explain", "explanation", "explain/importance", Form.BYTES),
        lambda explanation: importance_json(explanation).encode(),
        json.loads,
    ),
    Artifact("explain", "explainer", "explain/explainer", Form.JSON, ForecastExplainer.to_state),
    Artifact("explain", "evidence.table", "explain/evidence", Form.TABLE),
    Artifact("explain", "evidence.headlines", "explain/headline_importance", Form.PARQUET),
    Artifact("explain", "evidence.tests", "explain/evidence_by_window", Form.PARQUET),
    Artifact("explain", "evidence", "explain/evidence", Form.JSON, ImportanceEvidence.to_json),
    Artifact("explain", "customer_reasons", "explain/customer_reasons", Form.PARQUET),
    Artifact("explain", "ensemble_importance", "explain/ensemble_importance", Form.PARQUET),
    # Campaigns
    Artifact("campaigns", "plans", "campaigns/plans", Form.TABLE),
    Artifact("campaigns", "targeting_curves", "campaigns/targeting_curves", Form.TABLE),
    Artifact("campaigns", "lists", "campaigns/lists", Form.PARQUET),
    Artifact("campaigns", "universal_holdout", "campaigns/universal_holdout", Form.PARQUET),
)


def find_artifact(name: str) -> Artifact:
    """Return the artifact of a name."""
    known = {artifact.name: artifact for artifact in ARTIFACTS}
    if name not in known:
        raise UnknownNameError("artifact", name, list(known))
    return known[name]


def has(files: RunFiles, name: str) -> bool:
    """Return whether a run holds the value of that name."""
    return files.has(find_artifact(name).files[0])


def read(files: RunFiles, name: str) -> Any:
    """Return one value of a run by its name in `ARTIFACTS`."""
    artifact = find_artifact(name)
    path = artifact.files[0]
    if not files.has(path):
        command = COMMANDS[artifact.stage]
        message = f"The run {files.place} has no {path}."
        raise ArtifactError(message, fix=f"make it with `segpredict {command}`.", file=path)
    return artifact.decode(_READERS[artifact.form](files, path))


def read_parts(files: RunFiles, name: str) -> dict[str, Any]:
    """Return the parts of a field that a run holds, by name of the part."""
    parts = [a.name for a in ARTIFACTS if a.name.startswith(f"{name}.")]
    return {part.removeprefix(f"{name}."): read(files, part) for part in parts if has(files, part)}


def save(draft: RunDraft, result: results.StageResult) -> None:
    """Write the artifacts of a stage's result; remove what they make untrue."""
    stage = STAGES[type(result)]
    remove_stages(draft, *LATER_STAGES[stage])
    for artifact in ARTIFACTS:
        if artifact.stage == stage:
            write(draft, artifact, artifact.value_of(result))


def write(draft: RunDraft, artifact: Artifact, value: Any) -> None:
    """Write one value into a draft, in all files of its form."""
    content = None if value is None else artifact.encode(value)
    if content is None:
        return
    for path in artifact.files:
        draft.write(path, _WRITERS[path.rpartition(".")[2]](content))


def remove_stages(draft: RunDraft, *stages: str) -> None:
    """Remove the artifacts of these stages from a draft."""
    names = [path for a in ARTIFACTS if a.stage in stages for path in a.files]
    if "report" in stages:
        names += [*REPORT_PATHS.values(), MONITOR_PAGE, MONITOR_FIGURES]
        names += [f"{BI_FOLDER}/", f"{LISTS_FOLDER}/"]
    draft.remove(*names)


_WRITERS: Mapping[str, Callable[[Any], disk.FileContent]] = {
    "json": lambda content: content if isinstance(content, bytes) else encode_json(content),
    "parquet": parquet_writer,
    "csv": encode_csv,
}


_READERS: Mapping[Form, Callable[[RunFiles, str], Any]] = {
    Form.JSON: lambda files, path: files.read_json(path),
    Form.PARQUET: lambda files, path: files.read_parquet(path),
    Form.TABLE: lambda files, path: files.read_parquet(path),
    Form.CSV: lambda files, path: pl.read_csv(files.read_bytes(path), glob=False),
    Form.BYTES: lambda files, path: files.read_bytes(path),
}
