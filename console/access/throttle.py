"""Makes whoever tries passwords wait, longer with each one, by name and by address."""

from __future__ import annotations

from sqlalchemy import Connection, select

from console.access.tables import login_failures

FREE = 5
"""Failures in a row of one name before anybody waits."""
FREE_OF_ADDRESS = 20
"""Behind one address there may be many people."""
WAIT_MAX_S = 300
FORGOTTEN_AFTER_S = 24 * 3600


def wait_s(connection: Connection, *, name: str, address: str, at: float) -> int:
    """Seconds until the next try is looked at; 0 when it may come now."""
    waits = [0]
    for key, free in _keys(name, address):
        row = connection.execute(
            select(login_failures).where(login_failures.c.key == key)
        ).one_or_none()
        if row is None or row.failures < free or row.last_at <= at - FORGOTTEN_AFTER_S:
            continue
        pause = min(2 ** (row.failures - free), WAIT_MAX_S)
        waits.append(int(row.last_at + pause - at))
    return max(waits)


def failed(connection: Connection, *, name: str, address: str, at: float) -> None:
    """Count a try as a failure, before it is looked at."""
    table, now = login_failures, int(at)
    connection.execute(table.delete().where(table.c.last_at <= now - FORGOTTEN_AFTER_S))
    for key, _ in _keys(name, address):
        done = connection.execute(
            table.update()
            .where(table.c.key == key)
            .values(failures=table.c.failures + 1, last_at=now)
        )
        if not done.rowcount:
            connection.execute(table.insert().values(key=key, failures=1, last_at=now))


def succeeded(connection: Connection, *, name: str, address: str) -> None:
    """Forget the failures of the name, and this try of the address: the rest may be others'."""
    table = login_failures
    connection.execute(table.delete().where(table.c.key == _name_key(name)))
    one_less = table.update().values(failures=table.c.failures - 1)
    connection.execute(one_less.where(table.c.key == _address_key(address)))


def _keys(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    return ((_name_key(name), FREE), (_address_key(address), FREE_OF_ADDRESS))


def _address_key(address: str) -> str:
    return f"address:{address}"


def _name_key(name: str) -> str:
    return f"name:{name[:64]}"
