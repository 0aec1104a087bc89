"""One Stripe account: its world, its webhook endpoints, and how it delivers to them."""

from __future__ import annotations

from simulation.objects import Fields, Generation

from .generations import generation_of
from .webhook_endpoints import WebhookEndpoints
from .webhook_sender import Network, Sender
from .world import World


class Account:
    """An account.

    Args:
        id: Such as `acct_…`.
        world: What it holds.
        api_version: Its own, in whose shapes its events are listed.
        network: What becomes of webhooks on their way.
        platform: To which it is connected.
    """

    def __init__(
        self,
        *,
        id: str = "acct_1FakeStripe",
        world: World,
        api_version: str = Generation.ENDIVE,
        network: Network | None = None,
        platform: Account | None = None,
    ) -> None:
        self.id = id
        self.world = world
        self.api_version = api_version
        self.endpoints = WebhookEndpoints(id, livemode=world.livemode)
        self.sender = Sender(
            world,
            platform.endpoints if platform else self.endpoints,
            network or Network(),
            connected=id if platform else None,
        )

    @property
    def generation(self) -> Generation:
        """Whose shapes its own version has."""
        return generation_of(self.api_version) or Generation.ENDIVE

    def written(self) -> Fields:
        """The account object."""
        return {
            "id": self.id,
            "object": "account",
            "business_profile": {
                "annual_revenue": None,
                "estimated_worker_count": None,
                "mcc": "5734",
                "name": "Fake Company",
                "product_description": None,
                "support_address": None,
                "support_email": None,
                "support_phone": None,
                "support_url": None,
                "url": "https://example.com",
            },
            "business_type": "company",
            "capabilities": {"card_payments": "active", "transfers": "active"},
            "charges_enabled": True,
            "controller": {"type": "account"},
            "country": "US",
            "default_currency": "usd",
            "details_submitted": True,
            "email": "owner@example.com",
            "metadata": {},
            "payouts_enabled": True,
            "settings": {
                "branding": {"icon": None, "logo": None, "primary_color": None},
                "dashboard": {"display_name": "Fake Company", "timezone": "Etc/UTC"},
                "payments": {"statement_descriptor": "FAKE COMPANY"},
            },
            "type": "standard",
        }
