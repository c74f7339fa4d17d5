"""What was read, and what its columns proved."""

from dataclasses import dataclass

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section
from segpredict.tables import FileFact

SHOWN = 12


@dataclass(frozen=True, slots=True)
class File:
    """One file: its name, its rows, and what it proved, by topic."""

    name: str
    rows: int
    proven: dict[str, str]


@dataclass(frozen=True, slots=True)
class Proven:
    """The section.

    Parameters
    ----------
    columns
        Which column plays which role, as sentences of the first file.
    files
        The first files.
    more
        How many files are not shown.
    beside
        Tables that stand beside the transactions.
    notes
        What was taken of them, as sentences.
    """

    columns: tuple[str, ...]
    files: tuple[File, ...]
    more: int
    beside: tuple[File, ...]
    notes: tuple[str, ...]


def proven(bundle: CheckInput) -> Proven:
    """Return the context."""
    files = tuple(_file(fact) for fact in bundle.files[:SHOWN])
    columns = bundle.files[0].detected.listed if bundle.files else ()
    return Proven(
        columns,
        files,
        len(bundle.files) - len(files),
        tuple(_file(fact) for fact in bundle.beside),
        tuple(bundle.found["beside"]),
    )


def _file(fact: FileFact) -> File:
    told = {k: v for k, v in fact.detected.shown().items() if k != "columns"}
    return File(fact.name.rsplit("/", 1)[-1], fact.rows, told)


PART = Section(20, "What was read and proven", proven)
