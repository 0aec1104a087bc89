from __future__ import annotations

from pathlib import Path

from streams.settings import Ingest, Kafka, Logs, Source, Worker

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()


def test_every_key_of_the_deployment_part_is_on_the_page():
    keys = [key for table in (Kafka, Ingest, Worker, Logs, Source) for key in table.model_fields]

    assert [key for key in keys if f"`{key}`" not in PAGE] == []
