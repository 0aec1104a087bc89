"""The `--config` option that most verbs share."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import SettingsError
from streams.settings import Config, load_config

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="SUBFOLD_CONFIG",
        help="Settings file; subfold.toml in this folder when there is one.",
        show_default=False,
    ),
]


def read_config(path: Path | None) -> Config:
    """Read the settings of this process: file, then environment."""
    return load_config(path, os.environ)


def parse_time(text: str) -> int:
    """Read ISO 8601 (UTC unless it says otherwise) or Unix seconds.

    Raises:
        SettingsError: It is neither.
    """
    if text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no time: write 2026-11-20T10:00:00Z or Unix seconds"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
