"""Ports of the roles on this machine: found free before a role listens on them.

Granian would share a port with another Granian without a word.
"""

from __future__ import annotations

import socket

from schemas.errors import SettingsError


def usable_port(host: str, port: int, table: str) -> int:
    """Make sure that a role could listen there; port 0 becomes a free one.

    Args:
        host: Address to listen on.
        port: As the settings say.
        table: Name of the settings' table, for the error.

    Raises:
        SettingsError: Another process has the port, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
            return int(probe.getsockname()[1])
    except OSError as error:
        raise SettingsError(
            f"[{table}] cannot listen on {host}:{port}: {error.strerror}; set {table}.port in the "
            f"settings or SUBFOLD_{table.upper()}__PORT, or end the process that has the port"
        ) from error
