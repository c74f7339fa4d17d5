"""What was read, and what its columns proved."""

from dataclasses import dataclass

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section

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
    """

    columns: tuple[str, ...]
    files: tuple[File, ...]
    more: int


def proven(bundle: CheckInput) -> Proven:
    """Return the context."""
    files = tuple(
        File(
            fact.name.rsplit("/", 1)[-1],
            fact.rows,
            {k: v for k, v in fact.detected.items() if k != "columns"},
        )
        for fact in bundle.files[:SHOWN]
    )
    listed = bundle.files[0].detected.get("columns", "") if bundle.files else ""
    columns = tuple(listed.split(", ")) if listed else ()
    return Proven(columns, files, len(bundle.files) - len(files))


PART = Section(20, "What was read and proven", proven)
