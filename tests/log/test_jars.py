"""Kafka's jars in the cache: whole or fetched again."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.errors import BrokerError
from streams.log.embedded.jars import Jar, cache_folder, ensure_jars, locked_jars


class Central:
    """Maven Central, as far as the user's own cache has it; remembers what was asked for."""

    def __init__(self) -> None:
        self.real = {path.name: path for path in ensure_jars(cache_folder())}
        self.fetched: list[str] = []

    def fetch(self, jar: Jar, scratch: Path) -> Path:
        scratch.mkdir(parents=True, exist_ok=True)
        self.fetched.append(jar.filename)
        return Path(shutil.copy(self.real[jar.filename], scratch))


@pytest.fixture(scope="module")
def central() -> Central:
    return Central()


@pytest.fixture(autouse=True)
def nothing_fetched(central: Central) -> None:
    central.fetched.clear()


def test_broken_truncated_and_missing_jars_are_fetched_again_and_no_others(
    central: Central, tmp_path: Path
):
    jars = ensure_jars(tmp_path, fetch=central.fetch)
    central.fetched.clear()
    broken, truncated, missing = jars[0], jars[1], jars[2]
    broken.write_bytes(b"x" * broken.stat().st_size)
    truncated.write_bytes(truncated.read_bytes()[:1000])
    missing.unlink()

    repaired = ensure_jars(tmp_path, fetch=central.fetch)

    assert sorted(central.fetched) == sorted([broken.name, truncated.name, missing.name])
    assert [path.read_bytes() for path in repaired[:3]] == [
        central.real[path.name].read_bytes() for path in jars[:3]
    ]


def test_all_jars_lie_in_the_folder_and_nothing_else_does(central: Central, tmp_path: Path):
    (tmp_path / ".fetching-killed").mkdir()

    ensure_jars(tmp_path, fetch=central.fetch)

    names = {path.name for path in tmp_path.iterdir()}
    assert names == {jar.filename for jar in locked_jars()} | {".lock"}


def test_two_that_come_at_once_fetch_each_jar_once(central: Central, tmp_path: Path):
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ensure_jars(tmp_path, fetch=central.fetch), range(2)))

    assert answers[0] == answers[1]
    assert len(central.fetched) == len(locked_jars())


def test_a_jar_that_is_not_what_the_lock_says_is_never_kept(tmp_path: Path):
    def forged(jar: Jar, scratch: Path) -> Path:
        scratch.mkdir(parents=True, exist_ok=True)
        (scratch / jar.filename).write_bytes(b"forged")
        return scratch / jar.filename

    with pytest.raises(BrokerError, match="not what the lock says"):
        ensure_jars(tmp_path, fetch=forged)
    assert not list(tmp_path.glob("*.jar"))


def test_no_network_is_said_with_what_to_do(tmp_path: Path):
    def unreachable(_: Jar, __: Path) -> Path:
        raise ConnectionError("Name or service not known")

    with pytest.raises(BrokerError, match=r"Name or service not known\. Check the network"):
        ensure_jars(tmp_path, fetch=unreachable)
