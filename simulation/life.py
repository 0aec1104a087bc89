"""Tells one customer's life as Stripe would: events with ids, times and previous values.

What happens, and when, is decided by who uses the verbs: the scripted lives of the demo, or the
stories of the simulated year.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulation.coupons import Coupon, Discount, discount_object
from simulation.objects import DAY_S, Fields, Generation, event_object, former_values, made_id
from simulation.prices import Price, months_after
from simulation.subscriptions import Item, Subscription, subscription_object


class Life:
    """A customer and what happens to it. Each verb adds its events to `events`, in their order.

    Ids are made from `identity` and a count, so they do not depend on the generation; like
    Stripe's, they say nothing of the order.

    Args:
        identity: Differs from that of all other lives.
        profile: The customer object, as of its creation at `now`.
        now: Unix seconds; moved on by who tells the life.
        generation: API version whose shapes its events have.
        test: Whether it lives in test mode.
    """

    def __init__(
        self,
        *,
        identity: str,
        profile: Fields,
        now: int,
        generation: Generation,
        test: bool = False,
    ) -> None:
        self.customer: str = profile["id"]
        self.profile = profile
        self.discount: Discount | None = None
        self.is_deleted = False
        self.generation = generation
        self.now = now
        self.test = test
        self.subscriptions: dict[str, Subscription] = {}
        self.events: list[Fields] = []
        self._identity = identity
        self._ids = 0

    def new_id(self, prefix: str) -> str:
        """Make an id such as `sub_…`."""
        self._ids += 1
        return made_id(prefix, f"{self._identity}/{self._ids}")

    def send(
        self,
        event_type: str,
        thing: Fields,
        previous: Fields | None = None,
        *,
        since: Generation = Generation.LEGACY,
    ) -> None:
        """Add an event about an object as it is now, with the former values of what changed.

        An event that came with a later API version is left out before, but takes its id all the
        same: the others keep theirs.
        """
        id = self.new_id("evt")
        if self.generation < since:
            return
        event = event_object(
            id=id,
            type=event_type,
            created=self.now,
            generation=self.generation,
            thing=thing,
            test=self.test,
        )
        if previous is not None:
            event["data"]["previous_attributes"] = previous
        self.events.append(event)

    def subscribe(
        self,
        *bought: tuple[Price, int],
        status: str = "active",
        trial_days: int = 0,
        id: str = "",
        **known: Any,
    ) -> str:
        """Start a subscription to prices and quantities; a trial has its own status.

        `known` are further fields of the subscription; `id` was made before where a discount comes
        with it. `trial_days` of 0 are no trial. Gives the id.
        """
        id = id or self.new_id("sub")
        trial_end = self.now + trial_days * DAY_S if trial_days else None
        sub = Subscription(
            id=id,
            customer=self.customer,
            created=self.now,
            status="trialing" if trial_days else status,
            trial_start=self.now if trial_days else None,
            trial_end=trial_end,
            items=tuple(
                Item(
                    id=f"si_{id.removeprefix('sub_')}i{number}",
                    price=price,
                    quantity=quantity,
                    begins=self.now,
                    ends=trial_end or price.after(self.now),
                )
                for number, (price, quantity) in enumerate(bought, 1)
            ),
            **known,
        )
        self.subscriptions[sub.id] = sub
        self.send("customer.subscription.created", self.written(sub))
        return sub.id

    def change(self, id: str, **changes: Any) -> None:
        """Change fields of a subscription, as `cancel_at=…`; told only when one is another now."""
        before = self.subscriptions[id]
        after = replace(before, **changes)
        if after == before:
            return
        self.subscriptions[id] = after
        now = self.written(after)
        self.send("customer.subscription.updated", now, former_values(self.written(before), now))

    def tell(self, id: str, what: str) -> None:
        """Send an event about the subscription as it is, such as `trial_will_end`."""
        self.send(f"customer.subscription.{what}", self.written(self.subscriptions[id]))

    def pause(self, id: str, because: str) -> None:
        """Pause the subscription itself, as only the newest API version can on demand."""
        self.change(id, status="paused", paused_at=self.now, paused_because=because)
        self.tell(id, "paused")

    def resume(self, id: str, **changes: Any) -> None:
        """Resume a paused subscription."""
        self.change(id, status="active", paused_at=None, paused_because=None, **changes)
        self.tell(id, "resumed")

    def buy(self, id: str, price: Price, quantity: int, **changes: Any) -> None:
        """Change the first item's price or quantity; another interval starts a new period."""
        item, *others = self.subscriptions[id].items
        begins, ends = item.begins, item.ends
        if (price.interval, price.interval_count) != (
            item.price.interval,
            item.price.interval_count,
        ):
            begins, ends = self.now, price.after(self.now)
        item = replace(item, price=price, quantity=quantity, begins=begins, ends=ends)
        self.change(id, items=(item, *others), **changes)

    def redeem(self, id: str, coupon: Coupon) -> None:
        """Give the subscription a discount: the discount's own event and the subscription's."""
        given = self.new_discount(coupon, subscription=id)
        self.send("customer.discount.created", self.written_discount(given))
        self.change(id, discount=given)

    def new_discount(
        self, coupon: Coupon, *, subscription: str | None = None, item: str | None = None
    ) -> Discount:
        """Make a discount of this customer that begins now."""
        return Discount(
            id=self.new_id("di"),
            coupon=coupon,
            customer=self.customer,
            start=self.now,
            end=months_after(self.now, coupon.months) if coupon.months else None,
            subscription=subscription,
            item=item,
        )

    def cancel_later(
        self, id: str, *, only_cancel_at: bool = False, feedback: str = "too_expensive"
    ) -> None:
        """Ask for the end at the period's end; flexible billing says it by `cancel_at` alone."""
        self.change(
            id,
            cancel_at=self.subscriptions[id].period_end,
            cancel_at_period_end=not only_cancel_at,
            canceled_at=self.now,
            reason="cancellation_requested",
            feedback=feedback,
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

    def end(self, id: str, reason: str = "cancellation_requested", **changes: Any) -> None:
        """End a subscription now."""
        sub = self.subscriptions[id]
        self.subscriptions[id] = replace(
            sub,
            status="canceled",
            ended_at=self.now,
            canceled_at=sub.canceled_at or self.now,
            reason=reason,
            paused_at=None,
            paused_because=None,
            **changes,
        )
        self.send("customer.subscription.deleted", self.written(self.subscriptions[id]))

    def change_customer(self, **changes: Any) -> None:
        """Change fields of the customer itself; `discount` is one of `coupons.Discount`."""
        before = self.written_customer()
        self.discount = changes.pop("discount", self.discount)
        self.profile = self.profile | changes
        after = self.written_customer()
        self.send("customer.updated", after, former_values(before, after))

    def delete_customer(self) -> None:
        """Delete the customer in Stripe."""
        self.is_deleted = True
        self.send("customer.deleted", self.written_customer())

    def written(self, sub: Subscription) -> Fields:
        """A subscription in the words of this life's API version."""
        return subscription_object(sub, self.generation, test=self.test)

    def written_discount(self, discount: Discount) -> Fields:
        """A discount in the words of this life's API version."""
        return discount_object(discount, self.generation, test=self.test)

    def written_customer(self) -> Fields:
        """The customer in the words of this life's API version."""
        if self.discount is None:
            return self.profile
        return self.profile | {"discount": self.written_discount(self.discount)}
