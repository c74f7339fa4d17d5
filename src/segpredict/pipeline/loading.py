"""Values of a run folder that are put together from several artifacts, and whole stages.

And what the manifest of a run records: versions, options, data and windows.
"""

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar, cast

import polars as pl

from segpredict import features
from segpredict._version import __version__
from segpredict.analytics.segment_tables import classifier_glossary
from segpredict.config.load import Config, build_config
from segpredict.core.run_folder import RunFiles, RunFolder
from segpredict.core.segment import Segment
from segpredict.core.shop_facts import ShopFacts
from segpredict.core.state import from_plain
from segpredict.core.transactions import InputFile, SideTables, Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date, day_number
from segpredict.data import side_tables
from segpredict.errors import (
    ArtifactError,
    ConfigError,
    SegpredictError,
    UsageError,
    quote_value,
)
from segpredict.explain import Explanation, FeatureGroup, ForecastExplainer, ImportanceEvidence
from segpredict.pipeline import artifacts
from segpredict.pipeline.results import (
    CampaignPlans,
    Explained,
    Prepared,
    Segmented,
    Trained,
    TrainedModels,
)
from segpredict.scoring.golden_rows import require_golden_scores
from segpredict.scoring.predictor import SegmentPredictor

DISTRIBUTIONS = {"xgboost": ("xgboost", "xgboost-cpu")}  # the same module from either
RECORDED_LIBRARIES = ("polars", "pandera", "scikit-learn", "xgboost", "shap", "numpy")

NOT_SAVED = ("rule_grid", "training")  # values that no later stage needs
OPTIONAL = (
    *("candidates", "selection", "own_segments", "ensemble_importance"),
    *("backtest_population", "leakage_demo", "test_set_log"),
)
Stage = TypeVar("Stage", Prepared, Segmented, Trained, Explained, CampaignPlans)
Function = TypeVar("Function", bound=Callable[..., Any])


@contextmanager
def translate_load_errors(folder: object) -> Iterator[None]:
    """Turn what a run of another version or shape raises into one error of ours."""
    if not isinstance(folder, str | Path):
        raise UsageError(
            f"A run is named by the path of its folder, and this is a {type(folder).__name__}.",
            fix="give the folder that fit or `segpredict run` has made.",
        )
    try:
        yield
    except (SegpredictError, OSError, MemoryError):
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # a panic is no `Exception`
        raise ArtifactError(
            f"The run {folder} cannot be used by this segpredict "
            f"({type(error).__name__}: {quote_value(error)}).",
            fix="make the run again with this version.",
            file=str(folder),
        ) from error


def of_run(function: Function) -> Function:
    """Return a function of a run that tells any error that is not ours as one of the run.

    It may read nothing but the run: what it raises is then the run's fault.
    """

    @wraps(function)
    def told(run: Any, *given: Any, **named: Any) -> Any:
        with translate_load_errors(getattr(run, "place", run)):
            return function(run, *given, **named)

    return cast("Function", told)


@of_run
def load(files: RunFiles, name: str) -> Any:
    """Return one value of a run by its name in `ARTIFACTS`, or a field of several of them."""
    if name in _LOADERS:
        return _LOADERS[name](files)
    if any(artifact.name == name for artifact in artifacts.ARTIFACTS):
        return artifacts.read(files, name)
    return artifacts.read_parts(files, name)


@of_run
def load_optional(files: RunFiles, name: str) -> Any:
    """Return one value of a run, or nothing where the run does not hold it."""
    return load(files, name) if artifacts.has(files, name) else None


@of_run
def load_stage(files: RunFiles, stage: type[Stage]) -> Stage:
    """Return the result of a stage from what a run holds of it."""
    values: dict[str, Any] = {}
    for name in [each.name for each in fields(stage)]:
        get = load_optional if name in OPTIONAL else load
        values[name] = None if name in NOT_SAVED else get(files, name)
    return stage(**values)


def has_stage(files: RunFiles, stage: type[Stage]) -> bool:
    """Return whether a run holds the result of a stage."""
    mark = {
        Prepared: "transactions.lines",
        Segmented: "segmentation",
        Trained: "models",
        Explained: "explainer",
        CampaignPlans: "universal_holdout",
    }
    return artifacts.has(files, mark[stage])


def load_config(files: RunFiles) -> Config:
    """Return the config a run was made with."""
    try:
        return build_config(files.metadata["config"])
    except (KeyError, ConfigError) as error:
        problem = error.message if isinstance(error, ConfigError) else f"it lacks {error}."
        raise ArtifactError(
            f"The run's config cannot be used by this segpredict: {problem}",
            fix="make the run again with this version.",
        ) from None


@of_run
def load_transactions(files: RunFiles) -> Transactions:
    """Return the transactions of a run; their lines stay on disk until they are needed."""
    data = files.metadata["data"]
    lines = artifacts.find_artifact("transactions.lines").files[0]
    return Transactions(
        files.scan_parquet(lines),
        day_number(data["first_day"]),
        day_number(data["last_day"]) + 1,
        data["fingerprint"],
        artifacts.read(files, "transactions.ledger"),
        data["currency"],
        from_plain(tuple[InputFile, ...], data["files"]),
        side_tables=load_side_tables(files),
        product_names=load_optional(files, "transactions.product_names"),
        notes=tuple(data.get("notes", ())),
    )


@of_run
def load_side_tables(files: RunFiles) -> SideTables:
    """Return the side tables of a run."""
    if not artifacts.has(files, "side_tables"):
        return SideTables()
    frames = artifacts.read_parts(files, "side_table_frames")
    return side_tables.side_tables_from_state(artifacts.read(files, "side_tables"), frames)


@of_run
def load_segments(files: RunFiles) -> tuple[Segment, ...]:
    """Return the segments of a run, in code order."""
    return tuple(artifacts.read(files, "segmentation.segments"))


@of_run
def load_models(files: RunFiles) -> TrainedModels:
    """Return the models of a run."""
    state, booster = artifacts.read(files, "models"), artifacts.read(files, "models.booster")
    return TrainedModels.from_state(state, booster)


@of_run
def load_explanation(files: RunFiles) -> Explanation:
    """Return the explanation that a run holds."""
    facts = artifacts.read(files, "explanation")
    state = artifacts.read(files, "explainer")
    return Explanation(
        **artifacts.read_parts(files, "explanation"),
        base_values=facts["base"],
        feature_names=tuple(facts["names"]),
        classes=load_segments(files),
        groups=tuple(FeatureGroup.from_state(group) for group in state["groups"]),
        population=facts["population"],
        model_note=facts["note"],
    )


@of_run
def load_explainer(
    files: RunFiles, models: TrainedModels | None = None
) -> ForecastExplainer | None:
    """Return what explains any customer of a run; ``None`` where it was not explained."""
    if not artifacts.has(files, "explainer"):
        return None
    models = models or load_models(files)
    families = load_config(files).classifier.families
    found = ForecastExplainer.from_state(
        artifacts.read(files, "explainer"),
        models.selected,
        models.ensemble,
        load_segments(files),
        classifier_glossary(families, load_side_tables(files)),
    )
    return found.with_policy(models.policy)


@of_run
def load_evidence(files: RunFiles) -> ImportanceEvidence | None:
    """Return the cross-check of importance, if a run holds one."""
    if not artifacts.has(files, "evidence"):
        return None
    facts = artifacts.read(files, "evidence")
    return ImportanceEvidence(
        **artifacts.read_parts(files, "evidence"),
        agreement=facts["agreement"],
        refits=facts["refits"],
        notes=tuple(facts["notes"]),
    )


@of_run
def load_predictor(files: RunFiles) -> SegmentPredictor:
    """Return the predictor of a run, which scores its golden rows as it did when it was made."""
    config, models = load_config(files), load_models(files)
    predictor = SegmentPredictor(
        artifacts.read(files, "segmentation"),
        models.selected,
        config.time,
        config.classifier.families,
        side_tables.lines_layout(config),
        config.cleaning,
        load_side_tables(files),
        models.policy,
        load_optional(files, "value_model"),
        load_explainer(files, models),
        load_facts(files),
        day_number(files.metadata["data"]["first_day"]),
    )
    require_golden_scores(predictor, artifacts.read(files, "golden_rows"))
    return predictor


@of_run
def load_facts(files: RunFiles) -> ShopFacts | None:
    """Return what a run knows of the data it was trained on."""
    state = files.metadata["data"].get("facts")
    return None if state is None else ShopFacts.from_state(state)


@of_run
def run_summary(run: RunFolder) -> dict[str, JSON]:
    """Return what a program needs to know of a run: its facts and its evaluation."""
    page = artifacts.REPORT_PATHS["html"]
    shown = {
        "ledger": "transactions.ledger",
        "segments": "segmentation.segments",
        "events": "segment_events",
        "evaluation": "evaluation",
    }
    paths = {key: artifacts.find_artifact(name).files[0] for key, name in shown.items()}
    return {
        "run": str(run.folder),
        **run.metadata,
        **{key: run.read_json(path) for key, path in paths.items() if run.has(path)},
        **({"page": str((run.folder / page).resolve())} if run.has(page) else {}),
    }


_LOADERS: Mapping[str, Callable[[RunFiles], Any]] = {
    "config": load_config,
    "facts": lambda files: {"families": files.metadata.get("families", {})},
    "notes": lambda files: tuple(files.metadata.get("notes", ())),
    "transactions": load_transactions,
    "side_tables": load_side_tables,
    "models": load_models,
    "explanation": load_explanation,
    "explainer": load_explainer,
    "evidence": load_evidence,
}


def run_metadata(prepared: Prepared, segmented: Segmented, created: str = "") -> dict[str, JSON]:
    """Return what the manifest of a run records: versions, options, data and windows."""
    shop, time = prepared.transactions, segmented.config.time
    facts = ShopFacts.of(shop, segmented.config.cleaning.revenue)
    needed = features.needed_columns(segmented.config.classifier.families or ())
    return {
        "segpredict": __version__,
        "created": created,
        "python": platform.python_version(),
        "libraries": {name: library_version(name) for name in RECORDED_LIBRARIES},
        "config": segmented.config.to_state(),
        **prepared.facts,
        "data": {
            "first_day": as_date(shop.first_day).isoformat(),
            "last_day": as_date(shop.end_day - 1).isoformat(),
            "fingerprint": shop.fingerprint,
            "currency": shop.currency,
            "facts": facts.needing(needed).to_state(),
            "files": [asdict(fact) for fact in shop.files],
            "notes": list(shop.notes),
        },
        "notes": list(segmented.notes),
        "windows": {
            "segmenter_saw_until": as_date(segmented.segmentation.fit_end - 1).isoformat(),
            "horizon": time.horizon,
            "lookback": time.lookback,
            "gap": time.gap,
            "forecast_from": as_date(shop.end_day).isoformat(),
        },
    }


def library_version(name: str) -> str:
    """Return the version of a library, whichever distribution it was installed from."""
    known = DISTRIBUTIONS.get(name, (name,))
    for distribution in known:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "unknown"
