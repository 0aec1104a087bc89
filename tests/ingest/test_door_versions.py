"""Events of another API version than the one that is asked for: stored all the same, and told."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.wire.events import API_VERSION
from streams.ingest.app import make_app
from streams.ingest.door import Door
from streams.settings import Source
from stripe_side import NOW, SECRET, ListLog, body_of, post, signed

OLD, OLDER = "2025-03-31.basil", "2020-08-27"


def app_of(log: ListLog, api_key: str | None):
    source = Source(test=True, webhook_secrets=(SECRET,), api_key=api_key)
    return make_app(Door(sources={"main": source}, log=log, clock=lambda: float(NOW)), log)


def counted():
    name = "subfold_webhook_api_version_mismatches_total"
    return REGISTRY.get_sample_value(name, {"source": "main"}) or 0


@pytest.mark.parametrize(
    ("api_key", "versions", "alarms", "lines"),
    [
        ("rk_test_1", [OLD, OLD, OLDER], 3, [OLD, OLDER]),
        ("rk_test_1", [API_VERSION, None], 0, []),
        (None, [OLD], 0, []),
    ],
    ids=["another version", "the pinned one, or none", "without an API key"],
)
async def test_each_is_stored_and_counted_and_each_version_is_logged_once(
    api_key, versions, alarms, lines
):
    log, before = ListLog(), counted()
    app = app_of(log, api_key)

    with capture_logs() as logged:
        for version in versions:
            body = body_of(api_version=version)
            assert (await post(app, body, signed(body))).status == 200

    assert len(log.records) == len(versions)
    assert counted() - before == alarms
    told = [each["version"] for each in logged if each["event"] == "webhook_api_version"]
    assert told == lines
