"""`subfold simulate`: a year of a made-up Stripe account, as JSON Lines or as signed webhooks."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.config import parse_time
from cli.files import explained
from cli.webhooks import Posting, reach, send_all
from schemas.errors import SettingsError
from schemas.times import YEAR_10000, iso
from simulation.delivery import Course, Delivery, Outage, deliver, draw_outages
from simulation.objects import DAY_S, Generation
from simulation.prices import PRICES_CREATED
from simulation.simulate import simulate as lives
from simulation.test_clocks import on_test_clock
from streams.fold_files import OPEN_SOURCE
from streams.ingest.keys import read_envelope
from streams.settings import load_config

MIXED = "mixed"
SECRET_VARIABLES = ("STRIPE_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET_FILE")
POSTED_AT_ONCE = 5000
CLOCK = "clock_simulated"
LATEST_YEARS_S = 30 * 366 * DAY_S


def simulate(  # noqa: PLR0917 - Typer turns parameters into options
    customers: Annotated[int, typer.Option(min=1, help="How many come in the time.")] = 200,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Length of the time.")] = 365,
    seed: Annotated[int, typer.Option(help="Another seed, other customers and lives.")] = 1,
    start: Annotated[str, typer.Option(help="Its beginning (ISO 8601 or Unix seconds).")] = iso(
        PRICES_CREATED
    ),
    generation: Annotated[
        str,
        typer.Option(
            help=f"Stripe API version: {', '.join(Generation)}; or {MIXED}, one per customer."
        ),
    ] = MIXED,
    pauses: Annotated[
        bool,
        typer.Option(
            "--pauses",
            help=f"Pauses by request, too, which only {Generation.ENDIVE} can show; "
            f"{MIXED} has them for its customers of that version anyway.",
        ),
    ] = False,
    disorder: Annotated[
        float, typer.Option(min=0, max=1, help="Share delivered late, by up to three days.")
    ] = 0.0,
    duplicates: Annotated[
        float, typer.Option(min=0, max=1, help="Share delivered a second time, later.")
    ] = 0.0,
    outages: Annotated[
        int, typer.Option(min=0, help="Windows in which nothing is delivered until they end.")
    ] = 0,
    test_clock: Annotated[
        bool,
        typer.Option(
            "--test-clock",
            help="In test mode, on one of Stripe's test clocks: all of it within minutes.",
        ),
    ] = False,
    out: Annotated[str, typer.Option(help="File of JSON Lines; - is standard output.")] = "-",
    post: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Post to this address, signed by STRIPE_WEBHOOK_SECRET (or …_FILE)."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Make up a Stripe account's events: customers who try, buy, change, fail to pay and leave.

    The same arguments give the same bytes. Events go to standard output in the order of their
    delivery, one a line; what they were is summed up on standard error.
    """
    begins = _beginning(start, days)
    if outages > days:
        raise SettingsError(f"--outages {outages}: at most one a day, {days} here")
    if post and out != "-":
        raise SettingsError("--out and --post: name one of them")
    if test_clock and (disorder or duplicates or outages):
        raise SettingsError("--test-clock: all that happens on one is delivered in time and once")
    history = lives(
        seed=seed,
        customers=customers,
        days=days,
        start=begins,
        generation=_generation(generation),
        on_demand_pauses=_on_demand_pauses(generation, pauses=pauses),
    )
    if test_clock:
        history = on_test_clock(
            history, clock=CLOCK, start=begins, until=begins + days * DAY_S, real=begins
        )
    windows = draw_outages(seed=seed, number=outages, start=begins, days=days)
    summary = Summary(begins=begins, days=days, outages=windows)
    deliveries = deliver(
        history, seed=seed, disorder=disorder, duplicates=duplicates, outages=windows
    )
    with _progress(begins, days, shown=bool(post) or out != "-" or not sys.stdout.isatty()) as told:
        counted = _counted(deliveries, summary, told)
        if post:
            asyncio.run(_post(counted, post, _secret()))
        else:
            _write(counted, out)
    typer.echo(orjson.dumps(summary.fields()).decode() if as_json else summary.text(), err=True)


@dataclass(slots=True, kw_only=True)
class Summary:
    """Counts of what was delivered; repeats are in no count of events."""

    begins: int
    days: int
    outages: tuple[Outage, ...]
    courses: Counter[Course] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)

    def add(self, delivery: Delivery) -> None:
        """Count one delivery."""
        self.courses[delivery.course] += 1
        if delivery.course is not Course.DUPLICATE:
            self.types[delivery.event["type"]] += 1

    def fields(self) -> dict[str, Any]:
        """All counts, for machines."""
        return {
            "from": iso(self.begins),
            "to": iso(self.begins + self.days * DAY_S),
            "customers": self.types["customer.created"],
            "events": self.types.total(),
            "deliveries": self.courses.total(),
            **{course.value: self.courses[course] for course in Course},
            "outages": [{"from": iso(each.begins), "to": iso(each.ends)} for each in self.outages],
            "types": dict(self.types.most_common()),
        }

    def text(self) -> str:
        """The same, for people."""
        told = self.fields()
        types = ", ".join(f"{name} {count}" for name, count in told["types"].items())
        return (
            f"{told['events']} events of {told['customers']} customers, {told['from']} to "
            f"{told['to']}; {told['deliveries']} deliveries: {told['prompt']} prompt, "
            f"{told['late']} late, {told['held_back']} held back by {len(self.outages)} outages, "
            f"{told['duplicate']} duplicates\nby type: {types}"
        )


def _beginning(start: str, days: int) -> int:
    begins = parse_time(start)
    if not 0 <= begins < YEAR_10000 - days * DAY_S - LATEST_YEARS_S:
        raise SettingsError(f"--start {start}: not between 1970 and 9950")
    return begins


def _generation(word: str) -> Generation | None:
    if word == MIXED:
        return None
    if word not in list(Generation):
        raise SettingsError(f"--generation {word}: valid are {', '.join([*Generation, MIXED])}")
    return Generation(word)


def _on_demand_pauses(generation: str, *, pauses: bool) -> bool | None:
    """One seed tells the same lives in every generation, so what only one can show is asked for."""
    if generation == MIXED:
        return None
    if pauses and generation != Generation.ENDIVE:
        raise SettingsError(f"--pauses: subscriptions pause so since {Generation.ENDIVE} alone")
    return pauses


def _secret() -> str:
    known = {name: os.environ[name] for name in SECRET_VARIABLES if os.environ.get(name)}
    secrets = load_config(Path(os.devnull), known).deployment.sources["main"].webhook_secrets
    if not secrets:
        raise SettingsError(
            f"--post needs the secret that signs: set {' or '.join(SECRET_VARIABLES)}"
        )
    return secrets[0].get_secret_value()


def _counted(
    deliveries: Iterable[Delivery], summary: Summary, told: Callable[[int], None]
) -> Iterator[bytes]:
    for delivery in deliveries:
        summary.add(delivery)
        told(delivery.at)
        yield orjson.dumps(delivery.event)


def _write(bodies: Iterable[bytes], out: str) -> None:
    if out != "-":
        with explained(Path(out), "written"), Path(out).open("wb") as file:
            _write_lines(bodies, file)
        return
    try:
        _write_lines(bodies, sys.stdout.buffer)
    except BrokenPipeError:  # the reader, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None


def _write_lines(bodies: Iterable[bytes], file: BinaryIO) -> None:
    for body in bodies:
        file.write(body + b"\n")
    file.flush()


async def _post(bodies: Iterator[bytes], url: str, secret: str) -> None:
    await reach(url)
    while some := list(islice(bodies, POSTED_AT_ONCE)):
        postings = [
            Posting(subject=read_envelope(body, "main", OPEN_SOURCE).key, body=body)
            for body in some
        ]
        await send_all(postings, url=url, secret=secret, sent=lambda: None)


@contextmanager
def _progress(begins: int, days: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar of the days that have gone by; only on a terminal that shows nothing else."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
    with bar:
        task = bar.add_task(f"{days} days", total=days * DAY_S)
        yield lambda at: bar.update(task, completed=at - begins)
