"""Tells one customer's life as Stripe would: events with ids, times and previous values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from cli.demo.objects import (
    DAY_S,
    Fields,
    Generation,
    Price,
    customer_object,
    former_values,
    invoice_object,
)
from cli.demo.subscriptions import (
    Coupon,
    Item,
    Subscription,
    discount_object,
    subscription_object,
)

BEGINNING = 1767603600
"""2026-01-05T09:00:00Z: nothing here asks the clock."""


class Life:
    """A customer and what happens to it. Each verb adds its events to `bodies`, in their order.

    Args:
        number: Makes ids and the first moment differ from those of all other lives.
        name: Of the company.
        generation: API version whose shapes its events have.
        account_id: Whether the customer carries your own id in `metadata.account_id`.
        test: Whether it lives in test mode.
    """

    def __init__(
        self,
        number: int,
        name: str,
        generation: Generation,
        *,
        currency: str = "usd",
        account_id: bool = True,
        test: bool = False,
    ) -> None:
        self.customer = f"cus_Demo{number:02d}{name.split()[0]}"
        self.generation = generation
        self.bodies: list[bytes] = []
        self._number = number
        self._test = test
        self._now = BEGINNING + number * 3600
        self._count = 0
        self._subscriptions: dict[str, Subscription] = {}
        slug = name.split()[0].lower()
        self._customer = customer_object(
            id=self.customer,
            name=name,
            created=self._now,
            currency=currency,
            metadata={"account_id": f"{slug}-{number:02d}"} if account_id else {},
            test=test,
        )
        self.send("customer.created", self._customer)

    def wait(self, days: float) -> None:
        """Let time pass."""
        self._now += int(days * DAY_S)

    def send(self, event_type: str, thing: Any, previous: Fields | None = None) -> None:
        """Add an event about an object as it is now, with the former values of what changed."""
        self._count += 1
        event: Fields = {
            "id": f"evt_demo{self._number:02d}n{self._count:03d}",
            "object": "event",
            "api_version": self.generation.value,
            "created": self._now,
            "data": {"object": thing},
            "livemode": not self._test,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
        if previous is not None:
            event["data"]["previous_attributes"] = previous
        self.bodies.append(orjson.dumps(event, option=orjson.OPT_INDENT_2))

    def subscribe(
        self,
        *bought: tuple[Price, int],
        status: str = "active",
        trial_days: int = 0,
    ) -> str:
        """Start a subscription to prices and quantities; a trial has its own status."""
        serial = f"{self._number:02d}s{len(self._subscriptions) + 1}"
        trial_end = self._now + trial_days * DAY_S if trial_days else None
        sub = Subscription(
            id=f"sub_Demo{serial}",
            customer=self.customer,
            created=self._now,
            status="trialing" if trial_days else status,
            trial_start=self._now if trial_days else None,
            trial_end=trial_end,
            items=tuple(
                Item(
                    id=f"si_Demo{serial}i{number}",
                    price=price,
                    quantity=quantity,
                    begins=self._now,
                    ends=trial_end or price.after(self._now),
                )
                for number, (price, quantity) in enumerate(bought, 1)
            ),
        )
        self._subscriptions[sub.id] = sub
        self.send("customer.subscription.created", self._written(sub))
        return sub.id

    def change(self, id: str, **changes: Any) -> None:
        """Change fields of a subscription, as `cancel_at=…`, and tell of it."""
        before = self._subscriptions[id]
        after = replace(before, **changes)
        self._subscriptions[id] = after
        previous = former_values(self._written(before), self._written(after))
        self.send("customer.subscription.updated", self._written(after), previous)

    def tell(self, id: str, what: str) -> None:
        """Send an event about the subscription as it is, such as `trial_will_end`."""
        self.send(f"customer.subscription.{what}", self._written(self._subscriptions[id]))

    def pause(self, id: str, because: str) -> None:
        """Pause the subscription itself, as only the newest API version can on demand."""
        self.change(id, status="paused", paused_at=self._now, paused_because=because)
        self.tell(id, "paused")

    def resume(self, id: str) -> None:
        """Resume a paused subscription."""
        self.change(id, status="active", paused_at=None, paused_because=None)
        self.tell(id, "resumed")

    def buy(self, id: str, price: Price, quantity: int) -> None:
        """Change the first item's price or quantity; another interval starts a new period."""
        item, *others = self._subscriptions[id].items
        begins, ends = item.begins, item.ends
        if price.interval != item.price.interval:
            begins, ends = self._now, price.after(self._now)
        item = replace(item, price=price, quantity=quantity, begins=begins, ends=ends)
        self.change(id, items=(item, *others))

    def renew(self, id: str, status: str = "active", *, paid: bool = True) -> None:
        """Go to the end of the period and begin the next: invoice, then the new dates."""
        sub = self._subscriptions[id]
        self._now = min(item.ends for item in sub.items)
        items = tuple(
            replace(item, begins=self._now, ends=item.price.after(self._now))
            if item.ends <= self._now
            else item
            for item in sub.items
        )
        invoice = self.bill(id, paid=paid)
        self.change(id, items=items, status=status, latest_invoice=invoice)

    def bill(self, id: str, *, paid: bool) -> str:
        """Send an invoice of the subscription, paid or failed."""
        sub = self._subscriptions[id]
        invoice = f"in_Demo{self._number:02d}n{self._count + 1:03d}"
        thing = invoice_object(
            id=invoice,
            customer=self.customer,
            subscription=id,
            amount=sum(item.price.unit_amount * item.quantity for item in sub.items),
            currency=sub.items[0].price.currency,
            created=self._now,
            paid=paid,
            generation=self.generation,
            test=self._test,
        )
        self.send("invoice.paid" if paid else "invoice.payment_failed", thing)
        return invoice

    def redeem(self, id: str, coupon: str, percent_off: int) -> None:
        """Give a discount for ever: the discount's own event and the subscription's."""
        given = Coupon(
            id=coupon,
            discount=f"di_Demo{self._number:02d}",
            percent_off=percent_off,
            start=self._now,
        )
        thing = discount_object(self._subscriptions[id], given, self.generation)
        self.send("customer.discount.created", thing)
        self.change(id, coupon=given)

    def cancel_later(self, id: str, *, only_cancel_at: bool = False) -> None:
        """Ask for the end at the period's end; flexible billing says it by `cancel_at` alone."""
        ends = min(item.ends for item in self._subscriptions[id].items)
        self.change(
            id,
            cancel_at=ends,
            cancel_at_period_end=not only_cancel_at,
            canceled_at=self._now,
            reason="cancellation_requested",
            feedback="too_expensive",
        )

    def keep(self, id: str) -> None:
        """Withdraw a cancellation that was asked for."""
        self.change(
            id,
            cancel_at=None,
            cancel_at_period_end=False,
            canceled_at=None,
            reason=None,
            feedback=None,
        )

    def end(self, id: str, reason: str = "cancellation_requested") -> None:
        """End a subscription: at its period's end if that was asked for, else now."""
        sub = self._subscriptions[id]
        self._now = sub.cancel_at or self._now
        asked = sub.canceled_at or self._now
        ended = replace(
            sub, status="canceled", ended_at=self._now, canceled_at=asked, reason=reason
        )
        self._subscriptions[id] = ended
        self.send("customer.subscription.deleted", self._written(ended))

    def update_customer(self, **changes: Any) -> None:
        """Change fields of the customer itself."""
        previous = {name: self._customer[name] for name in changes}
        self._customer = self._customer | changes
        self.send("customer.updated", self._customer, previous)

    def delete_customer(self) -> None:
        """Delete the customer in Stripe."""
        self.send("customer.deleted", self._customer)

    def _written(self, sub: Subscription) -> Fields:
        return subscription_object(sub, self.generation, test=self._test)
