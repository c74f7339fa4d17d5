"""Which data sets take part, and with which settings they are read."""

from dataclasses import dataclass
from pathlib import Path

from segpredict import config as configs
from segpredict.config import Config
from segpredict.errors import FileMissingError, UsageError, shown

# What stands in a folder of that name: laid out by `segpredict fetch`, or copied there.
LAID_OUT = {
    "online_retail": ("Online Retail.xlsx",),
    "online_retail_ii": ("online_retail_II.xlsx",),
    "cdnow": ("CDNOW_master.txt",),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One data set.

    Parameters
    ----------
    name
        What the table calls it.
    data
        Files, folders, globs or a store.
    config
        All options.
    """

    name: str
    data: tuple[str, ...]
    config: Config


def entry(text: str, settings: tuple[str, ...] = ()) -> Entry:
    """Return the data set of a text such as ``cdnow=CDNOW_master.txt``.

    Parameters
    ----------
    text
        NAME=PATH. NAME is a preset, or a TOML file by which the data are read.
    settings
        Settings for all data sets, such as ``classifier.draws=200``.

    Raises
    ------
    UsageError
        When the text has another form.

    Examples
    --------
    >>> entry("cdnow=CDNOW_master.txt").data
    ('CDNOW_master.txt',)
    """
    name, equals, path = text.partition("=")
    if not equals or not name.strip() or not path.strip():
        raise UsageError(
            f"--data {shown(text)} is not of the form NAME=PATH.",
            fix="write it as in --data cdnow=CDNOW_master.txt; NAME is a preset or a "
            "TOML file.",
        )
    plan = configs.load(name.strip(), settings)
    return Entry(Path(name.strip()).stem, (path.strip(),), plan)


def laid_out(folder: Path, settings: tuple[str, ...] = ()) -> list[Entry]:
    """Return the data sets that `segpredict fetch` has put into a folder.

    Raises
    ------
    FileMissingError
        When there is none.
    """
    found = []
    for name, files in LAID_OUT.items():
        paths = [folder / name / file for file in files]
        if all(path.is_file() for path in paths):
            told = tuple(str(path) for path in paths)
            found.append(Entry(name, told, configs.load(name, settings)))
    if not found:
        raise FileMissingError(str(folder / next(iter(LAID_OUT))))
    return found
