"""`subfold topics`: make what Kafka must have before anything runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from cli.config import ConfigOption, read_config
from streams.log.acls import least_acls
from streams.log.admin import MadeTopic, create_topics
from streams.log.topics import topics_of
from streams.log.topics_page import topics_page
from streams.logs import configure_logging
from streams.settings import Deployment

app = typer.Typer(help="Topics of this installation.", no_args_is_help=True)


@app.callback()
def topics() -> None:
    """Keep `create` a verb of its own though it is the only one."""


@app.command()
def create(
    only_print: Annotated[
        bool,
        typer.Option("--print", help="Show the topics and each role's least ACLs; ask no broker."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Make every topic that is missing; refuse, with the remedy, one with other settings."""
    deployment = read_config(config, finds_kafka=not only_print).deployment
    if only_print:
        typer.echo(_plan(deployment) if as_json else topics_page(deployment), nl=as_json)
        return
    configure_logging(deployment.logs)
    made = asyncio.run(create_topics(deployment))
    if as_json:
        typer.echo(orjson.dumps([asdict(topic) for topic in made]).decode())
    else:
        Console().print(_table(made))


def _plan(deployment: Deployment) -> str:
    plan = {
        "partitions": deployment.kafka.partitions,
        "topics": [asdict(spec) for spec in topics_of(deployment)],
        "acls": [asdict(acl) for acl in least_acls(deployment)],
    }
    return orjson.dumps(plan).decode()


def _table(made: Sequence[MadeTopic]) -> Table:
    table = Table("topic", "", "partitions", "copies", "min. in sync", box=None)
    for topic in made:
        table.add_row(
            topic.name,
            topic.outcome,
            str(topic.partitions),
            str(topic.replication_factor),
            topic.config["min.insync.replicas"],
        )
    return table
