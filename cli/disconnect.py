"""`subfold disconnect`: Stripe sends nothing more; what the log has stays."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer

from cli.config import ConfigOption, read_config
from cli.credentials import with_key
from cli.source import NamedSource, scopes_of, variable
from schemas.errors import SettingsError
from streams.settings import Kafka
from streams.source.connect import connection_in, key_of, taken_away
from streams.source.fetched import Scope
from streams.source.log_writer import kept, log_writer
from streams.source.opened import Asked, key_variable, unasked


def disconnect(
    source: NamedSource = "main",
    deletes: Annotated[
        bool, typer.Option("--delete", help="Delete the endpoints instead of disabling them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one line of JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Disable the webhook endpoints that `subfold connect` made or adopted. The log is kept."""
    deployment = read_config(config, finds_kafka=True).deployment
    own = next(scopes_of(deployment, source))
    own = own._replace(source=with_key(own.source, source))
    scope, found = asyncio.run(_disconnect(deployment.kafka, own, deletes=deletes))
    if as_json:
        typer.echo(orjson.dumps({"account": str(scope), "endpoints": found}).decode())
        return
    for id_, word in found.items():
        typer.echo(f"{scope}: endpoint {id_}: {word}")
    secrets = variable(source, "WEBHOOK_SECRETS")
    typer.echo(
        f"Remove the endpoint's secret ({secrets}, or with _FILE) and the API key "
        f"({key_variable(source)}), and revoke that in Stripe's Dashboard. What the log has stays."
    )


async def _disconnect(kafka: Kafka, own: Asked, *, deletes: bool) -> tuple[Scope, dict[str, str]]:
    states = await kept(kafka)
    async with unasked(own) as api:
        scope = Scope(own.id, None, api.livemode)
        state = connection_in(states, scope)
        if not state.endpoints:
            raise SettingsError(f"{scope}: there is no connection that `subfold connect` made")
        found = {}
        for each in state.endpoints:
            was_there = await taken_away(api, each, deletes=deletes)
            found[each] = ("deleted" if deletes else "disabled") if was_there else "gone before"
        left = {"disconnected_at": await api.now(), "endpoints": [] if deletes else state.endpoints}
        async with log_writer(kafka) as writer:
            await writer.keep(key_of(scope), state.model_copy(update=left))
    return scope, found
