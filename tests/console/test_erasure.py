"""Nothing is left of an erased customer, nor what leads to it by another object."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.pool import StaticPool

from console.read_model.apply import apply
from console.read_model.log_tables import events, objects
from console.read_model.records import Record
from console.read_model.tables import erased, metadata
from filled import Topics, put_log
from streams.log.topics import CUSTOMERS
from tests import build

ERASING = Record(CUSTOMERS, 0, 10**6, 0, build.SUBJECT.encode(), None, ())
INTENT = {"id": "pi_1", "object": "payment_intent", "customer": build.ANA}
CHARGE = {"id": "ch_1", "object": "charge", "customer": None, "payment_intent": "pi_1"}
REFUND = {"id": "re_1", "object": "refund", "charge": "ch_1"}
ITEM = {"id": "si_1", "object": "subscription_item", "subscription": build.BASIC}
OTHERS = (
    {"id": "ch_2", "object": "charge", "customer": "cus_ben"},
    {"id": "re_2", "object": "refund", "charge": "ch_2"},
    {"id": "re_3", "object": "refund", "charge": "ch_of_nobody"},
    {"id": "price_1", "object": "price"},
)


def records_of(*things: dict[str, Any]) -> list[Record]:
    topics = Topics()
    for at, thing in enumerate(things, build.START):
        event = build.event(f"{thing['object']}.updated", thing, at=at)
        put_log(topics, orjson.dumps(event), at_s=at)
    return topics.records


def read(engine: Engine, *batches: list[Record]) -> Engine:
    for batch in batches:
        with engine.begin() as connection:
            apply(connection, batch, 1)
    return engine


def empty() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    return engine


def left(engine: Engine) -> set[str]:
    """Ids of the objects that are kept, or of which an event is."""
    with engine.connect() as connection:
        kept = set(connection.scalars(select(objects.c.id)))
        return kept | set(connection.scalars(select(events.c.object)))


def test_what_leads_to_an_erased_customer_goes_in_whatever_order_it_comes():
    records = [*records_of(INTENT, CHARGE, REFUND), ERASING]

    for order in permutations(records):
        one_by_one = read(empty(), *([each] for each in order))
        assert left(one_by_one) == set(), order
    assert left(read(empty(), records)) == set()


def test_it_goes_from_both_kinds_of_database(engines: Callable[[], Engine]):
    intent, *rest = records_of(INTENT, CHARGE, REFUND)

    assert left(read(engines(), [intent, rest[0]], [ERASING], rest)) == set()


def test_what_leads_to_a_subscription_goes_with_it():
    subscription = build.subscription()

    assert left(read(empty(), records_of(ITEM, subscription), [ERASING])) == set()


def test_what_is_anothers_or_nobodys_stays():
    expected = {each["id"] for each in OTHERS}

    assert left(read(empty(), records_of(INTENT, *OTHERS), [ERASING])) == expected
    assert left(read(empty(), [ERASING], records_of(INTENT, *OTHERS))) == expected


def test_an_earlier_version_that_named_nobody_yet_is_not_taken_for_anothers():
    earlier, named = records_of({**INTENT, "customer": None}, INTENT)

    assert left(read(empty(), [named], [ERASING], [earlier])) == set()


def test_what_another_customer_has_now_stays():
    card = {"id": "pm_1", "object": "payment_method", "customer": build.ANA}
    of_ana, of_ben = records_of(card, {**card, "customer": "cus_ben"})

    assert left(read(empty(), [of_ana], [ERASING], [of_ben])) == {"pm_1"}


def test_of_a_customer_that_comes_back_all_is_taken_in_again(year: list[Record]):
    row = next(record for record in year if record.topic == CUSTOMERS and record.value)
    customer = row.key.decode().rpartition("/")[2]
    intent, charge = records_of({**INTENT, "customer": customer}, CHARGE)
    engine = read(empty(), [row, intent, charge], [row._replace(value=None)])
    assert left(engine) == set()

    read(engine, [row], [intent, charge])

    assert left(engine) == {"pi_1", "ch_1"}
    with engine.connect() as connection:
        assert connection.execute(select(erased)).all() == []
