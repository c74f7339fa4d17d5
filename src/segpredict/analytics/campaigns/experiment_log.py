"""Log experiments: one record per campaign list, written once and never changed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segpredict.core import disk
from segpredict.core.run_folder import encode_parquet
from segpredict.core.types import JSON
from segpredict.core.work_folder import WorkFolder
from segpredict.errors import ArtifactError

EXPERIMENT_FORMAT = 1
DEFAULT_LOG_FOLDER = "experiments"
REQUIRED_FIELDS = ("campaign", "created", "readout", "customers", "arms", "assignment")


@dataclass(frozen=True, slots=True)
class ExperimentLog:
    """The folder of experiments.

    >>> ExperimentLog(Path("no/such/folder")).read_records()
    []
    """

    # holds ``0001-campaign.json`` and ``0001-campaign.parquet`` (customer and arm), and so on. It
    # holds ids of customers.
    folder: Path

    def read_records(self) -> list[dict[str, JSON]]:
        """Return all records, oldest first."""
        return [_read(path) for path in sorted(self.folder.glob("[0-9]*-*.json"))]

    def earlier_arms(self) -> dict[str, dict[str, str]]:
        """Return each customer's arm on earlier lists, by campaign; the first holds."""
        found: dict[str, dict[str, str]] = {}
        for record in self.read_records():
            known = found.setdefault(record["campaign"], {})
            for customer, arm in self._arms(record).iter_rows():
                known.setdefault(customer, arm)
        return found

    def lock(self) -> AbstractContextManager[WorkFolder]:
        """Be the only one who adds to the log, from the first look at it."""
        return disk.lock_folder(self.folder)

    def append_experiment(
        self, record: dict[str, JSON], arm_by_customer: pl.DataFrame, work: WorkFolder | None = None
    ) -> Path:
        """Write a record and the arms of its list; return the path of the record.

        `arm_by_customer`: ``customer_id`` and ``arm``.
        """
        if work is None:
            with self.lock() as own:
                return self.append_experiment(record, arm_by_customer, own)
        work.settle(self._needed())
        number = len(list(self.folder.glob("[0-9]*-*.json"))) + 1
        stem = f"{number:04d}-{record['campaign']}"
        arms_path, record_path = (self.folder / f"{stem}{end}" for end in (".parquet", ".json"))
        _refuse_existing(record_path, arms_path)
        work.announce([arms_path.name])
        content = encode_parquet(arm_by_customer)
        fact = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        whole = {**record, "assignment": {"file": arms_path.name, **fact}}
        text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
        try:
            disk.place_file(work, arms_path, content)
            disk.place_file(work, record_path, f"{text}\n".encode())
        finally:
            work.settle(self._needed())
        return record_path

    def _needed(self) -> list[str]:
        """Return the files that the records name."""
        return [Path(record["assignment"]["file"]).name for record in self.read_records()]

    def _arms(self, record: dict[str, JSON]) -> pl.DataFrame:
        path = self.folder / Path(record["assignment"]["file"]).name
        try:
            content = path.read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != record["assignment"]["sha256"]:
            raise ArtifactError(
                f"{path} should hold the control group, and is missing or was changed.",
                fix="restore it: without it customers of the control group would be treated.",
                file=str(path),
            )
        return pl.read_parquet(content, columns=["customer_id", "arm"], glob=False)


def find_experiment_logs(run: Path, configured: str = "") -> ExperimentLog:
    """Return the experiment log next to a run, or the configured one.

    >>> find_experiment_logs(Path("artifacts/run")).folder.parts[-2:]
    ('artifacts', 'experiments')
    """
    default_folder = run.absolute().parent / DEFAULT_LOG_FOLDER
    return ExperimentLog(Path(configured) if configured else default_folder)


def evidence_status(campaign: str, records: Sequence[Mapping[str, JSON]]) -> tuple[str, str]:
    """Return the evidence for a campaign: a status, and a sentence.

    >>> evidence_status("call", [])
    ('untested', 'untested until an experiment is logged')
    """
    own = [record for record in records if record["campaign"] == campaign]
    if not own:
        return "untested", "untested until an experiment is logged"
    last = own[-1]
    summary = f"list drawn {last['created']}, readout from {last['readout']} on"
    return "running", f"running, no result yet: {summary}"


def _refuse_existing(record_path: Path, arms_path: Path) -> None:
    if record_path.exists():
        raise ArtifactError(
            f"{record_path} exists, though the records before it do not.",
            fix="restore the missing records; none is ever removed.",
            file=str(record_path),
        )
    if arms_path.exists():
        raise ArtifactError(
            f"{arms_path} exists, and no record names it.",
            fix="move it away, then run the command again.",
            file=str(arms_path),
        )


def _read(path: Path) -> dict[str, JSON]:
    try:
        record = json.loads(path.read_bytes())
        if record["format"] == EXPERIMENT_FORMAT and all(
            name in record for name in REQUIRED_FIELDS
        ):
            return dict(record)
    except (ValueError, TypeError, KeyError):
        pass
    raise ArtifactError(
        f"{path} should be the record of an experiment, and cannot be read.",
        fix="restore it as it was written; records are never changed.",
        file=str(path),
    )
