"""What the pages load that is not ours: fetched from npm by pinned hashes, kept in the repository.

`python -m console.web.vendor fetch` (as `make vendor` does) writes the files that vendor.json names
into static/vendor; `check` says without a network whether they are still what was fetched. For a
new version change `version` and `integrity` (`npm view NAME@VERSION dist.integrity`), fetch, and
commit vendor.json with the `sha256` of each file that it wrote there.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "static" / "vendor"
LOCK = Path(__file__).parent / "vendor.json"
REGISTRY = "https://registry.npmjs.org"
FETCH_TIMEOUT_S = 60


def main() -> int:
    """Fetch or check; exit 1 with a line for each file that is not as it must be."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    match sys.argv[1:]:
        case ["fetch"]:
            for package in lock:
                fetch(package)
            LOCK.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")
            return 0
        case ["check"]:
            found = faults(lock, FOLDER)
            for fault in found:
                print(f"{fault}; run: make vendor", file=sys.stderr)  # noqa: T201 - a command
            return 1 if found else 0
        case _:
            raise SystemExit("usage: python -m console.web.vendor fetch|check")


def fetch(package: Mapping[str, Any]) -> None:
    """Write one package's files, and the hash of each into its entry.

    Raises:
        SystemExit: The registry sent something else than was pinned; nothing is written.
    """
    name, version = package["name"], package["version"]
    url = f"{REGISTRY}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310 - https
        tarball = answer.read()
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    if found != package["integrity"]:
        raise SystemExit(f"{url}: its hash is {found}, not {package['integrity']}: do not use it")
    FOLDER.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        for target, entry in package["files"].items():
            member = archive.extractfile(f"package/{entry['from']}")
            assert member  # noqa: S101 - a file, or extractfile had raised KeyError
            content = member.read()
            (FOLDER / target).write_bytes(content)
            entry["sha256"] = hashlib.sha256(content).hexdigest()


def faults(lock: list[dict[str, Any]], folder: Path) -> list[str]:
    """Say which files are missing, changed, or named nowhere."""
    expected = {
        name: entry["sha256"] for package in lock for name, entry in package["files"].items()
    }
    there = {path.name: path for path in folder.iterdir()}
    found = [f"{folder / name}: missing" for name in sorted(expected.keys() - there.keys())]
    found += [f"{there[name]}: not in {LOCK.name}" for name in sorted(there.keys() - expected)]
    for name in sorted(expected.keys() & there.keys()):
        if hashlib.sha256(there[name].read_bytes()).hexdigest() != expected[name]:
            found.append(f"{there[name]}: changed since it was fetched")
    return found


if __name__ == "__main__":
    sys.exit(main())
