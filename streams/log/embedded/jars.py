"""The jars of Apache Kafka: fetched once from Maven Central by exact coordinate, always checked.

The lock beside this file names each jar with its SHA-256. No dependency is resolved at run time:
what runs is what was locked.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.errors import BrokerError, SettingsError

KAFKA_VERSION = "4.4.0"
LOCK_FILE = Path(__file__).with_name(f"apache-kafka-{KAFKA_VERSION}.lock")
THREADS = 8
ATTEMPTS = 3
SCRATCH = ".fetching-"
# The class-data archive is only valid for jars of the very same size and time, so a jar that is
# fetched again gets the time it had before: 2020-01-01.
FIXED_MTIME = 1_577_836_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One file of Maven Central, and what its content must be."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """Name of the file in the cache folder."""
        return f"{self.artifact}-{self.version}.jar"


Fetch = Callable[[Jar, Path], Path]
"""Brings one jar into a scratch folder and says where it is; raises OSError when it cannot."""


def locked_jars() -> tuple[Jar, ...]:
    """Read the lock: every jar that one KRaft node needs, in the order of the class path."""
    jars = []
    for line in LOCK_FILE.read_text(encoding="ascii").splitlines():
        coordinate, checksum = line.split()
        group, artifact, version = coordinate.split(":")
        jars.append(
            Jar(
                group=group,
                artifact=artifact,
                version=version,
                sha256=checksum.removeprefix("sha256:"),
            )
        )
    return tuple(jars)


def cache_folder() -> Path:
    """Where this user's copy of Kafka lies: `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "subfold" / f"kafka-{KAFKA_VERSION}"


def fetch_from_central(jar: Jar, scratch: Path) -> Path:
    """Fetch one jar from Maven Central.

    Raises:
        OSError: Maven Central cannot be reached or does not have it.
    """
    from jgo.maven import MavenContext  # takes half a second; needed once

    component = MavenContext(repo_cache=scratch).project(jar.group, jar.artifact)
    try:
        return Path(component.at_version(jar.version).artifact().resolve())
    except (RuntimeError, ValueError) as error:
        raise OSError(str(error)) from error


def ensure_jars(folder: Path, *, fetch: Fetch = fetch_from_central) -> tuple[Path, ...]:
    """Have all jars in the folder, whole; fetch what is missing or broken.

    Processes that come at the same time wait for the first.

    Returns:
        The jars in the order of the class path.

    Raises:
        BrokerError: A jar cannot be fetched, or is not what the lock says.
    """
    jars = locked_jars()
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder / ".lock"):
        missing = [jar for jar in jars if not _is_whole(folder / jar.filename, jar)]
        if missing:
            for left_by_a_killed_one in folder.glob(f"{SCRATCH}*"):
                shutil.rmtree(left_by_a_killed_one)
            _fetch_all(missing, folder, fetch)
    return tuple(folder / jar.filename for jar in jars)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_whole(path: Path, jar: Jar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def _fetch_all(jars: Sequence[Jar], folder: Path, fetch: Fetch) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        tempfile.TemporaryDirectory(dir=folder, prefix=SCRATCH) as scratch,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        task = progress.add_task(f"fetching Apache Kafka {KAFKA_VERSION}", total=len(jars))
        work = [pool.submit(_fetch_one, jar, Path(scratch), folder, fetch) for jar in jars]
        try:
            for done in as_completed(work):
                done.result()
                progress.advance(task)
        except (SettingsError, BrokerError):
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_one(jar: Jar, scratch: Path, folder: Path, fetch: Fetch) -> None:
    problem: object = None
    for attempt in range(ATTEMPTS):
        try:
            path = fetch(jar, scratch / str(attempt))
        except ModuleNotFoundError as error:
            raise SettingsError(
                "jgo is needed to fetch Kafka: pip install 'subfold[local]'"
            ) from error
        except OSError as error:
            problem = error
            continue
        if _is_whole(path, jar):
            os.utime(path, (FIXED_MTIME, FIXED_MTIME))
            path.replace(folder / jar.filename)
            return
        problem = "its content is not what the lock says"
    raise BrokerError(
        f"{jar.group}:{jar.artifact}:{jar.version} cannot be fetched from Maven Central: "
        f"{problem}. "
        "Check the network (HTTPS_PROXY is heeded) and start again: what is there is kept"
    )
