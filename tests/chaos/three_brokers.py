"""Given a cluster of three: leaders and coordinators are killed, and too few copies are in sync.

The door must answer 503 then and acknowledge nothing; once all is healed and drained, nothing is
wrong. Not among the tests of `make test`, for it takes four Javas: `make chaos` runs it.
"""

from __future__ import annotations

import judged
from clusters import ThreeBrokers


async def test_leaders_and_coordinators_are_killed_and_too_few_are_in_sync(
    tmp_path, prefix, record_property
):
    with ThreeBrokers(tmp_path / "kafka") as brokers:
        await judged.run(brokers, tmp_path, prefix, record_property)
