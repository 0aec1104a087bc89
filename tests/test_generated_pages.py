from __future__ import annotations

from pathlib import Path

from streams.log.topics_page import topics_page
from streams.settings import Deployment

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_of_topics_says_what_the_code_says():
    page = (DOCS / "topics.md").read_text(encoding="utf-8")

    assert page == topics_page(Deployment()), "run `make docs`"


def test_the_page_speaks_of_the_installation_that_asks():
    deployment = Deployment(
        kafka={"prefix": "eu.", "partitions": 6, "replication_factor": 2, "min_insync_replicas": 2}
    )

    page = topics_page(deployment)

    assert "6 partitions" in page
    assert "replication factor 2;" in page
    assert "`min.insync.replicas` 2." in page
    assert "`eu.stripe.events.v1`" in page
