"""A stage for workers: topics of their own on a real broker, processes, and what readers find."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from fetched import Fetched
from log_judge import fold_log, shape
from streams.log.admin import create_topics
from streams.log.embedded.node import free_port
from streams.log.topics import CUSTOMERS, DEAD_LETTERS, LOG, TEST, UPDATES
from streams.settings import Deployment, Kafka
from streams.worker.marker import MARKER_KEY, decode_marker
from streams.worker.names import Names
from worker_process import SUBFOLD, Worker, until

PARTITIONS = 2
ROOT = Path(__file__).parents[2]
CRASHING = (sys.executable, Path(__file__).with_name("crashing_worker.py"))
WRONG_CLOCK = (sys.executable, Path(__file__).with_name("wrong_clock_worker.py"))
EVENTS = [mode + name for mode in ("", TEST) for name in UPDATES] + [DEAD_LETTERS]


@dataclass
class Stage:
    """Topics of one installation, its workers, and what its readers find."""

    deployment: Deployment
    folder: Path
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    workers: list[Worker] = field(default_factory=list)

    @property
    def kafka(self) -> Kafka:
        return self.deployment.kafka

    @property
    def names(self) -> Names:
        return Names(prefix=self.kafka.prefix, application=self.deployment.worker.application)

    @property
    def environ(self) -> dict[str, str]:
        """What a process of this installation finds in its environment."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "KAFKA_BOOTSTRAP_SERVERS": str(self.kafka.bootstrap_servers),
            "SUBFOLD_KAFKA__PREFIX": self.kafka.prefix,
            "SUBFOLD_KAFKA__PARTITIONS": str(self.kafka.partitions),
            "SUBFOLD_LOGS__FORMAT": "json",
        }

    async def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a verb of `subfold` to its end."""
        return await asyncio.to_thread(
            subprocess.run,
            [SUBFOLD, *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(
        self,
        *,
        dying_at: str | None = None,
        ahead_s: int | None = None,
        program: Sequence[str | Path] | None = None,
        **more: str,
    ) -> Worker:
        """Start a worker, one that dies at a point or whose clock is ahead, or `program`."""
        command = [SUBFOLD, "worker"] if dying_at is None else [*CRASHING, dying_at]
        if ahead_s is not None:
            command = [*WRONG_CLOCK, str(ahead_s)]
        if program is not None:
            command = [*program]
        log, port = self.folder / f"worker{len(self.workers)}.log", free_port()
        environ = {**self.environ, "SUBFOLD_WORKER__PORT": str(port), **more}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environ, stdout=output, stderr=output
            )
        self.workers.append(Worker(process, log, f"http://127.0.0.1:{port}"))
        return self.workers[-1]

    async def append(self, records: Iterable[Fetched]) -> None:
        """Append to the partition that each record names."""
        await self._append(self.producer, records)

    async def append_in_transaction(self, records: Iterable[Fetched], *, commits: bool) -> None:
        """Append as nobody of ours does: it leaves control records in the log.

        The broker writes them after its answer, so they are waited for: what is appended next must
        come after them, or the log would end with one, which a worker never has to fold.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka.bootstrap_servers,
            transactional_id=f"{self.kafka.prefix}stranger",
        )
        async with producer:
            await producer.begin_transaction()
            last = await self._append(producer, records)
            await (producer.commit_transaction if commits else producer.abort_transaction)()

        async def is_marked() -> bool:
            ends = await self.ends()
            return all(ends[partition] > offset + 1 for partition, offset in last.items())

        await until(is_marked)

    async def _append(
        self, producer: AIOKafkaProducer, records: Iterable[Fetched]
    ) -> dict[int, int]:
        """Append, and give the last offset in each partition."""
        pending = [
            await producer.send(
                self.names.log,
                record.value,
                key=record.key,
                partition=record.partition,
                headers=list(record.headers),
            )
            for record in records
        ]
        last: dict[int, int] = {}
        for done in await asyncio.gather(*pending):
            last[done.partition] = max(done.offset, last.get(done.partition, -1))
        return last

    async def committed(self) -> dict[int, int]:
        try:
            offsets = await self.admin.list_consumer_group_offsets(self.names.group)
        except GroupCoordinatorNotAvailableError:
            return {}  # the first group of a new broker
        return {place.partition: meta.offset for place, meta in offsets.items()}

    async def until_begun(self) -> None:
        """Wait until a first transaction is committed; most of the log must be left to fold."""

        async def is_begun() -> bool:
            return sum((await self.committed()).values()) > 0

        await until(is_begun)
        assert await self.committed() != await self.ends()

    async def until_done(self) -> None:
        """Wait until what is in the log now is folded; the clock may write more meanwhile."""
        ends = await self.ends()

        async def is_done() -> bool:
            return await self.are_folded(ends)

        await until(is_done)

    async def are_folded(self, ends: dict[int, int]) -> bool:
        """Whether workers have come to these offsets."""
        committed = await self.committed()
        return all(committed.get(each, 0) >= end for each, end in ends.items())

    async def ends(self) -> dict[int, int]:
        async with self._reader(self.names.log) as (reader, places):
            return {
                place.partition: end for place, end in (await reader.end_offsets(places)).items()
            }

    async def move_group(self, offsets: dict[int, int]) -> None:
        """Do what Kafka's tools let anybody do to a group that is empty."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka.bootstrap_servers,
            group_id=self.names.group,
            enable_auto_commit=False,
        )
        async with consumer:
            places = {TopicPartition(self.names.log, each): at for each, at in offsets.items()}
            consumer.assign(list(places))
            await consumer.commit(places)

    async def make_log_anew(self) -> None:
        await self.admin.delete_topics([self.names.log])

        async def is_gone() -> bool:
            return self.names.log not in await self.admin.list_topics()

        await until(is_gone)
        await create_topics(self.deployment)

    async def read(self, topic: str) -> list[list[Fetched]]:
        """What a committed reader finds, by partition.

        A commit reaches a transaction's partitions one by one: what is written is waited for.
        """
        found: list[list[Fetched]] = [[] for _ in range(self.kafka.partitions)]
        async with self._reader(self.kafka.prefix + topic, "read_uncommitted") as (reader, places):
            ends = await reader.end_offsets(places)
        async with self._reader(self.kafka.prefix + topic) as (reader, places):
            await reader.seek_to_beginning(*places)
            while [each for each in places if await reader.position(each) < ends[each]]:
                for place, records in (await reader.getmany(timeout_ms=200)).items():
                    found[place.partition] += records
        return found

    def _reader(self, topic: str, isolation_level: str = "read_committed") -> _Reading:
        return _Reading(self.kafka, topic, isolation_level)

    async def judge(self) -> None:
        """Compare all that is found with a fold of the log: in order, byte for byte."""
        log, found = await self._read_all()
        expected, views, counts = fold_log(log)
        for topic in EVENTS:
            assert [[shape(each) for each in part] for part in found[topic]] == [
                [shape(each) for each in part] for part in expected[topic]
            ], topic
        for topic in (CUSTOMERS, TEST + CUSTOMERS):
            for number, part in enumerate(found[topic]):
                latest = {each.key: each.value for each in part}
                assert latest == views[topic][number], topic
        markers = [
            decode_marker({each.key: each.value for each in part}[MARKER_KEY])
            for part in found[self._changelog]
        ]
        assert [marker.counts for marker in markers] == counts

    @property
    def _changelog(self) -> str:
        return self.names.changelog.removeprefix(self.kafka.prefix)

    async def _read_all(self) -> tuple[list[list[Fetched]], dict[str, list[list[Fetched]]]]:
        """The log and what came of it; read anew where the clock wrote into the log meanwhile."""
        while True:
            ends = await self.ends()
            log = await self.read(LOG)
            topics = (*EVENTS, CUSTOMERS, TEST + CUSTOMERS, self._changelog)
            found = {topic: await self.read(topic) for topic in topics}
            if await self.ends() == ends and await self.are_folded(ends):
                return log, found
            await self.until_done()


class _Reading:
    """A reader with all partitions of one topic assigned."""

    def __init__(self, kafka: Kafka, topic: str, isolation_level: str) -> None:
        self._places = [TopicPartition(topic, number) for number in range(kafka.partitions)]
        self._reader = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers,
            isolation_level=isolation_level,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 * 2**20,
        )

    async def __aenter__(self) -> tuple[AIOKafkaConsumer, list[TopicPartition]]:
        await self._reader.start()
        self._reader.assign(self._places)
        return self._reader, self._places

    async def __aexit__(self, *_: object) -> None:
        await self._reader.stop()


@asynccontextmanager
async def stage(
    folder: Path, bootstrap_servers: str, prefix: str, *, partitions: int = PARTITIONS
) -> AsyncIterator[Stage]:
    """Make the topics of one installation; at the end its workers are killed."""
    kafka = Kafka(bootstrap_servers=bootstrap_servers, prefix=prefix, partitions=partitions)
    deployment = Deployment(kafka=kafka)
    await create_topics(deployment)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    made = Stage(deployment, folder, producer, admin)
    try:
        async with producer:
            yield made
    finally:
        for worker in made.workers:
            worker.kill()
        await admin.close()
