"""What is kept of a release: schemas, a log and what it made of it. `python releases.py` keeps it.

A release's folder is `tests/releases/VERSION`: `schemas/` as exported, and of the demo's scripted
lives `log.jsonl` (bodies), `rows.jsonl` (as they stood in the changelog) and `updates.jsonl`.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from cli.demo.postings import scripted_postings
from cli.schemas import schema_files
from schemas.codec import canonical, encode_row
from schemas.settings import SettingsInForce
from streams.event_files import Found
from streams.fold_files import Folding

RELEASES = Path(__file__).parents[1] / "releases"


def fold(bodies: list[bytes]) -> tuple[Folding, list[bytes]]:
    """Fold a log, and give what it tells."""
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    inputs = [Found(place=str(number), body=body) for number, body in enumerate(bodies)]
    return folding, [canonical(update.structured()) for update in folding.run(inputs)]


def keep(folder: Path) -> None:
    """Write what this release makes."""
    (folder / "schemas").mkdir(parents=True)
    for name, text in schema_files().items():
        (folder / "schemas" / name).write_bytes(text)
    bodies = [posting.body.replace(b"\n", b" ") for posting in scripted_postings()]
    folding, updates = fold(bodies)
    rows = [encode_row(row) for _, row in sorted(folding.rows.items())]
    for name, lines in (("log", bodies), ("rows", rows), ("updates", updates)):
        (folder / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


if __name__ == "__main__":
    keep(RELEASES / version("subfold"))
