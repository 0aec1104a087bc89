"""Logging: one line for each anomaly, none for each good event (that is a metric).

Never a body, an e-mail address, a signature or a secret: ids, reasons and positions only.
"""

from __future__ import annotations

import logging
import sys

import structlog

from streams.settings import Logs


def configure_logging(logs: Logs) -> None:
    """Send our lines and those of Faust, aiokafka and Granian to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if logs.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    if logs.format == "json":
        shared.append(structlog.processors.format_exc_info)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logs.level.upper())
    for chatty in ("aiokafka", "faust", "mode"):
        logging.getLogger(chatty).setLevel("WARNING" if logs.level != "debug" else "DEBUG")
    # At DEBUG aiokafka's producer writes every record's value into the log.
    if logs.level == "debug":
        logging.getLogger("aiokafka").setLevel("INFO")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
