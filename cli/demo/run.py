"""`subfold demo`: real input through the real door, and what came out, checked."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Annotated

import typer
from aiokafka import ConsumerRecord
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.demo.judge import Said, accounts, differences, said_by_fold, said_by_topics, ticks_of
from cli.demo.pages import console_faults
from cli.demo.postings import SOURCE, scripted_postings, simulated_postings
from cli.demo.reader import Progress as Folded
from cli.demo.reader import read_topics, wait_until_folded
from cli.demo.recorded import FOLDER
from cli.demo.report import customers_table, outcomes_table, topics_table, year_table
from cli.stack import Stack, running
from cli.supervisor import until_signalled
from cli.voice import Voice
from cli.webhooks import send_all
from schemas.errors import SettingsError
from streams.log.embedded.node import is_free
from streams.log.topics import LOG as EVENTS
from streams.log.topics import MRR
from streams.settings import PREFIX, WELL_KNOWN, ConsoleOptions, Deployment, load_config

SETTINGS = f"""\
# Made by `subfold demo`: free ports, and a source that may speak for test mode and any account.
[ingest]
port = 0

[worker]
port = 0

[console]
port = {{port}}

[[sources]]
id = "{SOURCE}"
accounts = ["*"]
test = true
"""
LOG = "demo.log"
PORT = ConsoleOptions().port


def demo(
    keep: Annotated[
        bool | None,
        typer.Option(
            "--keep/--end",
            help="Leave all running until Ctrl-C, as at a terminal, or end.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="New folder for the data; a temporary one without it."),
    ] = None,
) -> None:
    """Post recorded and made-up Stripe events to a fresh installation and show what comes out.

    Recorded events, scripted lives, and a simulated year of 200 customers, late and repeated ones
    among them.

    The rows and updates in Kafka are compared with `subfold fold` over the same events; exit 1 and
    a list when they differ.
    """
    if data and data.exists() and any(data.iterdir()):
        raise SettingsError(f"{data} is not empty: name a new folder, or none")
    keep = sys.stdout.isatty() if keep is None else keep
    folder = data or Path(tempfile.mkdtemp(prefix="subfold-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    voice = Voice(sys.stdout)
    code = 1
    try:
        code = asyncio.run(until_signalled(_demo(folder, voice, keep=keep)))
    finally:
        if code == 0 and data is None:
            shutil.rmtree(folder)
        else:
            voice.say(f"data and log of this run: {folder} ({LOG})")
    raise typer.Exit(code)


async def _demo(folder: Path, voice: Voice, *, keep: bool) -> int:
    started_s = asyncio.get_running_loop().time()
    secret = f"whsec_{secrets.token_hex(16)}"
    environ = {
        **_without_ours(os.environ),
        f"{PREFIX}SOURCES__{SOURCE.upper()}__WEBHOOK_SECRETS": secret,
    }
    path = folder / "subfold.toml"
    port = PORT if is_free(PORT) else 0
    path.write_text(SETTINGS.format(port=port), encoding="utf-8")
    config = load_config(path, environ)
    with (folder / LOG).open("w", encoding="utf-8") as file:
        log = Voice(file)
        async with running(config, data=folder, environ=environ, voice=voice, log=log) as stack:
            faults = await _show(stack, secret, voice)
            voice.say(f"{asyncio.get_running_loop().time() - started_s:.0f} s in all")
            if not keep:
                _say_where_to_look(stack, voice)
            elif not faults:
                voice.say(f"still running: Kafka {stack.kafka}, door {stack.webhook(SOURCE)}")
                voice.say(f"the console, filled: {stack.console}   Ctrl-C ends it")
                await asyncio.Event().wait()
    return 1 if faults else 0


async def _show(stack: Stack, secret: str, voice: Voice) -> list[str]:
    """Post, wait, read back, compare, and show all of it."""
    deployment, scripted = stack.deployment, scripted_postings()
    simulated = simulated_postings(ends_at=int(time.time()))
    postings = [*scripted, *simulated]
    voice.say(f"posting {len(postings)} signed webhooks to {stack.webhook(SOURCE)}")
    with _progress(voice) as progress:
        bar = progress.add_task("posted", total=len(postings))
        retries = await send_all(
            postings,
            url=stack.webhook(SOURCE),
            secret=secret,
            sent=lambda: progress.advance(bar),
        )
    done, topics = await _folded_topics(deployment, voice)
    log = topics[deployment.kafka.prefix + EVENTS]
    ticks = ticks_of(log)
    found = said_by_topics(topics, deployment.kafka, done.outcomes)
    mrr = topics[deployment.kafka.prefix + MRR]
    _tell_customers(found, mrr, {posting.subject for posting in simulated}, voice)
    voice.console.print(topics_table(topics), "")
    voice.console.print(outcomes_table(found, len(postings), ticks), "")
    voice.say(
        f"the log has {done.folded} records: the webhooks, the settings once per partition, and "
        "ticks of the clock"
    )
    expected = said_by_fold(log)
    faults = [
        *differences(found, expected),
        *accounts(len(postings), retries, ticks, found),
        *await console_faults(stack.console, found.rows.values()),
    ]
    return _judged(found, faults, voice)


async def _folded_topics(
    deployment: Deployment, voice: Voice
) -> tuple[Folded, dict[str, list[ConsumerRecord]]]:
    """Read all topics when the whole log is folded: the clock may write into it meanwhile."""
    log = deployment.kafka.prefix + EVENTS
    while True:
        done = await _wait(deployment, voice)
        voice.say("reading the topics back, committed records only")
        topics = await read_topics(deployment)
        if len(topics[log]) == done.folded:
            return done, topics


async def _wait(deployment: Deployment, voice: Voice) -> Folded:
    voice.say("waiting until the worker has folded the log")
    with _progress(voice) as progress:
        bar = progress.add_task("folded", total=None)
        return await wait_until_folded(
            deployment,
            lambda so_far: progress.update(bar, completed=so_far.folded, total=so_far.stored),
        )


def _judged(found: Said, faults: list[str], voice: Voice) -> list[str]:
    """Say whether all is as the pure fold would have it."""
    for fault in faults:
        voice.say(f"WRONG: {fault}")
    if not faults:
        voice.say(
            f"{len(found.rows)} rows and {found.updates.total()} updates in Kafka are the same as "
            "the pure fold makes of the log; the outcomes add up to what was posted"
        )
        voice.say(f"the console shows all {len(found.rows)} accounts")
    return faults


def _tell_customers(
    found: Said, mrr: Sequence[ConsumerRecord], simulated: Set[str], voice: Voice
) -> None:
    """Show the scripted customers one by one, and those of the simulated year in sum."""
    scripted = [row for subject, row in found.rows.items() if subject not in simulated]
    year = [row for subject, row in found.rows.items() if subject in simulated]
    movements = [record for record in mrr if record.key.decode() in simulated]
    voice.console.print(customers_table(scripted), "")
    voice.console.print(year_table(year, movements), "")


def _say_where_to_look(stack: Stack, voice: Voice) -> None:
    voice.say("to look further:")
    voice.say(f"  subfold fold {FOLDER} --state   rows of the recorded events, without Kafka")
    voice.say("  subfold simulate --out year.jsonl   a made-up year, to try your rules on")
    voice.say(f"  subfold demo --keep   the same, left running: look around on {stack.console}")
    voice.say("  subfold up   your own events, sent on by `stripe listen`")


def _progress(voice: Voice) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=voice.console,
    )


def _without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what names your own installation: the demo must not write into your cluster."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(PREFIX) and name.removesuffix("_FILE") not in WELL_KNOWN
    }
