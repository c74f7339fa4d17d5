"""Log a run to MLflow: its settings, the figures of its backtests, and its page."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.database import import_extra
from segpredict.core.run_folder import (
    MANIFEST_NAME,
    RunFolder,
    encode_csv,
    encode_json,
    open_run,
)
from segpredict.core.types import JSON
from segpredict.errors import ArtifactError, DatabaseError, UsageError
from segpredict.pipeline import artifacts, loading
from segpredict.pipeline.report_data import report_input_of_run
from segpredict.report.html.page import render_html

PREFIX = "mlflow+"
SCHEMES = ("sqlite:", "http:", "https:")
EXPERIMENT = "segpredict"
DIGEST_TAG, MODEL_TAG = "segpredict.run", "segpredict.model"
LOGGED_OPTIONS = ("time", "segmentation", "classifier")
MAX_PARAMS = 100  # that MLflow takes at once


def publish_to_mlflow(folder: str | Path, to: str) -> Mapping[str, str]:
    """Log a run to MLflow; return the ids of the experiment and of MLflow's run.

    * `folder`: the run.
    * `to`: MLflow's tracking address after ``mlflow+``: ``mlflow+sqlite:///FILE`` or
      ``mlflow+https://HOST``.

    Nothing of a single customer is logged. A run that is there already is not logged again.

    Raises `ArtifactError` when the run has no evaluation; `DatabaseError` when MLflow cannot be
    reached.
    """
    uri = _tracking_address(to)
    run = open_run(folder)
    if not artifacts.has(run, "evaluation"):
        fix = f"train it first: segpredict train-classifier --run {folder}"
        raise ArtifactError(f"The run {folder} has no evaluation to log.", fix=fix)
    mlflow = import_extra("mlflow", "segpredict publish --to mlflow+…", "mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        return _logged(mlflow, run, uri)
    except mlflow.exceptions.MlflowException as error:
        fix = "see to the address, and to MLFLOW_TRACKING_TOKEN where it needs one."
        raise DatabaseError(uri, str(error).splitlines()[0], fix) from None


def _tracking_address(to: str) -> str:
    uri = to.removeprefix(PREFIX)
    if not uri.startswith(SCHEMES):
        raise UsageError(
            "An address of MLflow cannot be read.",
            fix="write it as mlflow+sqlite:///FILE or mlflow+https://HOST.",
        )
    if "@" in uri and not uri.startswith("sqlite:"):
        raise UsageError(
            "An address of MLflow holds a user or a secret, which others can read on this machine.",
            fix="give them as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
        )
    return uri


def _logged(mlflow: Any, run: RunFolder, uri: str) -> dict[str, str]:
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    experiment_id = experiment.experiment_id if experiment else _new_experiment(client, uri)
    digest = run.manifest["digest"]
    asked = f"tags.`{DIGEST_TAG}` = '{digest}' and attributes.status = 'FINISHED'"
    known = client.search_runs([experiment_id], asked, max_results=1)
    if known:
        return {"experiment": experiment_id, "run": known[0].info.run_id}
    tags = {
        DIGEST_TAG: digest,
        MODEL_TAG: loading.load_predictor(run).model_version.model,
        "segpredict.version": run.metadata["segpredict"],
        "segpredict.data": run.metadata["data"]["fingerprint"],
    }
    made = client.create_run(
        experiment_id, run_name=run.folder.resolve().name, tags=tags
    ).info.run_id
    try:
        _log_facts(mlflow, client, made, run)
        _log_files(client, made, run)
    except BaseException:
        client.set_terminated(made, "FAILED")
        raise
    client.set_terminated(made)
    return {"experiment": experiment_id, "run": made}


def _new_experiment(client: Any, uri: str) -> str:
    place = None
    if uri.startswith("sqlite:"):  # MLflow would write files where the command was started
        database = Path(uri.removeprefix("sqlite:///")).resolve()
        place = database.with_name(f"{database.stem}_artifacts").as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def _log_facts(mlflow: Any, client: Any, made: str, run: RunFolder) -> None:
    """Log the settings, and every figure of every model over all backtests."""
    params = [
        mlflow.entities.Param(name, str(value))
        for option in LOGGED_OPTIONS
        for name, value in _flat(option, run.metadata["config"][option])
    ]
    for start in range(0, len(params), MAX_PARAMS):
        client.log_batch(made, params=params[start : start + MAX_PARAMS])
    evaluation = artifacts.read(run, "evaluation")
    selected = evaluation["selected"]
    for step, window in enumerate([*evaluation["windows"], evaluation["pooled"]]):
        # A step is a backtest, oldest first; figures of all together have names of their own.
        suffix = f"_{POOLED_WINDOWS}" if window["cutoff"] == POOLED_WINDOWS else ""
        for name, scores in window["scores"].items():
            label = "" if name == selected else f"{name}/"
            for metric, value in scores.items():
                if isinstance(value, float):
                    client.log_metric(made, f"{label}{metric}{suffix}", value, step=step)


def _flat(prefix: str, value: JSON) -> Iterator[tuple[str, JSON]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}", item)
    elif value is not None:
        yield prefix, value


def _without_remarks(value: JSON) -> JSON:
    """Return a manifest without its remarks, which name a customer where one stands out."""
    if isinstance(value, dict):
        return {key: _without_remarks(each) for key, each in value.items() if key != "notes"}
    return value


def _log_files(client: Any, made: str, run: RunFolder) -> None:
    """Log the manifest, the page without single customers, and tables of aggregates."""
    page = render_html(report_input_of_run(run, customers=False))
    client.log_text(made, page, artifacts.REPORT_PATHS["html"])
    client.log_text(made, encode_json(_without_remarks(run.manifest)).decode(), MANIFEST_NAME)
    client.log_text(made, encode_csv(artifacts.read(run, "scorecard")).decode(), "scorecard.csv")
    if run.has(artifacts.MONITOR_PAGE):
        monitor = run.read_bytes(artifacts.MONITOR_PAGE).decode()
        client.log_text(made, monitor, artifacts.MONITOR_PAGE)
