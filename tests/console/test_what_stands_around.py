from __future__ import annotations

from sqlalchemy import delete, insert, select

from console.queries.dead_letters import failed_again
from console.queries.health import read_model_health
from console.queries.shell import around
from console.read_model.positions import say
from console.read_model.tables import dead_letters, not_shown
from filled import UNTIL
from streams.log.topics import CUSTOMERS, LOG


def test_pages_are_as_of_when_nothing_more_was_to_be_read_though_nothing_came_since(filled):
    with filled.begin() as connection:
        assert around(connection).as_of is None

        say(connection, seen_at=2_000, caught_up_at=1_990)

        assert around(connection).as_of == 1_990


def test_a_record_that_is_a_dead_letter_is_not_counted_as_not_shown_as_well(filled):
    with filled.begin() as connection:
        buried = connection.execute(select(dead_letters)).first()
        place = {"partition": buried.log_partition, "offset": buried.log_offset}
        connection.execute(delete(not_shown))
        connection.execute(insert(not_shown).values(topic=LOG, reason="no JSON", **place))
        connection.execute(insert(not_shown).values(topic=CUSTOMERS, reason="no row", **place))

        health = read_model_health(connection, livemode=True, now=UNTIL)

    assert health.unreadable == 1
    assert health.not_shown == (f"{CUSTOMERS} {buried.log_partition}:{buried.log_offset}: no row",)


def test_of_what_was_given_back_those_are_named_that_died_again(filled):
    with filled.connect() as connection:
        buried = connection.execute(select(dead_letters)).first()
        place = f"{buried.log_partition}:{buried.log_offset}"

        assert failed_again(connection, ["0:999999", place]) == (place,)
        assert failed_again(connection, []) == ()
