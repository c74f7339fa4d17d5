"""What leaves a place for good: written beside it, looked at, and published as the last step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segpredict.core.disk import DraftedFile


@dataclass(frozen=True, slots=True)
class Removal:
    """A place without some rows: everything is written, and nothing of it counts yet."""

    rows: Mapping[str, int]  # file or table → rows that leave it; those that lose none are not here
    drafts: tuple[Path, ...]  # the new files, or folders of them
    publish: Callable[[], object]  # lets the new files take the place of the old

    @classmethod
    def of_files(cls, rows: Mapping[str, int], files: Sequence[DraftedFile]) -> "Removal":
        """Return the removal that files make, which take their places one after the other."""

        def publish() -> None:
            for file in files:
                file.publish()

        return cls(rows, tuple(file.draft for file in files), publish)
