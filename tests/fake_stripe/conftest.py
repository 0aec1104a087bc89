from __future__ import annotations

import pytest
import stripe

from fake_stripe.fake import API_KEY, FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World


@pytest.fixture
def fake():
    return FakeStripe(World(customers=60, days=310, day=200))


@pytest.fixture
def url(fake):
    with serving(fake) as address:
        yield address


@pytest.fixture
def client(url):
    return stripe.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
