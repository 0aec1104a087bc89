"""Subscription schedules: prices that change by plan, and what happens after the last one.

Source: Stripe's API reference, "SubscriptionSchedule".
"""

from __future__ import annotations

from dataclasses import dataclass

from simulation.objects import Fields, Generation
from simulation.prices import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What is billed from `begins` to `ends`."""

    price: Price
    quantity: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule of one subscription; `end_behavior` is `release` or `cancel`.

    Args:
        status: `active`, then `released`, `completed` or `canceled`.
        current: Which phase is on, counted from 0.
        closed_at: When it was released, completed or canceled.
    """

    id: str
    customer: str
    subscription: str
    created: int
    end_behavior: str
    phases: tuple[Phase, ...]
    status: str = "active"
    current: int = 0
    closed_at: int | None = None


def schedule_object(schedule: Schedule, generation: Generation, *, test: bool) -> Fields:
    """Write the schedule as that API version sends it in a webhook."""
    is_active, is_released = schedule.status == "active", schedule.status == "released"
    phase = schedule.phases[schedule.current]
    fields: Fields = {
        "id": schedule.id,
        "object": "subscription_schedule",
        "application": None,
        "canceled_at": schedule.closed_at if schedule.status == "canceled" else None,
        "completed_at": schedule.closed_at if schedule.status == "completed" else None,
        "created": schedule.created,
        "current_phase": {"end_date": phase.ends, "start_date": phase.begins}
        if is_active
        else None,
        "customer": schedule.customer,
        "default_settings": _default_settings(),
        "end_behavior": schedule.end_behavior,
        "livemode": not test,
        "metadata": {},
        "phases": [_phase(each, generation) for each in schedule.phases],
        "released_at": schedule.closed_at if is_released else None,
        "released_subscription": schedule.subscription if is_released else None,
        "status": schedule.status,
        "subscription": None if is_released else schedule.subscription,
        "test_clock": None,
    }
    if generation >= Generation.CLOVER:
        fields["billing_mode"] = {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
        }
    if generation >= Generation.ENDIVE:
        fields |= {"customer_account": None, "pause_schedules": []}
    return fields


def _default_settings() -> Fields:
    return {
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False},
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": None,
        "on_behalf_of": None,
        "transfer_data": None,
    }


def _phase(phase: Phase, generation: Generation) -> Fields:
    item: Fields = {
        "billing_thresholds": None,
        "metadata": {},
        "plan": phase.price.id,
        "price": phase.price.id,
        "quantity": phase.quantity,
        "tax_rates": [],
    }
    fields: Fields = {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": phase.price.currency,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "end_date": phase.ends,
        "invoice_settings": None,
        "items": [item],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "start_date": phase.begins,
        "transfer_data": None,
        "trial_end": None,
    }
    if generation is Generation.LEGACY:
        return fields | {"coupon": None}
    item["discounts"] = []
    return fields | {"discounts": []}
