"""Apache Kafka on this machine, without Docker and without an installed Java.

`EmbeddedKafka` runs one node over a data folder, `EmbeddedCluster` several for tests of takeover.
Both block; inside an event loop call them by `asyncio.to_thread`.
"""

from streams.log.embedded.cluster import EmbeddedCluster, EmbeddedKafka
from streams.log.embedded.owner import Owner, owner_of

__all__ = ["EmbeddedCluster", "EmbeddedKafka", "Owner", "owner_of"]
