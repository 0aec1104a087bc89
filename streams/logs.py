"""Logging: one line for each anomaly, none for each good event (that is a metric).

Never a body, an e-mail address, a signature or a secret: ids, reasons and positions only.
"""

from __future__ import annotations

import logging
import sys

import structlog

from streams.settings import Logs

LIBRARY_SILENCE_S = 30
"""A library says one thing once in this time; while Kafka is away it would ten times a second."""

TALKATIVE = ("stripe", "python_multipart")
"""A line for each request; at DEBUG each answer's body, and each field of a form: secrets, too."""


class Damped(logging.Filter):
    """Lets one line of each kind pass now and then, by the line's own time."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass a line unless one made from the same words passed a moment ago."""
        kind = (record.name, str(record.msg))
        if record.created - self._said_at.get(kind, 0.0) < LIBRARY_SILENCE_S:
            return False
        self._said_at[kind] = record.created
        return True


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
    damped = Damped()
    handler.addFilter(lambda line: not line.name.startswith("aiokafka") or damped.filter(line))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logs.level.upper())
    for chatty in ("aiokafka", "faust", "mode"):
        logging.getLogger(chatty).setLevel("WARNING" if logs.level != "debug" else "DEBUG")
    for talkative in TALKATIVE:
        logging.getLogger(talkative).setLevel("WARNING")
    # At DEBUG aiokafka's producer writes every record's value into the log.
    if logs.level == "debug":
        logging.getLogger("aiokafka").setLevel("INFO")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
