"""Rows of customers, from `billing.customers.v1`: accounts, their MRR, their subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError
from sqlalchemy import Connection

from console.read_model.records import (
    TEXT_MAX,
    Record,
    UnreadableError,
    clean,
    json_object,
    key_of,
    seconds_or_none,
    text_or_none,
)
from console.read_model.tables import account_mrr, account_rows, accounts, subscriptions
from console.read_model.writes import Values, delete_where, upsert
from schemas.codec import NewerRowError
from schemas.customer_row import CustomerRow, ItemPart, SubscriptionPart
from schemas.objects import TERMINAL_STATUSES

SCHEMA_VERSION = 1
NOT_LIVE = TERMINAL_STATUSES | {"incomplete"}
PAST_DUE = frozenset({"past_due", "unpaid"})


class LatestRows:
    """The latest row of each customer among some records; None where it was erased."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[CustomerRow, str] | None] = {}

    def take(self, record: Record) -> None:
        """Read the next record of its partition.

        Raises:
            UnreadableError: It is no row.
            NewerRowError: A newer release wrote it.
        """
        self._rows[key_of(record)] = None if record.value is None else _read(record)

    @property
    def erased(self) -> list[str]:
        """Subjects whose row was taken away."""
        return [subject for subject, found in self._rows.items() if found is None]

    @property
    def present(self) -> list[str]:
        """Subjects that have a row."""
        return [subject for subject, found in self._rows.items() if found is not None]

    def write(self, connection: Connection, revision: int) -> None:
        """Put them in the place of what was there; the erased are left to `erase`."""
        for table in (account_mrr, subscriptions):
            delete_where(connection, table.c.subject, self._rows)
        found = [each for each in self._rows.values() if each is not None]
        rows = [row for row, _ in found]
        upsert(connection, accounts, [_account(row, revision) for row in rows])
        upsert(
            connection, account_rows, [{"subject": row.subject, "row": text} for row, text in found]
        )
        upsert(connection, account_mrr, [each for row in rows for each in _mrr(row)])
        upsert(connection, subscriptions, [each for row in rows for each in _subscriptions(row)])


def _read(record: Record) -> tuple[CustomerRow, str]:
    value = record.value or b""
    try:
        return CustomerRow.model_validate_json(value), value.decode()
    except (ValidationError, UnicodeDecodeError):
        version = json_object(value).get("schema_version")
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise NewerRowError(
                f"a customer's row has schema version {version}, this release knows "
                f"{SCHEMA_VERSION}: start the newer release's console"
            ) from None
        raise UnreadableError("no row of a customer") from None


def _account(row: CustomerRow, revision: int) -> Values:
    currency = max(row.mrr, key=lambda each: (row.mrr[each].amount_minor, each), default=None)
    live = [each for each in row.subscriptions if each.status not in NOT_LIVE]
    return {
        "subject": row.subject,
        "source": row.source,
        "account": row.account,
        "livemode": row.livemode,
        "customer": row.customer.id,
        "name": text_or_none(row.customer.name),
        "email": text_or_none(row.customer.email),
        "sort_name": clean(_sort_name(row)),
        "search": _search(row),
        "contact_kind": row.contact.kind if row.contact else None,
        "contact_id": text_or_none(row.contact.id) if row.contact else None,
        "contact_reason": row.contact_reason,
        "stage": row.stage.name if row.stage else None,
        "stage_since": seconds_or_none(row.stage.since) if row.stage else None,
        "status": _status(row),
        "subscriptions_live": len(live),
        "renews_at": seconds_or_none(row.renewal.renews_at),
        "access_until": seconds_or_none(row.renewal.access_until),
        "retry_at": seconds_or_none(row.renewal.retry_at),
        "not_collected": row.renewal.not_collected,
        "is_cancel_scheduled": any(each.cancel_scheduled for each in live),
        "is_past_due": any(each.status in PAST_DUE for each in live),
        "mrr_currency": currency,
        "mrr_minor": row.mrr[currency].amount_minor if currency else None,
        "pending": len(row.pending),
        "created_at": seconds_or_none(row.customer.created_at),
        "deleted_at": seconds_or_none(row.customer.deleted_at),
        "as_of": seconds_or_none(row.as_of),
        "revision": revision,
        "currencies": "".join(f" {each} " for each in sorted(row.mrr)),
    }


def _status(row: CustomerRow) -> str | None:
    decided = row.stage.subscription if row.stage else None
    return next((each.status for each in row.subscriptions if each.id == decided), None)


def _sort_name(row: CustomerRow) -> str:
    return (row.customer.name or row.customer.email or row.customer.id).lower()[:TEXT_MAX]


def _search(row: CustomerRow) -> str:
    contact = [row.contact.id] if row.contact else []
    words: Iterable[str | None] = (
        row.customer.name,
        row.customer.email,
        row.customer.id,
        row.account,
        *contact,
        *(each.id for each in row.subscriptions),
        *row.customer.metadata.values(),
        *(value for each in row.subscriptions for value in each.metadata.values()),
    )
    return clean("\n".join(dict.fromkeys(word.lower() for word in words if word)))


def _mrr(row: CustomerRow) -> list[Values]:
    return [
        {
            "subject": row.subject,
            "currency": currency,
            "livemode": row.livemode,
            "mrr_minor": amount.amount_minor,
            "mrr_exact": amount.exact,
            "committed_minor": committed.amount_minor if committed else 0,
            "stage": row.stage.name if row.stage else None,
        }
        for currency, amount in row.mrr.items()
        for committed in (row.committed_mrr.get(currency),)
    ]


def _subscriptions(row: CustomerRow) -> Sequence[Values]:
    renewals: Mapping[str | None, str | None] = {
        row.renewal.subscription: row.renewal.renews_at,
        **{other.subscription: other.renews_at for other in row.renewal.others},
    }
    return [_subscription(row, each, renewals.get(each.id)) for each in row.subscriptions]


def _subscription(row: CustomerRow, part: SubscriptionPart, renews_at: str | None) -> Values:
    main = max(part.items, key=_item_minor, default=None)
    # In one currency, as Stripe has it; MRR that is known and nothing has no currency at all.
    amount = next(iter(part.mrr.values()), None) if part.mrr else None
    is_known = part.mrr is not None
    return {
        "subject": row.subject,
        "subscription": part.id,
        "livemode": row.livemode,
        "status": part.status,
        "renews_at": seconds_or_none(renews_at),
        "cancel_at": seconds_or_none(part.cancel_at),
        "price": main.price if main else None,
        "product": main.product if main else None,
        "plan": text_or_none(main.nickname or main.product or main.price) if main else None,
        "currency": part.currency or next(iter(part.mrr or ()), None),
        "mrr_minor": amount.amount_minor if amount else 0 if is_known else None,
        "mrr_exact": amount.exact if amount else "0" if is_known else None,
    }


def _item_minor(item: ItemPart) -> int:
    return max((each.amount_minor for each in (item.mrr or {}).values()), default=0)
