"""Write to disk so that a reader sees the old or the new content, never a half.

The only module that renames, syncs and links; everything else says what to write.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from segpredict.core import work_folder
from segpredict.core.types import JSON
from segpredict.core.work_folder import WorkFolder
from segpredict.core.write_errors import translate_write_errors
from segpredict.errors import UsageError

FileContent = bytes | Callable[[Path], None]
HASH_BYTES = 1 << 20  # bytes that are read at a time
MIN_FREE_BYTES = 1 << 16  # free bytes of a disk that is full: less than any part of a file
FILE_WAIT_SECONDS = 60.0  # how long another writer of the same file is waited for
AT_CWD, EXCHANGE = -100, 2  # of Linux' renameat2: from the current folder, swap two names
SWAP = 2  # of macOS' renamex_np
# Windows has not all of them.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
FILE_FLAGS = os.O_RDONLY | NO_LINKS | getattr(os, "O_NONBLOCK", 0)
FOLDER_FLAGS = os.O_RDONLY | NO_LINKS | getattr(os, "O_DIRECTORY", 0)


def write_file(path: str | Path, content: FileContent) -> None:
    """Write one file whole or not at all."""
    with drafted_file(path, content) as publish:
        publish()


@contextmanager
def drafted_file(path: str | Path, content: FileContent) -> Iterator[Callable[[], None]]:
    """Write a file as a draft; yield what gives it its name, when all else is done."""
    path = (
        work_folder.true_place(Path(path).parent) / Path(path).name
    )  # a link is replaced, not followed
    with work_folder.lock_target(path, wait_seconds=FILE_WAIT_SECONDS) as work:
        yield draft_in(work, path, content).publish


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder that only this user may read, and that goes with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="segpredict-") as folder:
        yield Path(folder)


def folder_of(owner: object) -> Path:
    """Return a new folder that only this user may read, and that goes with its owner."""
    folder = Path(tempfile.mkdtemp(prefix="segpredict-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder


def rewrite_draft(path: Path, content: Callable[[Path], None]) -> None:
    """Write a file of a folder for drafts anew; who still reads the old one is not disturbed."""
    with translate_write_errors(path):
        draft = path.with_suffix(".new")
        _write_by(content, draft)
        draft.replace(path)


def place_file(work: WorkFolder, path: Path, content: FileContent) -> None:
    """Write one file whole or not at all, by way of a work folder on the same disk."""
    draft_in(work, path, content).publish()


@dataclass(frozen=True, slots=True)
class DraftedFile:
    """A file that is written and synced, and does not have its name yet."""

    draft: Path
    path: Path

    def publish(self) -> None:
        """Give it its name, in the place of the file that has it."""
        with translate_write_errors(self.path):
            self.draft.replace(self.path)
            sync(self.path.parent)


def draft_in(work: WorkFolder, path: Path, content: FileContent) -> DraftedFile:
    """Write a file as a draft in a work folder on the same disk."""
    with translate_write_errors(path):
        draft = work.new_folder() / path.name
        write_synced(draft, content)
    return DraftedFile(draft, path)


def for_owner(content: bytes) -> FileContent:
    """Return the content of a file that only this user may read."""

    def write(path: Path) -> None:
        path.touch(mode=0o600)
        path.write_bytes(content)

    return write


def write_new_file(path: str | Path, content: FileContent, work: WorkFolder | None = None) -> bool:
    """Write one file whole if there is none; return whether it was written.

    An existing file stays as it is. The draft is made in the work folder, so that readers
    of the folder see whole files only.
    """
    path = Path(path)
    if work is None:
        with lock_folder(path.parent) as own:
            return write_new_file(path, content, own)
    with translate_write_errors(path.parent):
        draft = work.new_folder() / path.name
        write_synced(draft, content)
        is_new = _claim(draft, path)
        sync(path.parent)
    return is_new


def lock_folder(folder: Path) -> AbstractContextManager[WorkFolder]:
    """Be the only one who writes into a folder, which is made if it is not there."""
    return work_folder.lock_target(work_folder.true_place(folder), inside=True)


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


def replace_folder(draft: Path, folder: Path) -> None:
    """Give a finished folder the target's name, at once; the old one goes last.

    Where the system cannot exchange two folders, the old one stands in the work folder for a
    moment: readers and the next writer know it there.
    """
    sync(draft)
    if not folder.exists():
        draft.rename(folder)
    elif _exchange(draft, folder):
        sync(folder.parent)
        work_folder.remove_unread(draft)
    else:
        old = draft.with_name(work_folder.OLD_NAME)
        folder.rename(old)
        try:
            draft.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        old.rename(draft)
        sync(folder.parent)
        work_folder.remove_unread(draft)
    sync(folder.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders swap their names in one step; return whether the system can."""
    if sys.platform == "win32":
        return False
    system = ctypes.CDLL(None)
    first, second = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        return bool(system.renameat2(AT_CWD, first, AT_CWD, second, EXCHANGE) == 0)
    if hasattr(system, "renamex_np"):
        return bool(system.renamex_np(first, second, SWAP) == 0)
    return False


class OpenFolder:
    """A folder whose files are read as they were when it was opened, whatever replaces it.

    The folder is held by a handle, which stays with it, and locked against removal. Systems
    without either read by name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place, self._handle = _entered(folder)
        if self._handle is not None:
            weakref.finalize(self, os.close, self._handle)

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading; links, pipes and devices are refused before they are opened."""
        if self._handle is None:
            return open_plain(self._place / name)
        *folders, last = name.split("/")
        with ExitStack() as held:
            at = self._handle
            for folder in folders:
                at = os.open(folder, FOLDER_FLAGS, dir_fd=at)
                held.callback(os.close, at)
            return _plain(last, at)


def open_plain(path: Path) -> IO[bytes]:
    """Open a file for reading that is a plain one: no link, pipe, socket or device."""
    return _plain(path, None)


def _plain(name: str | Path, folder: int | None) -> IO[bytes]:
    _require_plain(os.stat(name, dir_fd=folder, follow_symlinks=False))
    # What takes its place after that look is neither followed nor waited for.
    file = os.fdopen(os.open(name, FILE_FLAGS, dir_fd=folder), "rb")
    try:
        _require_plain(os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def _require_plain(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file")


def _entered(folder: Path) -> tuple[Path, int | None]:
    """Return a folder, or where the old one stands during a swap, and a handle of it."""
    for _ in range(work_folder.MAX_TRIES):
        aside = work_folder.work_place(work_folder.true_place(folder)) / work_folder.OLD_NAME
        place = folder if folder.exists() or not aside.exists() else aside
        try:
            handle = work_folder.open_handle(place)
        except FileNotFoundError:
            if not folder.parent.exists() or not (folder.exists() or aside.exists()):
                return folder, None
            continue
        except OSError:  # no folder, or not to be read: opening a file in it will say so
            return place, None
        if handle is None:
            return place, None
        if work_folder.lock_handle(handle, shared=True) and _is_at(handle, place):
            return place, handle
        os.close(handle)  # another folder has taken its place, and it is removed
        time.sleep(0.005)
    return folder, None


def _is_at(handle: int, place: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(handle), place.stat())
    return False


def point_link(link: Path, target: Path) -> None:
    """Let a link lead to a folder, at once: who opens it finds the old folder or the new one.

    The link is relative, so that both can be moved together.

    Raises `UsageError` when something that is no link stands there.
    """
    if link.exists() and not link.is_symlink():
        raise UsageError(
            f"{link} is no link, and is not replaced.",
            fix="name a link, or a place where nothing stands.",
        )
    place = work_folder.true_place(link.parent)
    with translate_write_errors(link), work_folder.lock_target(place / link.name) as work:
        draft = work.new_folder() / link.name
        draft.symlink_to(os.path.relpath(target.resolve(), place), target_is_directory=True)
        draft.replace(place / link.name)
        sync(place)


def write_synced(path: Path, content: FileContent) -> dict[str, JSON]:
    """Write and sync a file; return its fact sheet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        _write_by(content, path)
    sync(path)
    return file_fact(path)


def _write_by(content: Callable[[Path], None], path: Path) -> None:
    try:
        content(path)
    except Exception as error:
        # Polars does not always say why it could not end a file: the disk does.
        if not isinstance(error, OSError) and shutil.disk_usage(path.parent).free < MIN_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


def link_file(source: Path, target: Path) -> None:
    """Put a file in a second place, by a link if the disk can."""
    try:
        target.hardlink_to(source)  # no file of a run is ever written in place
    except OSError:
        shutil.copy2(source, target)


def file_fact(path: Path) -> dict[str, JSON]:
    """Return SHA-256 and size of a file, read piece by piece."""
    with path.open("rb") as file:
        digest = hash_stream(file)
        return {"sha256": digest, "bytes": file.seek(0, os.SEEK_END)}


def hash_stream(stream: IO[bytes]) -> str:
    """Return the SHA-256 of a file that is open, then to be read from its beginning."""
    digest = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(HASH_BYTES):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    is_windows = sys.platform == "win32"
    if is_windows and path.is_dir():
        return  # it keeps names by itself, and gives no handle of a folder
    handle = os.open(path, os.O_RDWR if is_windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
