"""Fetches what rows of one account lack, and appends it for each customer concerned.

Each price, coupon and product is asked for once, and again when it changes; a subscription whose
list was cut, whole, each time that it is seen cut.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from schemas.records import Kind, Subject
from streams.source.concerned import Concerned
from streams.source.fetched import fetched_record
from streams.source.log_writer import LogWriter, Outgoing
from streams.source.opened import Opened
from streams.source.stripe_api import Fields, ForbiddenError, InvalidError
from streams.source.terms import Terms, coupons_in, tiered_in
from streams.source.wanted import Object

CHUNK = 100
"""Customers whose records are appended together."""

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Done:
    """What was appended: which objects, for which subjects, and how many records that made."""

    objects: set[Object] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    records: int = 0


@dataclass(slots=True, kw_only=True)
class _Answer:
    """For one subject: records by object, and when each wish was fetched; None for in vain."""

    subject: str
    records: dict[Object, Outgoing] = field(default_factory=dict)
    fetched_at: dict[Object, int | None] = field(default_factory=dict)


class Enricher:
    """Of one account. `connected_at` is since when its events come by themselves, if known.

    Args:
        account: Is asked.
        writer: Takes what it says.
        concerned: Its customers; kept up by whoever reads the rows.
    """

    def __init__(self, account: Opened, writer: LogWriter, concerned: Concerned) -> None:
        self.connected_at: int | None = None
        self._account = account
        self._writer = writer
        self._concerned = concerned
        self._terms = Terms(account.api)
        self._calls: dict[str, Callable[[str], Awaitable[Fields | None]]] = {
            "coupon": self._terms.coupon,
            "customer": self._customer,
            "price": self._terms.price,
            "product": self._terms.product,
            "subscription": self._subscription,
        }
        self._spread_at: dict[Object, int] = {}
        self._refused: set[str] = set()

    async def enrich(self, changes: dict[Object, int]) -> Done:
        """Append what changed for all who use it, and what rows lack.

        Args:
            changes: When each object changed, by Stripe's clock; what was seen to is taken out.

        Raises:
            StripeError: Stripe cannot be asked; what is left is for the next time.
            BrokerError: Kafka does not take what it said.
        """
        done = Done()
        for thing in sorted(changes):
            await self._spread(thing, changes[thing], done)
            del changes[thing]
        await self._append(self._concerned.due(), done)
        return done

    async def _spread(self, thing: Object, changed_at: int, done: Done) -> None:
        # Stripe tells a price's change twice, as its plan's, too; catch-up tells it later.
        if self._spread_at.get(thing, -1) > changed_at:
            return
        self._terms.forget(thing.id)
        self._concerned.changed(thing)
        users = self._concerned.users(thing)
        if not users:
            return
        fetched_at = await self._account.api.now()
        await self._append({each: [thing] for each in users}, done)
        self._spread_at[thing] = fetched_at

    async def _append(self, wishes: Mapping[str, Iterable[Object]], done: Done) -> None:
        subjects = list(wishes)
        for first in range(0, len(subjects), CHUNK):
            chunk = subjects[first : first + CHUNK]
            answers = [await self._answer(subject, wishes[subject]) for subject in chunk]
            await self._writer.append(each for one in answers for each in one.records.values())
            for one in answers:
                for wanted, fetched_at in one.fetched_at.items():
                    self._concerned.answered(one.subject, wanted, fetched_at)
                if one.records:
                    done.objects.update(one.records)
                    done.subjects.add(one.subject)
                    done.records += len(one.records)

    async def _answer(self, subject: str, wishes: Iterable[Object]) -> _Answer:
        """Fetch what one customer wants; with a subscription the terms that it names."""
        answer = _Answer(subject=subject)
        for wanted in wishes:
            fetched_at = await self._account.api.now()
            thing = await self._fetch(wanted)
            answer.fetched_at[wanted] = fetched_at if thing else None
            if thing is None:
                continue
            answer.records[wanted] = self._record(thing, subject, fetched_at)
            for each in _terms_in(thing):
                fetched_at = await self._account.api.now()
                terms = None if each in answer.records else await self._fetch(each)
                if terms is not None:
                    answer.records[each] = self._record(terms, subject, fetched_at)
        return answer

    async def _fetch(self, wanted: Object) -> Fields | None:
        """Ask for an object; None when it is gone or the key may not see its kind."""
        if wanted.kind in self._refused:
            return None
        try:
            return await self._calls[wanted.kind](wanted.id)
        except InvalidError as error:
            self._say("enrichment_not_given", wanted, error)
            return None
        except ForbiddenError as error:
            self._refused.add(wanted.kind)
            self._say("enrichment_refused", wanted, error)
            return None

    def _say(self, event: str, wanted: Object, error: Exception) -> None:
        log.warning(
            event,
            account=str(self._account.scope),
            kind=wanted.kind,
            id=wanted.id,
            reason=str(error),
            consequence="MRR that needs it stays unknown",
        )

    async def _subscription(self, id_: str) -> Fields | None:
        call = self._account.api.client.v1.subscriptions.retrieve_async
        expand = ["discounts", "items.data.discounts", "default_payment_method"]
        found = await self._account.api.retrieve(call, id_, {"expand": expand})
        if found["items"]["has_more"]:
            found["items"] |= {"data": await self._terms.items_of(id_), "has_more": False}
        return found

    async def _customer(self, id_: str) -> Fields | None:
        call = self._account.api.client.v1.customers.retrieve_async
        expand = ["discount", "invoice_settings.default_payment_method"]
        found = await self._account.api.retrieve(call, id_, {"expand": expand})
        return None if found.get("deleted") else found

    def _record(self, thing: Fields, subject: str, fetched_at: int) -> Outgoing:
        return fetched_record(
            thing,
            customer=Subject(*subject.split("/")).customer,
            kind=Kind.ENRICHMENT,
            scope=self._account.scope,
            fetched_at=fetched_at,
            connected_at=self.connected_at,
        )


def _terms_in(thing: Fields) -> Iterator[Object]:
    yield from (Object("price", each) for each in sorted(set(tiered_in(thing))))
    yield from (Object("coupon", each) for each in sorted(set(coupons_in(thing))))
