"""How much memory is left."""

from pathlib import Path

DEFAULT_BYTES = 4 << 30  # where the system does not say
USABLE_SHARE = 0.6  # of what is left, for us


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
