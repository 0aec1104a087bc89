"""Your own id of whom a Stripe customer stands for, or the reason why there is none.

Source: docs/contacts.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from schemas.money import Amounts, add, from_exact, written
from schemas.objects import Checkout
from schemas.rows import Announced, AnnouncedContact, Facts
from schemas.settings import Contact
from schemas.standing import MrrView
from schemas.times import iso_or_none
from schemas.transitions import Transition
from schemas.updates import ContactChanged, ContactRef, PresentRenewal, Update


def contact_of(facts: Facts, customer: str, settings: Contact) -> ContactRef | str:
    """Find the contact; otherwise the closed word for why there is none.

    Returns:
        The contact, or `customer_not_seen`, `no_metadata`, `no_email`.
    """
    if settings.match == "customer_id":
        found: str | None = customer
    elif settings.match == "email":
        found = facts.profile.email if facts.profile else None
    else:
        key = settings.match.removeprefix("metadata:")
        found = next((data[key] for data in _metadata(facts, settings) if data.get(key)), None)
    if found:
        return ContactRef(kind=settings.kind, id=found, create=settings.create_missing)
    if facts.profile is None and (settings.match == "email" or "customer" in settings.look_in):
        return "customer_not_seen"
    return "no_email" if settings.match == "email" else "no_metadata"


def project_contact(
    transition: Transition, announced: Announced
) -> tuple[Announced, Iterator[Update]]:
    """Tell that the customer stands for another contact, with its full present state.

    A contact that is known before anything else is told is no news: every update carries it.
    """
    standing = transition.standing
    found = standing.contact if isinstance(standing.contact, ContactRef) else None
    now = AnnouncedContact(kind=found.kind, id=found.id, create=found.create) if found else None
    before = announced.contact
    if now == before:
        return announced, iter(())
    told = replace(announced, contact=now)
    if announced == Announced(settings_version=announced.settings_version):
        return told, iter(())
    stage, renewal = standing.stages.stage, standing.renewal
    mrr, committed = _amounts(standing.mrr, announced)
    update = ContactChanged(
        **transition.common,
        index=0,
        previous=_ref(before),
        stage=stage.name if stage else None,
        mrr=written(mrr),
        committed_mrr=written(committed),
        pending=dict(standing.mrr.pending),
        renewal=PresentRenewal(
            renews_at=iso_or_none(renewal.renews_at),
            subscription=renewal.subscription,
            access_until=iso_or_none(renewal.access_until),
        ),
    )
    return told, iter((update,))


def _amounts(view: MrrView, announced: Announced) -> tuple[Amounts, Amounts]:
    """MRR and committed MRR; while an input is missing what was told last, as movements have it."""
    if not view.pending:
        return view.total, view.committed
    told = from_exact(announced.mrr)
    staying = [it for each, it in announced.mrr_of.items() if each not in view.leaving]
    return told, add(dict.fromkeys(told, Fraction()), *map(from_exact, staying))


def _ref(told: AnnouncedContact | None) -> ContactRef | None:
    if told is None:
        return None
    return ContactRef.model_validate({"kind": told.kind, "id": told.id, "create": told.create})


def _metadata(facts: Facts, settings: Contact) -> Iterator[Mapping[str, str]]:
    """Where the id may be, in the order in which it counts; of several objects the newest first."""
    for place in settings.look_in:
        if place == "customer" and facts.profile:
            yield facts.profile.metadata
        elif place == "subscription":
            yield from (subscription.metadata for subscription in reversed(facts.current))
        elif place == "checkout_session":
            yield from (checkout.metadata for checkout in _checkouts(facts))


def _checkouts(facts: Facts) -> list[Checkout]:
    last = [sightings[-1].snapshot for sightings in facts.checkouts.values()]
    return sorted(last, key=lambda each: (each.created_at, each.id), reverse=True)
