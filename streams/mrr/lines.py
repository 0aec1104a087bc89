"""Reads a line of `subfold mrr`: what it is about, when, and every object that it shows.

A line is a Stripe subscription or customer, an event, a customer row, or something that only tells
of others: a discount, a coupon, a price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.faults import faults_of
from schemas.objects import Subscription, Thing
from schemas.rows import Version
from schemas.times import YEAR_10000
from schemas.wire.discounts import Coupon
from schemas.wire.events import FETCHED, SNAPSHOT, unwrap
from schemas.wire.subscriptions import StripeList
from streams.event_files import Found
from streams.fold.discounts import read_coupon
from streams.fold.event_types import EVENT_TYPES, Effect
from streams.fold.shapes import EFFECT_OF_OBJECT, read_terms, read_things
from streams.mrr.rows import things_of_row

NO_SUBSCRIPTIONS = "the customer's subscriptions are not in it: expand them"
CUT_OFF = "the customer's subscriptions are cut off: not all of them are in it"
NOT_OF_MRR = "it is no subscription, customer, customer row or event of one"
TELLS_OTHERS = "it tells of a discount, a coupon, a price or a schedule: other lines count with it"
OF_OTHERS = frozenset({Effect.DISCOUNT, Effect.SCHEDULE, Effect.TERMS})
OF_MRR = OF_OTHERS | {Effect.SUBSCRIPTION, Effect.CUSTOMER}
TERMS = frozenset({"coupon", "price", "plan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; `about` says why it has no MRR of its own, `fault` why it cannot be read.

    Args:
        at: The line's own time; None where it has none.
        customer: Whose it is; unlike any other where it does not say.
        versions: What it shows, seen at its own time or else at the time asked for.
    """

    place: str
    id: str | None = None
    at: int | None = None
    customer: str = ""
    versions: tuple[Version[Any], ...] = ()
    about: str | None = None
    fault: str | None = None

    @property
    def subscriptions(self) -> tuple[Version[Subscription], ...]:
        """The subscriptions that it asks about."""
        return tuple(each for each in self.versions if isinstance(each.snapshot, Subscription))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """An object as a line shows it."""

    effect: Effect | None
    thing: Mapping[str, Any]
    at: int | None = None
    is_deleted: bool = False


def read_line(found: Found, now: int) -> Line:
    """Read one line; `now` is when an object that has no time of its own was seen."""
    if found.fault:
        return Line(place=found.place, fault=found.fault)
    try:
        body = orjson.loads(found.body)
        if not isinstance(body, dict):
            return Line(place=found.place, fault="not a JSON object")
        if "subject" in body and "subscriptions" in body:
            return _row(found.place, body)
        return _stripe(found.place, _shown(unwrap(body)), now)
    except ValueError as error:
        return Line(place=found.place, fault=_fault(error))


def _fault(error: ValueError) -> str:
    """What cannot be read, by fields and never by values: they may be personal."""
    if isinstance(error, orjson.JSONDecodeError):
        return f"not JSON: {error.msg}"
    if not isinstance(error, ValidationError):
        return "fields that cannot be read: a time"
    return f"fields that cannot be read: {faults_of(error)}"


def _row(place: str, body: Mapping[str, Any]) -> Line:
    customer, at, things = things_of_row(body)
    return Line(
        place=place, id=customer, at=at, customer=customer, versions=_versions(things, at, place)
    )


def _shown(body: Mapping[str, Any]) -> _Shown:
    data = body.get("data")
    if str(body.get("object")) not in {SNAPSHOT, FETCHED} or not isinstance(data, dict):
        return _Shown(effect=_effect(body), thing=body, is_deleted=body.get("deleted") is True)
    thing = data.get("object")
    if not isinstance(thing, dict):
        return _Shown(effect=None, thing={})
    type_, at = str(body.get("type")), body.get("created", body.get("fetched_at"))
    event = EVENT_TYPES.get(type_)
    is_of_mrr = event is not None and event.effect in OF_MRR - {Effect.TERMS}
    return _Shown(
        effect=event.effect if event and is_of_mrr else _effect(thing),
        thing=thing,
        at=at if isinstance(at, int) and 0 <= at < YEAR_10000 else None,
        is_deleted=type_.endswith(".deleted"),
    )


def _effect(thing: Mapping[str, Any]) -> Effect | None:
    kind = str(thing.get("object"))
    effect = Effect.TERMS if kind in TERMS else EFFECT_OF_OBJECT.get(kind)
    return effect if effect in OF_MRR else None


def _stripe(place: str, shown: _Shown, now: int) -> Line:
    id_, owner = shown.thing.get("id"), shown.thing.get("customer")
    owner = owner or shown.thing.get("customer_account")
    customer = owner.get("id") if isinstance(owner, dict) else owner
    customer = str((id_ if shown.effect is Effect.CUSTOMER else customer) or f"of {place}")
    things = tuple(_things(shown, customer))
    return Line(
        place=place,
        id=id_ if isinstance(id_, str) else None,
        at=shown.at,
        customer=customer,
        versions=_versions(things, now if shown.at is None else shown.at, place),
        about=_about(shown),
    )


def _things(shown: _Shown, customer: str) -> Iterator[Thing]:
    if shown.effect is Effect.TERMS:
        if shown.thing.get("object") == "coupon":
            yield read_coupon(Coupon.model_validate(shown.thing))
        elif terms := read_terms(shown.thing):
            yield terms
    elif shown.effect is not None:
        yield from read_things(shown.effect, shown.thing, customer, is_deleted=shown.is_deleted)
    if shown.effect is Effect.CUSTOMER:
        listed = _listed(shown.thing)
        for each in listed.data if listed else ():
            yield from read_things(Effect.SUBSCRIPTION, each, customer, is_deleted=False)


def _listed(customer: Mapping[str, Any]) -> StripeList[dict[str, Any]] | None:
    """The customer's subscriptions where they are expanded."""
    listed = customer.get("subscriptions")
    return None if listed is None else StripeList[dict[str, Any]].model_validate(listed)


def _about(shown: _Shown) -> str | None:
    match shown.effect:
        case Effect.SUBSCRIPTION:
            return None
        case Effect.CUSTOMER:
            listed = _listed(shown.thing)
            if listed is None:
                return NO_SUBSCRIPTIONS
            return CUT_OFF if listed.has_more else None
        case _:
            return TELLS_OTHERS if shown.effect in OF_OTHERS else NOT_OF_MRR


def _versions(things: tuple[Thing, ...], at: int, place: str) -> tuple[Version[Any], ...]:
    return tuple(
        Version(at=at, event_id=place, event_type="line", api_version="", snapshot=thing)
        for thing in things
    )
