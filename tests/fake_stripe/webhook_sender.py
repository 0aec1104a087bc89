"""Sends webhooks as Stripe does, over a network that loses, repeats, delays and mixes them.

All delays are of the world's time: what is late is sent once the clock has come there, so that a
test needs no waiting. Signatures have real time, as whoever gets them checks their age.
Source: Stripe's documentation, "Webhooks": an endpoint that does not answer with 2xx is tried
again, in live mode for three days, each time with a new signature.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush

import aiohttp
import orjson

from simulation.chance import Chance
from simulation.objects import DAY_S, HOUR_S, Fields

from .events import shown
from .generations import generation_of
from .webhook_endpoints import Endpoint, WebhookEndpoints
from .world import World

RETRIES_S = (60, 5 * 60, HOUR_S, 4 * HOUR_S, 12 * HOUR_S, DAY_S)
"""Pauses before each retry; after the last one the event is given up."""
TIMEOUT = aiohttp.ClientTimeout(total=30)
MIXED_S_MAX = 120
OK = range(200, 300)


@dataclass(slots=True, kw_only=True)
class Network:
    """Shares from 0 to 1; the same seed loses the same events.

    Args:
        seed: Another one meets others.
        loss: Never sent to that endpoint at all.
        repeats: Sent a second time, up to a day later.
        late: Sent up to `late_s_max` later, short delays being as likely as long ones.
        disorder: Sent up to two minutes later, so that neighbours change places.
        late_s_max: Seconds of the world's time.
    """

    seed: int = 1
    loss: float = 0.0
    repeats: float = 0.0
    late: float = 0.0
    disorder: float = 0.0
    late_s_max: int = 3 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Delivery:
    at: int
    number: int
    event: str
    endpoint: str
    attempt: int = 0


class Sender:
    """What is under way from one account to its endpoints.

    Args:
        world: Of the account.
        endpoints: Its own; or those of the platform that it is connected to.
        network: What becomes of webhooks on their way.
        connected: The account's id, if it is a connected one.
    """

    def __init__(
        self,
        world: World,
        endpoints: WebhookEndpoints,
        network: Network,
        connected: str | None = None,
    ) -> None:
        self.network = network
        self.pending: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.sent: list[str] = []
        self._connected = connected
        self._world = world
        self._endpoints = endpoints
        self._under_way: list[_Delivery] = []
        self._numbered = 0
        self._mark = len(world.view().event_ids)

    async def send_due(self, *, all_of_it: bool = False) -> None:
        """Take what has happened since, and send what is due; or all, whatever its time."""
        self._take()
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while self._under_way and (all_of_it or self._under_way[0].at <= self._world.now):
                await self._send(heappop(self._under_way), session)

    def _take(self) -> None:
        view = self._world.view()
        first = self._mark
        self._mark = len(view.event_ids)
        for id in view.event_ids[first:]:
            event = view.events.get(id)
            for endpoint in self._endpoints.all.values():
                is_its = endpoint.connect is bool(self._connected)
                if event and is_its and endpoint.wants(event):
                    self._plan(event, endpoint)

    def _plan(self, event: Fields, endpoint: Endpoint) -> None:
        network = self.network
        chance = Chance(f"{network.seed}/{endpoint.url}/{event['id']}")
        lost, repeated = chance.happens(network.loss), chance.happens(network.repeats)
        at = event["created"]
        if chance.happens(network.disorder):
            at += chance.between(1, MIXED_S_MAX)
        if chance.happens(network.late):
            at += chance.seconds_up_to(network.late_s_max)
            self.counts["late"] += 1
        self.pending[event["id"]] += 1
        if lost:
            self.counts["lost"] += 1
            return
        self._push(at, event["id"], endpoint.id)
        if repeated:
            self.counts["repeated"] += 1
            self._push(at + chance.seconds_up_to(DAY_S), event["id"], endpoint.id)

    def _push(self, at: int, event: str, endpoint: str, attempt: int = 0) -> None:
        self._numbered += 1
        heappush(
            self._under_way,
            _Delivery(
                at=at, number=self._numbered, event=event, endpoint=endpoint, attempt=attempt
            ),
        )

    async def _send(self, delivery: _Delivery, session: aiohttp.ClientSession) -> None:
        endpoint = self._endpoints.all.get(delivery.endpoint)
        body = endpoint and self._body(delivery.event, endpoint)
        if endpoint is None or body is None or endpoint.status != "enabled":
            return
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, endpoint.secrets, at=int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with session.post(
                endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                is_taken = answer.status in OK
        except (aiohttp.ClientError, TimeoutError):
            is_taken = False
        self.counts["delivered" if is_taken else "refused"] += 1
        self.sent.append(delivery.event)
        if is_taken:
            self.pending[delivery.event] = max(0, self.pending[delivery.event] - 1)
        elif delivery.attempt < len(RETRIES_S):
            at = max(delivery.at, self._world.now) + RETRIES_S[delivery.attempt]
            self._push(at, delivery.event, delivery.endpoint, delivery.attempt + 1)

    def _body(self, id: str, endpoint: Endpoint) -> bytes | None:
        """The event in the endpoint's shapes, as text like Stripe's; None if it is in none."""
        generation = generation_of(endpoint.api_version) if endpoint.api_version else None
        view = self._world.view(generation) if generation else self._world.view()
        event = view.events.get(id)
        if event is None:
            return None
        event = shown(event, self.pending)
        if endpoint.api_version:
            event |= {"api_version": endpoint.api_version}
        if self._connected:
            event |= {"account": self._connected}
        return orjson.dumps(event, option=orjson.OPT_INDENT_2)


def signature(body: bytes, secrets: list[str], *, at: int) -> str:
    """The header `Stripe-Signature`: one `v1` for each secret, and a `v0` that is to be ignored."""
    signed = str(at).encode() + b"." + body
    hashes = [hmac.new(each.encode(), signed, hashlib.sha256).hexdigest() for each in secrets]
    return ",".join([f"t={at}", *(f"v1={each}" for each in hashes), f"v0={hashes[0][::-1]}"])
