"""Remember looks at a final test beyond the run folder in which they were taken.

The lock of a run goes with its folder. Whoever tries another setting writes another
folder, so the looks are kept elsewhere, too: in the store that the data came from, and
in the folder in which the runs stand.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from segpredict import disk
from segpredict.artifacts import as_json
from segpredict.classifier import Lock
from segpredict.errors import ArtifactError
from segpredict.tables import JSON

BESIDE_RUNS = ".segpredict-looks.json"
IN_STORE = "looks.json"
FORMAT = 1


def places(run: Path, store: Path | None = None) -> tuple[Path, ...]:
    """Return the files in which looks are kept.

    Parameters
    ----------
    run
        The run folder; its parent keeps looks.
    store
        The store that the data come from, if they do.
    """
    beside = run.absolute().parent / BESIDE_RUNS
    return (beside,) if store is None else (beside, store / IN_STORE)


def recalled(lock: Lock, kept_in: Iterable[Path]) -> Lock:
    """Return the lock with all looks at its test that were kept in these files.

    Raises
    ------
    ArtifactError
        When a file is there and cannot be understood.
    """
    for path in kept_in:
        for state in _read(path):
            lock = lock.joined(state)
    return lock


def keep(lock: Lock, kept_in: Iterable[Path]) -> None:
    """Add the looks of a lock to these files, which are made if they are not there."""
    for path in kept_in:
        known = _read(path)
        whole = recalled(lock, [path]).state()
        test = _test(whole)
        others = [state for state in known if _test(state) != test]
        tests = sorted([*others, whole], key=_test)
        told = {"format": FORMAT, "tests": tests}
        disk.write_file(path, as_json(told))


def _test(state: JSON) -> tuple[str, str]:
    return state["data"], state["cutoff"]


def _read(path: Path) -> list[JSON]:
    try:
        told = json.loads(path.read_bytes())
        tests = told["tests"]
        sound = told["format"] == FORMAT and all(_is_lock(state) for state in tests)
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        raise ArtifactError(
            f"{path} should list who has looked at final tests, and cannot be read.",
            fix="remove it; earlier looks are then forgotten.",
            file=str(path),
        )
    return list(tests)


def _is_lock(state: JSON) -> bool:
    return set(state) == {"data", "cutoff", "openings"} and all(
        set(opening) == {"config", "created"} for opening in state["openings"]
    )
