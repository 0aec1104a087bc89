"""`python -m benchmarks.backfill [CUSTOMERS]`: a back-fill that is killed midway, and resumed.

Against the fake Stripe, which answers at once; what is measured is our own speed below our limit of
requests, and what is judged is that all came, and no page twice but the one that was cut off.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import orjson
from aiokafka import TopicPartition

from benchmarks.bench import say
from streams.log.admin import create_topics
from streams.log.committed import committed
from streams.log.embedded import EmbeddedKafka
from streams.log.topics import LOG
from streams.settings import load_config
from streams.source.stripe_api import PAGE
from tests.fake_stripe.fake import API_KEY, FakeStripe
from tests.fake_stripe.server import serving
from tests.fake_stripe.world import World

CUSTOMERS = 100_000
PARTITIONS = 4


async def main(customers: int) -> None:
    """Run it, kill it, run it to its end, and judge."""
    fake = FakeStripe(World(customers=1, quiet=customers))
    with tempfile.TemporaryDirectory(prefix="subfold-bench-") as folder, serving(fake) as url:
        kafka = EmbeddedKafka(Path(folder))
        await asyncio.to_thread(kafka.start)
        environ = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SUBFOLD_KAFKA__PARTITIONS": str(PARTITIONS),
            "SUBFOLD_SOURCES__MAIN__API_KEY": API_KEY,
            "SUBFOLD_SOURCES__MAIN__API_BASE": url,
        }
        deployment = load_config(None, environ).deployment
        await create_topics(deployment)
        try:
            first = await _backfill(environ)
            pages = customers // PAGE
            while fake.requests["GET /v1/customers"] < pages // 2:  # noqa: ASYNC110 - in a thread
                await asyncio.sleep(0.05)
            first.send_signal(signal.SIGKILL)
            await first.wait()
            started = time.perf_counter()
            again = await _backfill(environ)
            code = await again.wait()
            seconds = time.perf_counter() - started
            found = await _found(kafka.bootstrap_servers, deployment.kafka.partitions)
        finally:
            await asyncio.to_thread(kafka.stop)
    twice = sum(count > 1 for count in found.values())
    rest = 2 * customers - pages // 2 * PAGE
    say.print(
        f"back-fill of {customers:,} customers with a subscription each, killed in the middle: "
        f"exit code {code}; {len(found):,} objects in the log, {twice} of them twice; "
        f"{fake.requests['GET /v1/customers'] + fake.requests['GET /v1/subscriptions']:,} pages "
        f"asked for; after the kill {rest / seconds:,.0f} objects a second"
    )
    if code or len(found) < 2 * customers or twice > PAGE:
        sys.exit("something is missing, or more than the page that was cut off came twice")


async def _backfill(environ: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "backfill", "--no-history"), env={**os.environ, **environ}
    )


async def _found(servers: str, partitions: int) -> Counter[str]:
    deployment = load_config(None, {"KAFKA_BOOTSTRAP_SERVERS": servers}).deployment
    places = [TopicPartition(LOG, number) for number in range(partitions)]
    found: Counter[str] = Counter()
    async with committed(deployment.kafka, client_id="bench") as reader:
        begins, ends = await reader.begins(places), await reader.ends(places)
        async for record in reader.read(begins, ends):
            found[orjson.loads(record.value)["data"]["object"]["id"]] += 1
    return found


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS))
