"""What a record of the log shows: one Stripe object of whatever kind and API version. Pure.

Nothing is taken for granted of its shape, and a field that is not what it should be counts as not
there: the object itself is kept as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.read_model.records import (
    UnreadableError,
    clean,
    integer_or_none,
    json_object,
    text_or_none,
    word_or_none,
)
from console.read_model.writes import Values
from schemas.codec import canonical
from schemas.objects import CLOSED_INVOICES, CLOSED_SCHEDULES, TERMINAL_STATUSES
from schemas.records import LogRecord
from schemas.rows import Version
from schemas.times import YEAR_10000
from schemas.wire.events import FETCHED as ENVELOPE
from schemas.wire.events import SNAPSHOT, unwrap
from streams.fold.order import FETCHED
from streams.fold.translate import GONE, fetched_id, with_old_values

FINAL_STATUSES = {
    "subscription": TERMINAL_STATUSES,
    "invoice": CLOSED_INVOICES,
    "subscription_schedule": CLOSED_SCHEDULES,
}
"""As in schemas/objects.py. Of a kind that is not here, only what was deleted is final."""
AMOUNTS = ("amount", "amount_total", "total", "unit_amount")
"""Where the main amount stands; the first that is there."""
ID_MAX = 255
UPCOMING = "upcoming_invoice"
"""What an invoice without an id is: one that does not exist yet."""
Path = tuple[str, ...]
LINKS: Mapping[str, tuple[Path, ...]] = {
    "charge": (("charge",), ("payment", "charge"), ("source_transaction",)),
    "payment_intent": (("payment_intent",), ("payment", "payment_intent")),
    "invoice": (("invoice",),),
    "subscription": (
        ("subscription",),
        ("parent", "subscription_details", "subscription"),
        ("subscription_details", "subscription"),
    ),
}
"""Where an object names another, in the words of all API versions; the first that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeObject:
    """An object as it was shown once; every field of Stripe's is an attribute, too.

    So the order rule compares old values as those of the fold's own snapshots. `event_type` is by
    what it was shown.
    """

    id: str
    kind: str
    event_type: str
    body: Mapping[str, Any]

    def __getattr__(self, name: str) -> object:
        """A field of Stripe's; None where it has none of that name."""
        return self.body.get(name)

    @property
    def attempt_count(self) -> int:
        """Of an invoice: it only grows."""
        return integer_or_none(self.body.get("attempt_count")) or 0

    @property
    def is_deleted(self) -> bool:
        """Whether it is gone. A subscription never is: what Stripe calls deleted has ended."""
        is_gone = self.event_type.endswith(GONE) or self.body.get("deleted") is True
        return is_gone and self.kind != "subscription"

    @property
    def is_final(self) -> bool:
        """Whether no later sighting that is not final outweighs it."""
        status = self.body.get("status")
        is_over = isinstance(status, str) and status in FINAL_STATUSES.get(self.kind, ())
        return is_over or self.event_type.endswith(GONE) or self.is_deleted

    def columns(self) -> Values:
        """What is asked for by it."""
        body = self.body
        amounts = (integer_or_none(body.get(name)) for name in AMOUNTS)
        currency = word_or_none(body.get("currency"))
        return {
            "id": self.id,
            "kind": self.kind,
            "customer": self._customer(),
            **{name: self._linked(name) for name in LINKS},
            "status": word_or_none(body.get("status")),
            "currency": currency.lower() if currency else None,
            "amount_minor": next((each for each in amounts if each is not None), None),
            "created": _second_or_none(body.get("created")),
            "is_deleted": self.is_deleted,
        }

    def _customer(self) -> str | None:
        if self.kind == "customer":
            return self.id
        return _id_of(self.body.get("customer")) or _id_of(self.body.get("customer_account"))

    def _linked(self, name: str) -> str | None:
        found = (_id_of(_at(self.body, path)) for path in LINKS[name])
        return next((each for each in found if each and each != self.id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a record shows: when that was by Stripe's clock, and the object, if it has one."""

    at: int | None = None
    version: Version[Any] | None = None


def read_shown(record: LogRecord, api_version: str) -> Shown:
    """Read a record of an event or of what was fetched.

    Raises:
        UnreadableError: It shows nothing that can be kept.
    """
    outer = json_object(record.value)
    body = unwrap(outer)
    is_fetched = body.get("object") == ENVELOPE
    if not is_fetched and body.get("object") != SNAPSHOT:
        return Shown(at=_second_or_none(body.get("created")))
    at = _second_or_none(body.get("fetched_at" if is_fetched else "created"))
    data = body.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if at is None or not isinstance(thing, dict) or not isinstance(data, dict):
        raise UnreadableError("an event without time or object")
    try:
        if is_fetched:
            event_id, event_type = fetched_id(at, thing), FETCHED
        else:
            event_id, event_type = record.event_id, record.event_type
        previous = data.get("previous_attributes")
        shown = _version(thing, previous if isinstance(previous, dict) else {}, event_type)
        canonical(shown[0])
    except (TypeError, RecursionError):
        raise UnreadableError("nested too deeply") from None
    version = text_or_none(body.get("api_version")) or api_version
    return Shown(
        at=at,
        version=Version(
            at=at,
            event_id=event_id,
            event_type=event_type,
            api_version=version,
            snapshot=shown[0],
            prior=shown[1],
        ),
    )


def _version(
    thing: Mapping[str, Any], previous: Mapping[str, Any], event_type: str
) -> tuple[StripeObject, dict[str, str]]:
    kind = word_or_none(thing.get("object"))
    if kind is None:
        raise UnreadableError("an object of no kind")
    if kind == "invoice" and _id_of(thing.get("id")) is None:
        kind = UPCOMING
    former = with_old_values(thing, previous)
    if event_type.endswith(GONE) and thing.get("customer") is None and "customer" in previous:
        # What was taken from a customer names it among the old values alone.
        thing = {**thing, "customer": previous["customer"]}
    snapshot = StripeObject(id=_own_id(thing, kind), kind=kind, event_type=event_type, body=thing)
    return snapshot, {name: canonical(former.get(name)).decode() for name in previous}


def _own_id(thing: Mapping[str, Any], kind: str) -> str:
    """The object's id. One without, as an upcoming invoice, is the only one of whom it names."""
    own = _id_of(thing.get("id"))
    if own is not None:
        return own
    names = StripeObject(id="", kind=kind, event_type="", body=thing).columns()
    return f"{kind}:{names['subscription'] or names['customer'] or '-'}"


def _id_of(value: object) -> str | None:
    """An id, or that of an expanded object."""
    if isinstance(value, dict):
        value = value.get("id")
    return clean(value) if isinstance(value, str) and 0 < len(value) <= ID_MAX else None


def _at(body: Mapping[str, Any], path: Path) -> object:
    found: object = body
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _second_or_none(value: object) -> int | None:
    second = integer_or_none(value)
    return second if second is not None and 0 <= second < YEAR_10000 else None
