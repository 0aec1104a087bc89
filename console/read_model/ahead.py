"""What lies ahead of each customer, from the worker's own rows: armed moments, renewals, risks.

`billing.customers.v1` has not the facts that decide this (payment methods, what Stripe said of an
upcoming invoice, which moments have come), so the worker's changelog is read, as `subfold timers`
does; and by the very functions that the worker asks. Source: docs/decisions.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import structlog
from sqlalchemy import Connection, select, update

from console.read_model.ahead_tables import armed, renewals, worker_settings
from console.read_model.records import Record, UnreadableError, key_of
from console.read_model.writes import Values, delete_where, upsert
from projections.deletion import with_customer_deleted
from projections.expected import expected_of
from projections.mrr import mrr_of
from projections.payment_methods import expires_at, payment_method_of
from projections.renewals import LIVE_STATUSES, course_of, is_uncollected
from projections.timers import timers_of
from schemas.codec import NewerRowError, decode_row
from schemas.errors import SubfoldError
from schemas.objects import Invoice, Subscription
from schemas.records import Subject
from schemas.rows import Facts, Row
from schemas.settings import BusinessSettings, SettingsInForce
from schemas.standing import MrrView
from streams.worker.marker import RESERVED, SETTINGS_KEY, decode_settings

log = structlog.get_logger()

CHANGELOG = "changelog"
"""What records of the worker's changelog have as their topic, whatever the application's name."""
RISKS = (
    "is_past_due",
    "is_cancel_scheduled",
    "is_failing",
    "is_card_expiring",
    "is_not_collected",
)
PAST_DUE = frozenset({"past_due", "unpaid"})


class Ahead:
    """The latest rows of the worker among some records, and the settings of their partitions."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[str, bytes | None]] = defaultdict(dict)
        self._settings: dict[int, tuple[SettingsInForce, str]] = {}

    def take(self, record: Record) -> None:
        """Take the next record of its partition; the last of each customer is what counts.

        Raises:
            UnreadableError: It is of no customer.
            NewerRowError: A newer release wrote it.
        """
        key, value = record.key or b"", record.value
        if key == SETTINGS_KEY and value is not None:
            self._settings[record.partition] = (decode_settings(value), value.decode())
        if key.startswith(RESERVED):
            return
        if Subject.parse(key_of(record)) is None:
            raise UnreadableError("a row of no customer")
        self._rows[record.partition][key_of(record)] = value

    def write(self, connection: Connection) -> None:
        """Put what lies ahead of these customers in the place of what was there.

        Raises:
            NewerRowError: A newer release wrote a row.
        """
        settings = _known(connection)
        self._write_settings(connection, settings)
        for partition, rows in self._rows.items():
            content = settings.get(partition, SettingsInForce()).content
            for table in (armed, renewals):
                delete_where(connection, table.c.subject, rows)
            found = list(_read(rows))
            upsert(connection, armed, [each for row in found for each in _armed(row, content)])
            upsert(connection, renewals, [it for row in found for it in _renewals(row, content)])

    def _write_settings(self, connection: Connection, known: dict[int, SettingsInForce]) -> None:
        for partition, (settings, body) in self._settings.items():
            former = known.get(partition, SettingsInForce())
            upsert(
                connection,
                worker_settings,
                [
                    {
                        "partition": partition,
                        "body": body,
                        "is_outdated": former.content != settings.content,
                    }
                ],
            )
            known[partition] = settings


def _read(rows: Mapping[str, bytes | None]) -> Iterator[Row]:
    for subject, stored in rows.items():
        try:
            if stored is not None:
                yield decode_row(stored)
        except NewerRowError:
            raise
        except SubfoldError:
            log.warning("row_not_shown", subject=subject)


def take_outdated(connection: Connection) -> set[int]:
    """The partitions whose rows must be read again from the beginning, by newer settings.

    They are no longer outdated when the caller's transaction is committed: it must set their
    positions back in the same one.
    """
    outdated = worker_settings.c.is_outdated
    found = set(connection.scalars(select(worker_settings.c.partition).where(outdated)))
    connection.execute(update(worker_settings).where(outdated).values(is_outdated=False))
    return found


def _known(connection: Connection) -> dict[int, SettingsInForce]:
    rows = connection.execute(select(worker_settings.c.partition, worker_settings.c.body))
    return {partition: decode_settings(body.encode()) for partition, body in rows}


def _armed(row: Row, settings: BusinessSettings) -> Iterator[Values]:
    for place, timer in enumerate(timers_of(row, settings)):
        yield {
            "subject": row.subject,
            "place": place,
            "livemode": _is_live(row),
            "automation": timer.automation,
            "subscription": timer.subscription,
            "due_at": timer.due_at,
            "date": timer.date,
            "span": timer.span,
        }


def _renewals(row: Row, settings: BusinessSettings) -> Iterator[Values]:
    facts = with_customer_deleted(row.facts)
    mrr = mrr_of(facts, settings)
    for subscription in facts.current:
        if subscription.status in LIVE_STATUSES:
            yield _renewal(row, facts, subscription, settings, mrr)


def _renewal(
    row: Row, facts: Facts, subscription: Subscription, settings: BusinessSettings, mrr: MrrView
) -> Values:
    course = course_of(subscription, facts, settings.business)
    renews_at = course.renews_at
    expected = expected_of(facts, subscription, settings, renews_at) if renews_at else {}
    currency, amount = next(iter(expected.items()), (subscription.currency, None))
    worth = mrr.by_subscription.get(subscription.id)
    invoice = _open_invoice(facts, subscription)
    method = payment_method_of(facts, subscription)
    card_expires_at = expires_at(method) if method else None
    risks = {
        "is_past_due": subscription.status in PAST_DUE,
        "is_cancel_scheduled": course.access_until is not None,
        "is_failing": invoice is not None and invoice.attempt_count > 0,
        "is_card_expiring": bool(renews_at and card_expires_at and card_expires_at <= renews_at),
        "is_not_collected": renews_at is not None and is_uncollected(subscription, renews_at),
    }
    return {
        "subject": row.subject,
        "subscription": subscription.id,
        "livemode": _is_live(row),
        "status": subscription.status,
        "renews_at": renews_at,
        "ends_at": course.access_until,
        "currency": currency,
        "amount_minor": None if amount is None else round(amount),
        "mrr_minor": None if worth is None else round(next(iter(worth.values()), 0)),
        "attempts": invoice.attempt_count if invoice else 0,
        "retry_at": invoice.next_attempt_at if invoice else None,
        "card_expires_at": card_expires_at,
        **risks,
        "risks": sum(risks.values()),
    }


def _open_invoice(facts: Facts, subscription: Subscription) -> Invoice | None:
    """The newest invoice of the subscription that waits to be paid."""
    invoices = (sightings[-1].snapshot for sightings in facts.invoices.values())
    waiting = [it for it in invoices if it.status == "open" and it.subscription == subscription.id]
    return max(waiting, key=lambda each: (each.created_at, each.id), default=None)


def _is_live(row: Row) -> bool:
    return Subject(*row.subject.split("/")).livemode
