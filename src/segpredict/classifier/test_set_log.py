"""Log each evaluation on the final test set, so that a second never passes for a first.

A run's log is deleted with its folder: so a copy is saved in the data store and next to the runs.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from segpredict.core import disk
from segpredict.core.state import from_plain
from segpredict.core.types import JSON
from segpredict.core.window import as_date, day_number
from segpredict.core.work_folder import lock_target, true_place
from segpredict.errors import ArtifactError

LOG_BESIDE_RUNS = ".segpredict-test-set-log.json"
LOG_IN_STORE = "test_set_log.json"
LOG_FORMAT = 1
NOT_COUNTED = ("threads", "explain")  # settings that change no forecast


@dataclass(frozen=True, slots=True)
class LoggedEvaluation:
    """One evaluation on the final test set."""

    config: str  # SHA-256 of the settings
    created: str  # when, as the caller gave it


@dataclass(frozen=True, slots=True)
class TestSetLog:
    """The evaluations on one final test set."""

    __test__ = False  # no test of pytest's, whatever its name begins with

    data_fingerprint: str  # fingerprint of the canonical lines
    cutoff: int  # the day of the test
    evaluations: tuple[LoggedEvaluation, ...] = ()  # one for each different setting, oldest first

    def add(self, config: JSON, created: str) -> "TestSetLog":
        """Return the log with one more; the same settings again are no new evaluation.

        >>> once = TestSetLog("abc", 100).add({"seed": 1}, "Monday")
        >>> once.add({"seed": 1}, "Tuesday") == once
        True
        """
        digest = settings_digest(config)
        if any(known.config == digest for known in self.evaluations):
            return self
        return replace(self, evaluations=(*self.evaluations, LoggedEvaluation(digest, created)))

    @property
    def warning(self) -> str:
        """A sentence where more than one setting was evaluated; else empty."""
        if len(self.evaluations) < 2:
            return ""
        first = self.evaluations[0].created
        since = f", first on {first}" if first else ""
        return (
            f"The final test of {as_date(self.cutoff)} was evaluated with {len(self.evaluations)} "
            f"different settings{since}. If one of them was chosen by its numbers, the numbers are "
            "too optimistic."
        )

    def to_state(self) -> JSON:
        """Return the log as JSON."""
        return {**asdict(self), "cutoff": as_date(self.cutoff).isoformat()}

    @classmethod
    def from_state(cls, state: JSON) -> "TestSetLog":
        """Return the log that gave a state."""
        return from_plain(cls, {**state, "cutoff": day_number(state["cutoff"])})

    def merge(self, state: JSON) -> "TestSetLog":
        """Return this log with the evaluations of a stored one of the same test.

        Each setting counts once, by its first evaluation.
        """
        if not isinstance(state, Mapping):
            return self
        same = (self.data_fingerprint, as_date(self.cutoff).isoformat())
        if (state.get("data_fingerprint"), state.get("cutoff")) != same:
            return self
        mine = {known.config for known in self.evaluations}
        others = TestSetLog.from_state(state).evaluations
        new = [other for other in others if other.config not in mine]
        both = sorted((*self.evaluations, *new), key=lambda each: each.created)
        return replace(self, evaluations=tuple(both))


def settings_digest(config: JSON) -> str:
    """Return the SHA-256 of the settings that can change a forecast, in any order.

    >>> settings_digest({"seed": 1, "threads": 2}) == settings_digest({"threads": 8, "seed": 1})
    True
    """
    counted = {name: value for name, value in config.items() if name not in NOT_COUNTED}
    text = json.dumps(counted, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def log_files(run: Path, store: Path | None = None) -> tuple[Path, ...]:
    """Return the files outside the run in which the log is saved."""
    beside = run.absolute().parent / LOG_BESIDE_RUNS
    return (beside,) if store is None else (beside, store / LOG_IN_STORE)


def recall(log: TestSetLog, files: Iterable[Path]) -> TestSetLog:
    """Return the log with all evaluations on its test that are in these files."""
    for path in files:
        for state in _read(path):
            log = log.merge(state)
    return log


def remember(log: TestSetLog, files: Iterable[Path]) -> None:
    """Add the evaluations to these files, which are made if they are not there."""
    for path in files:
        # Runs beside each other add to one log, so each waits for its turn.
        with lock_target(true_place(path), wait_seconds=disk.FILE_WAIT_SECONDS) as work:
            whole = recall(log, [path]).to_state()
            others = [state for state in _read(path) if _test(state) != _test(whole)]
            content = {"format": LOG_FORMAT, "tests": sorted([*others, whole], key=_test)}
            disk.place_file(work, path, (json.dumps(content, indent=2) + "\n").encode())


def _test(state: JSON) -> tuple[str, str]:
    return state["data_fingerprint"], state["cutoff"]


def _read(path: Path) -> list[JSON]:
    try:
        content = json.loads(path.read_bytes())
        tests = content["tests"]
        is_valid = content["format"] == LOG_FORMAT and all(_is_log(state) for state in tests)
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError):
        is_valid = False
    if not is_valid:
        raise ArtifactError(
            f"{path} should list evaluations on final tests, and cannot be read.",
            fix="remove it; earlier evaluations are then forgotten.",
            file=str(path),
        )
    return list(tests)


def _is_log(state: JSON) -> bool:
    return set(state) == {"data_fingerprint", "cutoff", "evaluations"} and all(
        set(each) == {"config", "created"} for each in state["evaluations"]
    )
