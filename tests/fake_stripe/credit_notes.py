"""Credit notes, which the simulated account does not write: somebody credits an invoice.

Source: Stripe's API reference, "Credit Note".
"""

from __future__ import annotations

from simulation.objects import Fields, Generation, made_id

from .shapes import whole
from .view import Told
from .world import World


def credit(world: World, invoice: str, amount: int) -> str:
    """Credit a part of an invoice now, in minor units; gives the id of the note."""
    of = world.view().get("invoice", invoice)
    if of is None:
        raise ValueError(f"there is no invoice {invoice}")
    id = made_id("cn", f"{invoice}/{world.now}")
    note = whole(_written(id, of, amount, world.now), Generation.ENDIVE, livemode=world.livemode)
    world.happen(Told(name=f"credit/{id}", type="credit_note.created", thing=note, at=world.now))
    return id


def _written(id: str, invoice: Fields, amount: int, at: int) -> Fields:
    line = {
        "id": made_id("cnli", id),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": "Service credit",
        "livemode": invoice["livemode"],
        "quantity": 1,
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    return {
        "id": id,
        "object": "credit_note",
        "amount": amount,
        "created": at,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "effective_at": at,
        "invoice": invoice["id"],
        "lines": {
            "object": "list",
            "data": [line],
            "has_more": False,
            "url": f"/v1/credit_notes/{id}/lines",
        },
        "livemode": invoice["livemode"],
        "metadata": {},
        "number": f"{invoice['id'][-8:].upper()}-CN-01",
        "post_payment_amount": amount,
        "status": "issued",
        "subtotal": amount,
        "total": amount,
        "type": "post_payment",
    }
