"""What a folder of the sample shop holds, and how one is known."""

from collections.abc import Sequence
from pathlib import Path

from segpredict.errors import SourceError, quote_value

SAMPLE_PRESET = "sample"
TRANSACTIONS_FILE, TRUTH_FILE, DRIVERS_FILE = "transactions.csv", "truth.parquet", "drivers.csv"
SAMPLE_SIDE_TABLES = {
    **{name: f"{name}.parquet" for name in ("customers", "products", "events")},
    "dates": "dates.csv",
}


def is_sample_folder(folder: Path) -> bool:
    """Return whether `write_sample` has made a folder; raise if a table of it is missing.

    >>> is_sample_folder(Path("exports"))
    False
    """
    if not (folder / TRUTH_FILE).is_file() or not (folder / DRIVERS_FILE).is_file():
        return False
    needed = (TRANSACTIONS_FILE, *SAMPLE_SIDE_TABLES.values())
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise SourceError(
            f"{quote_value(folder)} is a folder of segpredict sample that lacks "
            f"{', '.join(missing)}.",
            fix=f"make it again with segpredict sample --out {folder}, or name single files.",
            file=str(folder),
        )
    return True


def sample_folder(names: Sequence[str]) -> Path | None:
    """Return the folder of a sample shop if it is what was named, and nothing else is.

    >>> sample_folder(["sales.csv"]) is None
    True
    """
    return Path(names[0]) if len(names) == 1 and is_sample_folder(Path(names[0])) else None
