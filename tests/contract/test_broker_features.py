"""All lanes of tests, and production, have the same features of Kafka switched on.

A broker whose folder was not formatted by Kafka's own tool works, but with older transactions.
"""

from __future__ import annotations

import socket
import struct
from io import BytesIO

API_VERSIONS, VERSION = 18, 3
FINALIZED_FEATURES = 2


def finalized_features(bootstrap_servers: str) -> dict[str, int]:
    """Ask a broker by ApiVersions v3; aiokafka knows the versions without features only.

    Source: Kafka's protocol guide, "ApiVersions".
    """
    host, port = bootstrap_servers.split(",")[0].rsplit(":", 1)
    software = b"\x05test\x021\x00"
    request = struct.pack(">hhih", API_VERSIONS, VERSION, 1, -1) + b"\x00" + software
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb")
        (size,) = struct.unpack(">i", answer.read(4))
        return _features(BytesIO(answer.read(size)))


def _features(answer: BytesIO) -> dict[str, int]:
    _, error = struct.unpack(">ih", answer.read(6))
    assert error == 0
    for _ in range(_varint(answer) - 1):
        answer.read(6)
        assert _varint(answer) == 0
    answer.read(4)
    tags = {_varint(answer): answer.read(_varint(answer)) for _ in range(_varint(answer))}
    features = BytesIO(tags[FINALIZED_FEATURES])
    return dict(_feature(features) for _ in range(_varint(features) - 1))


def _feature(features: BytesIO) -> tuple[str, int]:
    name = features.read(_varint(features) - 1).decode()
    level, _ = struct.unpack(">hh", features.read(4))
    assert _varint(features) == 0
    return name, level


def _varint(data: BytesIO) -> int:
    value = shift = 0
    while True:
        byte = data.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


def test_transactions_and_groups_are_of_the_newest_kind(bootstrap_servers: str):
    features = finalized_features(bootstrap_servers)

    assert features["transaction.version"] == 2
    assert features["group.version"] == 1
