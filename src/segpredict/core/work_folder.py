"""Be the only writer of a file or folder, and know one's own drafts from anyone's files.

While ``may`` is written, a work folder ``.may.segpredict`` stands beside it; a folder that is
written in place has its work folder inside, ``.segpredict``. It holds a lock, a mark that says
whose it is, and drafts. Only what stands in a marked work folder, or is named by its mark, is
ever removed. A draft is alive while the lock of its work folder is held, and the system takes
a lock from a process that ends, however it ends: so no process number has to be believed, and
one that was given to another process, another host or a container changes nothing.
"""

import json
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from segpredict.core.write_errors import translate_write_errors
from segpredict.errors import BusyError, UsageError, quote_value

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where an open file cannot be removed anyway
    fcntl = None  # type: ignore[assignment,unused-ignore]

ENDING = ".segpredict"
LOCK_NAME = "lock"
MARK_NAME = "mark.json"
OLD_NAME = "old"  # the former folder, where a disk cannot exchange two folders at once
MADE_BY = "segpredict"
GRACE_SECONDS = 1.0  # another process may hold a lock for a moment, to sweep
MAX_TRIES = 200  # to enter a work folder that its last holder is just removing


class WorkFolder:
    """The work folder of a target that this process alone may write, while it holds the lock.

    `announced` are files of the target that an earlier process may not have finished.
    """

    def __init__(self, target: Path, place: Path, announced: Iterable[str] = ()) -> None:
        self.target = target
        self.place = place
        self._announced = set(announced)

    def new_folder(self) -> Path:
        """Return a new folder for drafts, which goes with the lock.

        Who may read it is what the umask says, since a draft becomes what it is a draft of.
        """
        folder = self.place / f"draft-{uuid4().hex}"
        folder.mkdir()
        return folder

    def announce(self, names: Iterable[str]) -> None:
        """Say which files of the target are about to be written, or are no longer needed.

        A process that is killed leaves its list: the next one knows the files as ours.
        """
        self._announced.update(names)
        with translate_write_errors(self.target):
            self.sign()

    def settle(self, needed: Iterable[str]) -> None:
        """Remove the announced files that the target does not need."""
        if not self._announced:
            return
        left = set()
        for name in sorted(self._announced - set(needed)):
            try:
                (self.target / name).unlink(missing_ok=True)
            except PermissionError:  # Windows, where somebody reads it
                left.add(name)
        self._announced = left
        with suppress(OSError):  # a full disk: the old mark names more, and all of it is ours
            self.sign()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is announced any more."""
        return not self._announced

    def sign(self) -> None:
        """Write the mark of this process."""
        _write_mark(self.place, self.target.name, sorted(self._announced))


def true_place(target: Path) -> Path:
    """Return the path of a file or folder that has only one: no links on the way."""
    return Path(os.path.realpath(target))


def work_place(target: Path, *, inside: bool = False) -> Path:
    """Return where the work folder of a target stands."""
    return target / ENDING if inside else target.with_name(f".{target.name}{ENDING}")


@contextmanager
def lock_target(
    target: Path, *, inside: bool = False, wait_seconds: float = GRACE_SECONDS
) -> Iterator[WorkFolder]:
    """Be the only one who writes a target, from the first look to the publishing.

    A folder that is written in place (`inside`) is made if it is not there.

    Raises `BusyError` when another process, or another part of this one, writes there.
    """
    place = work_place(target, inside=inside)
    with translate_write_errors(target):
        lock = _enter(place, target, wait_seconds)
    work = WorkFolder(target, place)
    try:
        with translate_write_errors(target):
            work = WorkFolder(target, place, _read_mark(place).get("files", ()))
            _recover(place, target)
            work.sign()
            if not inside:
                _sweep_neighbours(place)
        yield work
    finally:
        _leave(work, lock)
        if inside:
            with suppress(OSError):  # it holds something
                target.rmdir()


def remove_unread(path: Path) -> None:
    """Remove a draft, or an old folder unless somebody reads in it; a later sweep takes that."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    handle = open_handle(path)
    try:
        if handle is None or lock_handle(handle, shared=False):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        if handle is not None:
            os.close(handle)


def open_handle(folder: Path) -> int | None:
    """Return a handle of a folder; ``None`` on systems without."""
    if fcntl is None or os.open not in os.supports_dir_fd:
        return None
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def lock_handle(handle: int, *, shared: bool) -> bool:
    """Lock a folder against its removal, or for it; return whether nobody else stands against.

    Disks that know no locks on folders stand against nothing.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _enter(place: Path, target: Path, seconds: float) -> Any:
    """Lock a work folder, which is made if it is not there."""
    from filelock import Timeout

    for _ in range(MAX_TRIES):
        lock = _lock(place)
        try:
            place.mkdir(parents=True, exist_ok=True)
            _refuse_strangers(place)
            lock.acquire(timeout=seconds, poll_interval=0.02)
        except (FileNotFoundError, FileExistsError):  # its last holder has just removed it
            if place.exists() and not place.is_dir():
                raise
            time.sleep(0.005)
        except Timeout:
            raise BusyError(str(target), **_holder(place)) from None
        else:
            return lock
    raise BusyError(str(target))


def _lock(place: Path) -> Any:
    """Return the lock of a work folder; its library is loaded by those who write only."""
    from filelock import FileLock

    return FileLock(place / LOCK_NAME, thread_local=False)


def _leave(work: WorkFolder, lock: Any) -> None:
    """Remove what is left in a work folder, and the folder if it holds nothing then."""
    place = work.place
    try:
        with suppress(OSError):
            _clear(place)
            if work.is_settled and not _drafts(place):
                (place / MARK_NAME).unlink(missing_ok=True)
                # Locked until here: nobody can hold a lock file that is gone.
                (place / LOCK_NAME).unlink(missing_ok=True)
    finally:
        lock.release()
        with suppress(OSError):  # left for the next, or entered by the next
            place.rmdir()


def _drafts(place: Path) -> list[Path]:
    return [path for path in place.iterdir() if path.name not in (LOCK_NAME, MARK_NAME)]


def _clear(place: Path) -> None:
    for path in _drafts(place):
        remove_unread(path)


def _recover(place: Path, target: Path) -> None:
    """Give back the folder that a killed process had put aside; remove its drafts."""
    old = place / OLD_NAME
    if old.exists() and not target.exists():
        old.rename(target)
    _clear(place)


def _sweep_neighbours(own: Path) -> None:
    """Remove what killed processes have left of other targets in the same folder."""
    from filelock import Timeout

    for place in own.parent.glob(f".*{ENDING}"):
        if place == own or place.is_symlink() or not _read_mark(place):
            continue
        lock = _lock(place)
        with suppress(OSError, Timeout):
            lock.acquire(blocking=False)
            mark = _read_mark(place)
            work = WorkFolder(target_of(place), place, mark.get("files", ()))
            try:
                if mark:
                    _recover(place, work.target)
            finally:
                _leave(work, lock)


def target_of(place: Path) -> Path:
    """Return the target of a work folder that stands beside it."""
    return place.with_name(place.name.removeprefix(".").removesuffix(ENDING))


def own_folder(folder: Path) -> bool:
    """Mark a folder as ours, which is made if it is not there; ``False`` if it is another's."""
    with translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not _is_marked(folder):
            if any(folder.iterdir()):
                return False
            _write_mark(folder, folder.name)
    return True


def remove_own_folder(folder: Path) -> None:
    """Remove a folder that `own_folder` has marked; any other stays."""
    if not folder.is_symlink() and _is_marked(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _is_marked(folder: Path) -> bool:
    return _mark(folder).get("target") == folder.name


def _write_mark(place: Path, target: str, files: Sequence[str] = ()) -> None:
    """Say in a folder that it is ours, what it is for, and who works there."""
    mark = {
        "made_by": MADE_BY,
        "target": target,
        "process": os.getpid(),
        "host": socket.gethostname(),
        "files": list(files),
    }
    content = json.dumps(mark).encode()
    path = place / MARK_NAME
    if path.exists():
        draft = path.with_suffix(".new")
        _write_synced(draft, content)
        draft.replace(path)
    else:
        _write_synced(path, content)


def _mark(folder: Path) -> dict[str, Any]:
    try:
        mark = json.loads((folder / MARK_NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) and mark.get("made_by") == MADE_BY else {}


def _read_mark(place: Path) -> dict[str, Any]:
    """Return the mark of a work folder; empty where nothing says that it is ours."""
    mark = _mark(place)
    is_inside = place.name == ENDING  # it goes where its folder is moved
    return mark if is_inside or mark.get("target") == target_of(place).name else {}


def _refuse_strangers(place: Path) -> None:
    """Refuse a folder with the name of a work folder that is not ours.

    A process that was killed before it could sign leaves nothing but empty files.
    """
    if _read_mark(place):
        return
    for path in place.iterdir():
        if path.is_dir() or path.stat().st_size:
            if _read_mark(place) or not path.exists():  # another began, or ended, in between
                return
            raise UsageError(
                f"{quote_value(place)} holds {quote_value(path.name)}, which segpredict did "
                "not write.",
                fix="move it away, or choose another --out.",
                file=str(place),
            )


def _holder(place: Path) -> dict[str, str]:
    """Return who writes, as the mark says."""
    mark = _read_mark(place)
    if not mark:
        return {}
    is_here = mark.get("host") == socket.gethostname()
    return {"process": f"{mark.get('process')}" + ("" if is_here else f" on {mark.get('host')}")}


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
