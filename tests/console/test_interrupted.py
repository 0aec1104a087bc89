"""A job that was under way when the console was stopped is remembered, and its page says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from console.access.visitor import LOCAL
from console.actions.begin import begin
from console.actions.health import REDRIVE
from console.actions.settings import REHEARSAL
from console.actions.sources import filling_of, hearing_of
from console.actions.tryout import TRYOUT
from console.context import Console
from filled import SOURCE, UNTIL
from schemas.errors import SettingsError
from web import browser, make_console

WHO_AND_WHEN = "local began it on 1 Jan 2027, 00:00 UTC"


@contextmanager
def under_way(console: Console, kind: str) -> Iterator[None]:
    """A job of this kind that does not come to an end meanwhile."""
    began, ends = threading.Event(), threading.Event()

    def work(_job: object) -> None:
        began.set()
        ends.wait()

    begin(console, LOCAL, kind, work)
    began.wait()
    try:
        yield
    finally:
        ends.set()


def finished(console: Console, kind: str) -> None:
    """Wait for a job's thread."""
    for thread in threading.enumerate():
        if thread.name == kind:
            thread.join()


@pytest.mark.parametrize(
    ("kind", "page", "next_step"),
    [
        (REHEARSAL, "/settings/rehearsal", "rehearse them again"),
        (TRYOUT, "/automations/tryout", "Try out"),
        (REDRIVE, "/health", "Give back again what is still open"),
        (filling_of(SOURCE), "/connect", "it goes on where it was"),
        (hearing_of(SOURCE), "/connect", "Wait for an event once more"),
    ],
)
def test_after_a_restart_the_page_says_who_began_what_was_interrupted_and_what_to_do(
    filled: Engine, kind: str, page: str, next_step: str
):
    with under_way(make_console(filled), kind):
        restarted = browser(make_console(filled))
        shown = restarted.get(page).text

    assert WHO_AND_WHEN in shown
    assert next_step in shown


def test_the_api_says_so_too(filled: Engine):
    with under_way(make_console(filled), TRYOUT):
        told = browser(make_console(filled)).get("/api/v1/automations/tryout").json()

    assert not told["is_running"]
    assert WHO_AND_WHEN in told["error"]


@pytest.mark.parametrize("fault", [None, SettingsError("no"), ValueError()])
def test_what_came_to_an_end_is_not_interrupted(bare: Engine, fault: Exception | None):
    console = make_console(bare)

    def work(_job: object) -> None:
        if fault:
            raise fault

    begin(console, LOCAL, REHEARSAL, work)
    finished(console, REHEARSAL)

    assert make_console(bare).jobs.latest(REHEARSAL) is None


def test_who_begins_it_again_is_at_it_and_then_it_is_done(bare: Engine):
    with under_way(make_console(bare), REHEARSAL):
        restarted = make_console(bare)
        with under_way(restarted, REHEARSAL):
            assert restarted.jobs.latest(REHEARSAL).is_running
            assert make_console(bare).jobs.latest(REHEARSAL).started_at == UNTIL
    finished(restarted, REHEARSAL)

    assert make_console(bare).jobs.latest(REHEARSAL) is None
