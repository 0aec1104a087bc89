"""`subfold reconcile`: all that Stripe has compared with the rows, and what differs repaired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from cli.backfill import INTERRUPTED
from cli.config import ConfigOption, read_config
from cli.source import SourceOption, scopes_of
from schemas.times import iso, iso_or_none
from streams.logs import configure_logging
from streams.settings import Deployment
from streams.source.account_tasks import AccountTasks
from streams.source.drift import Drift
from streams.source.log_writer import kept, log_writer
from streams.source.opened import opened
from streams.source.proved import ReconcileState
from streams.source.reconcile import Checked

ERR = Console(stderr=True)
SHOWN_MAX = 20


def reconcile(
    source: SourceOption = None,
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Append what mends the rows to the log.")
    ] = True,
    settle: Annotated[
        int,
        typer.Option("--settle", min=0, help="Seconds before what differs is looked at again."),
    ] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Write a line for each account.")] = False,
    config: ConfigOption = None,
) -> None:
    """Compare every customer and subscription at Stripe with its row, field by field.

    Exits 1 where something differs that is not repaired. A check that breaks off says nothing.
    """
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    try:
        found = asyncio.run(_reconcile(deployment, source, repairs=repair, settle_s=settle))
    except KeyboardInterrupt:
        ERR.print("stopped, so nothing is proved; what was repaired stays; run it again")
        raise typer.Exit(INTERRUPTED) from None
    for scope, (checked, state) in found.items():
        if as_json:
            typer.echo(orjson.dumps(_told(scope, checked, state)).decode())
        else:
            _tell(scope, checked, repaired=repair)
    differs = any(checked.drifts for checked, _ in found.values())
    raise typer.Exit(1 if differs and not repair else 0)


async def _reconcile(
    deployment: Deployment, source: str | None, *, repairs: bool, settle_s: int
) -> dict[str, tuple[Checked, ReconcileState]]:
    states = await kept(deployment.kafka)
    found: dict[str, tuple[Checked, ReconcileState]] = {}
    columns = SpinnerColumn(), TextColumn("{task.description}: {task.completed} objects compared")
    with Progress(*columns, console=ERR) as bar:
        async with log_writer(deployment.kafka) as writer:
            for each in scopes_of(deployment, source):
                async with opened(each) as account:
                    task = bar.add_task(str(account.scope), total=None)
                    work = AccountTasks(account, deployment, writer).check_of(states)
                    checked = await work.run(
                        repairs=repairs, settle_s=settle_s, progress=_shown(bar, task)
                    )
                    found[str(account.scope)] = checked, work.state
    return found


def _shown(bar: Progress, task: TaskID) -> Callable[[int], None]:
    return lambda done: bar.update(task, completed=done)


def _told(scope: str, checked: Checked, state: ReconcileState) -> dict[str, object]:
    return {
        "account": scope,
        "objects": checked.objects,
        "since": iso_or_none(checked.since),
        "drifts": [asdict(each) for each in checked.drifts],
        "state": state.model_dump(),
    }


def _tell(scope: str, checked: Checked, *, repaired: bool) -> None:
    customers = len({each.subject for each in checked.drifts})
    words = "and are repaired" if repaired else "and are not repaired"
    if checked.since is not None:
        words += f"; they were right at the check of {iso(checked.since)}"
    typer.echo(
        f"{scope}: {checked.objects} objects compared; "
        + (f"{customers} customers differ {words}" if customers else "all rows are as Stripe says")
    )
    for each in checked.drifts[:SHOWN_MAX]:
        typer.echo(f"  {each.subject}: {each.object}: {_fields(each)}")
    if len(checked.drifts) > SHOWN_MAX:
        typer.echo(f"  and {len(checked.drifts) - SHOWN_MAX} more; all with --json")


def _fields(drift: Drift) -> str:
    return "no such row" if drift.is_missing else ", ".join(drift.fields)
