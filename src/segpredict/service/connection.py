"""A connection that does not wait for ever: slow headers, silent clients, unread answers."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from segpredict.service.options import BODY_SECONDS


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, which by itself waits without end for the header of a request."""

    def connection_made(self, transport: Any) -> None:
        """Give the first header its time."""
        super().connection_made(transport)
        self._for_header: asyncio.TimerHandle | None = None
        self._for_reader: asyncio.TimerHandle | None = None
        self._wait_for_header()

    def data_received(self, data: bytes) -> None:
        """Take data; what is no whole header yet has the time of the first byte."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            _stop(self._for_header)
            self._for_header = None
        elif self._for_header is None:
            self._wait_for_header()

    def on_response_complete(self) -> None:
        """Between two requests uvicorn has its own limit."""
        _stop(self._for_header)
        self._for_header = None
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read its answer some time."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """Wait no longer for a client that reads again."""
        super().resume_writing()
        _stop(self._for_reader)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        _stop(self._for_header)
        _stop(self._for_reader)
        super().connection_lost(exc)

    def _wait_for_header(self) -> None:
        self._for_header = self.loop.call_later(BODY_SECONDS, self.transport.abort)

    def _wait_for_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._for_reader = self.loop.call_later(BODY_SECONDS, self._look_at_reader, left)

    def _look_at_reader(self, left: int) -> None:
        """Cut off a client that has read nothing since; a slow one has its time again."""
        if self.transport.get_write_buffer_size() < left:
            self._wait_for_reader()
        else:
            self.transport.abort()


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
