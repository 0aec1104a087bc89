"""What every request needs: the two databases, the deployment, the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from streams.settings import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """One running console.

    Attributes:
        read_model: Made from topics alone; may be deleted at any time.
        access: Users, sessions, tokens, audit, sealed secrets: kept.
        config: File and environment that it was started with.
        clock: Unix seconds now.
    """

    read_model: Engine
    access: Engine
    config: Config
    clock: Callable[[], float]
