"""What holds ticks back: wrong clocks, what waits in the log, and ticks that were in vain."""

from __future__ import annotations

import orjson
import pytest

from build import START, item, subscription, updated
from fetched import ListRows, fetched
from schemas.codec import NewerRowError
from schemas.settings import BusinessSettings, SettingsInForce
from streams.worker import examining
from streams.worker.backlog import STANDSTILL_S, Backlog
from streams.worker.batch import fold_batch
from streams.worker.broker_time import BrokerTime
from streams.worker.examining import examined
from streams.worker.pauses import FIRST_S, LONGEST_S, Pauses
from streams.worker.timers import Due, Tick, Timers

DAY = 86_400
RULES = BusinessSettings.model_validate(
    {"automations": [{"name": "soon", "on": "renewal_upcoming", "before": "1h"}]}
)


class Machine:
    """Two clocks that a test moves."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_000_000.0, 50.0
        self.time = BrokerTime(wall=lambda: self.wall, steady=lambda: self.steady)

    def passes(self, seconds: float) -> float:
        self.wall += seconds
        self.steady += seconds
        return self.time.now_s()


def test_our_clock_counts_until_the_broker_has_answered():
    machine = Machine()

    assert machine.time.now_s() == 1_000_000
    assert not machine.time.is_known


def test_a_clock_that_is_ahead_is_put_back():
    machine = Machine()
    machine.time.answered((1_000_000 - 3_600) * 1000)

    assert machine.time.is_known
    assert machine.passes(10) == 1_000_010 - 3_600


def test_a_clock_that_is_behind_is_left_as_it_is():
    machine = Machine()
    machine.time.answered((1_000_000 + 3_600) * 1000)

    assert machine.passes(10) == 1_000_010


@pytest.mark.parametrize("jump", [-3_600, 3_600])
def test_a_clock_that_was_set_is_not_put_back_by_what_it_was_ahead_before(jump):
    machine = Machine()
    machine.time.answered((1_000_000 - 3_600) * 1000)
    machine.passes(10)
    machine.wall += jump

    assert machine.passes(1) == 1_000_011 + jump
    assert not machine.time.is_known


def test_a_clock_that_is_corrected_in_small_steps_is_no_other():
    machine = Machine()
    machine.time.answered((1_000_000 - 3_600) * 1000)
    for _ in range(100):
        machine.wall -= 0.05
        machine.passes(0.5)

    assert machine.time.is_known


def folded(backlog: Backlog, position: int, end: int | None, now_s: float = 0) -> bool:
    return backlog.is_folded(position=position, end=end, now_s=now_s)


def test_what_waits_is_folded_first():
    backlog = Backlog()

    assert not folded(backlog, 3, 10)
    assert not folded(backlog, 8, 10)
    assert folded(backlog, 10, 10)


def test_what_comes_after_is_not_waited_for():
    backlog = Backlog()

    assert not folded(backlog, 100, 150)
    assert folded(backlog, 200, 250)
    assert not folded(backlog, 200, 250)


def test_before_the_end_is_known_nothing_is_folded():
    backlog = Backlog()

    assert not folded(backlog, 5, None)
    assert not folded(backlog, 5, None, STANDSTILL_S * 9)
    assert folded(backlog, 5, 5, STANDSTILL_S * 9)


def test_a_control_record_at_the_end_is_not_waited_for():
    assert folded(Backlog(), 9, 10)


def test_what_does_not_move_is_not_waited_for_for_ever():
    backlog = Backlog()

    assert not folded(backlog, 5, 20)
    assert not folded(backlog, 6, 20, STANDSTILL_S)
    assert not folded(backlog, 6, 20, STANDSTILL_S * 2 - 1)
    assert folded(backlog, 6, 20, STANDSTILL_S * 2)


def test_when_nothing_is_due_any_more_the_next_waits_for_what_is_there_then():
    backlog = Backlog()

    assert not folded(backlog, 3, 10)
    backlog.forget()
    assert not folded(backlog, 10, 20)


def test_pauses_grow_as_long_as_ticks_are_in_vain():
    pauses, now_s, lengths = Pauses(), 0.0, []
    for _ in range(20):
        pauses.begin(b"a", 10, now_s)
        began = now_s
        while b"a" in pauses:
            now_s += 1
            pauses.over(now_s)
        lengths.append(now_s - began)

    assert lengths[:3] == [FIRST_S, FIRST_S * 2, FIRST_S * 4]
    assert lengths[-1] == LONGEST_S
    assert lengths == sorted(lengths)


def test_a_row_that_is_due_at_another_time_pauses_no_more():
    pauses = Pauses()
    pauses.begin(b"a", 10, 0)
    pauses.end(b"a", unless_due_at=10)
    assert b"a" in pauses

    pauses.end(b"a", unless_due_at=20)
    assert b"a" not in pauses
    assert pauses.over(FIRST_S) == []


def test_a_pause_that_was_ended_does_not_shorten_the_next():
    pauses = Pauses()
    pauses.begin(b"a", 10, 0)
    pauses.end(b"a")
    pauses.begin(b"a", 20, 1)

    assert pauses.over(FIRST_S) == []
    assert pauses.over(FIRST_S + 1) == [b"a"]


@pytest.mark.parametrize("clock", [None, "clock_1"])
def test_only_the_row_whose_tick_was_in_vain_pauses(clock):
    def take(made: Timers) -> list[Tick]:
        return made.take_due(10, 9) if clock is None else made.take_due_of_clocks({clock: 10}, 9)

    made = Timers()
    made.set(b"a", Due(10, 1, clock), settings_version=1)
    [tick] = take(made)
    made.written(tick, offset=7)
    assert made.settled(8) == [tick]
    assert made.in_vain(tick, 0)
    made.set(b"b", Due(9, 1, clock), settings_version=1)
    made.set(b"a", Due(10, 1, clock), settings_version=1)

    [other] = take(made)
    assert other.key == b"b"
    made.resume(FIRST_S - 1)
    assert take(made) == []
    made.resume(FIRST_S)
    assert take(made) == [tick]


def test_a_tick_that_has_moved_its_row_was_not_in_vain():
    made = Timers()
    made.set(b"a", Due(10, 1), settings_version=1)
    [tick] = made.take_due(10, 9)
    made.written(tick, offset=7)
    made.set(b"a", Due(50, 1), settings_version=1)

    assert made.settled(8) == [tick]
    assert not made.in_vain(tick, 0)
    assert made.take_due(50, 9) == [Tick(b"a", 50)]


def test_what_was_in_vain_does_not_hold_up_what_the_row_is_due_for_next():
    made = Timers()
    made.set(b"a", Due(10, 1), settings_version=1)
    [tick] = made.take_due(10, 9)
    made.written(tick, offset=7)
    made.settled(8)
    made.in_vain(tick, 0)
    made.set(b"a", Due(20, 1), settings_version=1)

    assert made.take_due(20, 9) == [Tick(b"a", 20)]


@pytest.mark.parametrize(
    ("now", "frozen", "is_due"),
    [(9, {}, False), (10, {}, True), (0, {"clock_1": 4}, False), (0, {"clock_1": 5}, True)],
)
def test_it_is_told_whether_anything_is_due(now, frozen, is_due):
    made = Timers()
    made.set(b"a", Due(10, 1), settings_version=1)
    made.set(b"t", Due(5, 1, "clock_1"), settings_version=1)

    assert made.is_any_due(now, frozen) is is_due


def test_rows_of_older_settings_are_taken_once():
    made = Timers()
    made.outdate([b"a", b"b", b"c"])

    first = made.take_older(2)
    assert {*first, *made.take_older(2)} == {b"a", b"b", b"c"}
    assert made.take_older(2) == []


def stored() -> dict[bytes, bytes]:
    thing = subscription(items=[item(current_period_end=START + 20 * DAY)])
    silent = SettingsInForce(version=1, content=BusinessSettings(automations=()))
    return dict(fold_batch([fetched(updated(thing, at=START))], ListRows(), silent).stored)


def test_a_row_is_asked_by_the_settings_in_force():
    [due] = examined(stored(), SettingsInForce(version=2, content=RULES)).values()

    assert due == Due(START + 20 * DAY - 3_600, 2)


def test_a_row_that_cannot_be_asked_is_left_out_and_the_others_are_asked():
    [key], data = stored(), next(iter(stored().values()))
    rows = {b"bad": b"{}", key: data}

    assert list(examined(rows, SettingsInForce())) == [key]


def test_a_row_of_a_newer_release_is_not_guessed_at(monkeypatch):
    row = orjson.loads(next(iter(stored().values())))
    monkeypatch.setattr(examining, "decode_row", _newer)
    with pytest.raises(NewerRowError):
        examined({b"a": orjson.dumps(row)}, SettingsInForce())


def _newer(_: bytes) -> None:
    raise NewerRowError("newer")
