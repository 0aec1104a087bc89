"""What `subfold connect` says: what a key lacks, what was done, and what is left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import typer

from cli.source import variable
from schemas.wire.events import API_VERSION
from streams.settings import Source
from streams.source.connect import EVENT_NAMES, ConnectState, Plan, door_of, is_pinned
from streams.source.fetched import Scope
from streams.source.permissions import HISTORY, READING, Permission, connecting, form
from streams.source.stripe_api import Fields
from streams.source.way_back import Heard


@dataclass(slots=True, kw_only=True)
class Connected:
    """What was done: an endpoint for each plan. `heard` is None where the door lacks a secret."""

    scope: Scope
    state: ConnectState
    plans: Sequence[Plan]
    endpoints: Sequence[Fields]
    secret_path: Path | None
    heard: Heard | None = None
    deleted: list[str] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Whether an endpoint was made."""
        return any(plan.found is None for plan in self.plans)


def warn(source: Source, id_: str, url: str) -> None:
    """Say what is unwise, and go on."""
    if source.api_key and source.api_key.get_secret_value().startswith("sk_"):
        typer.echo("warning: this key may do everything; a restricted key is enough", err=True)
    path = door_of(id_)
    if not urlsplit(url).path.endswith(path):
        typer.echo(
            f"warning: the door of source {id_} is at {path}: does your proxy lead {url} there?",
            err=True,
        )


def lacking_text(found: Mapping[Scope, Sequence[Permission]]) -> str:
    """All that is missing, in the Dashboard's words, and a form with all that is needed."""
    lines = [
        f"{scope}: the API key lacks: {_reasons(missing)}"
        for scope, missing in found.items()
        if missing
    ]
    livemode = next(iter(found)).livemode
    return "\n".join(
        [*lines, "Edit the key in Stripe's Dashboard, or make one:", *_rows(livemode=livemode)]
    )


def warn_of_history(found: Mapping[Scope, Sequence[Permission]]) -> None:
    """Say what a back-fill will leave out, for the key may not read it."""
    for scope, missing in found.items():
        if missing:
            typer.echo(
                f"warning: {scope}: the API key lacks: {_reasons(missing)}; a back-fill leaves "
                f"that out. A key with all of it: {form(livemode=scope.livemode)}",
                err=True,
            )


def _reasons(missing: Sequence[Permission]) -> str:
    return ", ".join(each.reason for each in missing)


def _rows(*, livemode: bool) -> list[str]:
    """What to tick, and a link that ticks it."""
    writing = connecting(livemode=livemode)
    return [
        f"  to read: {', '.join(map(str, READING))}",
        f"  to read for history, which is left out without: {', '.join(map(str, HISTORY))}",
        f"  only for connect and disconnect: {', '.join(map(str, writing))}",
        f"  {form(livemode=livemode)}",
    ]


def say_checked(
    found: Mapping[Scope, Sequence[Permission]], account: str, name: str, *, as_json: bool
) -> None:
    """The key is good: whose it is, and what history it may not read."""
    scope = next(iter(found))
    if as_json:
        known = {
            "account": str(scope),
            "stripe_account": account,
            "name": name,
            "missing": [],
            "history_missing": {str(each): list(map(str, found[each])) for each in found},
        }
        typer.echo(orjson.dumps(known).decode())
    else:
        typer.echo(f"{scope}: the API key is good: {_whose(scope, account, name)}")


def _whose(scope: Scope, account: str, name: str) -> str:
    mode = "live mode" if scope.livemode else "test mode"
    if not account:
        return f"an account that the key may not name, {mode}"
    return f"{name or 'an account without a name'} ({account}), {mode}"


def as_line(done: Connected) -> str:
    """All of it as JSON, without any secret."""
    known = {
        "account": str(done.scope),
        "stripe_account": done.state.account,
        "name": done.state.name,
        "livemode": done.scope.livemode,
        "url": done.state.url,
        "endpoints": [
            {
                "id": endpoint["id"],
                "events_of": plan.whose,
                "is_new": plan.found is None,
                "api_version": endpoint["api_version"],
            }
            for plan, endpoint in zip(done.plans, done.endpoints, strict=True)
        ],
        "secret_file": str(done.secret_path) if done.is_new else None,
        "verified": bool(done.heard and done.heard.is_verified),
        "other_versions": sorted(done.heard.others) if done.heard else [],
        "deleted": done.deleted,
    }
    return orjson.dumps(known).decode()


def say_connected(done: Connected, source: Source) -> None:
    """What was done, and what is left to do."""
    for plan, endpoint in zip(done.plans, done.endpoints, strict=True):
        word = "adopted" if plan.found else "made"
        typer.echo(
            f"{done.scope}: endpoint {endpoint['id']} {word} for events of {plan.whose}: "
            f"{len(EVENT_NAMES)} types, API version {endpoint['api_version'] or 'of the account'}"
        )
        if not is_pinned(endpoint):
            typer.echo(
                f"warning: the API version of {endpoint['id']} is not {API_VERSION} and cannot be "
                "changed. What it sends is folded all the same; --replace puts another endpoint "
                "in its place",
                err=True,
            )
    if done.is_new:
        _say_next(done, source)
    elif done.heard:
        _say_heard(done, done.heard)


def _say_next(done: Connected, source: Source) -> None:
    name, path = variable(done.scope.source, "WEBHOOK_SECRETS"), done.secret_path
    if source.webhook_secrets:
        todo = f"add the secret in {path} to {name}, which takes several with commas,"
    else:
        todo = f"set {name}_FILE={path}"
    typer.echo(f"Now {todo} for `subfold ingest`, start that again, and run this once more.")


def _say_heard(done: Connected, heard: Heard) -> None:
    for each in sorted(heard.others):
        typer.echo(f"warning: an event came in API version {each or 'unknown'}, too", err=True)
    for each in done.deleted:
        typer.echo(f"{done.scope}: endpoint {each} deleted: another has taken its place")
    if heard.is_verified:
        whose = _whose(done.scope, done.state.account, done.state.name)
        typer.echo(f"{done.scope}: connected: {whose}: an event came back")
    elif heard.is_provoked:
        typer.echo(
            f"{done.scope}: not connected: an event was made at Stripe and did not come back. Does "
            f"{done.state.url} lead to `subfold ingest`, and has it the endpoint's secret "
            f"({variable(done.scope.source, 'WEBHOOK_SECRETS')})? The Dashboard shows how each "
            "delivery was answered",
            err=True,
        )
    else:
        typer.echo(
            f"{done.scope}: nothing came back yet. In live mode, and with a key that may not make "
            "test clocks, nothing is made happen: run this again when something has happened in "
            "the account, or with a longer --wait",
            err=True,
        )
