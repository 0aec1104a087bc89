"""`subfold settings`: bring the business part of subfold.toml into the log, see what is there."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer

from cli.config import ConfigOption, read_config, warn_of_words
from cli.who import who
from schemas.settings import Announce
from streams.log.settings_log import Application, apply_settings, last_applied
from streams.logs import configure_logging

app = typer.Typer(help="Business settings of this installation.", no_args_is_help=True)

NOT_APPLIED = "not applied: run `subfold settings apply`"


@app.command()
def apply(
    reason: Annotated[str, typer.Option(help="Why; kept with the settings for ever.")] = "",
    announce: Annotated[
        Announce,
        typer.Option(
            help="What becomes of customers that look different by them: told now, adopted in "
            "silence, or told from now on, each with its next event."
        ),
    ] = "from_now_on",
    config: ConfigOption = None,
) -> None:
    """Append the file's business settings to the log, unless they are in force already.

    See `subfold rehearse` for what they change.
    """
    read = read_config(config, finds_kafka=True)
    warn_of_words(read.business)
    configure_logging(read.deployment.logs)
    done = asyncio.run(
        apply_settings(
            read.deployment.kafka,
            read.business,
            applied_by=who(),
            reason=reason,
            announce=announce,
        )
    )
    typer.echo(_sentence(done))


@app.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show which settings the log has, and whether the file says the same."""
    read = read_config(config, finds_kafka=True)
    configure_logging(read.deployment.logs)
    record = asyncio.run(last_applied(read.deployment.kafka))
    is_same = record is not None and record.hash == read.business.content_hash()
    if as_json:
        told = {
            "applied": record.model_dump(mode="json") if record else None,
            "file": {"path": read.path, "hash": read.business.content_hash()},
            "is_applied": is_same,
        }
        typer.echo(orjson.dumps(told, default=str).decode())
        return
    if record is None:
        typer.echo("version 0: the built-in settings; none were ever applied")
    else:
        typer.echo(f"version {record.version}, applied by {record.applied_by}: {record.reason}")
        typer.echo(f"hash {record.hash}")
    origin = read.path or "the built-in settings"
    typer.echo(f"{origin}: {'applied' if is_same else NOT_APPLIED}")


def _sentence(done: Application) -> str:
    version = done.record.version
    match done.outcome:
        case "applied":
            return f"applied as version {version}"
        case "completed":
            return f"version {version} had not reached every partition; now it has"
        case "already_applied":
            return f"already applied: version {version}"
