"""Given what the code asks Stripe for: a key is checked for the right to each of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest
from pydantic import SecretStr

from fake_stripe.fake import FakeStripe
from fake_stripe.server import serving
from fake_stripe.world import World
from streams.source import permissions
from streams.source.permissions import CONNECTING, HISTORY, READING, TRYING, lacking
from streams.source.stripe_api import ForbiddenError, StripeApi

CHECKED = (*READING, *HISTORY, *CONNECTING, *TRYING)
ROOT = Path(__file__).parents[2]
NEEDED = re.compile(r"'rak_(\w+)_(?:read|write)'")
OF_ONE = {
    "customers.payment_methods": ("cus_1",),
    "subscription_items": ({"subscription": "sub_1"},),
}
"""What is said to lists of one object."""
NO_RIGHT = "accounts"
"""Not every restricted key can be given that one: nothing depends on it."""


@pytest.fixture
async def api():
    """A key that may do nothing that Stripe has."""
    fake = FakeStripe(World(customers=3))
    fake.add_key("rk_test_nothing", "nothing_read")
    with serving(fake) as url:
        opened = StripeApi(SecretStr("rk_test_nothing"), url)
        yield opened
        await opened.close()


def services_asked() -> set[str]:
    """Each service of Stripe's client that the code names, such as `checkout.sessions`."""
    files = [
        path
        for package in ("cli", "console", "streams")
        for path in (ROOT / package).rglob("*.py")
        if path != Path(permissions.__file__)
    ]
    trees = [ast.parse(path.read_text()) for path in files]
    return {each for tree in trees for each in _services(tree)}


def _services(tree: ast.AST) -> Iterator[str]:
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            names = ast.unparse(node).split(".")
            after = [place for place, name in enumerate(names) if name in {"v1", "_v1"}]
            if after:
                service = [name for name in names[after[0] + 1 :] if not name.endswith("_async")]
                yield ".".join(service)


async def right_to(api: StripeApi, service: str) -> str:
    """The right that Stripe says is lacking when a service is asked."""
    asked = reduce(getattr, service.split("."), api.client.v1)
    with pytest.raises(ForbiddenError) as refused:
        await api.retrieve(asked.list_async, *OF_ONE.get(service, ()))
    found = NEEDED.search(str(refused.value))
    assert found, refused.value
    return found[1]


async def test_each_right_that_the_code_needs_is_checked_and_none_besides(api):
    services = services_asked() - {"", NO_RIGHT}
    assert {"customers", "checkout.sessions", "subscription_items", "webhook_endpoints"} <= services

    rights = {await right_to(api, each) for each in services}

    assert rights == {re.sub(r"^rak_|_(read|write)$", "", each.word) for each in CHECKED}


async def test_each_right_is_asked_of_a_list_that_takes_it(api):
    for each in CHECKED:
        with pytest.raises(ForbiddenError, match=each.word.rpartition("_")[0]):
            await api.retrieve(each.service(api.client.v1).list_async)
    assert await lacking(api, CHECKED) == list(CHECKED)


def test_the_page_of_connecting_names_every_right():
    page = (ROOT / "docs" / "connect.md").read_text()

    assert [each.row for each in CHECKED if each.row not in page] == []
