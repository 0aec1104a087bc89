"""Who asks: found out once for each request, before any page sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A viewer sees everything but people, tokens and audit; an admin changes everything."""

    VIEWER = "viewer"
    ADMIN = "admin"


class Via(StrEnum):
    """How somebody was known."""

    LOOPBACK = "loopback"
    SESSION = "session"
    PROXY = "proxy"
    TOKEN = "token"  # noqa: S105 - a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who may see the console.

    Attributes:
        name: Of the user, or of the token; `local` on loopback where there are no users. It is
            the actor in audit records.
        role: What they may do. A token with scope `write` is an admin, with `read` a viewer.
        via: How they were known.
    """

    name: str
    role: Role
    via: Via

    @property
    def is_admin(self) -> bool:
        """Whether they may change anything."""
        return self.role is Role.ADMIN


LOCAL = Visitor(name="local", role=Role.ADMIN, via=Via.LOOPBACK)
"""The visitor of a console on loopback that has no users."""
