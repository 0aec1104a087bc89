from __future__ import annotations

import pytest

from fake_stripe.fake import FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from source_stage import Edge
from streams.log.embedded.node import free_port
from worker_stage import stage


@pytest.fixture
def world() -> World:
    return World(customers=40, quiet=300, wide=1)


@pytest.fixture
async def edge(tmp_path, bootstrap_servers, prefix, world):
    fake = FakeStripe(world)
    with serving(fake) as url:
        async with stage(tmp_path, bootstrap_servers, prefix) as here:
            yield Edge(here, fake, url)


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def url(port):
    """Of a door, whether one is there or not."""
    return f"http://127.0.0.1:{port}/webhooks/stripe/main"
