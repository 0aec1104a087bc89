"""Given an open page, when a webhook comes, the page shows it by itself."""

from __future__ import annotations

import time

import orjson

from build import customer, updated
from cli.webhooks import Posting


def test_a_webhook_is_on_the_page_without_a_reload(look, installation, width):
    name = f"Live {width} {time.time_ns()}"
    id_ = f"cus_live{time.time_ns()}"
    look.page.goto("/accounts?mode=live&q=Live")
    look.page.evaluate("window.isNeverReloaded = true")
    event = updated(customer(id_, name=name), at=int(time.time()))

    installation.post(Posting(subject=id_, body=orjson.dumps(event)))

    look.page.get_by_text(name).wait_for()
    assert look.page.evaluate("window.isNeverReloaded")
    assert look.complaints == []
