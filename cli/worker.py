"""`subfold worker`: the fold."""

from __future__ import annotations

from cli.config import ConfigOption, read_config
from streams.logs import configure_logging
from streams.worker.run import run


def worker(config: ConfigOption = None) -> None:
    """Fold the log into one row per customer and write what changed to the update topics."""
    deployment = read_config(config).deployment
    configure_logging(deployment.logs)
    run(deployment)
