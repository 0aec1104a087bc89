"""The door that a fake Stripe sends to, and the endpoints that it has."""

from __future__ import annotations

from contextlib import asynccontextmanager

from fake_stripe.fake import API_KEY
from ingest_process import running

OLD_VERSION = "2025-03-31.basil"


def endpoints(edge):
    return list(edge.fake.account.endpoints.all.values())


@asynccontextmanager
async def door(edge, port, secret):
    kafka = edge.here.kafka
    async with running(
        edge.here.folder,
        str(kafka.bootstrap_servers),
        kafka.prefix,
        SUBFOLD_INGEST__PORT=str(port),
        STRIPE_WEBHOOK_SECRET=secret,
        SUBFOLD_SOURCES__MAIN__API_KEY=API_KEY,
    ) as ingest:
        await ingest.until("/readyz", 200)
        yield ingest
