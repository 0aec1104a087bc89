"""`subfold up`: everything on this machine by one command, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.config import ConfigOption, read_config
from cli.stack import Stack, running
from cli.supervisor import until_signalled
from cli.voice import Voice
from streams.logs import configure_logging
from streams.settings import Config


def up(
    config: ConfigOption = None,
    data: Annotated[Path, typer.Option("--data", help="Folder that keeps Kafka's data.")] = Path(
        ".subfold"
    ),
) -> None:
    """Run Kafka and all roles on this machine until Ctrl-C; a role that dies starts again.

    With kafka.bootstrap_servers or KAFKA_BOOTSTRAP_SERVERS set, that cluster is used instead.
    """
    settings = read_config(config)
    configure_logging(settings.deployment.logs)
    raise typer.Exit(asyncio.run(until_signalled(_up(settings, data))))


async def _up(config: Config, data: Path) -> int:
    voice = Voice(sys.stdout)
    async with running(config, data=data, environ=os.environ, voice=voice, log=voice) as stack:
        _say_what_next(stack, voice)
        await asyncio.Event().wait()
    return 0


def _say_what_next(stack: Stack, voice: Voice) -> None:
    sources = stack.deployment.sources
    voice.say("all is running; Ctrl-C ends it, the data stay")
    voice.say(f"  console  {stack.console}")
    voice.say(f"  Kafka    {stack.kafka}")
    voice.say(f"  metrics  {stack.ingest}/metrics, {stack.worker}/metrics, {stack.console}/metrics")
    for name, source in sources.items():
        voice.say(f"  webhooks {stack.webhook(name)}")
        voice.say(f"    try it: stripe listen --forward-to {stack.webhook(name)}")
        if not (source.webhook_secrets or source.eventbridge_secrets):
            variable = (
                "STRIPE_WEBHOOK_SECRET"
                if name == "main"
                else f"SUBFOLD_SOURCES__{name.upper()}__WEBHOOK_SECRETS"
            )
            voice.say(
                f"    no secret is set, so nothing is let in: set {variable} to what "
                "`stripe listen --print-secret` prints, and start again"
            )
