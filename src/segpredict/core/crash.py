"""An unforeseen error, described without any of the user's data."""

import traceback
import zlib


def describe_crash(error: Exception) -> str:
    """Return what an unforeseen error is and where it arose, without any of the user's data.

    >>> describe_crash(ValueError("a customer's name"))
    'ValueError; crash id 00000000'
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames]
    crash = f"{zlib.crc32(''.join(places).encode()):08x}"
    return f"{' at '.join([type(error).__name__, *places[-1:]])}; crash id {crash}"
