"""Run folders: written whole or not at all, and read only when their hashes match.

A run folder is plain files (JSON, Parquet, CSV, HTML) and a ``manifest.json`` that
names each with its SHA-256 (`named_files`). There is no pickle and nothing in it runs on load.
"""

import hashlib
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl

from segpredict.core import disk, named_files
from segpredict.core.types import JSON
from segpredict.core.work_folder import WorkFolder, lock_target, true_place
from segpredict.core.write_errors import translate_write_errors
from segpredict.errors import ArtifactError, TamperedFileError, TargetBusyError

MANIFEST_FORMAT = 2
MANIFEST_NAME = "manifest.json"
KIND = "run"
_SEAL = ("digest", "signature")  # facts of a manifest that are about itself
_FORMULA = r"((?:^|[;\t\r\n])\s*)([=+\-@＝＋－＠])"


def encode_json(value: JSON) -> bytes:
    """Return canonical JSON: readable, same bytes for same value, no NaN.

    >>> encode_json([]).decode().strip()
    '[]'
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # A path may hold bytes that are no text; as escapes they are read back unchanged.
    return (text + "\n").encode(errors="backslashreplace")


def parquet_writer(frame: pl.DataFrame | pl.LazyFrame) -> Callable[[Path], None]:
    """Return a writer of the frame, as one content of a run folder; a lazy one streams."""
    return frame.write_parquet if isinstance(frame, pl.DataFrame) else frame.sink_parquet


def encode_parquet(frame: pl.DataFrame) -> bytes:
    """Return the frame as the bytes of a Parquet file."""
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


def encode_csv(frame: pl.DataFrame) -> bytes:
    """Return the frame as CSV in which no cell can act as a spreadsheet formula."""
    return escape_formulas(frame).write_csv().encode()


def escape_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    r"""Return the frame with no text that a spreadsheet takes for a formula.

    Where one of ``= + - @`` or of their wide forms begins a text, blanks before it or
    not, an apostrophe is put before it (OWASP, CSV injection). So, too, after a
    semicolon, a tab or the end of a line within the text: a spreadsheet that parts
    cells there, as many do where commas are decimal marks, would begin a cell.

    >>> texts = ["=1+1", "a;-2", "a-b", "\t@x"]
    >>> escape_formulas(pl.DataFrame({"id": texts}))["id"].to_list()
    ["'=1+1", "a;'-2", 'a-b', "\t'@x"]
    """
    text = pl.col(pl.String).str.replace_all(_FORMULA, "${1}'${2}")
    return frame.with_columns(text)


class _RunReader(ABC):
    """What a run and a draft have in common: their files can be read."""

    @abstractmethod
    def _open(self, name: str) -> IO[bytes]:
        """Open a file for reading; of a run that is published, after checking its hash."""

    def read_bytes(self, name: str) -> bytes:
        """Return a file's bytes."""
        with self._open(name) as file:
            return file.read()

    def read_json(self, name: str) -> JSON:
        """Return a JSON file."""
        with self._open(name) as file:
            return named_files.read_json(file, name, named_files.MAX_JSON_BYTES)

    def read_parquet(self, name: str) -> pl.DataFrame:
        """Return a Parquet file; it is checked and read at one open."""
        with self._open(name) as file, named_files.translate_damage(name):
            return pl.read_parquet(file, glob=False)

    def scan_parquet(self, name: str) -> pl.LazyFrame:
        """Return a Parquet file, as it is now, to be read when it is needed."""
        with self._open(name) as file, named_files.translate_damage(name):
            lazy = pl.scan_parquet(file, glob=False)  # it keeps the file open
            lazy.collect_schema()
            return lazy


@dataclass(frozen=True, slots=True)
class RunFolder(_RunReader):
    """One published run folder whose manifest has been read."""

    folder: Path  # its path
    manifest: Mapping[str, JSON]  # its facts and the hash of every file
    files: disk.OpenFolder = field(compare=False, repr=False)  # the folder, held

    @property
    def place(self) -> Path:
        """Where the run stands."""
        return self.folder

    @property
    def metadata(self) -> dict[str, JSON]:
        """What the manifest records next to the files."""
        own = ("format", "files", *_SEAL)
        return {k: v for k, v in self.manifest.items() if k not in own}

    def has(self, name: str) -> bool:
        """Whether the manifest names this file."""
        return name in self.manifest["files"]

    def path(self, name: str) -> Path:
        """Return a file's path after checking its bytes against the manifest."""
        self._open(name).close()
        return self.folder / name

    def read_bytes(self, name: str) -> bytes:
        """Return a file's bytes, which are those that its recorded hash is of."""
        with self._open(name, check=False) as file:
            content = file.read(self.manifest["files"][name]["bytes"] + 1)  # no more than is known
        self._compare(name, hashlib.sha256(content).hexdigest())
        return content

    def _open(self, name: str, *, check: bool = True) -> IO[bytes]:
        if not self.has(name):
            raise _missing(self.folder, name)
        try:
            file = self.files.open(name)
        except OSError as error:
            self._refuse_replaced()
            raise TamperedFileError(name, f"cannot be read ({error.strerror})") from None
        if check:
            try:
                self._compare(name, disk.hash_stream(file))
            except BaseException:
                file.close()
                raise
        return file

    def _compare(self, name: str, digest: str) -> None:
        if digest != self.manifest["files"][name]["sha256"]:
            self._refuse_replaced()
            raise TamperedFileError(name)

    def _refuse_replaced(self) -> None:
        """Say that another run stands there by now, where a folder cannot be held."""
        try:
            with disk.open_plain(self.folder / MANIFEST_NAME) as file:
                now = named_files.read_json(file, MANIFEST_NAME)["digest"]
        except (OSError, KeyError, TypeError, TamperedFileError):
            return
        if now != self.manifest["digest"]:
            raise ArtifactError(
                f"The run {self.folder} was replaced while it was read.",
                fix="run the command again.",
                file=str(self.folder),
            )


def _missing(run: Path, name: str) -> ArtifactError:
    return ArtifactError(f"The run {run} has no {name}.", fix="make the run again.", file=name)


def open_run(folder: str | Path) -> RunFolder:
    """Return the run in a folder after reading its manifest, and nothing else.

    What is read later is of the same run, also if another takes its place in between.
    """
    folder = Path(folder)
    files = disk.OpenFolder(folder)
    try:
        with files.open(MANIFEST_NAME) as file:
            manifest = named_files.read_json(file, MANIFEST_NAME)
    except OSError:
        raise ArtifactError(
            f"{folder} holds no run (no {MANIFEST_NAME}).",
            fix="name a folder that `segpredict run --out FOLDER` has made.",
            file=str(folder),
        ) from None
    _check_manifest(manifest, folder)
    return RunFolder(folder, manifest, files)


class RunDraft(_RunReader):
    """A run folder in the making: files can be written and read before it is published.

    `folder` stands next to the `target` and is removed when the draft ends. The files of a `base`
    are linked first, since a later stage adds to an earlier one.
    """

    def __init__(self, folder: Path, target: Path, base: RunFolder | None = None) -> None:
        self.folder = folder
        self.target = target
        self.metadata: dict[str, JSON] = {} if base is None else base.metadata
        self._files = {} if base is None else _carry(base, folder)

    @property
    def names(self) -> tuple[str, ...]:
        """The files of all stages so far."""
        return tuple(self._files)

    @property
    def place(self) -> Path:
        """The folder of the finished run."""
        return self.target

    def has(self, name: str) -> bool:
        """Whether a stage has written this file."""
        return name in self._files

    def write(self, name: str, content: disk.FileContent) -> None:
        """Write a file, in the place of an earlier stage's if there is one."""
        path = self.folder / name
        with translate_write_errors(self.target):
            path.unlink(missing_ok=True)  # it may be linked to the published one
            self._files[name] = disk.write_synced(path, content)

    def remove(self, *names: str) -> None:
        """Remove files, or all of a folder, that a newer stage has made stale."""
        for name in [f for f in self._files if f.startswith(names)]:
            path = self.folder / name
            path.unlink()
            del self._files[name]
            if path.parent != self.folder:
                with suppress(OSError):  # it holds something
                    path.parent.rmdir()

    def path(self, name: str) -> Path:
        """Return the path of a file that a stage has written."""
        if not self.has(name):
            raise _missing(self.target, name)
        return self.folder / name

    def _open(self, name: str) -> IO[bytes]:
        return self.path(name).open("rb")

    def publish(self) -> RunFolder:
        """Give the draft its manifest and the target's name."""
        files = dict(sorted(self._files.items()))
        manifest = {"format": MANIFEST_FORMAT, **self.metadata, "files": files}
        manifest["digest"] = _digest(manifest)
        if signature := named_files.signature_of(KIND, manifest["digest"]):
            manifest["signature"] = signature
        with translate_write_errors(self.target):
            disk.write_synced(self.folder / MANIFEST_NAME, encode_json(manifest))
            for folder in {(self.folder / name).parent for name in files}:
                disk.sync(folder)
            disk.replace_folder(self.folder, true_place(self.target))
        return open_run(self.target)


RunFiles = RunFolder | RunDraft


@contextmanager
def draft_run(
    folder: str | Path,
    *,
    base: RunFolder | None = None,
    replace: bool | Callable[[Path], bool] = False,
) -> Iterator[RunDraft]:
    """Yield a draft of a run folder, to be published whole or not at all.

    The files of a `base` are linked first. `replace` says whether a run that stands there may be
    replaced, or is asked when it is locked.

    The target is locked from the first look on. Everything is written and synced in a work
    folder next to it, and then takes the target's name: readers see the old run or the new one.
    The next run removes what a killed run left.

    Raises `BusyError` when another process makes a run there; `TargetBusyError` when something
    stands there that may not be replaced.
    """
    folder = Path(folder)
    with lock_target(true_place(folder)) as work:
        if folder.exists() and not _may_go(folder, replace=replace):
            raise TargetBusyError(str(folder))
        yield _draft(work, folder, base)


@contextmanager
def continue_run(folder: str | Path) -> Iterator[RunDraft]:
    """Yield a draft with all files of a run, to be published in its place.

    The run is opened when nobody else can change it any more.
    """
    folder = Path(folder)
    open_run(folder)  # before anything is made
    with lock_target(true_place(folder)) as work:
        yield _draft(work, folder, open_run(folder))


def _draft(work: WorkFolder, folder: Path, base: RunFolder | None) -> RunDraft:
    with translate_write_errors(folder):
        return RunDraft(work.new_folder(), folder, base)


def _may_go(folder: Path, *, replace: bool | Callable[[Path], bool]) -> bool:
    """Whether a folder is empty, or a run that was asked to be replaced."""
    if not folder.is_dir():
        return False
    if not any(folder.iterdir()):
        return True
    is_asked = replace if isinstance(replace, bool) else replace(folder)
    return is_asked and (folder / MANIFEST_NAME).is_file()


def _carry(base: RunFolder, folder: Path) -> dict[str, JSON]:
    """Link the files of an earlier stage into a draft; what stands there is verified."""
    for name in base.manifest["files"]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        disk.link_file(base.path(name), target)
        if disk.file_fact(target)["sha256"] != base.manifest["files"][name]["sha256"]:
            raise TamperedFileError(name)
    return dict(base.manifest["files"])


def _check_manifest(manifest: JSON, folder: Path) -> None:
    facts = manifest if isinstance(manifest, dict) else {}
    if type(facts.get("format")) is not int:
        raise TamperedFileError(MANIFEST_NAME, "is not a manifest of segpredict")
    if facts["format"] != MANIFEST_FORMAT:
        is_newer = facts["format"] > MANIFEST_FORMAT
        raise ArtifactError(
            f"The run was written in format {facts['format']}; "
            f"this segpredict reads {MANIFEST_FORMAT}.",
            fix="install a newer segpredict." if is_newer else "make the run again.",
        )
    if facts.get("digest") != _digest(facts):
        raise TamperedFileError(MANIFEST_NAME, "differs from its own digest")
    named_files.require_signature(KIND, facts["digest"], facts.get("signature"), str(folder))
    named_files.require_file_facts(facts.get("files"), MANIFEST_NAME)


def _digest(manifest: Mapping[str, JSON]) -> str:
    """Return the hash of a manifest: config and windows decide scores as files do."""
    content = {key: value for key, value in manifest.items() if key not in _SEAL}
    return hashlib.sha256(encode_json(content)).hexdigest()
