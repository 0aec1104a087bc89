"""Who has a data folder: an exclusive lock that the broker itself holds, and a note of who."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.errors import BrokerError
from streams.log.embedded.properties import HOST

FILE = "owner.json"
# Those who only look hold a shared lock for an instant; a start does not trip over that.
ATTEMPTS = 20
PAUSE_S = 0.025
WIDTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process that has the folder, where its broker listens, and whether it answers yet."""

    pid: int
    port: int
    is_ready: bool = False

    @property
    def address(self) -> str:
        """Where clients find the broker."""
        return f"{HOST}:{self.port}"


def claim(folder: Path) -> int:
    """Take the folder for oneself.

    Returns:
        A file descriptor; the folder is taken for as long as any process has it open.

    Raises:
        BrokerError: Another has it; the text says who.
    """
    # Others on the machine have no business with what the records hold.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(ATTEMPTS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE_S)
        else:
            return lock
    os.close(lock)
    owner = _read(folder)
    who = f"process {owner.pid}, on port {owner.port}," if owner else "another process"
    raise BrokerError(
        f"{folder}: {who} has this data folder: stop it with `subfold kafka stop --data {folder}`, "
        "or name another folder"
    )


def note(lock: int, owner: Owner) -> None:
    """Write down who has the folder; only for the one who has it."""
    # One write of always the same length, so that nobody reads half of it.
    os.pwrite(lock, json.dumps(asdict(owner)).ljust(WIDTH).encode(), 0)


def owner_of(folder: Path) -> Owner | None:
    """Say who has the folder now, if anyone has."""
    try:
        file = (folder / FILE).open()
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(folder)
        return None


def last_port(folder: Path) -> int | None:
    """The port that the folder's broker had the last time."""
    owner = _read(folder)
    return owner.port if owner else None


def _read(folder: Path) -> Owner | None:
    try:
        return Owner(**json.loads((folder / FILE).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        # Not there, or not yet written.
        return None
