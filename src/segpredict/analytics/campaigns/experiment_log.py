"""Keep what was tried: one record a list, written once and never changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segpredict.core import disk
from segpredict.core.types import JSON
from segpredict.errors import ArtifactError

EXPERIMENT_FORMAT = 1
DEFAULT_LOG_FOLDER = "experiments"
REQUIRED_FIELDS = ("play", "created", "readout", "customers", "arms", "lots")


@dataclass(frozen=True, slots=True)
class ExperimentLog:
    """The folder of experiments.

    Parameters
    ----------
    folder
        Holds ``0001-play.json`` and ``0001-play.parquet`` (customer and arm), and so
        on. It holds ids of customers.
    """

    folder: Path

    def read_records(self) -> list[dict[str, JSON]]:
        """Return all records, oldest first.

        Raises
        ------
        ArtifactError
            When one of them cannot be understood.
        """
        return [_read(path) for path in sorted(self.folder.glob("[0-9]*-*.json"))]

    def earlier_arms(self) -> dict[str, dict[str, str]]:
        """Return each customer's arm on earlier lists, by play; the first holds."""
        found: dict[str, dict[str, str]] = {}
        for record in self.read_records():
            known = found.setdefault(record["play"], {})
            for customer, arm in self._lots(record).iter_rows():
                known.setdefault(customer, arm)
        return found

    def append_experiment(self, record: dict[str, JSON], arm_by_customer: pl.DataFrame) -> Path:
        """Write a record and the arms of its list; return where the record stands.

        Parameters
        ----------
        record
            `campaign.campaign_record`.
        arm_by_customer
            ``customer_id`` and ``arm``.

        Raises
        ------
        WriterError
            When another process writes there.
        """
        with disk.lock_folder(self.folder):
            number = len(list(self.folder.glob("[0-9]*-*.json"))) + 1
            stem = f"{number:04d}-{record['play']}"
            arms, told = (self.folder / f"{stem}{end}" for end in (".parquet", ".json"))
            if told.exists():
                raise ArtifactError(
                    f"{told} exists, though the records before it do not.",
                    fix="bring the missing records back; none is ever removed.",
                    file=str(told),
                )
            disk.write_file(arms, lambda path: arm_by_customer.write_parquet(path))
            whole = {**record, "lots": {"file": arms.name, **disk.file_fact(arms)}}
            text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
            disk.write_file(told, f"{text}\n".encode())
        return told

    def _lots(self, record: dict[str, JSON]) -> pl.DataFrame:
        path = self.folder / Path(record["lots"]["file"]).name
        if not path.is_file() or disk.file_fact(path)["sha256"] != record["lots"]["sha256"]:
            raise ArtifactError(
                f"{path} should hold who was left alone, and is gone or was changed.",
                fix="bring it back: without it controls would be treated.",
                file=str(path),
            )
        return pl.read_parquet(path, columns=["customer_id", "arm"])


def find_experiment_logs(run: Path, configured: str = "") -> ExperimentLog:
    """Return the experiments of the runs that stand beside this one."""
    beside = run.absolute().parent / DEFAULT_LOG_FOLDER
    return ExperimentLog(Path(configured) if configured else beside)


def evidence_status(campaign: str, records: Sequence[Mapping[str, JSON]]) -> tuple[str, str]:
    """Return how far a play is proven: in a word, and in a sentence.

    Examples
    --------
    >>> status("call", [])
    ('untested', 'untested until an experiment is logged')
    """
    own = [record for record in records if record["play"] == campaign]
    if not own:
        return "untested", "untested until an experiment is logged"
    last = own[-1]
    told = f"list drawn {last['created']}, readout from {last['readout']} on"
    return "on trial", f"on trial, no result yet: {told}"


def _read(path: Path) -> dict[str, JSON]:
    try:
        record = json.loads(path.read_bytes())
        sound = record["format"] == EXPERIMENT_FORMAT and all(
            name in record for name in REQUIRED_FIELDS
        )
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        raise ArtifactError(
            f"{path} should be the record of an experiment, and cannot be read.",
            fix="bring it back as it was written; records are never changed.",
            file=str(path),
        )
    return dict(record)
