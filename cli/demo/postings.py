"""What the demo posts: every recorded event, then every event of every life."""

from __future__ import annotations

from cli.demo.lives import ordinary_lives
from cli.demo.odd_lives import odd_lives
from cli.demo.recorded import recorded_events
from cli.webhooks import Posting
from streams.fold_files import OPEN_SOURCE
from streams.ingest.keys import read_envelope

SOURCE = "main"


def all_postings() -> list[Posting]:
    """Give every webhook in its order; the same bytes at every run."""
    lives = [*ordinary_lives(), *odd_lives()]
    bodies = [*recorded_events(), *(body for life in lives for body in life.bodies)]
    return [
        Posting(subject=read_envelope(body, SOURCE, OPEN_SOURCE).key, body=body) for body in bodies
    ]
