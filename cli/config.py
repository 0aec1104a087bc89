"""The `--config` option that most verbs share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

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
