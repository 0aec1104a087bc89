"""Lives that follow a script: short ids, a clock that the script moves, invoices in one event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from simulation.invoices import Invoice, invoice_object
from simulation.life import Life
from simulation.objects import DAY_S, Fields, Generation, customer_object

BEGINNING = 1767603600
"""2026-01-05T09:00:00Z: nothing here asks the clock."""


class ScriptedLife(Life):
    """A customer whose life is written by hand, one verb after the other.

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
        account_id: bool = True,
        test: bool = False,
    ) -> None:
        self._number = f"{number:02d}"
        first, now = name.split()[0], BEGINNING + number * 3600
        profile = customer_object(
            id=f"cus_Demo{self._number}{first}",
            name=name,
            created=now,
            currency="usd",
            metadata={"account_id": f"{first.lower()}-{self._number}"} if account_id else {},
            test=test,
        )
        super().__init__(identity=name, profile=profile, now=now, generation=generation, test=test)
        self.bodies: list[bytes] = []
        self._open: dict[str, Invoice] = {}
        self.send("customer.created", self.profile)

    def new_id(self, prefix: str) -> str:
        """Make a short id that people can tell apart in a table."""
        serials = {
            "evt": f"evt_demo{self._number}n{len(self.bodies) + 1:03d}",
            "sub": f"sub_Demo{self._number}s{len(self.subscriptions) + 1}",
            "in": f"in_Demo{self._number}n{len(self.bodies) + 1:03d}",
        }
        return serials.get(prefix, f"{prefix}_Demo{self._number}")

    def send(
        self,
        event_type: str,
        thing: Fields,
        previous: Fields | None = None,
        *,
        since: Generation = Generation.LEGACY,
    ) -> None:
        """Add the event's body, as an endpoint gets it."""
        super().send(event_type, thing, previous, since=since)
        self.bodies.append(orjson.dumps(self.events.pop(), option=orjson.OPT_INDENT_2))

    def wait(self, days: float) -> None:
        """Let time pass."""
        self.now += int(days * DAY_S)

    def renew(self, id: str, status: str = "active", *, paid: bool = True) -> None:
        """Go to the end of the period and begin the next: invoice, then the new dates."""
        sub = self.subscriptions[id]
        self.now = sub.period_end
        items = tuple(
            replace(item, begins=self.now, ends=item.price.after(self.now))
            if item.ends <= self.now
            else item
            for item in sub.items
        )
        self._open.pop(id, None)
        invoice = self.bill(id, paid=paid)
        self.change(id, items=items, status=status, latest_invoice=invoice)

    def bill(self, id: str, *, paid: bool) -> str:
        """Send an invoice of the subscription, paid or failed; one that is open is tried again."""
        before = self._open.get(id) or self._draft(id)
        invoice = self._open[id] = replace(
            before,
            status="paid" if paid else "open",
            attempt_count=before.attempt_count + 1,
            next_attempt=None if paid else self.now + 3 * DAY_S,
        )
        thing = invoice_object(invoice, self.generation, test=self.test)
        self.send("invoice.paid" if paid else "invoice.payment_failed", thing)
        return invoice.id

    def _draft(self, id: str) -> Invoice:
        sub = self.subscriptions[id]
        return Invoice(
            id=self.new_id("in"),
            customer=self.customer,
            subscription=id,
            total=sum(item.price.cost(item.quantity) for item in sub.items),
            currency=sub.items[0].price.currency,
            created=self.now,
        )

    def end(self, id: str, reason: str = "cancellation_requested", **changes: Any) -> None:
        """End a subscription: at its period's end if that was asked for, else now."""
        self.now = self.subscriptions[id].cancel_at or self.now
        super().end(id, reason, **changes)
