"""Knobs over HTTP, for whoever has the fake in another process: JSON in, JSON out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from simulation.objects import Fields

from .fake import FakeStripe
from .faults import Fault
from .webhook_sender import Network


class Control:
    """Everything under /_control, each a method here; unknown fields are refused."""

    def __init__(self, fake: FakeStripe) -> None:
        self._fake = fake
        self._knobs = {
            "advance": self._advance,
            "delete": self._delete,
            "endpoint": self._endpoint,
            "fault": self._fault,
            "flush": self._flush,
            "forget": self._forget,
            "key": self._key,
            "network": self._network,
            "roll": self._roll,
            "set": self._set,
            "state": self._state,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn one knob; what came of it is the answer."""
        request = Request(scope, receive)
        knob = self._knobs.get(request.path_params["what"])
        response: Response
        if knob is None:
            response = JSONResponse({"knobs": sorted(self._knobs)}, 404)
        else:
            asked = await request.json() if await request.body() else {}
            try:
                response = JSONResponse(await knob(**asked))
            except (TypeError, ValueError, KeyError) as error:
                response = JSONResponse({"error": str(error)}, 400)
        await response(scope, receive, send)

    async def _state(self) -> Fields:
        account = self._fake.account
        return {
            "now": account.world.now,
            "ends": account.world.ends,
            "requests": dict(self._fake.requests),
            "webhooks": dict(account.sender.counts),
            "undelivered": sum(1 for count in account.sender.pending.values() if count),
        }

    async def _advance(self, days: float = 0, seconds: int = 0) -> Fields:
        """Let time go by; what is due is sent before the answer comes."""
        await self._fake.advance(days=days, seconds=seconds)
        return await self._state()

    async def _flush(self) -> Fields:
        """Send all that is under way, retries too, without waiting for its time."""
        await self._fake.send_due(all_of_it=True)
        return await self._state()

    async def _delete(self, customer: str) -> Fields:
        self._fake.world.delete_customer(customer)
        await self._fake.send_due()
        return await self._state()

    async def _endpoint(self, url: str, **others: Any) -> Fields:
        """Send webhooks there, without the API's checks."""
        endpoints = self._fake.account.endpoints
        endpoint = endpoints.add(url, created=self._fake.world.now, **others)
        return {"id": endpoint.id, "secret": endpoint.secrets[0]}

    async def _roll(self, endpoint: str, keep_old: bool = True) -> Fields:
        secret = self._fake.account.endpoints.roll(endpoint, keep_old=keep_old)
        return {"secret": secret}

    async def _key(self, secret: str, permissions: list[str]) -> Fields:
        return {"secret": self._fake.add_key(secret, *permissions)}

    async def _fault(self, **fault: Any) -> Fields:
        """Plan a fault: the fields of `faults.Fault`."""
        self._fake.faults.planned.append(Fault(**fault))
        return {"planned": len(self._fake.faults.planned)}

    async def _set(self, rate_per_s: int | None = None, latency_s: float | None = None) -> Fields:
        faults = self._fake.faults
        faults.rate_per_s = faults.rate_per_s if rate_per_s is None else rate_per_s
        faults.latency_s = faults.latency_s if latency_s is None else latency_s
        return {"rate_per_s": faults.rate_per_s, "latency_s": faults.latency_s}

    async def _network(self, **shares: Any) -> Fields:
        """Change what becomes of webhooks from now on: the fields of `Network`."""
        network = Network(**shares)
        self._fake.account.sender.network = network
        return {each.name: getattr(network, each.name) for each in fields(network)}

    async def _forget(self) -> Fields:
        """Count requests from nought again, and plan no faults."""
        self._fake.requests.clear()
        self._fake.faults.planned.clear()
        return await self._state()
