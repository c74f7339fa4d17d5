"""Log experiments: one record per campaign list, written once and never changed."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segpredict.analytics.campaigns.campaign_list import UNIVERSAL_HOLDOUT_ARM
from segpredict.core import disk
from segpredict.core.removal import Removal
from segpredict.core.run_folder import encode_parquet
from segpredict.core.types import JSON
from segpredict.core.work_folder import WorkFolder
from segpredict.errors import ArtifactError

EXPERIMENT_FORMAT = 1
DEFAULT_LOG_FOLDER = "experiments"
READOUT_FOLDER = "readouts"
ALL_CAMPAIGNS = "*"  # in place of a campaign's name: those whom no campaign contacts
TABLE_FACTS = ("assignment", "universal_holdout")  # in a record: its tables
READOUT_FIELDS = ("status", "sentence", "look")
REQUIRED_FIELDS = ("campaign", "created", "readout", "customers", "arms", "assignment")


@dataclass(frozen=True, slots=True)
class ExperimentLog:
    """The folder of experiments.

    >>> ExperimentLog(Path("no/such/folder")).read_records()
    []
    """

    # holds ``0001-campaign.json``, ``0001-campaign.parquet`` (customer, arm and forecasts) and
    # ``0001-campaign.holdout.parquet`` (newly in the universal holdout), and so on; readouts are in
    # a folder of their own. It holds ids of customers.
    folder: Path

    def read_records(self) -> list[dict[str, JSON]]:
        """Return all records, oldest first."""
        return list(self.named_records().values())

    def named_records(self) -> dict[str, dict[str, JSON]]:
        """Return all records by name, oldest first."""
        return {path.stem: _read(path) for path in sorted(self.folder.glob("[0-9]*-*.json"))}

    def assigned_customers(self, name: str) -> pl.DataFrame:
        """Return the customers of a record that are on no earlier list of its campaign.

        ``customer_id``, ``arm``, and the forecasts of that day where the record holds them.
        """
        records = self.named_records()
        own = records[name]
        before = [r for n, r in records.items() if n < name and r["campaign"] == own["campaign"]]
        customers = self._table(own["assignment"])
        for record in before:
            known = self._table(record["assignment"])
            customers = customers.join(known, on="customer_id", how="anti")
        return customers

    def listed_customers(self, name: str) -> pl.DataFrame:
        """Return all customers of a record, those of earlier lists, too."""
        return self._table(self.named_records()[name]["assignment"])

    def read_readouts(self, name: str) -> list[dict[str, JSON]]:
        """Return the readouts of a record, oldest first."""
        return [_read_readout(path) for path in self._readouts(name)]

    def lock_readouts(self) -> AbstractContextManager[WorkFolder]:
        """Be the only one who reads out: two looks at once would both spend significance."""
        return disk.lock_folder(self.folder / READOUT_FOLDER)

    def append_readout(self, name: str, readout: Mapping[str, JSON], work: WorkFolder) -> Path:
        """Write a readout of a record, under the lock of readouts; none is ever changed."""
        number = len(self._readouts(name)) + 1
        path = self.folder / READOUT_FOLDER / f"{name}.{number:04d}.json"
        disk.place_file(work, path, _json(readout))
        return path

    def _readouts(self, name: str) -> list[Path]:
        return sorted((self.folder / READOUT_FOLDER).glob(f"{name}.[0-9]*.json"))

    def with_results(self) -> list[dict[str, JSON]]:
        """Return all records, oldest first, each with its last readout as ``result``."""
        found = []
        for name, record in self.named_records().items():
            readouts = self.read_readouts(name)
            found.append({**record, "result": readouts[-1] if readouts else None})
        return found

    def earlier_arms(self) -> dict[str, dict[str, str]]:
        """Return each customer's arm on earlier lists, by campaign; the first holds.

        Those in the universal holdout of that day who were on no list are under `ALL_CAMPAIGNS`.
        """
        found: dict[str, dict[str, str]] = {}
        for record in self.read_records():
            known = found.setdefault(record["campaign"], {})
            arms = self._table(record["assignment"]).select("customer_id", "arm")
            for customer, arm in arms.iter_rows():
                known.setdefault(customer, arm)
            if fact := record.get("universal_holdout"):
                held = self._table(fact)["customer_id"]
                everywhere = found.setdefault(ALL_CAMPAIGNS, {})
                everywhere |= dict.fromkeys(held, UNIVERSAL_HOLDOUT_ARM)
        return found

    def lock(self) -> AbstractContextManager[WorkFolder]:
        """Be the only one who adds to the log, from the first look at it."""
        return disk.lock_folder(self.folder)

    def append_experiment(
        self,
        record: dict[str, JSON],
        assigned: pl.DataFrame,
        work: WorkFolder | None = None,
        held: pl.DataFrame | None = None,
    ) -> Path:
        """Write a record and the arms of its list; return the path of the record.

        * `assigned`: ``customer_id``, ``arm``, and the forecasts that a readout adjusts for.
        * `held`: ``customer_id`` of those who came to the universal holdout, listed or not.
        """
        if work is None:
            with self.lock() as own:
                return self.append_experiment(record, assigned, own, held)
        work.settle(self._needed())
        number = len(list(self.folder.glob("[0-9]*-*.json"))) + 1
        stem = f"{number:04d}-{record['campaign']}"
        tables = {"assignment": (f"{stem}.parquet", assigned)}
        if held is not None:
            tables["universal_holdout"] = (f"{stem}.holdout.parquet", held)
        record_path = self.folder / f"{stem}.json"
        _refuse_existing(record_path, *(self.folder / name for name, _ in tables.values()))
        work.announce([name for name, _ in tables.values()])
        whole = dict(record)
        try:
            for key, (name, table) in tables.items():
                content = encode_parquet(table)
                whole[key] = _fact(name, content)
                disk.place_file(work, self.folder / name, content)
            disk.place_file(work, record_path, _json(whole))
        finally:
            work.settle(self._needed())
        return record_path

    @contextmanager
    def removing(self, customers: Collection[str]) -> Iterator[Removal]:
        """Yield the log without some customers, whose number stays in each record as ``erased``.

        A table without them gets a new name, and then its record, which names it with its hash,
        takes the place of the old: no moment is without a table that fits. Numbers of the day of
        the list, and readouts, stay as they were.
        """
        with self.lock() as work:
            work.settle(self._needed())
            rows: dict[str, int] = {}
            tables, records = [], []
            for name, record in self.named_records().items():
                now = dict(record)
                for key in (each for each in TABLE_FACTS if record.get(each)):
                    saved = self._table(record[key])
                    left = saved.filter(~pl.col("customer_id").is_in(list(customers)))
                    if left.height == saved.height:
                        continue
                    file = Path(record[key]["file"]).name
                    rows[file] = saved.height - left.height
                    content, new = encode_parquet(left), self._new_name(file)
                    now[key] = _fact(new, content)
                    tables.append(disk.draft_in(work, self.folder / new, content))
                if now != record:
                    now["erased"] = record.get("erased", 0) + rows.get(_file(record), 0)
                    path = self.folder / f"{name}.json"
                    records.append(disk.draft_in(work, path, _json(now)))
            work.announce([*(t.path.name for t in tables), *self._needed()])
            try:
                yield Removal.of_files(rows, [*tables, *records])
            finally:
                work.settle(self._needed())

    def _needed(self) -> list[str]:
        """Return the files that the records name."""
        facts = [r.get(key) for r in self.read_records() for key in TABLE_FACTS]
        return [Path(fact["file"]).name for fact in facts if fact]

    def _new_name(self, file: str) -> str:
        """Return a name of a table that nothing has yet, and that no glob of records finds."""
        stem = file.removesuffix(".parquet").partition(".erased-")[0]
        number = 1 + len(list(self.folder.glob(f"{stem}.erased-*.parquet")))
        return f"{stem}.erased-{number}.parquet"

    def _table(self, fact: Mapping[str, JSON]) -> pl.DataFrame:
        path = self.folder / Path(fact["file"]).name
        try:
            content = path.read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != fact["sha256"]:
            raise ArtifactError(
                f"{path} should hold the control group, and is missing or was changed.",
                fix="restore it: without it customers of the control group would be treated.",
                file=str(path),
            )
        return pl.read_parquet(content, glob=False)


def find_experiment_logs(run: Path, configured: str = "") -> ExperimentLog:
    """Return the experiment log next to a run, or the configured one.

    >>> find_experiment_logs(Path("artifacts/run")).folder.parts[-2:]
    ('artifacts', 'experiments')
    """
    default_folder = run.absolute().parent / DEFAULT_LOG_FOLDER
    return ExperimentLog(Path(configured) if configured else default_folder)


def evidence_status(campaign: str, records: Sequence[Mapping[str, JSON]]) -> tuple[str, str]:
    """Return the evidence for a campaign: a status, and a sentence.

    It is that of the newest list with a complete result; without one, of the newest list.

    >>> evidence_status("call", [])
    ('untested', 'untested until an experiment is logged')
    """
    own = [record for record in records if record["campaign"] == campaign]
    if not own:
        return "untested", "untested until an experiment is logged"
    done = [r for r in own if (r.get("result") or {}).get("status") == "complete"]
    last = done[-1] if done else own[-1]
    result = last.get("result")
    if result and result["status"] == "complete":
        return "tested", f"tested: {result['sentence'].rstrip('.')}"
    if result and result["status"] == "none" and result["look"] and result["look"]["fraction"] >= 1:
        return "no result", result["sentence"].rstrip(".")
    summary = f"list drawn {last['created']}, readout from {last['readout']} on"
    return "running", f"running, no result yet: {summary}"


def _fact(file: str, content: bytes) -> dict[str, JSON]:
    """Return what a record says of a table."""
    return {"file": file, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _file(record: Mapping[str, JSON]) -> str:
    return Path(record["assignment"]["file"]).name


def _json(value: Mapping[str, JSON]) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _refuse_existing(record_path: Path, *tables: Path) -> None:
    if record_path.exists():
        raise ArtifactError(
            f"{record_path} exists, though the records before it do not.",
            fix="restore the missing records; none is ever removed.",
            file=str(record_path),
        )
    for path in tables:
        if path.exists():
            raise ArtifactError(
                f"{path} exists, and no record names it.",
                fix="move it away, then run the command again.",
                file=str(path),
            )


def _read_readout(path: Path) -> dict[str, JSON]:
    try:
        found = json.loads(path.read_bytes())
        look = found["look"]
        if all(name in found for name in READOUT_FIELDS) and (look is None or "alpha" in look):
            return dict(found)
    except (ValueError, TypeError, KeyError):
        pass
    raise ArtifactError(
        f"{path} should be a readout, and cannot be read.",
        fix="restore it as it was written: it says how much of the significance level is spent.",
        file=str(path),
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
