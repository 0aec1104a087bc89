"""`subfold master-key`: a new key for the secrets that are pasted into the console."""

from __future__ import annotations

import typer

from streams.secret_store import MASTER_KEY, new_master_key


def master_key() -> None:
    """Write a new master key to standard output: what is pasted into Connect is sealed by it.

    Keep it where the other secrets are kept, apart from the database: without it, what was sealed
    must be pasted again.
    """
    typer.echo(new_master_key())
    typer.echo(f"Set {MASTER_KEY} to it, or {MASTER_KEY}_FILE to a file that holds it.", err=True)
