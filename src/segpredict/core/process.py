"""The process itself: whether it was forked, the threads of its matrix products, memory left."""

import os
import sys
from pathlib import Path, PurePosixPath

from threadpoolctl import threadpool_limits

from segpredict.errors import UsageError

DEFAULT_BYTES = 4 << 30  # where the system does not say
USABLE_SHARE = 0.6  # of what is left, for us
# Files of a control group: its limit, what is used, and of that the pages of files.
VERSION_1 = (
    *("memory.limit_in_bytes", "memory.usage_in_bytes"),
    *("memory.stat", "total_inactive_file"),
)
VERSION_2 = ("memory.max", "memory.current", "memory.stat", "inactive_file")

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

    Linux says what is left in ``/proc/meminfo``, a container in its control group, and a shell's
    ``ulimit -v`` in the limits of the process.
    """
    found = [_meminfo(), _address_space(), *_control_groups()]
    return int(USABLE_SHARE * min((b for b in found if b is not None), default=DEFAULT_BYTES))


def _meminfo() -> int | None:
    words = _read(Path("/proc/meminfo")).partition("MemAvailable:")[2].split()
    return int(words[0]) * 1024 if words else None


def _address_space() -> int | None:
    """Return what is left of the limit of address space, if there is one."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _read(Path("/proc/self/statm")).split()
    if limit == resource.RLIM_INFINITY or not pages:
        return None
    return max(0, limit - int(pages[0]) * resource.getpagesize())


def _control_groups(mounts: Path = Path("/sys/fs/cgroup"), process: str | None = None) -> list[int]:
    """Return what is left in each control group that this process is in, of version 1 or 2.

    Pages of files that were only read are given back when they are wanted.
    """
    lines = _read(Path("/proc/self/cgroup")) if process is None else process
    left = []
    for line in lines.splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        mount, names = (mounts / "memory", VERSION_1) if kinds else (mounts, VERSION_2)
        # A container sees its own group as the root, whatever its name outside.
        group = PurePosixPath(path)
        for folder in (mount / str(at).lstrip("/") for at in (group, *group.parents)):
            limit, used, stat = (_read(folder / name) for name in names[:3])
            if limit.strip().isdigit() and used.strip():
                cached = stat.partition(f"\n{names[3]} ")[2].split()[:1]
                left.append(max(0, int(limit) - int(used) + sum(map(int, cached))))
    return left


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
