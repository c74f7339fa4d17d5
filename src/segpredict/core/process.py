"""The process itself: whether it was forked, the threads of its matrix products, memory left."""

import os
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from segpredict.errors import UsageError

DEFAULT_BYTES = 4 << 30  # where the system does not say
USABLE_SHARE = 0.6  # of what is left, for us

_state = {"was_forked": False}


def _note_fork() -> None:
    # Polars' threads do not live on in a forked child: its next query would wait for ever.
    _state["was_forked"] = "polars" in sys.modules


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_note_fork)


def refuse_forked_process() -> None:
    """Raise in a child that was forked after Polars had been loaded, instead of hanging.

    Raises `UsageError` in such a process.

    >>> refuse_forked_process()  # silent in a process that was not forked
    """
    if _state["was_forked"]:
        raise UsageError(
            "This process was forked after segpredict had loaded Polars, whose threads do not "
            "survive a fork: it would wait for ever.",
            fix="start workers with multiprocessing.get_context('spawn') or 'forkserver'; of a "
            "web server, load segpredict in each worker (no preloading).",
        )


def one_blas_thread() -> threadpool_limits:
    """Keep matrix products on the thread that asks for them, while the context lasts.

    Ours are small: threads that wait for each other cost a sixth of a run's CPU time. And sums of
    floats in another order would change last digits.

    >>> with one_blas_thread():
    ...     pass
    """
    return threadpool_limits(1, user_api="blas")


def available_bytes() -> int:
    """Return the bytes that may be used without crowding out others.

    Linux says what is left in ``/proc/meminfo``, and a container in its control group.
    """
    found = [_meminfo(), _container()]
    return int(USABLE_SHARE * min((b for b in found if b is not None), default=DEFAULT_BYTES))


def _meminfo() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    words = text.partition("MemAvailable:")[2].split()
    return int(words[0]) * 1024 if words else None


def _container() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = (group / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdigit() else None
