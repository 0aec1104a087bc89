"""What stands around every page: as of when, which modes there are, how far the read model is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from console.read_model.tables import about, accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What every page says of the data behind it.

    Attributes:
        as_of: Unix seconds when there was nothing more to read last; None before that.
        revision: Rises with each change of the read model.
        has_live, has_test: Whether there are customers of this mode.
    """

    as_of: int | None
    revision: int
    has_live: bool
    has_test: bool


def around(connection: Connection) -> Around:
    """Ask all of it."""
    return Around(
        as_of=_said(connection, "caught_up_at"),
        revision=revision(connection),
        has_live=_has(connection, livemode=True),
        has_test=_has(connection, livemode=False),
    )


def revision(connection: Connection) -> int:
    """How many transactions have changed the read model; 0 before the first."""
    return _said(connection, "revision") or 0


def _said(connection: Connection, name: str) -> int | None:
    found = connection.scalar(select(about.c.value).where(about.c.name == name))
    return None if found is None else int(found)


def _has(connection: Connection, *, livemode: bool) -> bool:
    return bool(connection.scalar(select(exists().where(accounts.c.livemode == livemode))))
