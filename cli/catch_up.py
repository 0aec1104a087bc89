"""`subfold catch-up`: events that no webhook brought, appended to the log."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import orjson
import typer
from prometheus_client import start_http_server

from cli.config import ConfigOption, read_config
from cli.source import CurrentKeys, SourceOption, scopes_in, scopes_of, until_keyed
from schemas.times import iso
from streams.logs import configure_logging
from streams.settings import Deployment
from streams.source.account_tasks import AccountTasks
from streams.source.catch_up import SETTLE_S, CatchUpState
from streams.source.keep_up import end, keep_up
from streams.source.log_writer import log_writer
from streams.source.opened import opened


def catch_up(  # noqa: PLR0917 - Typer turns parameters into options
    source: SourceOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Every minute, and a check every day, until stopped.")
    ] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", help="With --follow: /metrics on this port of loopback."),
    ] = None,
    settle: Annotated[
        int, typer.Option("--settle", min=0, help="Seconds that a webhook has to come by itself.")
    ] = SETTLE_S,
    as_json: Annotated[bool, typer.Option("--json", help="Write a line for each account.")] = False,
    config: ConfigOption = None,
) -> None:
    """Append the events that Stripe lists and the log lacks, since the last complete point.

    Stripe lists those of thirty days. After a longer outage a back-fill brings what the lost ones
    led to.
    """
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    if follow:
        if metrics_port is not None:
            start_http_server(metrics_port, "127.0.0.1")
        asyncio.run(_follow(CurrentKeys(deployment, config), source))
        return
    for scope, state in asyncio.run(_catch_up(deployment, source, settle)).items():
        if as_json:
            told = {"account": scope, "state": state.model_dump()}
            typer.echo(orjson.dumps(told).decode())
        else:
            until = iso(state.complete_until)
            typer.echo(f"{scope}: complete until {until}; {state.appended} events appended so far")


async def _follow(current: CurrentKeys, source: str | None) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    work = asyncio.create_task(_keep_up(current, source))
    waiter = asyncio.create_task(asked.wait())
    await asyncio.wait({work, waiter}, return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    await end([work])
    if not work.cancelled():
        work.result()


async def _keep_up(current: CurrentKeys, source: str | None) -> None:
    await until_keyed(current)
    await keep_up(current(), lambda: scopes_in(current().sources, source))


async def _catch_up(
    deployment: Deployment, source: str | None, settle_s: int
) -> dict[str, CatchUpState]:
    found: dict[str, CatchUpState] = {}
    async with log_writer(deployment.kafka) as writer:
        for each in scopes_of(deployment, source):
            async with opened(each) as account:
                tasks = AccountTasks(account, deployment, writer)
                caught = await tasks.catch_up(settle_s=settle_s)
                found[str(account.scope)] = await tasks.heal_gap() or caught
    return found
