"""Which sources a verb is about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import structlog
import typer

from schemas.errors import SettingsError
from streams.secret_store import with_stored_secrets
from streams.settings import Deployment
from streams.source.opened import Asked

SourceOption = Annotated[
    str | None, typer.Option("--source", help="Only this source; all with an API key without.")
]

KEY_POLL_S = 5.0

log = structlog.get_logger()

NamedSource = Annotated[str, typer.Option("--source", help="Which one of the sources.")]


def scopes_of(deployment: Deployment, name: str | None) -> Iterator[Asked]:
    """Each source, and each connected account of it, that can be asked.

    Raises:
        SettingsError: There is no such source, or none with an API key, or what was pasted cannot
            be opened.
    """
    sources = with_stored_secrets(deployment).sources
    if name is not None and name not in sources:
        raise SettingsError(f"there is no source {name!r}; there are: {', '.join(sources)}")
    chosen = {name: sources[name]} if name else {k: v for k, v in sources.items() if v.api_key}
    if not chosen:
        raise SettingsError(
            "no source has an API key: set STRIPE_API_KEY (of the source main) or "
            "SUBFOLD_SOURCES__{ID}__API_KEY, or paste one into the console's page Connect; a "
            "restricted key that may read is enough"
        )
    for id_, source in chosen.items():
        yield Asked(id_, source, None)
        yield from (Asked(id_, source, account) for account in source.accounts if account != "*")


async def until_keyed(deployment: Deployment) -> None:
    """Wait until a source has an API key, where one may be pasted; at once where none may be.

    Raises:
        SettingsError: What was pasted cannot be opened.
    """
    is_told = False
    while deployment.console.master_key and not _is_keyed(deployment):
        if not is_told:
            log.info("waiting_for_api_key", hint="paste one into the console's page Connect")
            is_told = True
        await asyncio.sleep(KEY_POLL_S)


def _is_keyed(deployment: Deployment) -> bool:
    return any(each.api_key for each in with_stored_secrets(deployment).sources.values())


def variable(source: str, key: str) -> str:
    """The environment variable of a source's secret, or of the file that holds it with `_FILE`."""
    return f"SUBFOLD_SOURCES__{source.upper()}__{key}"
