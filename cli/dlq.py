"""`subfold dlq`: look at dead letters, give them back to the log, or put them aside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from cli.config import ConfigOption, parse_time, read_config
from cli.dlq_text import counts_of, json_of, table_of, told_of
from cli.who import who
from schemas.errors import DeadLetterReason, SettingsError
from streams.logs import configure_logging
from streams.settings import Kafka
from streams.worker.letter_topic import body_of, read_letters
from streams.worker.letters import OPEN, Action, Chosen, Letter, Letters, Place
from streams.worker.redrive import discard, redrive

app = typer.Typer(help="Dead letters: what could not be folded.", no_args_is_help=True)
ERR = Console(stderr=True)

PlacesOption = Annotated[
    list[str] | None,
    typer.Option("--offset", help="partition:offset of the record in the log; may be repeated."),
]
ReasonsOption = Annotated[
    list[DeadLetterReason] | None, typer.Option("--reason", help="Only these reasons.")
]
CustomerOption = Annotated[
    str | None, typer.Option("--customer", help="Only of this customer: its id, or the whole key.")
]
SinceOption = Annotated[str | None, typer.Option("--since", help="Buried at this time or later.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Buried before this time.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every open letter.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, a line for each letter.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; kept with the letter for ever.")]


@app.command("list")
def list_(  # noqa: PLR0917 - Typer turns parameters into options
    reason: ReasonsOption = None,
    customer: CustomerOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    offset: PlacesOption = None,
    is_open: Annotated[bool, typer.Option("--open", help="Only those nobody dealt with.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List dead letters: where the record is in the log, why it is dead, what was done about it."""
    chosen = _chosen(reason, customer, since, until, offset)
    if is_open:
        chosen = replace(chosen, states=frozenset({OPEN}))
    letters = _read(_kafka(config))
    found = chosen.of(letters)
    if as_json:
        _write_json(found)
        return
    Console().print(table_of(found))
    typer.echo(counts_of(found))
    if letters.strange:
        typer.echo(f"records that are no letters of subfold's: {letters.strange}", err=True)


@app.command()
def show(
    place: Annotated[str, typer.Argument(help="partition:offset of the record in the log.")],
    body: Annotated[
        bool, typer.Option("--body", help="Also the body: it may hold names and addresses.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show one letter with its headers and all that was done about it."""
    kafka = _kafka(config)
    [letter] = _known(_read(kafka), [Place.parse(place)])
    text = asyncio.run(body_of(kafka, letter)) if body else None
    told = json_of(letter) | ({} if text is None else {"body": text.decode(errors="replace")})
    if as_json:
        typer.echo(orjson.dumps(told).decode())
    else:
        typer.echo(told_of(told))


@app.command("redrive")
def redrive_(  # noqa: PLR0917 - Typer turns parameters into options
    reason: ReasonsOption = None,
    customer: CustomerOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    offset: PlacesOption = None,
    every: AllOption = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was redriven or discarded before.")
    ] = False,
    why: WhyOption = "",
    dry_run: DryOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Append the records of letters to the log again, each once; the letters stay."""
    chosen = _chosen(reason, customer, since, until, offset, every=every)
    kafka = _kafka(config)
    letters = _read(kafka)
    found = chosen.of(letters)
    unfinished = {OPEN, Action.REDRIVING.value}
    to_go = [each for each in found if each.has_record and (again or each.state in unfinished)]
    if dry_run or not to_go:
        _say("redriven", to_go, found, dry_run=dry_run, as_json=as_json)
        return
    now_ms = int(time.time() * 1000)
    done = asyncio.run(redrive(kafka, letters, to_go, by=who(), why=why, now_ms=now_ms))
    written = {deed.letter: f"{deed.letter.partition}:{deed.written}" for deed in done}
    _say("redriven", to_go, found, as_json=as_json, written=written)


@app.command("discard")
def discard_(  # noqa: PLR0917 - Typer turns parameters into options
    reason: ReasonsOption = None,
    customer: CustomerOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    offset: PlacesOption = None,
    every: AllOption = False,
    why: WhyOption = "",
    dry_run: DryOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Note that open letters need nothing more; they stay, and can be redriven with --again."""
    chosen = _chosen(reason, customer, since, until, offset, every=every)
    kafka = _kafka(config)
    found = chosen.of(_read(kafka))
    to_go = [each for each in found if each.state == OPEN]
    if not dry_run and to_go:
        asyncio.run(discard(kafka, to_go, by=who(), why=why))
    _say("discarded", to_go, found, dry_run=dry_run, as_json=as_json)


def _kafka(config: ConfigOption) -> Kafka:
    deployment = read_config(config, finds_kafka=True).deployment
    configure_logging(deployment.logs)
    return deployment.kafka


def _chosen(
    reasons: Iterable[DeadLetterReason] | None,
    customer: str | None,
    since: str | None,
    until: str | None,
    places: Iterable[str] | None,
    *,
    every: bool | None = None,
) -> Chosen:
    """What the options say; where something is done, one of them must be given."""
    if every is False and not any((reasons, customer, since, until, places)):
        raise SettingsError(
            "say which letters: --reason, --customer, --since, --until, --offset, or --all"
        )
    return Chosen(
        places=frozenset(Place.parse(each) for each in places or ()),
        reasons=frozenset(each.value for each in reasons or ()),
        customer=customer,
        since_ms=parse_time(since) * 1000 if since else None,
        until_ms=parse_time(until) * 1000 if until else None,
    )


def _known(letters: Letters, places: Sequence[Place]) -> list[Letter]:
    for place in places:
        if place not in letters.by_place:
            raise SettingsError(f"there is no dead letter of the record {place}")
    return [letters.by_place[place] for place in places]


def _read(kafka: Kafka) -> Letters:
    with Progress(console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        task = bar.add_task("letters read", total=None)
        return asyncio.run(
            read_letters(kafka, lambda done, total: bar.update(task, completed=done, total=total))
        )


def _write_json(letters: Iterable[Letter]) -> None:
    for letter in letters:
        typer.echo(orjson.dumps(json_of(letter)).decode())


def _say(
    verb: str,
    done: Sequence[Letter],
    found: Sequence[Letter],
    *,
    as_json: bool,
    dry_run: bool = False,
    written: Mapping[Place, str] = MappingProxyType({}),
) -> None:
    if as_json:
        for letter in done:
            told = {"letter": str(letter.place), "done": None if dry_run else verb}
            if letter.place in written:
                told["written"] = written[letter.place]
            typer.echo(orjson.dumps(told).decode())
        return
    if dry_run:
        Console().print(table_of(done))
    typer.echo(f"{'would be ' if dry_run else ''}{verb}: {len(done)}")
    left = [each for each in found if each not in done]
    if left:
        typer.echo(f"left as they are: {counts_of(left)}")
