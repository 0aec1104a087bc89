"""`subfold backfill`: what Stripe had before the webhooks came, appended to the log."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.config import ConfigOption, read_config
from cli.source import SourceOption, scopes_of
from schemas.errors import SubfoldError
from schemas.times import iso
from streams.log.admin import count_log_partitions
from streams.logs import configure_logging
from streams.settings import Deployment
from streams.source.backfill import HISTORY_S, TASK, Backfill, BackfillState
from streams.source.connect import connection_in
from streams.source.log_writer import kept, log_writer, read_state
from streams.source.opened import Opened, opened

ERR = Console(stderr=True)
INTERRUPTED = 130
"""Exit code, as a shell has it for Ctrl-C."""


def backfill(
    source: SourceOption = None,
    history: Annotated[
        bool, typer.Option("--history/--no-history", help="Also 13 months of invoices, payments.")
    ] = True,
    again: Annotated[bool, typer.Option("--again", help="Also where it was done before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write a line for each account.")] = False,
    config: ConfigOption = None,
) -> None:
    """Append everything that Stripe has of your customers to the log, while events keep coming.

    Who breaks off goes on where it was. What began before is told as `opening`, not as growth, and
    fires no automation.
    """
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    try:
        found = asyncio.run(_backfill(deployment, source, with_history=history, again=again))
    except KeyboardInterrupt:
        ERR.print(
            "stopped; `subfold backfill` goes on where it was", highlight=False, soft_wrap=True
        )
        raise typer.Exit(INTERRUPTED) from None
    for scope, state in found.items():
        if as_json:
            typer.echo(f'{{"account":"{scope}","state":{state.model_dump_json()}}}')
        else:
            typer.echo(f"{scope}: {_text(state)}")
        for name, reason in state.refused.items():
            ERR.print(f"{scope}: without {name}: {reason}", highlight=False, soft_wrap=True)


async def _backfill(
    deployment: Deployment, source: str | None, *, with_history: bool, again: bool
) -> dict[str, BackfillState]:
    await count_log_partitions(deployment.kafka)
    states = await kept(deployment.kafka)
    found: dict[str, BackfillState] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[objects]} objects, {task.fields[rate]}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=ERR) as bar:
        async with log_writer(deployment.kafka) as writer:
            for each in scopes_of(deployment, source):
                async with opened(each) as account:
                    key = f"{account.scope}/{TASK}"
                    state = read_state(BackfillState, states.get(key))
                    since = connection_in(states, account.scope).since
                    lacks = state.lacks(with_history=with_history)
                    if not state.completed_at or lacks or again:
                        work = Backfill(account.api, writer, account.scope, state)
                        await work.begin(
                            history_s=HISTORY_S if with_history else None,
                            connected_at=since,
                            not_before=state.completed_at or 0 if again else 0,
                            whole_since=(again and state.completed_at) or state.whole_since,
                        )
                        state = await _shown(work, account, bar)
                    else:
                        at = iso(state.completed_at or 0)
                        ERR.print(
                            f"{account.scope}: was complete at {at}; --again does it anew",
                            highlight=False,
                            soft_wrap=True,
                        )
                    found[str(account.scope)] = state
    return found


async def _shown(work: Backfill, account: Opened, bar: Progress) -> BackfillState:
    task = bar.add_task(str(account.scope), total=1.0, objects=0, rate=0)
    begun = _objects(work.state)
    try:
        async for state in work.run():
            speed = (_objects(state) - begun) / max(bar.tasks[task].elapsed or 0.0, 0.001)
            bar.update(task, completed=state.progress, objects=_objects(state), rate=round(speed))
    except SubfoldError as error:
        done = round(100 * work.state.progress)
        raise SubfoldError(
            f"{account.scope}: incomplete, {done} %: {error}; run it again to go on"
        ) from error
    return work.state


def _text(state: BackfillState) -> str:
    counts = [
        f"{each.objects} {name}" for name, each in state.lists.items() if name not in state.refused
    ]
    without = f" without {', '.join(state.refused)}" if state.refused else ""
    return f"complete{without}: {', '.join(counts)}"


def _objects(state: BackfillState) -> int:
    return sum(each.objects for each in state.lists.values())
