"""Get public data sets from where their owners publish them.

In: a name. Out: files in a folder of that name, whole or not at all. Nothing is taken
from anybody but the address in the catalogue, and nothing is run.
"""

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from segpredict.core import disk
from segpredict.core.state import from_plain, read_words
from segpredict.core.types import ProgressCallback
from segpredict.core.work_folder import lock_target, true_place
from segpredict.core.write_errors import is_disk_full, translate_write_errors
from segpredict.errors import DownloadError, TargetBusyError, UnknownNameError

CHUNK_BYTES = 1 << 18
TIMEOUT_SECONDS = 60.0  # seconds without a byte
MAX_FILE_BYTES = 1_000_000_000  # bytes of one unpacked file
USER_AGENT = "segpredict (public data for tests and benchmarks)"


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file of an archive that is kept."""

    name: str  # its name in the archive and in the folder
    header: str = ""  # a line of column names to put above its rows, where it has none


@dataclass(frozen=True, slots=True)
class PublicDataset:
    """A public data set.

    >>> get_dataset("cdnow").title
    'CDNOW: a seller of CDs, one cohort, 1997-01 to 1998-06'
    """

    name: str  # what it is called here; a preset of that name reads it
    # what it is, what its owner allows, and the page that says so
    title: str
    licence: str
    source: str
    url: str  # where its archive is (ZIP)
    members: tuple[ArchiveMember, ...]  # what is kept of it
    bytes: int = 0  # size of the archive; 0 where it is not known for sure
    sha256: str = ""  # its checksum; empty where it is not known for sure
    max_bytes: int = 200_000_000  # bytes that are read at most


DATASETS: Mapping[str, PublicDataset] = {
    name: from_plain(PublicDataset, {"name": name, **facts})
    for name, facts in read_words("segpredict.data", "datasets.toml").items()
}


def get_dataset(name: str) -> PublicDataset:
    """Return the data set of that name.

    Raises `UnknownNameError` when there is none.

    >>> get_dataset("cdnow").members[0].name
    'CDNOW_master.txt'
    """
    if name not in DATASETS:
        raise UnknownNameError("public data set", name, DATASETS)
    return DATASETS[name]


@dataclass(frozen=True, slots=True)
class DownloadedDataset:
    """What was downloaded."""

    name: str  # of the data set
    files: tuple[Path, ...]  # what is in the folder now
    # size and checksum of the archive
    bytes: int
    sha256: str
    is_pinned: bool  # whether that checksum was known before, and is the same


def fetch_dataset(
    dataset: PublicDataset, folder: Path, progress: ProgressCallback, *, replace: bool = False
) -> DownloadedDataset:
    """Download a data set into a folder of its name.

    `progress` is called with what is done next and the share done, 0 to 1.

    Raises `TargetBusyError` when there is something in its place already; `DownloadError` when the
    address does not answer, or with something else than it should.

    Everything happens in a temporary folder, which takes the name at the end, so that a
    download that was interrupted leaves nothing behind. It then starts from the
    beginning: the archives are small.
    """
    target = folder / dataset.name
    with lock_target(true_place(target)) as work, translate_write_errors(target):
        _refuse_target(target, dataset, replace=replace)
        place = work.new_folder()
        with tempfile.TemporaryFile(dir=place) as archive:
            size, digest = _download(dataset, archive, progress)
            if dataset.sha256 and digest != dataset.sha256:
                raise DownloadError(dataset.url, f"it has SHA-256 {digest}, not {dataset.sha256}")
            if dataset.bytes and size != dataset.bytes:
                raise DownloadError(dataset.url, f"it has {size:,} bytes, not {dataset.bytes:,}")
            progress(f"unpacking {dataset.name}", 0.95)
            for member in dataset.members:
                _unpack(archive, member, place, dataset)
        disk.replace_folder(place, true_place(target))
    progress("done", 1.0)
    files = tuple(target / member.name for member in dataset.members)
    return DownloadedDataset(dataset.name, files, size, digest, bool(dataset.sha256))


def _refuse_target(target: Path, dataset: PublicDataset, *, replace: bool) -> None:
    """Refuse what may not be replaced; what is not of the data set never may."""
    if not target.exists():
        return
    if not replace:
        raise TargetBusyError(str(target))
    own = {member.name for member in dataset.members}
    if not target.is_dir() or {path.name for path in target.iterdir()} - own:
        raise TargetBusyError(
            str(target), "it holds other files: choose another --out, or move them away."
        )


def _download(
    dataset: PublicDataset, archive: IO[bytes], progress: ProgressCallback
) -> tuple[int, str]:
    """Return size and SHA-256 of the download."""
    digest, size = hashlib.sha256(), 0
    request = Request(dataset.url, headers={"User-Agent": USER_AGENT})
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            expected = int(answer.headers.get("Content-Length") or dataset.bytes or 0)
            while piece := answer.read(CHUNK_BYTES):
                size += len(piece)
                if size > dataset.max_bytes:
                    raise DownloadError(
                        dataset.url, f"more than {dataset.max_bytes:,} bytes were received"
                    )
                digest.update(piece)
                archive.write(piece)
                share = min(1.0, size / expected) if expected else 0.5
                progress(f"downloading {dataset.name}", 0.95 * share)
    except HTTPError as error:
        raise DownloadError(dataset.url, f"it answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        if is_disk_full(error):
            raise
        reason = str(getattr(error, "reason", "") or error) or type(error).__name__
        raise DownloadError(dataset.url, reason) from None
    if expected and size < expected:
        raise DownloadError(dataset.url, f"only {size:,} of {expected:,} bytes were received")
    return size, digest.hexdigest()


def _unpack(archive: IO[bytes], member: ArchiveMember, place: Path, dataset: PublicDataset) -> None:
    """Write one file of an archive, with a header where it lacks one."""
    archive.seek(0)
    try:
        with (
            zipfile.ZipFile(archive) as opened,
            opened.open(member.name) as packed,
            (place / member.name).open("wb") as file,
        ):
            head = packed.read(CHUNK_BYTES)
            if member.header and not head.startswith(member.header.split()[0].encode()):
                file.write(member.header.encode() + b"\n")
            while head:
                file.write(head)
                if file.tell() > MAX_FILE_BYTES:
                    raise DownloadError(dataset.url, f"{member.name} is too large")
                head = packed.read(CHUNK_BYTES)
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, EOFError):
        raise DownloadError(dataset.url, f"the download is no archive with {member.name}") from None
