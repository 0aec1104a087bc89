"""Begins jobs for somebody; a console that starts remembers those that were interrupted.

What the console begins by itself (`Jobs.fresh`) is not noted: a page that needs it begins it anew.
"""

from __future__ import annotations

from sqlalchemy import Engine

from console.access.begun import Begun, noted, without_an_end
from console.access.visitor import Visitor
from console.context import Console
from console.jobs import Job, Jobs, Work
from console.queries.words import moment_words


def begin(console: Console, visitor: Visitor, kind: str, work: Work, *, about: str = "") -> Job:
    """Begin, or give what is under way of this kind; as `Jobs.start`."""

    def work_noted(job: Job) -> object:
        mine = Begun(kind=kind, actor=job.by, started_at=job.started_at)
        with noted(console.access, mine):
            return work(job)

    return console.jobs.start(kind, work_noted, by=visitor.name, clock=console.clock, about=about)


def remembered(access: Engine, *, at: float) -> Jobs:
    """No job but those that were interrupted, for a console that starts.

    Args:
        access: Where they are noted.
        at: Unix seconds now: by then they had ended.
    """
    return Jobs({each.kind: _interrupted(each, int(at)) for each in without_an_end(access)})


def _interrupted(begun: Begun, at: int) -> Job:
    return Job(
        id=f"{begun.started_at}-interrupted",
        kind=begun.kind,
        about="",
        by=begun.actor,
        started_at=begun.started_at,
        finished_at=at,
        error=f"interrupted: {begun.actor} began it on {moment_words(begun.started_at)}, and this "
        "console started before it came to an end",
    )
