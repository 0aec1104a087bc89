"""What lines that stand by themselves say of others: customers, discounts, coupons and prices.

They count for every line of a subscription, whatever the order. What such a line shows itself comes
first and is its own alone: the next line may be another world's. Of what changes in time a line
takes what was seen by its time; what came first after it, where nothing was.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.objects import Coupon, Customer, Discount, Price, Schedule
from schemas.rows import Facts, Sightings, SubscriptionFacts, T, Version
from streams.mrr.lines import Line


@dataclass(slots=True)
class Gathered:
    """Sightings: by customer where they are a customer's, by id where anybody's."""

    customers: dict[str, list[Version[Customer]]] = field(default_factory=lambda: defaultdict(list))
    discounts: dict[str, dict[str, list[Version[Discount]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    schedules: dict[str, Sightings[Schedule]] = field(default_factory=dict)
    coupons: dict[str, Sightings[Coupon]] = field(default_factory=dict)
    prices: dict[str, Sightings[Price]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        """Keep what a line says of others, where it asks for nothing itself."""
        if not line.subscriptions:
            self._keep(line)

    def _keep(self, line: Line) -> None:
        for version in line.versions:
            thing: Any = version.snapshot
            match thing:
                case Customer():
                    self.customers[line.customer].append(version)
                case Discount():
                    self.discounts[line.customer][thing.id].append(version)
                case Schedule():
                    self.schedules[thing.id] = _last((*self.schedules.get(thing.id, ()), version))
                case Coupon():
                    self.coupons[thing.id] = _last((*self.coupons.get(thing.id, ()), version))
                case Price():
                    self.prices[thing.id] = _last((*self.prices.get(thing.id, ()), version))
                case _:  # a subscription is its own line's alone
                    pass

    def facts_of(self, line: Line, at: int) -> Facts:
        """What is known of a line's subscriptions, at that time."""
        own = Gathered()
        own._keep(line)
        known = own.customers[line.customer] or self.customers.get(line.customer, [])
        # Of two snapshots of one time, the one that shows a discount knows more.
        customer = sorted(known, key=lambda each: bool(each.snapshot.discount))
        return Facts(
            at=at,
            customer=_last(_by_then(customer, at)) or _first(customer),
            subscriptions={
                each.snapshot.id: SubscriptionFacts(versions=(each,)) for each in line.subscriptions
            },
            schedules=ChainMap(own.schedules, self.schedules),
            discounts=_discounts(
                {**self.discounts.get(line.customer, {}), **own.discounts[line.customer]}, line, at
            ),
            coupons=_own_first(own.coupons, self.coupons),
            prices=_own_first(own.prices, self.prices),
        )


def _discounts(
    known: Mapping[str, list[Version[Discount]]], line: Line, at: int
) -> dict[str, Sightings[Discount]]:
    """Those seen by then; of later ones only what is named, or the customer's first."""
    found = {id_: seen for id_, each in known.items() if (seen := _last(_by_then(each, at)))}
    has_own = any(_is_customers(each[-1].snapshot) for each in found.values())
    named = {
        id_
        for version in line.subscriptions
        for ids in (version.snapshot.discounts, *(i.discounts for i in version.snapshot.items))
        for id_ in ids
    }
    for id_, versions in known.items():
        is_own = _is_customers(versions[0].snapshot) and not has_own
        if id_ not in found and (id_ in named or is_own):
            found[id_] = _first(versions)
    return found


def _is_customers(discount: Discount) -> bool:
    return discount.subscription is None and discount.item is None


def _by_then(versions: Iterable[Version[T]], at: int) -> list[Version[T]]:
    return [each for each in versions if each.at <= at]


def _first(versions: Iterable[Version[T]]) -> Sightings[T]:
    return tuple(sorted(versions, key=lambda each: each.at)[:1])


def _last(versions: Iterable[Version[T]]) -> Sightings[T]:
    """The newest, one that is final before all others; of the same time the last in the input."""
    ordered = sorted(versions, key=lambda each: (each.snapshot.is_final, each.at))
    return tuple(ordered[-1:])


def _own_first(
    own: Mapping[str, Sightings[T]], others: Mapping[str, Sightings[T]]
) -> Mapping[str, Sightings[T]]:
    """A line's own terms before those that others say, but for what it leaves out of the same."""
    best = {
        id_: others[id_]
        if id_ in others and _is_more(others[id_][-1].snapshot, it[-1].snapshot)
        else it
        for id_, it in own.items()
    }
    return {**others, **best} if best else others


def _is_more(known: Any, own: Any) -> bool:
    """Whether another line shows the same terms, and more of them."""
    if not known.is_final or own.is_final:
        return False
    if isinstance(own, Price):
        return True
    hidden: dict[str, Any] = {
        "amounts_off": {},
        "products": None,
        "is_whole": False,
        "created_at": 0,
    }
    return bool(replace(known, **hidden) == replace(own, **hidden))
