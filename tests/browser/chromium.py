"""Finds Chromium, or installs it where that may be done: `python tests/browser/chromium.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = (
    ("apt-get", "update", "-q"),
    # Fonts as well: without one, screenshots have boxes for letters.
    ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-liberation"),
)
MISSING = """\
no Chromium is here, and it cannot be installed from here: install it with

    sudo apt-get install chromium fonts-liberation

or name a Chromium or Chrome of yours with SUBFOLD_CHROMIUM=/path/to/it"""


def chromium() -> str | None:
    """Path of the browser that tests use; None where there is none."""
    named = os.environ.get("SUBFOLD_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if not chromium() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing Chromium with apt-get")  # noqa: T201 - for people
        for command in INSTALL:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment)
    found = chromium()
    print(f"browser: {found}" if found else MISSING)  # noqa: T201 - for people
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
