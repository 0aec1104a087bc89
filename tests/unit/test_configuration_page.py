from __future__ import annotations

from pathlib import Path

import pytest

from schemas.automations import Automation
from schemas.settings import Business, Contact, Mrr, StageRule, Stages
from streams.settings import Ingest, Kafka, Logs, Source, Worker

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
BUSINESS = (Contact, Business, Mrr, Stages, StageRule, Automation)
DEPLOYMENT = (Kafka, Ingest, Worker, Logs, Source)


@pytest.mark.parametrize("tables", [BUSINESS, DEPLOYMENT], ids=["business", "deployment"])
def test_every_key_is_on_the_page(tables):
    # The rules of stages are a table of their own there.
    keys = {key for table in tables for key in table.model_fields} - {"rules"}

    assert sorted(key for key in keys if f"`{key}`" not in PAGE) == []
