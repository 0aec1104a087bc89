"""What the demo posts: recorded events, scripted lives, a simulated year as it was delivered."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from cli.demo.lives import ordinary_lives
from cli.demo.odd_lives import odd_lives
from cli.demo.recorded import recorded_events
from cli.webhooks import Posting
from simulation.delivery import deliver, draw_outages
from simulation.objects import DAY_S
from simulation.simulate import simulate
from streams.fold_files import OPEN_SOURCE
from streams.ingest.keys import read_envelope

SOURCE = "main"
DAYS, OUTAGES = 365, 2
DISORDER, DUPLICATES = 0.1, 0.03


def scripted_postings() -> list[Posting]:
    """Every recorded event, then every event of every scripted life; the same at every run."""
    lives = [*ordinary_lives(), *odd_lives()]
    return _postings([*recorded_events(), *(body for life in lives for body in life.bodies)])


def simulated_postings(*, ends_at: int) -> list[Posting]:
    """A year of 200 customers up to a moment, in the order of delivery; the same at every run."""
    start = ends_at - DAYS * DAY_S
    outages = draw_outages(seed=1, number=OUTAGES, start=start, days=DAYS)
    deliveries = deliver(
        simulate(seed=1, customers=200, days=DAYS, start=start),
        seed=1,
        disorder=DISORDER,
        duplicates=DUPLICATES,
        outages=outages,
    )
    return _postings(orjson.dumps(delivery.event) for delivery in deliveries)


def _postings(bodies: Iterable[bytes]) -> list[Posting]:
    return [
        Posting(subject=read_envelope(body, SOURCE, OPEN_SOURCE).key, body=body) for body in bodies
    ]
