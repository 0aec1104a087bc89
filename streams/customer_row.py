"""Builds the row that readers see from a row's facts and the settings; pure, like the pipeline."""

from __future__ import annotations

from fractions import Fraction

from projections.deletion import with_customer_deleted
from projections.mrr.discounts import Redeemed, redeemed_by
from projections.standing import standing_of
from schemas import customer_row as parts
from schemas.money import written
from schemas.objects import Invoice
from schemas.records import NO_CUSTOMER, Subject
from schemas.rows import Facts, Row
from schemas.settings import SettingsInForce
from schemas.standing import LifetimeView, RenewalView, StageView, Standing
from schemas.times import iso, iso_or_none
from schemas.updates import ContactRef, OtherRenewal
from streams.subscription_part import discount_part, subscription_part


def customer_row(
    row: Row, settings: SettingsInForce, standing: Standing | None = None
) -> parts.CustomerRow:
    """Say where a customer stands, by the row's facts and the settings in force.

    `standing` is what they come to, where it is known already, which spares most of the work.
    """
    subject = Subject(*row.subject.split("/"))
    facts = with_customer_deleted(row.facts)
    if standing is None:
        standing = standing_of(facts, subject.customer, settings.content)
    contact, redeemed = standing.contact, redeemed_by(facts)
    return parts.CustomerRow(
        subject=row.subject,
        source=subject.source,
        account=None if subject.account == NO_CUSTOMER else subject.account,
        livemode=subject.livemode,
        as_of=iso(facts.at),
        customer=_customer(subject.customer, facts, redeemed, row.clock),
        contact=contact if isinstance(contact, ContactRef) else None,
        contact_reason=None if isinstance(contact, ContactRef) else contact,
        stage=_stage(standing.stages.stage),
        mrr=written(standing.mrr.total),
        committed_mrr=written(standing.mrr.committed),
        pending=tuple(
            parts.PendingPart(subscription=subscription, reason=reason)
            for subscription, reason in sorted(standing.mrr.pending.items())
        ),
        renewal=_renewal(standing.renewal),
        subscriptions=tuple(
            subscription_part(each, facts, standing, redeemed) for each in facts.current
        ),
        evicted_subscriptions=len(facts.evicted.digests),
        payment=_payment(facts),
        lifetime=_lifetime(facts, standing.lifetime),
        fold_version=row.fold_version,
        settings_version=settings.version,
    )


def _customer(
    customer: str, facts: Facts, redeemed: Redeemed, clock: str | None
) -> parts.CustomerPart:
    profile = facts.profile
    own = next(iter(redeemed.of_customer), None)
    return parts.CustomerPart(
        id=customer,
        name=profile.name if profile else None,
        email=profile.email if profile else None,
        currency=profile.currency if profile else None,
        metadata=dict(profile.metadata) if profile else {},
        created_at=iso_or_none(profile.created_at or None) if profile else None,
        deleted_at=iso_or_none(facts.deleted_at),
        test_clock=clock or (profile.test_clock if profile else None),
        discount=discount_part(own, facts) if own else None,
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
        retry_at=iso_or_none(view.retry_at),
    )


def _payment(facts: Facts) -> parts.PaymentPart | None:
    """The newest invoice decides; one that was deleted as a draft never was."""
    invoices: list[Invoice] = [sightings[-1].snapshot for sightings in facts.invoices.values()]
    newest = max(
        (each for each in invoices if each.status != "deleted"),
        key=lambda each: (each.created_at, each.id),
        default=None,
    )
    if newest is None:
        return None
    return parts.PaymentPart(
        status=newest.status,
        latest_invoice=newest.id,
        subscription=newest.subscription,
        attempt_count=newest.attempt_count,
        next_attempt_at=iso_or_none(newest.next_attempt_at),
        amount_due=written({newest.currency: Fraction(newest.amount_due)})
        if newest.currency
        else {},
    )


def _lifetime(facts: Facts, view: LifetimeView) -> parts.LifetimePart:
    return parts.LifetimePart(
        first_seen_at=iso_or_none(facts.first_seen_at),
        first_paid_at=iso_or_none(facts.first_paid_at),
        started_at=iso_or_none(view.started_at),
        ever_customer=view.started_at is not None or facts.first_paid_at is not None,
        churned_at=tuple(map(iso, view.churned_at)),
        reactivated_at=tuple(map(iso, view.reactivated_at)),
    )
