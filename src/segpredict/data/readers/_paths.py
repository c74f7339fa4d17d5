"""From what a person names to files: files, folders and globs, several at once."""

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from segpredict.errors import FileMissingError, SourceError, UsageError, quote_value

GLOB_CHARACTERS = frozenset("*?[")
STORE_FILE = "store.json"  # files next to it are parts of a store, not exports


def expand_paths(names: Sequence[str], suffixes: Iterable[str]) -> tuple[Path, ...]:
    """Return the files behind these names, each once, sorted."""
    if not names:
        raise UsageError("No input was named.", fix="name it: --data FILE.")
    endings = tuple(suffixes)
    files = [file for name in names for file in _files(str(name), endings)]
    once = {file.resolve(): file for file in reversed(files)}
    return tuple(sorted(once.values(), key=str))


def file_name_text(path: Path) -> str:
    r"""Return the name of a file as text: a disk takes names that are no UTF-8.

    Examples
    --------
    >>> file_name_text(Path(os.fsdecode(b"caf\xe9.csv")))
    'caf\\xe9.csv'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _files(name: str, endings: tuple[str, ...]) -> list[Path]:
    if "://" in name:
        raise UsageError(
            f"{quote_value(name)} is an address; only local files are read.",
            fix="download it and name the file.",
        )
    if name == "-":
        raise UsageError(
            "The standard input cannot be read: it cannot be read twice, nor hashed.",
            fix="save it to a file and name the file.",
        )
    path = Path(name)
    if path.is_dir():
        return _inside(path, endings)
    if path.is_file():
        return [path]
    if path.exists():
        raise SourceError(f"{quote_value(name)} is not a regular file.", fix="name a file.")
    is_pattern = bool(GLOB_CHARACTERS & set(name))
    found = glob.glob(_pattern(path), recursive=True) if is_pattern else []  # noqa: PTH207
    files = [Path(match) for match in found if Path(match).is_file()]
    if files:
        return files
    raise FileMissingError(name, _neighbours(path))


def _pattern(path: Path) -> str:
    """Return a glob in which folders that exist stand for themselves, brackets and all."""
    known = next((folder for folder in path.parents if folder.is_dir()), Path())
    return str(Path(glob.escape(str(known))) / path.relative_to(known))


def _inside(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    stores = {manifest.parent for manifest in folder.rglob(STORE_FILE)}
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name.lower().endswith(endings)
        and stores.isdisjoint(file.parents)
        and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    ]
    if not files:
        raise SourceError(
            f"{quote_value(folder)} holds no file that can be read.",
            fix=f"name a folder with {', '.join(sorted(endings))} files.",
            file=str(folder),
        )
    return files


def _neighbours(path: Path) -> list[str]:
    folder = path.parent
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
