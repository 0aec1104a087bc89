"""`subfold console`: the pages and the API; and who may use them."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from cli.config import ConfigOption, read_config
from cli.who import who
from console.access.audit import note, records
from console.access.database import open_access
from console.access.tokens import Scope, add_token, all_tokens, revoke_token
from console.access.users import all_users, remove_user, set_user
from console.access.visitor import Role
from console.read_model.database import make_anew, open_read_model, writing
from schemas.errors import SettingsError
from streams.logs import configure_logging

app = typer.Typer(help="All customer data in one place: pages, API, users, tokens, audit.")
users = typer.Typer(help="People who log in.", no_args_is_help=True)
tokens = typer.Typer(help="Tokens of the API.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(tokens, name="token")

DAY_S = 24 * 3600
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, a line for each.")]


@app.callback(invoke_without_command=True)
def console(context: typer.Context, config: ConfigOption = None) -> None:
    """Serve the console, on http://127.0.0.1:8090 unless [console] says otherwise."""
    if context.invoked_subcommand:
        return
    # Its libraries take a second to load, which every other verb would pay, too.
    from console.serve import serve

    settings = read_config(config, finds_kafka=True)
    configure_logging(settings.deployment.logs)
    serve(settings)


@app.command()
def rebuild(config: ConfigOption = None) -> None:
    """Throw the read model away: a console that runs, or the next one, reads all topics again.

    Nothing is lost by it: users, tokens, audit and the topics stay.
    """
    engine = open_read_model(read_config(config).deployment.console)
    with writing(engine) as connection:
        make_anew(connection)
    with _access(config).begin() as connection:
        note(connection, at=time.time(), actor=_actor(), what="read_model.rebuilt")
    typer.echo("the read model is empty; the console reads all topics again")


@app.command()
def audit(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest.")] = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List who changed what, the newest first."""
    with _access(config).connect() as connection:
        found = records(connection, limit=limit)
    if as_json:
        _write_json(found)
        return
    table = Table("when", "who", "what", "details", box=None)
    for each in found:
        details = ", ".join(f"{name} {value}" for name, value in each.details.items())
        table.add_row(_moment(each.at), each.actor, each.what, details)
    Console().print(table)


@users.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="What they log in with.")],
    role: Annotated[Role, typer.Option("--role", help="What they may do.")] = Role.VIEWER,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", help="File with the password; - for standard input."),
    ] = None,
    without_password: Annotated[
        bool, typer.Option("--without-password", help="Known by the proxy's header alone.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Add a user, or give one another password and role. The password is asked for."""
    password = None if without_password else _password(password_file)
    with _access(config).begin() as connection:
        is_new = set_user(connection, name=name, password=password, role=role, at=time.time())
        note(
            connection,
            at=time.time(),
            actor=_actor(),
            what="user.added" if is_new else "user.changed",
            details={"user": name, "role": role},
        )
    typer.echo(f"{name} is {'added' if is_new else 'changed'}: {role}")


@users.command("list")
def list_users(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List users."""
    with _access(config).connect() as connection:
        found = all_users(connection)
    if as_json:
        _write_json(found)
        return
    table = Table("name", "role", "since", box=None)
    for each in found:
        table.add_row(each.name, each.role, _moment(each.created_at))
    Console().print(table)


@users.command("remove")
def take_out_user(
    name: Annotated[str, typer.Argument(help="Of the user.")], config: ConfigOption = None
) -> None:
    """Remove a user, and log them out."""
    with _access(config).begin() as connection:
        remove_user(connection, name)
        details = {"user": name}
        note(connection, at=time.time(), actor=_actor(), what="user.removed", details=details)
    typer.echo(f"{name} is removed")


@tokens.command("add")
def make_token(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[Scope, typer.Option("--scope", help="What it may do.")] = Scope.READ,
    expires: Annotated[
        str | None, typer.Option("--expires", help="In so many days, such as 90d.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make a token. It is written to standard output, once; what is kept of it is a hash."""
    now = time.time()
    expires_at = None if expires is None else now + _days(expires) * DAY_S
    with _access(config).begin() as connection:
        token = add_token(
            connection,
            name=name,
            scope=scope,
            created_by=_actor(),
            at=now,
            expires_at=expires_at,
        )
        details = {"token": name, "scope": scope}
        note(connection, at=now, actor=_actor(), what="token.added", details=details)
    typer.echo(token)


@tokens.command("list")
def list_tokens(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List tokens, the newest first; what they are themselves nobody can say."""
    with _access(config).connect() as connection:
        found = all_tokens(connection)
    if as_json:
        _write_json(found)
        return
    table = Table("id", "name", "scope", "made", "last used", "expires", "revoked", box=None)
    for each in found:
        times = (each.created_at, each.used_at, each.expires_at, each.revoked_at)
        table.add_row(each.id, each.name, each.scope, *(_moment(at) for at in times))
    Console().print(table)


@tokens.command("revoke")
def take_out_token(
    token_id: Annotated[str, typer.Argument(help="As `token list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """Make a token open nothing more."""
    with _access(config).begin() as connection:
        revoke_token(connection, token_id, at=time.time())
        details = {"token": token_id}
        note(connection, at=time.time(), actor=_actor(), what="token.revoked", details=details)
    typer.echo(f"{token_id} is revoked")


def _access(config: Path | None) -> Engine:
    return open_access(read_config(config).deployment.console)


def _actor() -> str:
    """Who changes it from a terminal; no user of the console can have this name."""
    return f"{who()} (command line)"


def _password(file: Path | None) -> str:
    """Never an argument: those are in the list of processes and in the shell's history."""
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    return text.rstrip("\r\n")


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not (text.endswith("d") and number.isdecimal() and int(number)):
        raise SettingsError(f"--expires {text!r}: write a number of days, such as 90d")
    return int(number)


def _moment(at: int | None) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(" ", "minutes")[:16] if at else "–"


def _write_json(found: list[Any]) -> None:
    for each in found:
        sys.stdout.buffer.write(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE))
