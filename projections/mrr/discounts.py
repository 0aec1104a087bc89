"""Which discounts a subscription has: of its items, its own, or else its customer's.

A snapshot names ids in Stripe's order. Beside them count discounts that came later than it, for
Stripe's event of the subscription may still be under way; a discount that was taken away does not.
Source: docs/mrr.md, "Discounts".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from schemas.objects import Discount, Item, Subscription
from schemas.rows import Facts, Sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What is known of a customer's discounts, by whose they are; ids, oldest sighting first.

    `of_customer` is the one of the customer itself, if any; it may be one that nobody showed.
    """

    sightings: Mapping[str, Sightings[Discount]]
    by_subscription: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_item: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_customer: tuple[str, ...] = ()

    def of_subscription(self, subscription: Subscription, seen_at: int) -> tuple[str, ...]:
        """Ids in their order, of a subscription that was last seen at that time."""
        later = self.by_subscription.get(subscription.id, ())
        return self._live(subscription.discounts, later, seen_at)

    def of_item(self, item: Item, seen_at: int) -> tuple[str, ...]:
        """The same of one item."""
        return self._live(item.discounts, self.by_item.get(item.id, ()), seen_at)

    def _live(self, named: tuple[str, ...], seen: tuple[str, ...], at: int) -> tuple[str, ...]:
        if not named and not seen:
            return ()
        later = (each for each in seen if self.sightings[each][-1].at > at and each not in named)
        return tuple(each for each in (*named, *later) if not self.is_deleted(each))

    def is_deleted(self, id_: str) -> bool:
        """Whether it was taken away, as far as is known."""
        found = self.sightings.get(id_)
        return bool(found and found[-1].snapshot.is_deleted)


def redeemed_by(facts: Facts) -> Redeemed:
    """Sort a customer's discounts by whose they are."""
    if not facts.discounts and not facts.customer:
        return Redeemed(sightings={})
    own: list[str] = []
    by_subscription, by_item = defaultdict(list), defaultdict(list)
    for id_ in sorted(facts.discounts, key=lambda each: (facts.discounts[each][-1].at, each)):
        discount = facts.discounts[id_][-1].snapshot
        if discount.item is not None:
            by_item[discount.item].append(id_)
        elif discount.subscription is not None:
            by_subscription[discount.subscription].append(id_)
        else:
            own.append(id_)
    redeemed = Redeemed(
        sightings=facts.discounts,
        by_subscription={key: tuple(ids) for key, ids in by_subscription.items()},
        by_item={key: tuple(ids) for key, ids in by_item.items()},
    )
    found = _customers_own(facts, own)
    if found is None or redeemed.is_deleted(found):
        return redeemed
    return replace(redeemed, of_customer=(found,))


def _customers_own(facts: Facts, own: list[str]) -> str | None:
    """A customer has one discount at most: the newest, unless its newer snapshot knows better.

    Of one second, one that was taken away gives way to the one that took its place.
    """
    profile = facts.profile
    named, seen_at = (profile.discount, facts.customer[-1].at) if profile else (None, -1)

    def order(id_: str) -> tuple[int, bool, str]:
        last = facts.discounts[id_][-1]
        return (last.at, not last.snapshot.is_deleted, id_)

    if not own:
        return named
    at, is_live, newest = max(map(order, own))
    if at < seen_at or (at == seen_at and not is_live):
        return named
    return newest if is_live else None
