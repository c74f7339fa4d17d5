"""What a running service holds: the run that it serves now, and the orders it keeps."""

import logging
import threading
import time
from pathlib import Path
from typing import Any

import anyio

from segpredict.core.crash import describe_crash
from segpredict.core.run_folder import MANIFEST_NAME
from segpredict.errors import DatabaseError, SegpredictError
from segpredict.scoring.history import ScoreHistory
from segpredict.service.gate import Metrics
from segpredict.service.live_run import LiveRun
from segpredict.service.options import Clock, ServiceOptions
from segpredict.service.orders import OrderStore

PROBE_SECONDS = 1.0  # for which an answer of the database is remembered
MAX_PAST = 50  # earlier scores that are shown
PAST_COLUMNS = [
    "as_of",
    "segment_id",
    "segment",
    "next_segment_id",
    "p_next",
    "next_until",
    "model",
]
_LOG = logging.getLogger("segpredict.service")


class ServiceState:
    """The run that is served, and what takes its place; `live` is it, if it is loaded already.

    Raises `ArtifactError` when the folder holds no run that can be served.
    """

    def __init__(self, options: ServiceOptions, today: Clock, live: LiveRun | None = None) -> None:
        self._folder, self._mark = options.run, _mark(options.run)
        self.live = live or LiveRun.load(
            options.run
        )  # read once by each request, swapped as a whole
        self.reload_problem: str | None = None
        self.orders = None if options.orders is None else OrderStore.open(options.orders)
        self._history = None if options.history is None else ScoreHistory(options.history)
        self.today = today
        self.limiter = anyio.CapacityLimiter(options.threads)
        self.probing = anyio.CapacityLimiter(1)  # of `probe`, which must not wait for scorers
        self._probed_at = -PROBE_SECONDS
        self._problem: DatabaseError | None = None
        self.metrics = Metrics()
        self._reloading = threading.Lock()

    def reload(self, *, is_asked: bool = False) -> None:
        """Serve the run that stands in the folder now, if it is another and can be served.

        Otherwise the old one stays, and `reload_problem` says why.
        """
        with self._reloading:
            mark = _mark(self._folder)
            if mark == self._mark and not is_asked:
                return
            self._mark = mark
            try:
                found = LiveRun.load(self._folder)
            except Exception as error:  # whatever it is, the look-out goes on
                code, told = SegpredictError.code, describe_crash(error)
                if isinstance(error, SegpredictError):
                    code, told = error.code, str(error)
                self.reload_problem = f"{code}: a new run cannot be served; see the log."
                self.metrics.reloads.labels("refused").inc()
                _LOG.error("the old run stays: %s", told)
                return
            self.reload_problem = None
            if found.digest != self.live.digest:
                self.live = found
                self.metrics.reloads.labels("served").inc()
                _LOG.info("serving run %s", found.digest[:12])

    def probe(self) -> None:
        """Ask the database of orders whether it answers; once a second, however often called.

        Raises `DatabaseError` when it does not. One thread at a time.
        """
        if self.orders is not None and time.monotonic() - self._probed_at >= PROBE_SECONDS:
            self._problem = None
            try:
                self.orders.newest_day()
            except DatabaseError as error:
                self._problem = error
            self._probed_at = time.monotonic()
        if self._problem is not None:
            raise self._problem.with_traceback(None)

    def past_scores(self, customer_id: str) -> list[dict[str, Any]]:
        """Return how a customer was scored before, the newest first."""
        if self._history is None:
            return []
        return self._history.scores_of(customer_id).head(MAX_PAST).select(PAST_COLUMNS).to_dicts()

    def close(self) -> None:
        """Close what is open."""
        if self.orders is not None:
            self.orders.close()


def _mark(folder: Path) -> tuple[int, int]:
    """Return what changes when another run takes the folder's place; no file is read."""
    try:
        facts = (folder / MANIFEST_NAME).stat()
    except OSError:
        return (0, 0)
    return facts.st_mtime_ns, facts.st_ino
