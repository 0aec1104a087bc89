"""`subfold enrich`: what rows lack and no webhook shows, fetched from Stripe into the log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

import orjson
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from cli.config import ConfigOption, read_config
from cli.source import CurrentKeys, until_keyed
from cli.supervisor import until_signalled
from streams.logs import configure_logging
from streams.secret_store import with_stored_secrets
from streams.settings import Deployment
from streams.source.enriching import Looked, enriching

EVERY_S = 1.0
KEYS_EVERY_S = 60.0
AGAIN_S = 30.0
"""How long Stripe is left in peace after it could not be asked."""
ERR = Console(stderr=True)

log = structlog.get_logger()


def enrich(
    once: Annotated[bool, typer.Option("--once", help="Look at all rows now, and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --once, write a line for each account.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Fetch price tiers, coupon terms and whole lists that rows lack, and append them to the log.

    Runs until it is told to stop: follows rows as they change, and fetches prices, products and
    coupons again when they change. Needs an API key of a source; without one MRR of such customers
    stays unknown.
    """
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    if not once:
        raise typer.Exit(asyncio.run(until_signalled(_run(CurrentKeys(deployment, config)))))
    looked = asyncio.run(_once(deployment))
    for scope, each in looked.items():
        typer.echo(_line(scope, each) if as_json else _text(scope, each))
    for each in looked.values():
        if each.failed:
            raise each.failed


async def _once(deployment: Deployment) -> dict[str, Looked]:
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=ERR) as bar:
        task = bar.add_task("rows", total=None)
        async with enriching(with_stored_secrets(deployment)) as work:
            return await work.look(
                lambda done, total: bar.update(task, completed=done, total=total)
            )


async def _run(current: CurrentKeys) -> int:
    await until_keyed(current)
    async with enriching(current()) as work:
        log.info("enrich_started")
        clock = asyncio.get_running_loop().time
        read_at = clock()
        while True:  # Kafka is asked what is new
            if clock() >= read_at + KEYS_EVERY_S:
                work.use_keys(current().sources)
                read_at = clock()
            await asyncio.sleep(_tell(await work.look()))


def _tell(looked: Mapping[str, Looked]) -> float:
    """Write what was done as log lines; give the seconds until the next look."""
    for scope, each in looked.items():
        if each.done.records:
            log.info("enriched", account=scope, **_counts(each))
        if each.failed:
            reason = str(each.failed)
            log.warning("enrichment_delayed", account=scope, reason=reason, again_in_s=AGAIN_S)
    return AGAIN_S if any(each.failed for each in looked.values()) else EVERY_S


def _counts(looked: Looked) -> dict[str, int]:
    return {
        "lacking": looked.lacking,
        "objects": len(looked.done.objects),
        "records": looked.done.records,
        "customers": len(looked.done.subjects),
        "in_vain": looked.in_vain,
    }


def _line(scope: str, looked: Looked) -> str:
    """One account as JSON; `reason` is why it was not asked."""
    line = {"account": scope, **_counts(looked), "reason": looked.unasked}
    return orjson.dumps(line).decode()


def _text(scope: str, looked: Looked) -> str:
    if looked.unasked:
        return f"{scope}: {looked.lacking} customers lack something: {looked.unasked}"
    done = looked.done
    text = (
        f"{scope}: {looked.lacking} customers lacked something: {len(done.objects)} objects "
        f"fetched, {done.records} records appended for {len(done.subjects)} customers"
    )
    if looked.in_vain:
        text += f"; {looked.in_vain} lack what Stripe does not give"
    return text
