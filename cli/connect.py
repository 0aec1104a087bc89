"""`subfold connect`: checks a key, makes or adopts an endpoint, sees an event come back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from cli.config import ConfigOption, read_config
from cli.connect_text import (
    Connected,
    as_line,
    lacking_text,
    say_checked,
    say_connected,
    warn,
    warn_of_history,
)
from cli.credentials import secret_file, with_key
from cli.source import NamedSource, scopes_of
from schemas.errors import SettingsError
from schemas.wire.events import API_VERSION
from streams.settings import Kafka
from streams.source.connect import (
    ConnectState,
    Plan,
    account_of,
    carried_out,
    connection_in,
    door_url,
    is_pinned,
    key_of,
    planned,
    taken_away,
)
from streams.source.fetched import Scope
from streams.source.log_writer import kept, log_writer
from streams.source.opened import Asked, unasked
from streams.source.permissions import CONNECTING, HISTORY, READING, Permission, lacking
from streams.source.stripe_api import Fields, StripeApi
from streams.source.way_back import heard


def connect(  # noqa: PLR0917 - Typer turns parameters into options
    url: Annotated[
        str | None,
        typer.Option("--url", help="Where Stripe reaches the door: https://…/webhooks/stripe/main"),
    ] = None,
    source: NamedSource = "main",
    secret_path: Annotated[
        Path | None,
        typer.Option(
            "--secret-file", help="A new file for the secret of an endpoint that is made."
        ),
    ] = None,
    replaces: Annotated[
        bool,
        typer.Option("--replace", help="Put a new endpoint in place of one of another version."),
    ] = False,
    checks: Annotated[
        bool, typer.Option("--check", help="Only check the key and what it may do.")
    ] = False,
    wait: Annotated[
        int, typer.Option("--wait", min=1, help="Seconds for an event to come back.")
    ] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Write one line of JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Connect an account: check the API key, make or adopt its webhook endpoint, see an event.

    The key comes from the environment, a file, or is asked for; it is never an argument. Exits 2
    where the key lacks permissions, 1 where an event was made at Stripe and did not come back.
    """
    deployment = read_config(config, finds_kafka=not checks).deployment
    asked = list(scopes_of(deployment, source))
    keyed = with_key(asked[0].source, source)
    asked = [each._replace(source=keyed) for each in asked]
    if checks:
        asyncio.run(_check(asked, as_json=as_json))
        return
    if url is None:
        raise SettingsError("where is the door? --url https://your-host/webhooks/stripe/" + source)
    url = door_url(url, source)
    warn(keyed, source, url)
    done = asyncio.run(
        _connect(
            deployment.kafka, asked, url, replaces=replaces, secret_path=secret_path, wait_s=wait
        )
    )
    if as_json:
        typer.echo(as_line(done))
    else:
        say_connected(done, keyed)
    raise typer.Exit(bool(done.heard and done.heard.is_provoked and not done.heard.is_verified))


async def _check(asked: Sequence[Asked], *, as_json: bool) -> None:
    found = await _refuse_lacking(asked, ())
    async with unasked(asked[0]) as api:
        say_checked(found, *await account_of(api), as_json=as_json)


async def _refuse_lacking(
    asked: Sequence[Asked], more: Sequence[Permission]
) -> dict[Scope, list[Permission]]:
    """Name all that is missing, for the source's own account and its connected ones.

    What is missing for history alone is warned of, and given.
    """
    found: dict[Scope, list[Permission]] = {}
    for each in asked:
        wanted = (*READING, *HISTORY) if each.account else (*READING, *HISTORY, *more)
        async with unasked(each) as api:
            scope = Scope(each.id, each.account, api.livemode)
            found[scope] = await lacking(api, wanted)
    if any(each not in HISTORY for missing in found.values() for each in missing):
        raise SettingsError(lacking_text(found))
    warn_of_history(found)
    return found


async def _connect(
    kafka: Kafka,
    asked: Sequence[Asked],
    url: str,
    *,
    replaces: bool,
    secret_path: Path | None,
    wait_s: int,
) -> Connected:
    states = await kept(kafka)
    await _refuse_lacking(asked, CONNECTING)
    own = asked[0]
    async with unasked(own) as api:
        scope = Scope(own.id, None, api.livemode)
        plans = await planned(api, own.source, url, replaces=replaces)
        endpoints = await _carried_out(api, url, plans, secret_path)
        state = connection_in(states, scope)
        account, name = await account_of(api)
        state = ConnectState(
            connected_at=state.since or await api.now(),
            account=account,
            name=name,
            url=url,
            # Those of another address are still there, and are disconnected with the rest.
            endpoints=list(dict.fromkeys([*state.endpoints, *(each["id"] for each in endpoints)])),
        )
        async with log_writer(kafka) as writer:
            await writer.keep(key_of(scope), state)
        done = Connected(
            scope=scope, state=state, plans=plans, endpoints=endpoints, secret_path=secret_path
        )
        if not done.is_new:
            await _hear(api, kafka, done, wait_s)
    return done


async def _carried_out(
    api: StripeApi, url: str, plans: Sequence[Plan], path: Path | None
) -> list[Fields]:
    is_new = any(plan.found is None for plan in plans)
    if is_new and path is None:
        raise SettingsError(
            "an endpoint is to be made, and Stripe tells its secret only once: name a new file "
            "for it with --secret-file PATH"
        )
    made = []
    with secret_file(path) if is_new and path else nullcontext() as file:
        for plan in plans:
            endpoint = await carried_out(api, url, plan)
            secret = endpoint.pop("secret", None)
            if file and secret:
                file.add(SecretStr(secret))
            made.append(endpoint)
    return made


async def _hear(api: StripeApi, kafka: Kafka, done: Connected, wait_s: int) -> None:
    """See an event come back; then what it took the place of goes."""
    own = done.endpoints[0]
    version = API_VERSION if is_pinned(own) else own["api_version"]
    done.heard = await heard(api, kafka, done.scope, version=version, wait_s=wait_s)
    if done.heard.is_verified:
        for each in done.plans[0].older:
            await taken_away(api, each["id"], deletes=True)
            done.deleted.append(each["id"])
