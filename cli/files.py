"""What the verbs share that use files: events in them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import typer

from schemas.errors import SubfoldError
from streams.event_files import SUFFIXES, Found, folders_without_events, read_inputs

COMPLAINTS_MAX = 50
"""A wrong file complains once a line: more would only push the first out of sight."""


def inputs_of(paths: Sequence[str]) -> Iterator[Found]:
    """Find the events, and say in which folders there are none."""
    for folder in folders_without_events(paths):
        read = ", ".join(SUFFIXES)
        typer.echo(f"{folder}: no file of events in it: folders are read for {read}", err=True)
    return read_inputs(paths)


@contextmanager
def explained(path: Path, done: Literal["read", "written"]) -> Iterator[None]:
    """Name the file and the reason when the system refuses it."""
    try:
        yield
    except OSError as error:
        raise SubfoldError(f"{path}: cannot be {done}: {error.strerror}") from error


def complain(complaints: Sequence[str]) -> None:
    """Print complaints on standard error, and how many there are beside them."""
    for complaint in complaints[:COMPLAINTS_MAX]:
        typer.echo(complaint, err=True)
    if len(complaints) > COMPLAINTS_MAX:
        typer.echo(f"… and {len(complaints) - COMPLAINTS_MAX} more complaints", err=True)
