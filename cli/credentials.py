"""Keys that are typed in, and files for secrets that are told once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from pydantic import SecretStr

from schemas.errors import SettingsError
from streams.settings import Source
from streams.source.opened import key_variable


def with_key(source: Source, id_: str) -> Source:
    """The source with its API key, or with one that a person types in now, unseen.

    Raises:
        SettingsError: It has none, and nobody is there to type one.
    """
    if source.api_key:
        return source
    if not sys.stdin.isatty():
        raise SettingsError(f"there is no API key: set {key_variable(id_)}")
    typer.echo(f"To be asked no more, set {key_variable(id_)}.", err=True)
    key = SecretStr(typer.prompt("Restricted API key (rk_…)", hide_input=True, err=True).strip())
    return source.model_copy(update={"api_key": key})


class SecretFile:
    """A new file, for its owner alone."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._is_begun = False

    def add(self, secret: SecretStr) -> None:
        """Write one more, after a comma: on the disk when this returns."""
        text = "," * self._is_begun + secret.get_secret_value()
        os.write(self._descriptor, text.encode())
        os.fsync(self._descriptor)
        self._is_begun = True


@contextmanager
def secret_file(path: Path) -> Iterator[SecretFile]:
    """Make it before there is anything to be written, so that no secret is lost for want of it.

    What is still empty at the end is taken away again.

    Raises:
        SettingsError: There is one already, or none can be made there.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SettingsError(f"{path} is there already: name another --secret-file") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        yield SecretFile(path, descriptor)
    finally:
        is_empty = os.fstat(descriptor).st_size == 0
        os.close(descriptor)
        if is_empty:
            path.unlink()
