"""Builds the row that readers see from a row's facts and the settings; pure, like the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from projections.contact import contact_of
from projections.mrr import MrrView, mrr_of
from projections.renewals import RenewalView, renewal_of
from projections.stage import StageView, stage_of
from schemas import customer_row as parts
from schemas.money import written
from schemas.records import NO_CUSTOMER, Subject
from schemas.rows import Facts, Row, Subscription
from schemas.settings import SettingsInForce
from schemas.times import iso, iso_or_none
from schemas.updates import ContactRef, OtherRenewal


def customer_row(row: Row, settings: SettingsInForce) -> parts.CustomerRow:
    """Say where a customer stands, by the row's facts and the settings in force."""
    subject = Subject(*row.subject.split("/"))
    facts, content = row.facts, settings.content
    mrr = mrr_of(facts)
    contact = contact_of(facts, subject.customer, content.contact)
    return parts.CustomerRow(
        subject=row.subject,
        source=subject.source,
        account=None if subject.account == NO_CUSTOMER else subject.account,
        livemode=subject.livemode,
        customer=_customer(subject.customer, facts),
        contact=contact if isinstance(contact, ContactRef) else None,
        contact_reason=None if isinstance(contact, ContactRef) else contact,
        stage=_stage(stage_of(facts, content.stages)),
        mrr=written(mrr.total),
        committed_mrr=written(mrr.committed(facts.current)),
        pending=tuple(
            parts.PendingPart(subscription=subscription, reason=reason)
            for subscription, reason in sorted(mrr.pending.items())
        ),
        renewal=_renewal(renewal_of(facts)),
        subscriptions=tuple(_subscription(each, mrr) for each in facts.current),
        lifetime=parts.LifetimePart(first_seen_at=iso_or_none(facts.first_seen_at)),
        fold_version=row.fold_version,
        settings_version=settings.version,
    )


def _customer(customer: str, facts: Facts) -> parts.CustomerPart:
    profile = facts.profile
    return parts.CustomerPart(
        id=customer,
        name=profile.name if profile else None,
        email=profile.email if profile else None,
        currency=profile.currency if profile else None,
        metadata=dict(profile.metadata) if profile else {},
        created_at=iso_or_none(profile.created_at) if profile else None,
        deleted_at=iso(facts.customer[-1].at) if profile and profile.deleted else None,
        test_clock=profile.test_clock if profile else None,
    )


def _stage(view: StageView | None) -> parts.StagePart | None:
    if view is None:
        return None
    return parts.StagePart(
        name=view.name, since=iso(view.since), rule=view.rule, subscription=view.subscription
    )


def _renewal(view: RenewalView) -> parts.RenewalPart:
    return parts.RenewalPart(
        renews_at=iso_or_none(view.renews_at),
        subscription=view.subscription,
        others=tuple(
            OtherRenewal(subscription=each, renews_at=iso(at)) for each, at in view.others
        ),
        access_until=iso_or_none(view.access_until),
        not_collected=view.not_collected,
        retry_at=None,
    )


def _subscription(subscription: Subscription, mrr: MrrView) -> parts.SubscriptionPart:
    amounts: Mapping[str, Fraction] | None = mrr.by_subscription.get(subscription.id)
    pause = subscription.collection_pause
    return parts.SubscriptionPart(
        id=subscription.id,
        status=subscription.status,
        created_at=iso_or_none(subscription.created_at),
        trial_end=iso_or_none(subscription.trial_end),
        cancel_at=iso_or_none(subscription.cancel_at),
        canceled_at=iso_or_none(subscription.canceled_at),
        ended_at=iso_or_none(subscription.ended_at),
        pause=parts.PausePart(
            behavior=pause, resumes_at=iso_or_none(subscription.collection_resumes_at)
        )
        if pause
        else None,
        current_period_end=iso_or_none(subscription.current_period_end),
        mrr=None if amounts is None else written(amounts),
        items=tuple(
            parts.ItemPart(
                id=item.id,
                price=item.price,
                product=item.product,
                quantity=item.quantity,
                interval=item.interval,
                interval_count=item.interval_count,
                unit_amount=item.unit_amount,
            )
            for item in subscription.items
        ),
        discounts=tuple(each.id for each in subscription.discounts if each.id),
        metadata=dict(subscription.metadata),
    )
