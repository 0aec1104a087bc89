"""`subfold ingest` with other bounds: `python patched_ingest.py MODULE.NAME=VALUE...`.

So that a test need not wait ten seconds, nor hurry where the machine is slow.
"""

from __future__ import annotations

import importlib
import sys

from cli.main import app
from streams.ingest import body


def main(bounds: list[str]) -> None:
    for bound in bounds:
        place, _, value = bound.partition("=")
        module, _, name = place.rpartition(".")
        found = importlib.import_module(f"streams.ingest.{module}")
        assert isinstance(getattr(found, name), int), bound
        setattr(found, name, int(value))
    # A default is what the constant was when the class was made.
    body.BodyReader.__init__.__kwdefaults__["timeout_s"] = body.READ_TIMEOUT_S
    app(["ingest"])


if __name__ == "__main__":
    main(sys.argv[1:])
