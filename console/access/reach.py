"""From where the console may be reached, and who needs no login."""

from __future__ import annotations

from ipaddress import ip_address

from sqlalchemy import Engine

from console.access.users import there_are_users
from schemas.errors import SettingsError
from streams.settings import ConsoleOptions

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Only these may stand in `Host` on loopback: a page elsewhere whose name was made to point here
(DNS rebinding) would have its own name there."""


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own; a name other than localhost is none."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(options: ConsoleOptions) -> bool:
    """Whether nobody but people at this machine can be meant to reach it."""
    return (
        is_loopback(options.host)
        and options.public_url is None
        and options.proxy_user_header is None
    )


def is_trusted_proxy(options: ConsoleOptions, address: str) -> bool:
    """Whether a request from this address may name its user in a header."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in options.trusted_proxies)


def refuse_open_door(options: ConsoleOptions, access: Engine) -> None:
    """Make sure that whoever can reach the console has to log in.

    Raises:
        SettingsError: It would be open to the network.
    """
    if is_private(options) or options.proxy_user_header:
        return
    with access.connect() as connection:
        if there_are_users(connection):
            return
    where = options.public_url or f"{options.host}:{options.port}"
    raise SettingsError(
        f"[console] {where} can be reached from other machines and there is no user yet: make one "
        "with `subfold console user add NAME --role admin`, or set console.host to 127.0.0.1, or "
        "console.proxy_user_header and trusted_proxies"
    )
