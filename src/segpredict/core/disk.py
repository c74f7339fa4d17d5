"""Write to disk so that a reader sees the old or the new content, never a half.

The only module that renames, syncs and links; everything else says what to write.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segpredict.core.types import JSON
from segpredict.errors import LimitError, StoreLockedError, UsageError

LOCK_FILE = ".lock"
FileContent = bytes | Callable[[Path], None]


def write_file(path: str | Path, content: FileContent) -> None:
    """Write one file whole or not at all."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    with translate_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_synced(draft, content)
            draft.replace(path)
            _sync(path.parent)
        finally:
            draft.unlink(missing_ok=True)


def write_new_file(path: str | Path, content: FileContent) -> bool:
    """Write one file whole if there is none; return whether it was written.

    An existing file stays as it is, also if it appeared during the write. The draft is
    made next to the folder, so that readers of the folder see whole files only; what a
    killed process left is removed by the next.
    """
    path = Path(path)
    folder = path.parent
    with translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        prefix = f".{folder.name}.{os.getpid()}."
        place = Path(tempfile.mkdtemp(prefix=prefix, suffix=".new", dir=folder.parent))
        try:
            write_synced(place / path.name, content)
            is_new = _claim(place / path.name, path)
            _sync(folder)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return is_new


def _claim(draft: Path, path: Path) -> bool:
    """Give a finished file its name unless another file has it."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    except OSError:  # a disk without links: another file may appear in between
        if path.exists():
            return False
        draft.rename(path)
    return True


@contextmanager
def translate_write_errors(target: Path) -> Iterator[None]:
    """Turn failures to write into errors that name the obstacle."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LimitError(
                f"The disk of {target} is full.", fix="free space, or choose --out."
            ) from None
        raise UsageError(
            f"{target} cannot be written: {error.strerror or error}.",
            fix="choose another --out.",
            file=str(target),
        ) from None


def replace_folder(draft: Path, folder: Path) -> None:
    """Give a finished folder the target's name; the old one goes last."""
    _sync(draft)
    if folder.exists():
        old = draft.with_suffix(".old")
        folder.rename(old)
        try:
            draft.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.rename(folder)
    _sync(folder.parent)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Be the only one who writes into a folder, which is made if it is not there.

    Notes
    -----
    The lock goes with the process that holds it, however it ends; a file that was left
    behind locks nothing.
    """
    path = folder / LOCK_FILE
    with translate_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(handle, path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # it holds something
                folder.rmdir()
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    """Lock a file and say in it who did; a file that was just removed is no lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = path.exists() and path.stat().st_ino == os.fstat(handle).st_ino
    except BlockingIOError:
        is_there = False
    if not is_there:
        raise StoreLockedError(str(path.parent), os.pread(handle, 20, 0).decode())
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())


def remove_leftovers(folder: Path) -> None:
    """Finish or remove what a killed run has left next to the folder."""
    for left in sorted(folder.parent.glob(f".{folder.name}.*.*")):
        pid = left.name.removeprefix(f".{folder.name}.").split(".")[0]
        if pid.isdigit() and not _alive(int(pid)):
            if left.suffix == ".old" and not folder.exists():
                left.rename(folder)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def write_synced(path: Path, content: FileContent) -> dict[str, JSON]:
    """Write and sync a file; return its fact sheet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    _sync(path)
    return file_fact(path)


def link_file(source: Path, target: Path) -> None:
    """Put a file in a second place, by a link if the disk can."""
    try:
        target.hardlink_to(source)  # no file of a run is ever written in place
    except OSError:
        shutil.copy2(source, target)


def file_fact(path: Path) -> dict[str, JSON]:
    """Return SHA-256 and size of a file, read piece by piece."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
