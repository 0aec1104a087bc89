"""Which accounts are asked for, as it stands in an address; and the same as SQL conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import ColumnElement

from console.read_model.records import clean
from console.read_model.tables import accounts

DAY_S = 86_400
NONE = "-"
"""Asks for accounts that have no stage, or no status."""

NARROWING = ("q", "stage", "status", "renews", "currency", "contact", "risk", "source")
Renews = Literal["7d", "30d", "60d", "90d", "overdue", "none", "custom"]
Sort = Literal["name", "-name", "mrr", "-mrr", "renewal", "-renewal", "since", "-since"]


class AccountSearch(BaseModel):
    """What is asked for; everything left out asks for all.

    Args:
        q: Words that all occur in name, e-mail, ids or metadata values.
        stage: Its name; `-` for accounts without one.
        status: Of the subscription that decided the stage; `-` for accounts without one.
        renews: Within days from now, `overdue`, `none`, or `custom` by the two dates (UTC).
        currency: Accounts that have MRR in it, and what `sort` by MRR goes by.
        contact: Whether your own id is known.
        risk: What threatens the next renewal.
        deleted: Whether customers that were deleted at Stripe are shown.
        sort: Ascending, or descending with a minus; what is not known comes last.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    q: str = Field(default="", max_length=200)
    stage: str | None = Field(default=None, max_length=200)
    status: str | None = Field(default=None, max_length=60)
    renews: Renews | None = None
    renews_from: date | None = None
    renews_to: date | None = None
    currency: str | None = Field(default=None, pattern="^[a-z]{3}$")
    contact: Literal["linked", "unlinked"] | None = None
    risk: Literal["past_due", "cancel_scheduled"] | None = None
    source: str | None = Field(default=None, max_length=32)
    deleted: Literal["no", "yes", "only"] = "no"
    sort: Sort = "name"

    @field_validator("*", mode="before")
    @classmethod
    def _as_stored(cls, given: Any) -> Any:
        return clean(given) if isinstance(given, str) else given

    @property
    def is_narrowed(self) -> bool:
        """Whether some accounts are asked for, not all of a mode."""
        return self.deleted == "only" or any(getattr(self, name) for name in NARROWING)

    def conditions(self, *, livemode: bool, now: int) -> Iterator[ColumnElement[bool]]:
        """What an account must meet.

        Args:
            livemode: Live data, or else test data.
            now: Unix seconds that windows of renewal are counted from.
        """
        yield accounts.c.livemode == livemode
        for word in self.q.lower().split():
            yield accounts.c.search.contains(word, autoescape=True)
        yield from self._named()
        yield from self._renewal(now)
        if self.deleted != "yes":
            is_deleted = accounts.c.deleted_at.is_not(None)
            yield is_deleted if self.deleted == "only" else ~is_deleted

    def _named(self) -> Iterator[ColumnElement[bool]]:
        for column, asked in (
            (accounts.c.stage, self.stage),
            (accounts.c.status, self.status),
            (accounts.c.source, self.source),
        ):
            if asked is not None:
                yield column.is_(None) if asked == NONE else column == asked
        if self.currency is not None:
            yield accounts.c.currencies.contains(f" {self.currency} ")
        if self.contact is not None:
            is_linked = accounts.c.contact_id.is_not(None)
            yield is_linked if self.contact == "linked" else ~is_linked
        if self.risk is not None:
            yield RISKS[self.risk]

    def _renewal(self, now: int) -> Iterator[ColumnElement[bool]]:
        renews_at = accounts.c.renews_at
        match self.renews:
            case None:
                return
            case "none":
                yield renews_at.is_(None)
            case "overdue":
                yield renews_at < now
            case "custom":
                if self.renews_from is not None:
                    yield renews_at >= _midnight(self.renews_from)
                if self.renews_to is not None:
                    yield renews_at < _midnight(self.renews_to) + DAY_S
                yield renews_at.is_not(None)
            case _:
                yield renews_at.between(now, now + int(self.renews[:-1]) * DAY_S)


RISKS: Mapping[str, ColumnElement[bool]] = {
    "past_due": accounts.c.is_past_due,
    "cancel_scheduled": accounts.c.is_cancel_scheduled,
}


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
