"""Webhook endpoints: made, changed and deleted over the API; secrets are told once.

Source: Stripe's API reference, "Webhook Endpoints".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stripe.params import WebhookEndpointCreateParams

from simulation.objects import Fields, made_id

from .errors import StripeError, invalid, missing
from .generations import generation_of
from .params import Params, only

ENDPOINTS_MAX = 16
KNOWN = ("api_version", "connect", "description", "enabled_events", "metadata", "url")
CHANGEABLE = ("description", "disabled", "enabled_events", "metadata", "url")


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """Where events are sent, and what signs them: several secrets while they are rolled."""

    id: str
    url: str
    secrets: list[str]
    created: int
    enabled_events: list[str]
    api_version: str | None = None
    connect: bool = False
    description: str | None = None
    status: str = "enabled"
    metadata: dict[str, str] = field(default_factory=dict)

    def wants(self, event: Fields) -> bool:
        """Whether events of this type are sent there."""
        enabled = self.status == "enabled"
        return enabled and ("*" in self.enabled_events or event["type"] in self.enabled_events)


class WebhookEndpoints:
    """Those of one account."""

    def __init__(self, account: str, *, livemode: bool) -> None:
        self.all: dict[str, Endpoint] = {}
        self._account = account
        self._livemode = livemode
        self._made = 0

    def add(self, url: str, *, created: int = 0, **fields: Any) -> Endpoint:
        """Make one; all events go there if nothing else is said."""
        self._made += 1
        cause = f"{self._account}/{self._made}"
        endpoint = Endpoint(
            id=made_id("we", cause),
            url=url,
            secrets=[self._secret(cause)],
            created=created,
            **{"enabled_events": ["*"]} | fields,
        )
        self.all[endpoint.id] = endpoint
        return endpoint

    def roll(self, id: str, *, keep_old: bool) -> str:
        """Give it a new secret; the old one signs, too, while it is kept."""
        endpoint = self.get(id)
        self._made += 1
        new = self._secret(f"{id}/{self._made}")
        endpoint.secrets = [new, *endpoint.secrets[:1]] if keep_old else [new]
        return new

    def get(self, id: str) -> Endpoint:
        """One of them; Stripe's error if there is none."""
        if id not in self.all:
            raise missing("webhook_endpoint", id)
        return self.all[id]

    def create(self, params: Params, now: int) -> Fields:
        """Answer a POST: the only time that the secret is told."""
        only(params, KNOWN)
        for name in ("url", "enabled_events"):
            if name not in params:
                raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
        _check(params)
        if len(self.all) >= ENDPOINTS_MAX:
            raise invalid("You have reached the maximum of 16 test webhook endpoints.")
        fields = {name: params[name] for name in KNOWN if name in params and name != "url"}
        fields["connect"] = params.get("connect") == "true"
        endpoint = self.add(params["url"], created=now, **fields)
        return self.written(endpoint) | {"secret": endpoint.secrets[0]}

    def update(self, id: str, params: Params) -> Fields:
        """Answer a POST to one of them."""
        only(params, CHANGEABLE)
        endpoint = self.get(id)
        _check(params)
        for name in ("description", "enabled_events", "metadata", "url"):
            if name in params:
                setattr(endpoint, name, params[name])
        if "disabled" in params:
            endpoint.status = "disabled" if params["disabled"] == "true" else "enabled"
        return self.written(endpoint)

    def delete(self, id: str) -> Fields:
        """Answer a DELETE."""
        del self.all[self.get(id).id]
        return {"id": id, "object": "webhook_endpoint", "deleted": True}

    def written(self, endpoint: Endpoint) -> Fields:
        """The object, without its secret."""
        return {
            "id": endpoint.id,
            "object": "webhook_endpoint",
            "api_version": endpoint.api_version,
            "application": None,
            "created": endpoint.created,
            "description": endpoint.description,
            "enabled_events": endpoint.enabled_events,
            "livemode": self._livemode,
            "metadata": endpoint.metadata,
            "status": endpoint.status,
            "url": endpoint.url,
        }

    def _secret(self, cause: str) -> str:
        return made_id("whsec", cause)


def _check(params: Params) -> None:
    """Refuse what Stripe does not know: events, versions, addresses."""
    for place, name in enumerate(params.get("enabled_events", [])):
        if name not in EVENT_TYPES:
            raise invalid(
                f"Invalid enabled_events[{place}]: must be one of the known event types",
                f"enabled_events[{place}]",
            )
    if "api_version" in params and generation_of(params["api_version"]) is None:
        raise invalid(f"Invalid API version: {params['api_version']}", "api_version")
    if "url" in params and not params["url"].startswith(("http://", "https://")):
        raise StripeError(400, "Invalid URL: " + params["url"], param="url", code="url_invalid")


def _known_types() -> frozenset[str]:
    """All event types, as the types of Stripe's own client list them."""
    hints = WebhookEndpointCreateParams.__annotations__["enabled_events"]
    text = getattr(hints, "__forward_arg__", str(hints))
    return frozenset(part for part in text.split("'") if part == "*" or "." in part)


EVENT_TYPES = _known_types()
