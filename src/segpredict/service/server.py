"""Run the service until it is told to stop."""

import contextvars
import logging
import signal
import sys

import uvicorn

from segpredict.service.app import create_app
from segpredict.service.connection import ImpatientProtocol
from segpredict.service.options import MAX_CONNECTIONS, STOP_SECONDS, Clock, ServiceOptions
from segpredict.service.state import ServiceState

MAX_HEADER_BYTES = 16 * 2**10
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def serve(options: ServiceOptions, today: Clock) -> None:
    """Serve a run until SIGTERM or SIGINT, then answer what is under way and return.

    Raises `ArtifactError` when the run cannot be served, `ConfigError` when a token cannot be used.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=LOG_FORMAT)
    config = uvicorn.Config(
        create_app(options, ServiceState(options, today)),
        host=options.host,
        port=options.port,
        http=ImpatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,  # addresses hold ids of customers
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )
    # uvicorn raises the signal again when it has stopped; that is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # In a context of its own, messages name parameters and no options of the command line.
    contextvars.Context().run(uvicorn.Server(config).run)
