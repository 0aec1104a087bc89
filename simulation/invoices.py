"""Invoices and their payments, as each API generation writes them.

Source: Stripe's API reference and changelog. Since 2025-03-31.basil the subscription is in
`parent`, payments are objects of their own, and lines say what they are of in `pricing` and
`parent`.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulation.objects import Fields, Generation, made_id
from simulation.prices import Price, plan_object, price_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one price cost for one period; `item` is None for what is paid once."""

    price: Price
    item: str | None
    quantity: int
    amount: int
    begins: int
    ends: int
    is_proration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice of a subscription in no version's words; amounts in minor units of `currency`.

    Args:
        total: What is due after `discounts`, each an id and what it took off.
        closed_at: When it was paid, voided, or given up as uncollectible.
        lines: Without any, the invoice is written short, as if its lines were on further pages.
    """

    id: str
    customer: str
    subscription: str
    total: int
    currency: str
    created: int
    status: str = "draft"
    reason: str = "subscription_cycle"
    attempt_count: int = 0
    next_attempt: int | None = None
    lines: tuple[Line, ...] = ()
    discounts: tuple[tuple[str, int], ...] = ()
    number: str | None = None
    finalized_at: int | None = None
    closed_at: int | None = None


def invoice_object(invoice: Invoice, generation: Generation, *, test: bool) -> Fields:
    """Write an invoice; its subscription moved in 2025-03-31."""
    is_paid = invoice.status == "paid"
    fields: Fields = {
        "id": invoice.id,
        "object": "invoice",
        "amount_due": invoice.total,
        "amount_paid": invoice.total if is_paid else 0,
        "amount_remaining": 0 if is_paid else invoice.total,
        "attempt_count": invoice.attempt_count,
        "attempted": invoice.attempt_count > 0,
        "auto_advance": invoice.status in {"draft", "open"},
        "billing_reason": invoice.reason,
        "collection_method": "charge_automatically",
        "created": invoice.created,
        "currency": invoice.currency,
        "customer": invoice.customer,
        "due_date": None,
        "lines": _lines(invoice, generation, test=test),
        "livemode": not test,
        "metadata": {},
        "next_payment_attempt": invoice.next_attempt,
        "status": invoice.status,
        "total": invoice.total,
    }
    if invoice.lines:
        fields |= _details(invoice, generation)
    if generation is Generation.LEGACY:
        return fields | {"paid": is_paid, "subscription": invoice.subscription}
    details = {"metadata": {}, "subscription": invoice.subscription}
    return fields | {
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": details,
        }
    }


def _details(invoice: Invoice, generation: Generation) -> Fields:
    """What only an invoice with lines has: totals, days and what became of it."""
    fields: Fields = {
        "account_country": "US",
        "account_name": None,
        "automatic_tax": {"enabled": False},
        "default_payment_method": None,
        "description": None,
        "discounts": [id for id, _ in invoice.discounts],
        "effective_at": invoice.finalized_at,
        "ending_balance": None if invoice.status == "draft" else 0,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "number": invoice.number,
        "period_end": invoice.created,
        "period_start": min(line.begins for line in invoice.lines),
        "starting_balance": 0,
        "status_transitions": {
            "finalized_at": invoice.finalized_at,
            "marked_uncollectible_at": _closed(invoice, "uncollectible"),
            "paid_at": _closed(invoice, "paid"),
            "voided_at": _closed(invoice, "void"),
        },
        "subtotal": sum(line.amount for line in invoice.lines),
        "test_clock": None,
        "total_discount_amounts": [
            {"amount": amount, "discount": id} for id, amount in invoice.discounts
        ],
    }
    if generation is Generation.LEGACY:
        payment = made_id("pi", invoice.id) if invoice.total and invoice.finalized_at else None
        return fields | {
            "charge": made_id("ch", invoice.id) if invoice.attempt_count and payment else None,
            "paid_out_of_band": False,
            "payment_intent": payment,
            "quote": None,
            "tax": None,
            "total_tax_amounts": [],
        }
    return fields | {"amount_overpaid": 0, "total_taxes": []}


def _lines(invoice: Invoice, generation: Generation, *, test: bool) -> Fields:
    return {
        "object": "list",
        "data": [
            _line(line, number, invoice, generation, test=test)
            for number, line in enumerate(invoice.lines, 1)
        ],
        "has_more": not invoice.lines,
        "url": f"/v1/invoices/{invoice.id}/lines",
    }


def _closed(invoice: Invoice, status: str) -> int | None:
    return invoice.closed_at if invoice.status == status else None


def _line(
    line: Line, number: int, invoice: Invoice, generation: Generation, *, test: bool
) -> Fields:
    fields: Fields = {
        "id": made_id("il", f"{invoice.id}/{number}"),
        "object": "line_item",
        "amount": line.amount,
        "currency": invoice.currency,
        "description": None,
        "discount_amounts": [],
        "discountable": not line.is_proration,
        "discounts": [],
        "invoice": invoice.id,
        "livemode": not test,
        "metadata": {},
        "period": {"end": line.ends, "start": line.begins},
        "quantity": line.quantity,
    }
    if generation is Generation.LEGACY:
        return fields | {
            "plan": plan_object(line.price, generation, test=test) if line.item else None,
            "price": price_object(line.price, generation, test=test),
            "proration": line.is_proration,
            "subscription": invoice.subscription,
            "subscription_item": line.item,
            "tax_amounts": [],
            "type": "subscription" if line.item else "invoiceitem",
        }
    pricing = {
        "type": "price_details",
        "price_details": {"price": line.price.id, "product": line.price.product},
        "unit_amount_decimal": None if line.price.tiers_mode else str(line.price.unit_amount),
    }
    return fields | {"parent": _line_parent(line, invoice, number), "pricing": pricing, "taxes": []}


def _line_parent(line: Line, invoice: Invoice, number: int) -> Fields:
    if line.item is None:
        details = {
            "invoice_item": made_id("ii", f"{invoice.id}/{number}"),
            "proration": False,
            "proration_details": None,
            "subscription": invoice.subscription,
        }
        return {
            "type": "invoice_item_details",
            "invoice_item_details": details,
            "subscription_item_details": None,
        }
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": line.is_proration,
            "proration_details": {"credited_items": None},
            "subscription": invoice.subscription,
            "subscription_item": line.item,
        },
    }


def invoice_payment_object(invoice: Invoice, *, test: bool) -> Fields:
    """The payment that paid an invoice: it names no customer, only the invoice."""
    return {
        "id": made_id("inpay", invoice.id),
        "object": "invoice_payment",
        "amount_paid": invoice.total,
        "amount_requested": invoice.total,
        "created": invoice.finalized_at,
        "currency": invoice.currency,
        "invoice": invoice.id,
        "is_default": True,
        "livemode": not test,
        "payment": {"type": "payment_intent", "payment_intent": made_id("pi", invoice.id)},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": invoice.closed_at},
    }
