from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

import pytest
from hypothesis import settings

from brokers import delete_topics, shared_broker

# No test is judged by the time it takes: others may be at work on the same machine.
settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
# For `make mutants`: a few examples, for every mutant the same.
settings.register_profile("few", max_examples=10, derandomize=True, database=None, deadline=None)


@pytest.fixture(scope="session")
def bootstrap_servers(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Address of the broker that all tests of this run share."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        # Under pytest-xdist each process has a folder of its own inside of the run's.
        folder = folder.parent
    with shared_broker(folder) as address:
        yield address


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """Put before the names of topics, groups and transactional ids, it keeps tests apart.

    The topics are deleted after the test: a broker maps two files of each partition into memory,
    and Linux allows a process 65,530 of them.
    """
    name = f"t{secrets.token_hex(4)}."
    yield name
    if "bootstrap_servers" in request.fixturenames:
        asyncio.run(delete_topics(request.getfixturevalue("bootstrap_servers"), name))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write golden files anew.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have to say for people, such as what chaos has killed."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in report.user_properties:
                if name == "for people":
                    terminalreporter.write_line(str(text))
