"""Verify a whole folder: every file, the signature, and that a run still scores as it did."""

import os
from pathlib import Path

import numpy as np

from segpredict.core.disk import open_plain
from segpredict.core.named_files import KEY_VARIABLE, open_file, read_json
from segpredict.core.run_folder import MANIFEST_NAME, RunFolder, open_run
from segpredict.core.types import JSON
from segpredict.core.work_folder import ENDING
from segpredict.data.ingest import store_settings
from segpredict.data.store import open_store
from segpredict.data.store.parts import STORE_MANIFEST_NAME
from segpredict.errors import ArtifactError
from segpredict.pipeline import loading
from segpredict.pipeline.results import Trained
from segpredict.scoring.golden_rows import TOLERANCE


def verify_folder(folder: str | Path) -> dict[str, JSON]:
    """Check a run or a store; return what was checked.

    Every file is compared with its hash, the manifest with its digest, and its signature with the
    key of the environment if one is set. A trained run also scores its customers again.

    Returned are ``folder``, ``kind`` (``run`` or ``store``), ``files`` and ``bytes``,
    ``signature`` (``valid``, ``not checked`` without a key, or ``none``), and ``customers`` that
    were scored again, or whose lines were read.

    Raises `ArtifactError` when anything differs, or a file is there that the manifest does not
    name; `SignatureError` when a key is set that did not sign it.
    """
    place = Path(folder)
    is_store = (place / STORE_MANIFEST_NAME).exists() and not (place / MANIFEST_NAME).exists()
    name = STORE_MANIFEST_NAME if is_store else MANIFEST_NAME
    customers = _customers_of_store(place) if is_store else _customers_of_run(place)
    with open_plain(place / name) as file:
        manifest = read_json(file, name)
    for each, fact in manifest["files"].items():
        open_file(place / each, each, fact).close()
    _refuse_strangers(place, {*manifest["files"], name})
    signed = "valid" if os.environ.get(KEY_VARIABLE) else "not checked"
    return {
        "folder": str(place),
        "kind": "store" if is_store else "run",
        "files": len(manifest["files"]),
        "bytes": sum(fact["bytes"] for fact in manifest["files"].values()),
        "signature": signed if manifest.get("signature") else "none",
        "customers": customers,
    }


@loading.of_run
def _customers_of_run(place: Path) -> int:
    run = open_run(place)
    return _scored_again(run) if loading.has_stage(run, Trained) else 0


def _customers_of_store(place: Path) -> int:
    """Read all lines of a store, and the note on its settings."""
    store_settings(str(place))
    lines = open_store(place).lines
    return lines.collect()["customer_id"].n_unique()


def _scored_again(run: RunFolder) -> int:
    """Score the customers of a run on its own lines; refuse it where the scores have changed."""
    predictor, kept = loading.load_predictor(run), loading.load(run, "scores")
    again = predictor.score_table(loading.load_transactions(run))
    for column in kept:
        now = again[column.name]
        if column.dtype.is_float():
            close = np.isclose(column, now, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
            is_same = bool(close.all())
        else:
            is_same = column.equals(now)
        if not is_same:
            raise ArtifactError(
                f"The run {run.folder} no longer scores as it did: {column.name} differs.",
                fix="restore the folder from where it was made, or make it again.",
                file=str(run.folder),
            )
    return int(kept.height)


def _refuse_strangers(place: Path, names: set[str]) -> None:
    """Refuse a folder with a file that nothing vouches for."""
    paths = (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    found = {path.relative_to(place) for path in paths}
    others = {path.as_posix() for path in found if ENDING not in path.parts} - names
    if others:
        raise ArtifactError(
            f"{place} holds {min(others)}, which its manifest does not name.",
            fix="move it away, then verify again.",
            file=min(others),
        )
