from __future__ import annotations

import pytest

from streams.worker import timers as module
from streams.worker.timers import Due, Tick, Timers


def timers(**due: int | None) -> Timers:
    made = Timers()
    for key, at in due.items():
        made.set(key.encode(), Due(at, 1), settings_version=1)
    return made


def keys(ticks: list[Tick]) -> list[str]:
    return [tick.key.decode() for tick in ticks]


def test_what_is_due_is_taken_in_order_and_no_more_than_asked_for():
    made = timers(a=30, b=10, c=20, d=None, e=40)

    assert made.next_at() == 10
    assert keys(made.take_due(30, 2)) == ["b", "c"]
    assert keys(made.take_due(30, 9)) == ["a"]
    assert keys(made.take_due(30, 9)) == []
    assert made.next_at() == 40


def test_a_row_that_is_due_at_another_time_is_taken_then():
    made = timers(a=10, b=20)
    made.set(b"a", Due(30, 1), settings_version=1)
    made.set(b"b", Due(None, 1), settings_version=1)

    assert made.take_due(29, 9) == []
    assert made.take_due(30, 9) == [Tick(b"a", 30)]


def test_a_tick_on_its_way_is_not_written_again():
    made = timers(a=10)
    [tick] = made.take_due(10, 9)
    made.written(tick, offset=7)
    made.set(b"a", Due(10, 1), settings_version=1)

    assert made.take_due(10, 9) == []
    assert made.settled(7) == []
    assert made.take_due(10, 9) == []


def test_a_tick_that_was_folded_and_left_the_row_due_comes_again():
    made = timers(a=10)
    [tick] = made.take_due(10, 9)
    made.written(tick, offset=7)

    assert made.settled(8) == [tick]
    assert made.take_due(10, 9) == [tick]


def test_a_row_that_is_due_later_after_its_tick_waits_for_that():
    made = timers(a=10)
    [tick] = made.take_due(10, 9)
    made.written(tick, offset=7)
    made.set(b"a", Due(50, 1), settings_version=1)

    assert made.settled(8) == [tick]
    assert made.take_due(49, 9) == []
    assert made.take_due(50, 9) == [Tick(b"a", 50)]


def test_what_was_not_written_is_due_again():
    made = timers(a=10)
    [tick] = made.take_due(10, 9)
    made.give_back(tick.key)

    assert made.take_due(10, 9) == [tick]


def test_a_row_that_is_gone_is_not_due():
    made = timers(a=10)
    made.drop(b"a")

    assert made.next_at() is None
    assert made.due == {}


def test_rows_of_older_settings_are_known_until_they_are_examined():
    made = timers(a=10, b=20)
    made.outdate([b"a", b"b"])
    made.set(b"a", Due(15, 2), settings_version=2)
    made.set(b"c", Due(5, 1), settings_version=2)

    assert made.older == {b"b", b"c"}


def test_who_lives_by_a_test_clock_is_due_by_that_alone():
    made = timers(a=10)
    made.set(b"t", Due(5, 1, "clock_1"), settings_version=1)
    made.set(b"u", Due(9, 1, "clock_2"), settings_version=1)

    assert keys(made.take_due(99, 9)) == ["a"]
    assert made.take_due_of_clocks({"clock_1": 4, "clock_2": 9}, 9) == [Tick(b"u", 9, "clock_2")]
    assert made.take_due_of_clocks({"clock_1": 4, "clock_2": 9}, 9) == []
    made.drop(b"t")
    assert made.take_due_of_clocks({"clock_1": 5}, 9) == []


def test_the_heap_does_not_grow_with_what_is_outdated(monkeypatch):
    monkeypatch.setattr(module, "OUTDATED_MAX", 5)
    made = timers(a=1)
    for at in range(2, 100):
        made.set(b"a", Due(at, 1), settings_version=1)

    assert len(made._heap) <= 2 + 5
    assert made.take_due(99, 9) == [Tick(b"a", 99)]


@pytest.mark.parametrize("due", [Due(None, 0), Due(5, 3), Due(5, 3, "clock_1")])
def test_a_due_time_is_read_as_it_was_written(due):
    assert Due.read(due.headers()) == due
