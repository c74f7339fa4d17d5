"""Turn what a disk refuses into errors that name the obstacle and the way round it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segpredict.errors import LimitError, UsageError

FULL_CODES = (errno.ENOSPC, errno.EDQUOT)
# Polars and Arrow give the system's words, and not always its number.
FULL_WORDS = ("No space left on device", "Disk quota exceeded", "os error 28", "os error 122")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of any library says that a disk is full."""
    if isinstance(error, OSError) and error.errno in FULL_CODES:
        return True
    return any(words in str(error) for words in FULL_WORDS)


def disk_full_error(target: object) -> LimitError:
    """Return the error of a full disk."""
    fix = "free space, or choose --out; for files that do not stay, TMPDIR."
    return LimitError(f"The disk of {target} is full.", fix=fix)


@contextmanager
def translate_write_errors(target: Path) -> Iterator[None]:
    """Turn failures to write into errors that name the obstacle."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise disk_full_error(target) from None
        raise UsageError(
            f"{target} cannot be written: {error.strerror or error}.",
            fix="choose another --out.",
            file=str(target),
        ) from None
    except Exception as error:
        if is_disk_full(error):  # of Polars, whose errors are no OSError
            raise disk_full_error(target) from None
        raise
