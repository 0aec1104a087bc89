"""Secrets that are pasted into the console while the door is open: it knows them within seconds."""

from __future__ import annotations

import asyncio

import structlog

from schemas.errors import SettingsError
from streams.secret_store import with_stored_secrets
from streams.settings import Deployment, Source

EVERY_S = 2.0

log = structlog.get_logger()


async def follow_pasted(deployment: Deployment, sources: dict[str, Source]) -> None:
    """Keep the sources of the door as environment, file and store say, until cancelled.

    What the door knows stays when the store cannot be read: signed means stored.
    """
    said = ""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            found = (await asyncio.to_thread(with_stored_secrets, deployment)).sources
        except SettingsError as error:
            if said != str(error):
                said = str(error)
                log.warning("pasted_secrets_not_read", reason=said)
            continue
        said = ""
        for id_, source in found.items():
            if source != sources[id_]:
                log.info("secrets_changed", source=id_)
        sources.update(found)
