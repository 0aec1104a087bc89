"""Runs the worker until it is told to stop."""

from __future__ import annotations

import asyncio
import socket

import faust
import structlog

from schemas.errors import BrokerError, SettingsError
from streams.log.admin import missing_or_wrong
from streams.settings import Deployment, Worker
from streams.worker.app import build_app
from streams.worker.clock import Clock
from streams.worker.health import HealthServer

log = structlog.get_logger()


def run(deployment: Deployment) -> None:
    """Fold until SIGTERM or Ctrl-C; then finish the transaction at hand and leave the group.

    Raises:
        SettingsError: No Kafka is named, or the port for health and metrics is taken.
        BrokerError: Kafka does not answer, or topics are not as they must be.
    """
    _check_port(deployment.worker)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Faust would lose the first events for a topic that is missing.
    if wrong := loop.run_until_complete(missing_or_wrong(deployment)):
        raise BrokerError("\n".join(wrong))
    app = build_app(deployment)
    worker = faust.Worker(
        app,
        HealthServer(deployment.worker, app.held),
        Clock(app),
        loop=loop,
        debug=False,
        quiet=True,
        override_logging=False,
        redirect_stdouts=False,
    )
    worker.spinner = None
    log.info("worker_started", application=app.names.group, port=deployment.worker.port)
    worker.execute_from_commandline()


def _check_port(worker: Worker) -> None:
    family = socket.AF_INET6 if ":" in worker.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((worker.host, worker.port))
    except OSError as error:
        raise SettingsError(
            f"[worker] cannot listen on {worker.host}:{worker.port}: {error.strerror}; "
            "set worker.host and worker.port, or SUBFOLD_WORKER__PORT"
        ) from error
