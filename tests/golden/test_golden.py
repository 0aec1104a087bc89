"""Golden files: what the lives of the demo tell. A difference is a change of contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.demo.postings import scripted_postings
from schemas.codec import canonical
from schemas.settings import SettingsInForce
from streams.event_files import Found
from streams.fold_files import Folding

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def told():
    folding = Folding(settings=SettingsInForce(version=1), source="main")
    inputs = [
        Found(place=str(number), body=posting.body)
        for number, posting in enumerate(scripted_postings())
    ]
    updates = [canonical(update.structured()) for update in folding.run(inputs)]
    state = [canonical(line) for line in folding.state(announced=False)]
    return {"updates": updates, "state": state}


@pytest.mark.parametrize("name", ["updates", "state"])
def test_the_lives_of_the_demo_tell_what_they_always_told(told, name, request):
    path = HERE / f"lives.{name}.jsonl"
    found = b"".join(line + b"\n" for line in told[name])
    if request.config.getoption("--update-golden"):
        path.write_bytes(found)

    assert found.splitlines() == path.read_bytes().splitlines()
