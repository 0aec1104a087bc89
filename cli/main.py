"""Entry point of `subfold`: puts the verbs together, turns our errors into words and exit codes."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cli import dlq, log, rules, schemas, settings, topics
from cli.backfill import backfill
from cli.catch_up import catch_up
from cli.connect import connect
from cli.console import app as console
from cli.demo.run import demo
from cli.disconnect import disconnect
from cli.doctor import doctor
from cli.enrich import enrich
from cli.fold import fold
from cli.ingest import ingest
from cli.init import init
from cli.kafka import app as kafka
from cli.master_key import master_key
from cli.mrr import mrr
from cli.reconcile import reconcile
from cli.rehearse import rehearse
from cli.replay import replay_log
from cli.simulate import simulate
from cli.status import status
from cli.statuses import statuses
from cli.timers import timers
from cli.up import up
from cli.worker import worker
from schemas.errors import SettingsError, SubfoldError

app = typer.Typer(
    name="subfold",
    help="Fold a Stripe account's events into one row per customer and tell what changed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(ingest)
app.command()(worker)
app.command()(connect)
app.command()(disconnect)
app.command()(master_key)
app.command()(backfill)
app.command()(catch_up)
app.command()(enrich)
app.command()(reconcile)
app.command()(fold)
app.command()(mrr)
app.command()(init)
app.command()(simulate)
app.command()(rehearse)
app.command("replay")(replay_log)
app.command()(statuses)
app.command()(timers)
app.command()(doctor)
app.command()(status)
app.command()(up)
app.command()(demo)
app.add_typer(schemas.app, name="schemas")
app.add_typer(rules.app, name="rules")
app.add_typer(topics.app, name="topics")
app.add_typer(settings.app, name="settings")
app.add_typer(kafka, name="kafka")
app.add_typer(console, name="console")
app.add_typer(dlq.app, name="dlq")
app.add_typer(log.app, name="log")


@app.callback(invoke_without_command=True)
def _about(
    shows_version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.")
    ] = False,
) -> None:
    if shows_version:
        typer.echo(version("subfold"))
        raise typer.Exit


def main() -> None:
    """Run the command; exit 2 for wrong settings, 1 for what went wrong otherwise."""
    try:
        app()
    except SettingsError as error:
        sys.exit(_say(error, 2))
    except SubfoldError as error:
        sys.exit(_say(error, 1))
    except OSError as error:  # a folder or file that cannot be used
        named = f"{error.filename}: {error.strerror}" if error.filename else error
        sys.exit(_say(named, 1))


def _say(error: Exception | str, code: int) -> int:
    typer.echo(f"subfold: {error}", err=True)
    return code
