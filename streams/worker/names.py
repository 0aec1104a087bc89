"""Names of the worker's topics, group and transactional ids under the installation's prefix."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from streams.log import topics

SERVICE_LOGGER = logging.getLogger("faust.subfold")
"""Where Faust's services that are ours tell of their starts and stops, at Faust's own level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What this worker reads and writes is called by these names."""

    prefix: str
    application: str

    @property
    def group(self) -> str:
        """Consumer group and Faust's name of the app."""
        return self.prefix + self.application

    @property
    def log(self) -> str:
        """The topic that is folded."""
        return self.prefix + topics.LOG

    @property
    def changelog(self) -> str:
        """The topic behind the table."""
        return self.prefix + topics.changelog_name(self.application)

    def topic(self, logical: str) -> str:
        """A topic of the contract, such as `billing.mrr.v1`, as it is called on the cluster."""
        return self.prefix + logical

    def transactional_id(self, partition: int) -> str:
        """Belongs to the partition, so that a new owner fences the former one."""
        return f"{self.prefix}{self.application}-{partition}"
