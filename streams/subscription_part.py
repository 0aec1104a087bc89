"""One subscription as readers see it: with its terms, so that its MRR can be counted again."""

from __future__ import annotations

from projections.mrr.discounts import Redeemed
from schemas import customer_row as parts
from schemas.money import Amounts, written
from schemas.objects import Item, Price, Subscription, Tier
from schemas.rows import Facts, last_of
from schemas.standing import MrrView, Standing
from schemas.times import iso_or_none


def subscription_part(
    subscription: Subscription, facts: Facts, standing: Standing, redeemed: Redeemed
) -> parts.SubscriptionPart:
    """Say what is known of a subscription and what the rules make of it."""
    mrr = standing.mrr
    seen_at = facts.subscriptions[subscription.id].versions[-1].at
    amounts = mrr.by_subscription.get(subscription.id)
    return parts.SubscriptionPart(
        id=subscription.id,
        status=subscription.status,
        stage=standing.stages.of_each.get(subscription.id),
        is_unmapped=subscription.id in standing.stages.unmapped,
        created_at=iso_or_none(subscription.created_at or None),
        start_date=iso_or_none(subscription.start_date),
        currency=subscription.currency,
        trial_end=iso_or_none(subscription.trial_end),
        cancel_scheduled=subscription.cancel_scheduled,
        cancel_at=iso_or_none(_cancel_at(subscription)),
        canceled_at=iso_or_none(subscription.canceled_at),
        cancel_reason=subscription.cancel_reason,
        cancel_feedback=subscription.cancel_feedback,
        ended_at=iso_or_none(subscription.ended_at),
        pause=_pause(subscription, facts),
        schedule=_schedule(subscription, facts),
        current_period_end=iso_or_none(subscription.current_period_end),
        mrr=None if amounts is None else written(amounts),
        caveats=mrr.caveats.get(subscription.id, ()),
        items=_items(subscription, facts, mrr, redeemed),
        has_more_items=subscription.has_more_items,
        discounts=tuple(
            discount_part(each, facts) for each in redeemed.of_subscription(subscription, seen_at)
        ),
        tax_included=subscription.tax_included,
        metadata=dict(subscription.metadata),
    )


def _cancel_at(subscription: Subscription) -> int | None:
    """The end that is set, in whichever of Stripe's words: at a time, or with the period."""
    if subscription.cancel_at is None and subscription.cancel_at_period_end:
        return subscription.current_period_end
    return subscription.cancel_at


def discount_part(id_: str, facts: Facts) -> parts.DiscountPart:
    """Say what is known of a discount; of an id alone nothing but the id."""
    discount = last_of(facts.discounts, id_)
    coupon = last_of(facts.coupons, discount.coupon) if discount else None
    terms = coupon and parts.CouponPart(
        id=coupon.id,
        duration=coupon.duration,
        percent_off=coupon.percent_off,
        amounts_off={
            **coupon.amounts_off,
            **({coupon.currency or "": coupon.amount_off} if coupon.amount_off else {}),
        },
        products=coupon.products,
        is_whole=coupon.is_whole,
    )
    return parts.DiscountPart(
        id=id_,
        start=iso_or_none(discount.start) if discount else None,
        end=iso_or_none(discount.end) if discount else None,
        coupon_id=discount.coupon if discount else None,
        coupon=terms,
    )


def _pause(subscription: Subscription, facts: Facts) -> parts.PausePart | None:
    if subscription.status == "paused":
        schedule = last_of(facts.schedules, subscription.schedule)
        return parts.PausePart(
            kind="subscription",
            behavior=None,
            reason=subscription.pause_reason,
            since=iso_or_none(subscription.paused_at),
            resumes_at=iso_or_none(schedule.resume_at if schedule else None),
        )
    if subscription.collection_pause is None:
        return None
    return parts.PausePart(
        kind="collection",
        behavior=subscription.collection_pause,
        reason=None,
        since=None,
        resumes_at=iso_or_none(subscription.collection_resumes_at),
    )


def _schedule(subscription: Subscription, facts: Facts) -> parts.SchedulePart | None:
    schedule = last_of(facts.schedules, subscription.schedule)
    if schedule is None:
        return _schedule_not_seen(subscription.schedule) if subscription.schedule else None
    ends = [phase.end for phase in schedule.phases if phase.end is not None]
    return parts.SchedulePart(
        id=schedule.id,
        status=schedule.status,
        end_behavior=schedule.end_behavior,
        ends_at=iso_or_none(max(ends, default=None)),
    )


def _schedule_not_seen(id_: str) -> parts.SchedulePart:
    return parts.SchedulePart(id=id_, status=None, end_behavior=None, ends_at=None)


def _items(
    subscription: Subscription, facts: Facts, mrr: MrrView, redeemed: Redeemed
) -> tuple[parts.ItemPart, ...]:
    seen_at = facts.subscriptions[subscription.id].versions[-1].at
    amounts = mrr.by_item.get(subscription.id, {})
    return tuple(
        _item(
            item,
            last_of(facts.prices, item.price),
            subscription.currency or "",
            tuple(discount_part(each, facts) for each in redeemed.of_item(item, seen_at)),
            amounts.get(item.id),
        )
        for item in subscription.items
    )


def _item(
    item: Item,
    price: Price | None,
    currency: str,
    discounts: tuple[parts.DiscountPart, ...],
    amounts: Amounts | None,
) -> parts.ItemPart:
    """An item with what its price costs in the subscription's currency, where that is known."""
    option = price.options.get(currency) if price and currency != item.currency else None
    tiers = price.tiers if price else ()
    return parts.ItemPart(
        id=item.id,
        price=item.price,
        product=item.product,
        nickname=item.nickname,
        currency=currency if option else item.currency,
        quantity=item.quantity,
        interval=item.interval,
        interval_count=item.interval_count,
        usage_type=item.usage_type,
        billing_scheme=item.billing_scheme,
        unit_amount=option.unit_amount if option else item.unit_amount,
        tiers_mode=price.tiers_mode if price else None,
        tiers=_tiers(option.tiers if option else tiers),
        divide_by=item.divide_by,
        round_up=item.round_up,
        tax_behavior=item.tax_behavior,
        tax_included=item.tax_included,
        trial_end=iso_or_none(item.trial_end),
        discounts=discounts,
        mrr=None if amounts is None else written(amounts),
    )


def _tiers(tiers: tuple[Tier, ...]) -> tuple[parts.TierPart, ...]:
    return tuple(
        parts.TierPart(up_to=each.up_to, unit_amount=each.unit_amount, flat_amount=each.flat_amount)
        for each in tiers
    )
