"""Charges, refunds and disputes of a history: derived from its invoices, which stay as they are.

An invoice has one charge, however often it was tried. Source: Stripe's API reference, "Charge",
"Refund" and "Dispute"; until 2025-03-31.basil a charge names its invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from simulation.chance import Chance
from simulation.objects import (
    DAY_S,
    Fields,
    Generation,
    event_object,
    former_values,
    made_id,
)

REFUNDED = 0.04
REFUNDED_WHOLE = 0.6
DISPUTED = 0.015
LOST = 0.5


def with_charges(history: Iterable[Fields], *, seed: int) -> Iterator[Fields]:
    """Add the events of charges to a history, each at its time.

    Ids and times do not depend on the generation. What happens to a charge depends on the seed and
    its invoice alone.
    """
    later: list[tuple[int, str, Fields]] = []
    cards: dict[str, str] = {}
    for event in history:
        while later and later[0][0] <= event["created"]:
            yield heappop(later)[2]
        yield event
        thing = event["data"]["object"]
        if event["type"] == "payment_method.attached":
            cards[thing["customer"]] = thing["id"]
        if event["type"] not in {"invoice.paid", "invoice.payment_failed"} or not thing["total"]:
            continue
        charge = charge_object(thing, event, cards.get(thing["customer"]))
        is_paid = charge["status"] == "succeeded"
        name = "succeeded" if is_paid else "failed"
        number = thing["attempt_count"]
        yield _told(f"charge.{name}", charge, event["created"], event, f"{number}")
        for told in _what_follows(charge, event, seed) if is_paid else ():
            heappush(later, (told["created"], told["id"], told))


def charge_object(invoice: Fields, event: Fields, payment_method: str | None) -> Fields:
    """The charge of an invoice, as its payment or the failure of it makes it."""
    is_paid = event["type"] == "invoice.paid"
    legacy = event["api_version"] == Generation.LEGACY
    fields: Fields = {
        "id": made_id("ch", invoice["id"]),
        "object": "charge",
        "amount": invoice["total"],
        "amount_captured": invoice["total"] if is_paid else 0,
        "amount_refunded": 0,
        "captured": is_paid,
        "created": event["created"],
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": "Subscription update",
        "disputed": False,
        "failure_code": None if is_paid else "card_declined",
        "failure_message": None if is_paid else "Your card was declined.",
        "livemode": invoice["livemode"],
        "metadata": {},
        "paid": is_paid,
        "payment_intent": made_id("pi", invoice["id"]),
        "payment_method": payment_method,
        "refunded": False,
        "status": "succeeded" if is_paid else "failed",
    }
    return fields | {"invoice": invoice["id"]} if legacy else fields


def _what_follows(charge: Fields, paid: Fields, seed: int) -> Iterator[Fields]:
    """Most charges stay as they are; some are refunded, some others disputed."""
    chance = Chance(f"{seed}/{charge['id']}")
    if chance.happens(REFUNDED):
        at = charge["created"] + chance.days(1, 25)
        is_whole = chance.happens(REFUNDED_WHOLE)
        amount = charge["amount"] if is_whole else max(1, charge["amount"] // 2)
        after = charge | {"amount_refunded": amount, "refunded": amount == charge["amount"]}
        yield _told("refund.created", _refund(charge, amount, at), at, paid)
        refunded = _told("charge.refunded", after, at, paid)
        refunded["data"]["previous_attributes"] = former_values(charge, after)
        yield refunded
    elif chance.happens(DISPUTED):
        at = charge["created"] + chance.days(5, 40)
        dispute = _dispute(charge, at)
        yield _told("charge.dispute.created", dispute, at, paid)
        closed = dispute | {"status": "lost" if chance.happens(LOST) else "won"}
        yield _told("charge.dispute.closed", closed, at + chance.days(15, 60), paid)


def _refund(charge: Fields, amount: int, at: int) -> Fields:
    return {
        "id": made_id("re", charge["id"]),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "requested_by_customer",
        "status": "succeeded",
    }


def _dispute(charge: Fields, at: int) -> Fields:
    return {
        "id": made_id("du", charge["id"]),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": at + 20 * DAY_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": charge["livemode"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }


def _told(type: str, thing: Fields, at: int, source: Fields, which: str = "") -> Fields:
    return event_object(
        id=made_id("evt", f"{type}/{thing['id']}/{which}"),
        type=type,
        created=at,
        generation=Generation(source["api_version"]),
        thing=thing,
        test=not source["livemode"],
    )
