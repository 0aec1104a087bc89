"""Keys of webhook records: from a raw body to subject, ids and what the source does not have.

Pure and total: whatever bytes come in, a key of the contract comes out. Source: docs/contract.md,
"Sources and keys"; the customer's place in each event type: Stripe API reference, "Event types".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from schemas.records import NO_CUSTOMER
from schemas.wire.events import THIN, unwrap
from streams.fold.event_types import BROADCASTS, EVENT_TYPES, Key
from streams.settings import Source

INVALID = "invalid"
LEAVING = frozenset(name for name, (key, _) in EVENT_TYPES.items() if key is Key.FORMER)
_ID = re.compile(r"[A-Za-z0-9_]{1,255}", re.ASCII)
# Ids of customers may be a merchant's own choice, as those of coupons are.
_CUSTOMER = re.compile(r"(?!-$)[!-.0-~]{1,255}", re.ASCII)
_WORD = re.compile(r"[!-~]{1,255}", re.ASCII)

Foreign = Literal["account", "mode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the log needs to know of a body; all else is for the fold to read.

    `foreign` names what the body claims and its source does not have; such a record is stored and
    then dead-lettered. `is_broadcast`: it concerns no single customer, so each partition needs it.
    """

    key: str
    event_id: str = ""
    event_type: str = ""
    api_version: str = ""
    foreign: Foreign | None = None
    is_broadcast: bool = False


class _UnkeyableError(Exception):
    """The body has no place in the key scheme."""


def read_envelope(body: bytes, source_id: str, source: Source) -> Envelope:
    """Find a body's key; a body that has none is filed under `{source}/-/-/-/invalid`.

    Args:
        body: As received and validly signed.
        source_id: Id of the source whose secret signed it.
        source: What that source has: connected accounts, live mode, test mode.
    """
    event: dict[str, Any] = {}
    try:
        event = _object(unwrap(_object(orjson.loads(body))))
        account, mode = _id_of(event, "account") or NO_CUSTOMER, _mode(event)
        customer = _customer(event)
        event_id, event_type = _needed_id(event), _needed_word(event, "type")
    except (orjson.JSONDecodeError, _UnkeyableError):
        # What can be read of it still tells a person, and the counts by type, what it was.
        return Envelope(
            key=f"{source_id}/-/-/-/{INVALID}",
            event_id=_fit(event.get("id"), _ID),
            event_type=_fit(event.get("type"), _WORD),
        )
    foreign = _foreign(account, mode, source)
    return Envelope(
        key=f"{source_id}/{account}/{mode}/{customer}",
        event_id=event_id,
        event_type=event_type,
        api_version=_fit(event.get("api_version"), _WORD),
        foreign=foreign,
        # Live data has no test clocks, and what is foreign is one dead letter, not one for each.
        is_broadcast=event_type in BROADCASTS and mode == "test" and foreign is None,
    )


def _fit(value: object, pattern: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _foreign(account: str, mode: str, source: Source) -> Foreign | None:
    if account != NO_CUSTOMER and not {"*", account} & set(source.accounts):
        return "account"
    return None if (source.livemode if mode == "live" else source.test) else "mode"


def _mode(event: dict[str, Any]) -> str:
    live = event.get("livemode")
    if live is not None and not isinstance(live, bool):
        raise _UnkeyableError
    return "live" if live else "test"


def _customer(event: dict[str, Any]) -> str:
    """Where an event names its customer: the object itself, or the object's `customer` field.

    What was taken from a customer names it among the old values alone.
    """
    if event.get("object") == THIN:
        return _thin_customer(event)
    data = _object(event.get("data"))
    thing = _object(data.get("object"))
    if thing.get("object") == "customer":
        customer = _id_of(thing, "id", _CUSTOMER)
    else:
        customer = _id_of(thing, "customer", _CUSTOMER) or _id_of(thing, "customer_account")
        if customer is None and _fit(event.get("type"), _WORD) in LEAVING:
            customer = _id_of(_object(data.get("previous_attributes") or {}), "customer", _CUSTOMER)
    return customer or _without_customer(thing, event)


def _thin_customer(event: dict[str, Any]) -> str:
    """Thin events only point at their object.

    One that must be fetched in another account's context is filed under no customer: its `context`
    may be a path through an organisation, and customers of two accounts must never share a key.
    """
    thing = event.get("related_object")
    if not isinstance(thing, dict):
        thing = {}
    if thing.get("type") == "customer" and event.get("context") is None:
        return _id_of(thing, "id", _CUSTOMER) or _without_customer(thing, event)
    return _without_customer(thing, event)


def _without_customer(thing: dict[str, Any], event: dict[str, Any]) -> str:
    # Ids of coupons, plans and products are chosen by people ("25% off"): those that do not fit
    # into a key, and objects without an id (invoice.upcoming), go by the event's id.
    own = thing.get("id")
    if not (isinstance(own, str) and _ID.fullmatch(own)):
        own = _needed_id(event)
    return f"{NO_CUSTOMER}/{own}"


def _id_of(thing: dict[str, Any], field: str, pattern: re.Pattern[str] = _ID) -> str | None:
    """Read an id, or the id of an expanded object; None when the field is null or missing."""
    value = thing.get(field)
    if isinstance(value, dict):
        value = value.get("id", "")
    if value is None:
        return None
    if not (isinstance(value, str) and pattern.fullmatch(value)):
        raise _UnkeyableError
    return value


def _needed_id(event: dict[str, Any]) -> str:
    event_id = _id_of(event, "id")
    if event_id is None:
        raise _UnkeyableError
    return event_id


def _needed_word(event: dict[str, Any], field: str) -> str:
    word = event.get(field)
    if not (isinstance(word, str) and _WORD.fullmatch(word)):
        raise _UnkeyableError
    return word


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _UnkeyableError
    return value
