"""`subfold ingest`: the webhook door."""

from __future__ import annotations

from cli.config import ConfigOption, read_config
from streams.ingest.server import serve
from streams.logs import configure_logging


def ingest(config: ConfigOption = None) -> None:
    """Take Stripe's webhooks in at POST /webhooks/stripe/{source} and append them to the log."""
    deployment = read_config(config).deployment
    configure_logging(deployment.logs)
    serve(deployment)
