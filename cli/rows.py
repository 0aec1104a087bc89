"""The rows of the running worker, for verbs that look at all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress

from schemas.codec import decode_row
from schemas.rows import Row
from schemas.settings import SettingsInForce
from streams.settings import Deployment
from streams.worker.changelog import read_rows

ERR = Console(stderr=True)


def rows_of_worker(deployment: Deployment) -> Iterator[tuple[Row, SettingsInForce]]:
    """Every row as last committed, with the settings of its partition; shows how far it is."""
    with Progress(console=ERR, transient=True) as bar:
        task = bar.add_task("rows read", total=None)

        def tell(passed: int, total: int) -> None:
            bar.update(task, completed=passed, total=total)

        partitions = asyncio.run(read_rows(deployment, tell))
        task = bar.add_task("rows examined", total=sum(len(each.stored) for each in partitions))
        for partition in partitions:
            for data in partition.stored.values():
                bar.advance(task)
                yield decode_row(data), partition.settings
