"""Given load, and everything killed that can be: once it is healed and drained, nothing is wrong.

A short run is among all tests. `make chaos` takes `CHAOS_SECONDS` and `CHAOS_SEED`.
"""

from __future__ import annotations

from itertools import islice

import judged
from chaos import ACTIONS, schedule
from clusters import OneBroker
from streams.log.embedded import EmbeddedKafka


async def test_whatever_is_killed_readers_find_everything_once(tmp_path, prefix, record_property):
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        await judged.run(OneBroker(kafka), tmp_path, prefix, record_property)


def test_one_seed_is_one_schedule_and_a_round_has_every_action():
    first, again = (list(islice(schedule(7, ACTIONS), 3 * len(ACTIONS))) for _ in range(2))

    assert first == again
    assert first != list(islice(schedule(8, ACTIONS), 3 * len(ACTIONS)))
    assert {action for _, action in first[: len(ACTIONS)]} == set(ACTIONS)
