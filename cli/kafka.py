"""`subfold kafka`: Apache Kafka on this machine, without Docker and without an installed Java."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import BrokerError
from streams.log.embedded import EmbeddedKafka, owner_of

app = typer.Typer(
    help="Run Apache Kafka on this machine, on loopback, without Docker or Java.",
    no_args_is_help=True,
)

DEFAULT_DATA = Path(".subfold/kafka")
STOP_TIMEOUT_S = 30
STEP_S = 0.1
# Java's way to say that it was told to end by SIGTERM, and did.
CLEAN_EXITS = (0, 143)

DataOption = Annotated[Path, typer.Option("--data", help="Folder that keeps the broker's data.")]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=1,
        max=65535,
        help="Port on 127.0.0.1; without it the one of the last time, or a free one.",
        show_default=False,
    ),
]


@app.command()
def run(data: DataOption = DEFAULT_DATA, port: PortOption = None) -> None:
    """Run Kafka until Ctrl-C or SIGTERM; print its address when it is ready."""
    # Ctrl-C too: in the background of a script it would be ignored otherwise.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        with EmbeddedKafka(data, port) as kafka:
            typer.echo(kafka.bootstrap_servers)
            code = kafka.wait()
    except KeyboardInterrupt:
        return
    if code not in CLEAN_EXITS:
        raise BrokerError(f"Kafka ended by itself, exit code {code}; see {data / 'kafka.log'}")


@app.command()
def status(
    data: DataOption = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say whether Kafka runs over a data folder; exit 1 when it does not."""
    owner = owner_of(data)
    if as_json:
        answer = {
            "data": str(data),
            "running": owner is not None,
            "ready": bool(owner and owner.is_ready),
            "pid": owner.pid if owner else None,
            "bootstrap_servers": owner.address if owner else None,
        }
        typer.echo(json.dumps(answer))
    elif owner:
        state = "ready" if owner.is_ready else "starting"
        typer.echo(f"{state} on {owner.address}, process {owner.pid}, data in {data}")
    else:
        typer.echo(f"not running; data folder {data}")
    raise typer.Exit(0 if owner else 1)


@app.command()
def stop(data: DataOption = DEFAULT_DATA) -> None:
    """Stop the Kafka that runs over a data folder, and wait for its end."""
    owner = owner_of(data)
    if owner is None:
        typer.echo(f"not running; data folder {data}")
        return
    os.kill(owner.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while owner_of(data):
        if time.monotonic() > deadline:
            raise BrokerError(f"process {owner.pid} does not stop; see {data / 'kafka.log'}")
        time.sleep(STEP_S)
    typer.echo(f"stopped; the data stay in {data}")
