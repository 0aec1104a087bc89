"""What every request needs: the two databases, the deployment, the clock, and who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from console.access.visitor import Visitor
from console.jobs import Jobs
from streams.settings import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """One running console.

    Attributes:
        read_model: Made from topics alone; may be deleted at any time.
        access: Users, sessions, tokens, audit, sealed secrets: kept.
        config: File and environment that it was started with.
        clock: Unix seconds now.
        jobs: Work under way that takes longer than a page.
    """

    read_model: Engine
    access: Engine
    config: Config
    clock: Callable[[], float]
    jobs: Jobs = field(default_factory=Jobs)


def console_of(request: HTTPConnection) -> Console:
    """The console that answers this request, of a page or of the API."""
    console = request.state.console
    assert isinstance(console, Console)  # noqa: S101 - the guard put it there
    return console


def visitor_of(request: HTTPConnection) -> Visitor:
    """Who asks; the guard lets nobody unknown as far as to a page."""
    visitor = request.state.visitor
    assert isinstance(visitor, Visitor)  # noqa: S101 - the guard put it there
    return visitor
