"""`subfold schemas`: the JSON Schemas of what readers consume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import BaseModel

from schemas.compatibility import breaks
from schemas.customer_row import CustomerRow
from schemas.errors import SettingsError
from schemas.updates import SCHEMA_ADDRESS, UPDATES

app = typer.Typer(help="JSON Schemas of updates and customer rows.", no_args_is_help=True)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")] = Path("docs/schemas"),
) -> None:
    """Write one JSON Schema for each type of update, and one for the customer row."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schema_files().items():
        (folder / name).write_bytes(text)
        typer.echo(str(folder / name))


@app.command()
def compare(
    folder: Annotated[Path, typer.Argument(help="Schemas of an older release, as exported.")],
) -> None:
    """Say what in this release's schemas is no addition to older ones; 1 if anything is not."""
    olds = {path.name: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    if not olds:
        raise SettingsError(f"{folder}: holds no schemas; name one that `schemas export` wrote")
    news = {name: orjson.loads(text) for name, text in schema_files().items()}
    found = [
        f"{name}: {each}"
        for name, old in olds.items()
        for each in (breaks(old, news[name]) if name in news else ["is gone"])
    ]
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{len(olds)} schemas: whoever reads those can read these")


def schema_files() -> dict[str, bytes]:
    """Every schema as a file: name and content."""
    models: dict[str, type[BaseModel]] = {model.TYPE: model for model in UPDATES}
    models["billing.customers"] = CustomerRow
    return {f"{name}.v1.json": _schema(name, model) for name, model in models.items()}


def _schema(name: str, model: type[BaseModel]) -> bytes:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ADDRESS.format(name=name),
        **model.model_json_schema(mode="serialization"),
    }
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
