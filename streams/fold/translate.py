"""Stripe's words to ours: an event or a fetched object of any API version becomes what was seen.

The way in for all of Stripe's shapes. It decides by the fields that are present, never by
`api_version`. Source: Stripe's changelog; see event_types.py for what each event type does.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic import ValidationError

from schemas.codec import canonical
from schemas.errors import BadRecordError, DeadLetterReason
from schemas.events import ObjectsSeen
from schemas.faults import faults_of
from schemas.objects import Thing
from schemas.rows import Version
from schemas.wire import events
from streams.fold.event_types import EVENT_TYPES, Effect
from streams.fold.order import FETCHED, field_text
from streams.fold.shapes import EFFECT_OF_OBJECT, read_terms, read_things

Fields = Mapping[str, Any]
GONE = (".deleted", ".detached")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sighting:
    """When and by what an object was seen; `previous` are the old values of what changed."""

    at: int
    event_id: str
    event_type: str
    api_version: str
    previous: Fields | None = None

    def version(self, thing: Thing, prior: Mapping[str, str]) -> Version[Any]:
        return Version(
            at=self.at,
            event_id=self.event_id,
            event_type=self.event_type,
            api_version=self.api_version,
            snapshot=thing,
            prior=prior,
        )


def translate(event: events.Event, *, customer: str) -> ObjectsSeen:
    """Say what an event of a folded type shows of the customer.

    The object must belong to `customer`, the one that the record's key names.

    Raises:
        BadRecordError: `bad_object`, naming fields and never values.
    """
    sighting = _Sighting(
        at=event.created,
        event_id=event.id,
        event_type=event.type,
        api_version=event.api_version or "",
        previous=event.data.previous_attributes,
    )
    return _seen(sighting, EVENT_TYPES[event.type].effect, event.data.object, customer)


def translate_fetched(fetched: events.Fetched, *, customer: str) -> ObjectsSeen | None:
    """Say what a fetched object shows of the customer; None for an object that no row reads.

    Raises:
        BadRecordError: `bad_object`, naming fields and never values.
    """
    thing = fetched.data.object
    try:
        event_id = fetched_id(fetched.fetched_at, thing)
    except TypeError:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, "nested too deeply") from None
    sighting = _Sighting(
        at=fetched.fetched_at,
        event_id=event_id,
        event_type=FETCHED,
        api_version=fetched.api_version or "",
    )
    effect = EFFECT_OF_OBJECT.get(str(thing.get("object")))
    if effect is not None:
        return replace(_seen(sighting, effect, thing, customer), is_fetched=True)
    try:
        terms = read_terms(thing)
    except ValidationError as error:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, faults_of(error)) from None
    if terms is None:
        return None
    seen = _objects_seen(sighting, terms.id, (sighting.version(terms, {}),))
    return replace(seen, is_fetched=True)


def fetched_id(fetched_at: int, thing: Fields) -> str:
    """What stands for an event's id where the object was fetched: the same for the same sight.

    Raises:
        TypeError: The object is nested too deeply.
    """
    return f"fetched_{_digest(canonical([fetched_at, thing]))}"


def _seen(sighting: _Sighting, effect: Effect, thing: Fields, customer: str) -> ObjectsSeen:
    try:
        _same_customer(thing, effect, customer, sighting.previous or {})
        is_deleted = sighting.event_type.endswith(GONE) or thing.get("deleted") is True
        shown = read_things(effect, thing, customer, is_deleted=is_deleted)
        prior = _prior(sighting, effect, thing, customer, shown)
    except ValidationError as error:
        raise BadRecordError(DeadLetterReason.BAD_OBJECT, faults_of(error)) from None
    versions = tuple(
        sighting.version(each, {} if number else prior) for number, each in enumerate(shown)
    )
    return _objects_seen(sighting, str(thing.get("id")), versions)


def _objects_seen(
    sighting: _Sighting, object_id: str, versions: tuple[Version[Any], ...]
) -> ObjectsSeen:
    """Duplicates have the same time and digest of (event id, type, object id); newest sort last."""
    identity = "\0".join((sighting.event_id, sighting.event_type, object_id)).encode()
    return ObjectsSeen(
        at=sighting.at,
        duplicate_key=f"{sighting.at:010x}{_digest(identity)}",
        versions=versions,
    )


def _digest(content: bytes) -> str:
    digest = hashlib.blake2b(content, digest_size=8).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _same_customer(thing: Fields, effect: Effect, customer: str, previous: Fields) -> None:
    owner = thing.get("id" if effect is Effect.CUSTOMER else "customer")
    owner = owner or thing.get("customer_account")
    if effect is Effect.PAYMENT_METHOD:
        owner = owner or previous.get("customer")  # a detached one is nobody's any more
    if (owner.get("id") if isinstance(owner, dict) else owner) != customer:
        raise BadRecordError(
            DeadLetterReason.BAD_OBJECT, "customer: the object belongs to another than the key says"
        )


def _prior(
    sighting: _Sighting, effect: Effect, thing: Fields, customer: str, shown: tuple[Thing, ...]
) -> dict[str, str]:
    """What the object was before, in our words: only the fields that changed."""
    if not sighting.previous or not shown:
        return {}
    try:
        former = with_old_values(thing, sighting.previous)
        before, now = read_things(effect, former, customer, is_deleted=False)[0], shown[0]
    except (ValidationError, TypeError, RecursionError):
        # Before 2017-04-06 arrays held only their changed elements: such a past cannot be read.
        return {}
    return {
        field.name: field_text(before, field.name)
        for field in fields(now)
        if getattr(before, field.name) != getattr(now, field.name)
    }


def with_old_values(now: Fields, old: Fields) -> dict[str, Any]:
    """Put old values back: arrays whole, nested hashes in part, null where there was none."""
    merged = dict(now)
    for key, value in old.items():
        here = merged.get(key)
        if isinstance(value, dict) and isinstance(here, dict):
            kept = {name: each for name, each in here.items() if value.get(name, each) is not None}
            had = {name: each for name, each in value.items() if each is not None}
            merged[key] = with_old_values(kept, had)
        else:
            merged[key] = value
    return merged
