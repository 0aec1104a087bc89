"""What `subfold up` says of each source."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cli.up import _say_what_next
from streams.settings import Source

LONG = "x" * 32


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        (Source(), True),
        (Source(webhook_secrets="whsec_1"), False),
        (Source(eventbridge_secrets=LONG), False),
    ],
)
def test_only_a_source_with_no_way_in_is_told_to_set_a_secret(source, asks):
    said: list[str] = []
    stack = SimpleNamespace(
        deployment=SimpleNamespace(sources={"main": source}),
        webhook=lambda name: f"http://localhost/webhooks/stripe/{name}",
        console="",
        kafka="",
        ingest="",
        worker="",
    )

    _say_what_next(stack, SimpleNamespace(say=said.append))

    assert any("no secret is set" in line for line in said) == asks
