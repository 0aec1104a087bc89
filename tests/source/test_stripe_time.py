"""What Stripe's time is taken to be."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from schemas.errors import SettingsError
from streams.settings import Source
from streams.source import stripe_api
from streams.source.opened import Asked, opened
from streams.source.stripe_api import StripeApi

AT = 1_782_907_200
DATE = "Wed, 01 Jul 2026 12:00:00 GMT"


async def answer(*_):
    return SimpleNamespace(
        last_response=SimpleNamespace(
            headers={"date": DATE}, body=b'{"data": [{"id": "cus_1"}], "has_more": false}'
        )
    )


@pytest.fixture
async def api(monkeypatch):
    monkeypatch.setattr(stripe_api, "time", SimpleNamespace(monotonic=lambda: 7.0))
    made = StripeApi(SecretStr("rk_test_any"), None)
    yield made
    await made.close()


async def test_of_the_running_second_nothing_is_fetched_for_an_event_may_come_in_it_still(api):
    await api.retrieve(answer)

    assert await api.now() == AT - 1
    pages = [page async for page in api.pages(answer, {})]
    assert [page.fetched_at for page in pages] == [AT - 1]


@pytest.mark.parametrize(
    ("source", "variable"),
    [("main", "STRIPE_API_KEY"), ("eu", "SUBFOLD_SOURCES__EU__API_KEY_FILE")],
)
async def test_who_has_no_key_is_told_where_to_put_it(source, variable):
    with pytest.raises(SettingsError, match=variable) as refused:
        async with opened(Asked(source, Source(), None)):
            pass

    assert ("STRIPE_API_KEY" in str(refused.value)) == (source == "main")
