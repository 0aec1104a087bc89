"""Given `subfold up` with the demo's webhooks, and a real browser to look at its console."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from chromium import MISSING, chromium
from cli.demo.postings import scripted_postings, simulated_postings
from cli.webhooks import Posting, send_all

SUBFOLD = Path(sys.executable).with_name("subfold")
ARTEFACTS = Path(os.environ.get("BROWSER_ARTEFACTS", "artefacts/browser"))
STOP_S, START_S, FOLDED_S, POLL_S = 60, 180, 180, 0.5
SECRET = f"whsec_{'b' * 32}"
WIDTHS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
CONFIG = """\
[kafka]
partitions = 4
[ingest]
port = 0
[worker]
port = 0
[console]
port = 0
[[sources]]
id = "main"
accounts = ["*"]
test = true
"""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Addresses of what is running."""

    console: str
    door: str

    def post(self, *postings: Posting) -> None:
        """Bring signed webhooks to the door, as Stripe does."""
        sending = send_all(postings, url=self.door, secret=SECRET, sent=lambda: None)
        # The browser's driver has a loop of its own in this thread.
        with ThreadPoolExecutor(1) as other:
            other.submit(asyncio.run, sending).result()


@pytest.fixture(scope="session")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """Given `subfold up`, to which all webhooks of the demo were posted."""
    folder = tmp_path_factory.mktemp("up")
    (folder / "subfold.toml").write_text(CONFIG)
    process = subprocess.Popen(
        [SUBFOLD, "up", "--config", "subfold.toml", "--data", folder / "data"],
        stdout=(folder / "up.log").open("w"),
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**os.environ, "STRIPE_WEBHOOK_SECRET": SECRET},
    )
    try:
        made = started(process, folder / "up.log")
        made.post(*scripted_postings(), *simulated_postings(ends_at=int(time.time())))
        wait_until_shown(made)
        yield made
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=STOP_S)


def started(process: subprocess.Popen, log: Path) -> Installation:
    deadline = time.monotonic() + START_S
    while "all is running" not in log.read_text() or "console " not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(POLL_S)
    said = log.read_text()
    return Installation(
        console=re.search(r"console +(http://\S+)", said)[1],
        door=re.search(r"webhooks +(http://\S+)", said)[1],
    )


def wait_until_shown(made: Installation) -> None:
    """Until the number of accounts has not changed for two seconds."""
    deadline, seen = time.monotonic() + FOLDED_S, [-1]
    while len(seen) < 5 or len(set(seen[-5:])) > 1 or seen[-1] < 200:
        assert time.monotonic() < deadline, f"accounts shown: {seen[-5:]}"
        time.sleep(POLL_S)
        with urllib.request.urlopen(  # noqa: S310 - loopback
            f"{made.console}/api/v1/accounts?mode=live&limit=1"
        ) as answer:
            seen.append(json.load(answer)["total"])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert chromium(), MISSING
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root, as CI is.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=chromium(), args=flags) as launched:
            yield launched


@dataclass(kw_only=True)
class Looked:
    """A page and what its console complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(params=WIDTHS)
def width(request) -> str:
    return request.param


@pytest.fixture
def context(browser, installation, width) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=WIDTHS[width], base_url=installation.console)
    yield made
    made.close()


@pytest.fixture
def look(context) -> Looked:
    page = context.new_page()
    looked = Looked(page=page)
    page.on("pageerror", lambda error: looked.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: looked.complaints.append(said.text) if said.type == "error" else None,
    )
    return looked


@pytest.fixture
def keep(width) -> Callable[[Page, str], None]:
    """Keep a picture of a page, for people."""

    def kept(page: Page, name: str) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)

    return kept
