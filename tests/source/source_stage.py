"""A fake Stripe, a broker, a worker, and the verbs that stand between."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fake_stripe.fake import API_KEY, FakeStripe
from streams.log.topics import CUSTOMERS, LOG, TEST
from worker_process import SUBFOLD
from worker_stage import Stage


@dataclass(frozen=True)
class Edge:
    """One installation at the edge of one fake account."""

    here: Stage
    fake: FakeStripe
    url: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.here.environ,
            "SUBFOLD_SOURCES__MAIN__API_KEY": API_KEY,
            "SUBFOLD_SOURCES__MAIN__API_BASE": self.url,
        }

    async def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        return await asyncio.to_thread(
            subprocess.run,
            [SUBFOLD, *words],
            cwd=self.here.folder,
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a verb."""
        return subprocess.Popen(
            [SUBFOLD, *words],
            cwd=self.here.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def things(self, kind: str) -> list[dict[str, Any]]:
        """What Stripe has of a kind now."""
        return list(self.fake.world.view().shelves[kind].newest_first())

    async def log(self) -> list[tuple[str, Any]]:
        """Kind and body of every record of the log."""
        return [
            (dict(each.headers)["kind"].decode(), orjson.loads(each.value))
            for part in await self.here.read(LOG)
            for each in part
        ]

    async def rows(self) -> Mapping[str, Any]:
        """The latest row of each customer, by Stripe's id."""
        return {
            each.key.decode().split("/")[-1]: orjson.loads(each.value)
            for part in await self.here.read(TEST + CUSTOMERS)
            for each in part
        }
