"""Which sources a verb is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from schemas.errors import SettingsError
from streams.settings import Deployment
from streams.source.opened import Asked

SourceOption = Annotated[
    str | None, typer.Option("--source", help="Only this source; all with an API key without.")
]

NamedSource = Annotated[str, typer.Option("--source", help="Which one of the sources.")]


def scopes_of(deployment: Deployment, name: str | None) -> Iterator[Asked]:
    """Each source, and each connected account of it, that can be asked.

    Raises:
        SettingsError: There is no such source, or none with an API key.
    """
    sources = deployment.sources
    if name is not None and name not in sources:
        raise SettingsError(f"there is no source {name!r}; there are: {', '.join(sources)}")
    chosen = {name: sources[name]} if name else {k: v for k, v in sources.items() if v.api_key}
    if not chosen:
        raise SettingsError(
            "no source has an API key: set STRIPE_API_KEY (of the source main) or "
            "SUBFOLD_SOURCES__{ID}__API_KEY; a restricted key that may read is enough"
        )
    for id_, source in chosen.items():
        yield Asked(id_, source, None)
        yield from (Asked(id_, source, account) for account in source.accounts if account != "*")


def variable(source: str, key: str) -> str:
    """The environment variable of a source's secret, or of the file that holds it with `_FILE`."""
    return f"SUBFOLD_SOURCES__{source.upper()}__{key}"
