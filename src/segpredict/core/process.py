"""The process itself: whether it was forked, and the threads of its matrix products."""

import os
import sys

from threadpoolctl import threadpool_limits

from segpredict.errors import UsageError

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
