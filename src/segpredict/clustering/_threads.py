"""One thread for small fits: 10 to 60 times faster than many, and equal everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from threadpoolctl import threadpool_limits

_is_held: ContextVar[bool] = ContextVar("one thread is held already", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold linear algebra and OpenMP to one thread while this lasts.

    Asking for it takes three milliseconds, as long as a small fit; asked again from
    within, it takes nothing.
    """
    if _is_held.get():
        yield
        return
    token = _is_held.set(True)
    try:
        with threadpool_limits(1):
            yield
    finally:
        _is_held.reset(token)
