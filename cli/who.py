"""Who gives a command: kept with what it changes for ever."""

from __future__ import annotations

import getpass


def who() -> str:
    """The user's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"
