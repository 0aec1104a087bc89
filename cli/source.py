"""Which sources a verb is about."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import structlog
import typer

from schemas.errors import SettingsError
from streams.secret_store import with_stored_secrets
from streams.settings import Deployment, Source, load_config
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
    return scopes_in(with_stored_secrets(deployment).sources, name)


def scopes_in(sources: Mapping[str, Source], name: str | None) -> Iterator[Asked]:
    """The same of sources whose keys are known.

    Raises:
        SettingsError: There is no such source, or none with an API key.
    """
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


class CurrentKeys:
    """The settings of a verb that runs on, with each API key as its file or the store has it now.

    What cannot be read, or an empty file, as in the middle of a change, leaves the key that was.

    Args:
        deployment: The settings of its start.
        path: The settings file that they are from.

    Raises:
        SettingsError: What was pasted cannot be opened.
    """

    def __init__(self, deployment: Deployment, path: Path | None) -> None:
        self._deployment = deployment
        self._path = path
        self._now = with_stored_secrets(deployment)
        self._said = ""

    def __call__(self) -> Deployment:
        """Read them again."""
        try:
            named = load_config(self._path, os.environ).deployment.sources
            sources = {
                id_: each.model_copy(update={"api_key": named[id_].api_key or each.api_key})
                for id_, each in self._deployment.sources.items()
                if id_ in named
            }
            kept = self._deployment.sources | sources
            self._deployment = self._deployment.model_copy(update={"sources": kept})
            self._now = with_stored_secrets(self._deployment)
            self._said = ""
        except SettingsError as error:
            if self._said != str(error):
                self._said = str(error)
                log.warning("api_keys_not_read", reason=self._said)
        return self._now


async def until_keyed(current: CurrentKeys) -> None:
    """Wait until a source has an API key, where one may be pasted; at once where none may be."""
    is_told = False
    while (now := current()).console.master_key and not _is_keyed(now):
        if not is_told:
            log.info("waiting_for_api_key", hint="paste one into the console's page Connect")
            is_told = True
        await asyncio.sleep(KEY_POLL_S)


def _is_keyed(deployment: Deployment) -> bool:
    return any(each.api_key for each in deployment.sources.values())


def variable(source: str, key: str) -> str:
    """The environment variable of a source's secret, or of the file that holds it with `_FILE`."""
    return f"SUBFOLD_SOURCES__{source.upper()}__{key}"
