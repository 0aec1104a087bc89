"""Which discounts a subscription has: of its items, its own, or else its customer's.

A snapshot names ids in Stripe's order. Beside them count discounts that came later than it, for
Stripe's event of the subscription may still be under way; a discount that was taken away does not.
Source: docs/mrr.md, "Discounts".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from schemas.objects import Discount
from schemas.rows import Facts, Sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What is known of a customer's discounts, by whose they are; ids, oldest sighting first.

    `of_customer` is the one of the customer itself; it may be one that nobody showed.
    """

    sightings: Mapping[str, Sightings[Discount]]
    of_subscription: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_item: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_customer: tuple[str, ...] = ()

    def of(self, named: tuple[str, ...], later: tuple[str, ...], seen_at: int) -> tuple[str, ...]:
        """The named ones in their order, then those seen after `seen_at`; none that was deleted."""
        if not named and not later:
            return ()
        return (
            *(each for each in named if not self._is_deleted(each)),
            *(
                each
                for each in later
                if each not in named
                and self.sightings[each][-1].at > seen_at
                and not self._is_deleted(each)
            ),
        )

    def _is_deleted(self, id_: str) -> bool:
        found = self.sightings.get(id_)
        return bool(found and found[-1].snapshot.is_deleted)


def redeemed_by(facts: Facts) -> Redeemed:
    """Sort a customer's discounts by whose they are."""
    if not facts.discounts and not facts.customer:
        return Redeemed(sightings={})
    own: list[str] = []
    of_subscription, of_item = defaultdict(list), defaultdict(list)
    for id_ in sorted(facts.discounts, key=lambda each: (facts.discounts[each][-1].at, each)):
        discount = facts.discounts[id_][-1].snapshot
        if discount.item is not None:
            of_item[discount.item].append(id_)
        elif discount.subscription is not None:
            of_subscription[discount.subscription].append(id_)
        else:
            own.append(id_)
    redeemed = Redeemed(
        sightings=facts.discounts,
        of_subscription={key: tuple(ids) for key, ids in of_subscription.items()},
        of_item={key: tuple(ids) for key, ids in of_item.items()},
    )
    found = _customers_own(facts, own)
    return replace(redeemed, of_customer=redeemed.of((found,), (), 0)) if found else redeemed


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
