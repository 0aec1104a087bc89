"""All roles on this machine: Kafka, topics, settings, ingest, worker, console, and back."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from cli.config import on_embedded
from cli.settings import NOT_APPLIED
from cli.supervisor import Role, Supervisor
from cli.voice import Voice
from schemas.errors import BrokerError
from streams.log.admin import create_topics
from streams.log.embedded import owner_of
from streams.log.embedded.cluster import prepare_runtime
from streams.log.embedded.node import free_port, is_free
from streams.log.embedded.owner import last_port
from streams.log.settings_log import apply_settings, last_applied
from streams.ports import usable_port
from streams.settings import Config, Deployment, Kafka

READY_TIMEOUT_S = 90.0
POLL_S = 0.1
KAFKA_STOP_TIMEOUT_S = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Where everything listens."""

    deployment: Deployment

    @property
    def ingest(self) -> str:
        """Address of the webhook door's server."""
        return f"http://{self.deployment.ingest.host}:{self.deployment.ingest.port}"

    @property
    def worker(self) -> str:
        """Address of the worker's health and metrics."""
        return f"http://{self.deployment.worker.host}:{self.deployment.worker.port}"

    @property
    def console(self) -> str:
        """Address of the pages."""
        return f"http://{self.deployment.console.host}:{self.deployment.console.port}"

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return str(self.deployment.kafka.bootstrap_servers)

    def webhook(self, source: str) -> str:
        """Address that Stripe, or its command-line tool, posts to."""
        return f"{self.ingest}/webhooks/stripe/{source}"


@asynccontextmanager
async def running(
    config: Config, *, data: Path, environ: Mapping[str, str], voice: Voice, log: Voice
) -> AsyncIterator[Stack]:
    """Start everything, wait until all are ready, and end it all in reverse order.

    Args:
        config: Of this installation; without a Kafka named, one runs over `data`.
        data: Folder that keeps what must outlive the processes.
        environ: What each role gets, before addresses are added.
        voice: Says each step.
        log: Gets the lines of the roles.

    Raises:
        BrokerError: Kafka, a topic or a role is not as it must be.
        SettingsError: A port is taken.
    """
    # A client that tries again is no news here; what fails for good comes as an error.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    supervisor = Supervisor(log.line)
    deployment = _beside(data, _with_ports(config.deployment))
    try:
        if deployment.kafka.bootstrap_servers is None:
            kafka = await _start_kafka(deployment.kafka, supervisor, data / "kafka", environ, voice)
            deployment = deployment.model_copy(update={"kafka": kafka})
        stack = Stack(deployment=deployment)
        made = [topic for topic in await create_topics(deployment) if topic.outcome == "created"]
        voice.say(f"Kafka answers on {stack.kafka}")
        voice.say(f"topics: {len(made)} created" if made else "topics: all there")
        await _bring_settings(config, deployment.kafka, voice)
        environment = _environment(config, deployment, environ)
        for name, address, page in (
            ("ingest", stack.ingest, "readyz"),
            ("worker", stack.worker, "readyz"),
            # It reads the topics while it shows what it has read.
            ("console", stack.console, "healthz"),
        ):
            supervisor.start(_role(name, (name,), environment))
            await _wait_until_ready(name, f"{address}/{page}")
            voice.say(f"{name} is ready on {address}")
        # With a master key one may be pasted: both wait for it.
        if deployment.console.master_key or any(
            source.api_key for source in deployment.sources.values()
        ):
            supervisor.start(_role("catch-up", ("catch-up", "--follow"), environment))
            voice.say("catch-up asks Stripe every minute for what no webhook brought")
            supervisor.start(_role("enrich", ("enrich",), environment))
            voice.say("enrich asks Stripe for tiers, coupons and lists that no webhook shows")
        yield stack
    finally:
        voice.say("stopping: Kafka last")
        await supervisor.stop()
        voice.say("stopped")


def _with_ports(deployment: Deployment) -> Deployment:
    """Find out before anything starts whether each role can listen where it should."""
    found = {}
    for name in ("ingest", "worker", "console"):
        role = getattr(deployment, name)
        port = usable_port(role.host, role.port, name)
        found[name] = role.model_copy(update={"port": port})
    return deployment.model_copy(update=found)


def _beside(data: Path, deployment: Deployment) -> Deployment:
    """Keep the console's data in the same folder, unless the settings name another."""
    if "data" in deployment.console.model_fields_set:
        return deployment
    console = deployment.console.model_copy(update={"data": data / "console"})
    return deployment.model_copy(update={"console": console})


async def _start_kafka(
    kafka: Kafka, supervisor: Supervisor, folder: Path, environ: Mapping[str, str], voice: Voice
) -> Kafka:
    # Said at once when it cannot be: the role would be tried again and again.
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    if owner := owner_of(folder):
        raise BrokerError(
            f"{folder}: process {owner.pid} runs Kafka over it on {owner.address}: end it with "
            f"`subfold kafka stop --data {folder}`, or name another folder with --data"
        )
    voice.say("Apache Kafka on this machine: looking for it, fetching it at the first time")
    await asyncio.to_thread(prepare_runtime)
    # Named here, so that a Kafka that was started again listens where everybody looks for it.
    last = last_port(folder)
    port = last if last and is_free(last) else free_port()
    command = ("kafka", "run", "--data", str(folder), "--port", str(port))
    voice.say(f"Kafka starts over {folder}")
    supervisor.start(_role("kafka", command, environ, stop_timeout_s=KAFKA_STOP_TIMEOUT_S))
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not ((owner := owner_of(folder)) and owner.is_ready):  # noqa: ASYNC110 - a file
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise BrokerError(_not_ready("kafka")) from None
    return on_embedded(kafka, owner.address)


async def _bring_settings(config: Config, kafka: Kafka, voice: Voice) -> None:
    """Apply the settings at the first start; later only say when the file has others."""
    last = await last_applied(kafka)
    if last and last.hash != config.business.content_hash():
        voice.say(f"settings: version {last.version}; {config.path}: {NOT_APPLIED}")
        return
    # Equal settings are given again: a first start that broke off may have left out partitions.
    done = await apply_settings(
        kafka, config.business, applied_by="up", reason="first start", announce="from_now_on"
    )
    voice.say(f"settings: version {done.record.version}{', applied' if not last else ''}")


def _environment(
    config: Config, deployment: Deployment, environ: Mapping[str, str]
) -> dict[str, str]:
    """What the roles read on top of the file: what was decided here."""
    decided = {
        "SUBFOLD_KAFKA__BOOTSTRAP_SERVERS": str(deployment.kafka.bootstrap_servers),
        "SUBFOLD_KAFKA__SECURITY_PROTOCOL": deployment.kafka.security_protocol,
        "SUBFOLD_KAFKA__PARTITIONS": str(deployment.kafka.partitions),
        "SUBFOLD_INGEST__PORT": str(deployment.ingest.port),
        "SUBFOLD_WORKER__PORT": str(deployment.worker.port),
        "SUBFOLD_CONSOLE__PORT": str(deployment.console.port),
        "SUBFOLD_CONSOLE__DATA": str(deployment.console.data.absolute()),
    }
    if config.path:
        decided["SUBFOLD_CONFIG"] = str(config.path.absolute())
    return {**environ, **decided}


def _role(
    name: str, verb: tuple[str, ...], environ: Mapping[str, str], stop_timeout_s: float = 20.0
) -> Role:
    # -P: a folder named `cli` where the command was given must not be taken for ours.
    command = (sys.executable, "-P", "-m", "cli", *verb)
    environment = {**environ, "PYTHONUNBUFFERED": "1"}
    return Role(name=name, command=command, environment=environment, stop_timeout_s=stop_timeout_s)


async def _wait_until_ready(name: str, url: str) -> None:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S), aiohttp.ClientSession() as session:
            while not await _answers(session, url):  # noqa: ASYNC110 - another process
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise BrokerError(_not_ready(name)) from None


def _not_ready(name: str) -> str:
    return f"{name} is not ready after {READY_TIMEOUT_S:g} s: its log says why"


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200  # noqa: PLR2004 - HTTP's OK
    except aiohttp.ClientError:
        return False
