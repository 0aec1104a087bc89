"""Where a customer stands by its facts, the settings and its own time: what projections compare.

Made once for each record by `projections.standing`; pure values, no rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from schemas.money import Amounts, add
from schemas.updates import ContactRef


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """The stage, and which rule and subscription decided it; `since` is when that one came in."""

    name: str
    since: int
    rule: str
    subscription: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagesView:
    """The customer's stage, the stage of each subscription alone, and statuses no rule names.

    `of_each` and `unmapped` (a status) are by subscription; one without any stage is in neither.
    """

    stage: StageView | None = None
    of_each: Mapping[str, str] = field(default_factory=dict)
    unmapped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MrrView:
    """Exact MRR of a customer, minor units per currency, and what cannot be counted yet.

    Args:
        seen: A zero for each currency that counts.
        by_subscription: Amounts of each subscription that can be counted.
        by_item: The same of each of its items, by subscription and item.
        pending: Why a subscription's MRR is not known, in a closed word.
        caveats: What may make a counted amount differ from Stripe's, in closed words.
        leaving: Subscriptions that have a scheduled end; `committed` is without them.
    """

    seen: Amounts = field(default_factory=dict)
    by_subscription: Mapping[str, Amounts] = field(default_factory=dict)
    by_item: Mapping[str, Mapping[str, Amounts]] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)
    caveats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leaving: frozenset[str] = frozenset()

    @property
    def total(self) -> dict[str, Fraction]:
        """The customer's MRR."""
        return add(self.seen, *self.by_subscription.values())

    @property
    def committed(self) -> dict[str, Fraction]:
        """The customer's MRR without subscriptions that have a scheduled end."""
        amounts = self.by_subscription
        return add(self.seen, *(amounts[each] for each in amounts if each not in self.leaving))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalView:
    """The customer's renewal, whose it is, and the other subscriptions' dates.

    `access_until` is the latest scheduled end among subscriptions that will not renew, told only
    when none will. `not_collected`: the renewal falls in a pause of collection. `retry_at`: when
    Stripe next tries to collect what is open, another thing than a renewal.
    """

    renews_at: int | None = None
    subscription: str | None = None
    others: tuple[tuple[str, int], ...] = ()
    access_until: int | None = None
    not_collected: bool = False
    retry_at: int | None = None

    @property
    def dates(self) -> dict[str, int]:
        """When each subscription that will renew does so."""
        own = self.subscription
        first = {own: self.renews_at} if own is not None and self.renews_at is not None else {}
        return {**first, **dict(self.others)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeView:
    """When the customer began to pay, stopped, and came back, over all its subscriptions."""

    started_at: int | None = None
    churned_at: tuple[int, ...] = ()
    reactivated_at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All views of one customer; `contact` is your own id, or the closed word for why not."""

    contact: ContactRef | str
    stages: StagesView
    mrr: MrrView
    renewal: RenewalView
    lifetime: LifetimeView
