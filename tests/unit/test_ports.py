import socket

import pytest

from schemas.errors import SettingsError
from streams.ports import usable_port


def test_port_0_becomes_a_free_one():
    assert usable_port("127.0.0.1", 0, "ingest") > 0


def test_a_taken_port_is_refused_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(SettingsError, match=r"\[ingest\].*SUBFOLD_INGEST__PORT"):
            usable_port("127.0.0.1", port, "ingest")
