"""Given what older releases wrote: this one reads it, and tells the same of the same log.

There is no release yet; so the checks are tried on one that was made just now, whole and spoilt.
"""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from releases import RELEASES, fold, keep
from schemas.codec import decode_row


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases") / "just-now"
    keep(folder)
    return folder


@pytest.fixture(params=["just-now", *sorted(each.name for each in RELEASES.glob("*"))])
def release(request, made):
    return made if request.param == "just-now" else RELEASES / request.param


def lines(release, name):
    return (release / f"{name}.jsonl").read_bytes().splitlines()


def compared(folder):
    done = CliRunner().invoke(app, ["schemas", "compare", str(folder)])
    return done.exit_code, done.output


def test_its_rows_are_read_and_its_log_makes_the_same_customers(release):
    subjects = {decode_row(row).subject for row in lines(release, "rows")}
    folding, _ = fold(lines(release, "log"))

    assert subjects == folding.rows.keys()


def test_its_log_tells_the_updates_that_it_told(release):
    _, told = fold(lines(release, "log"))
    ids = [orjson.loads(line)["id"] for line in told]

    assert [orjson.loads(line)["id"] for line in lines(release, "updates")] == ids


def test_its_schemas_have_only_been_added_to(release):
    assert compared(release / "schemas")[0] == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda old: old["properties"].update(gone={"type": "string"}), "properties/gone: is gone"),
        (lambda old: old["required"].append("never"), "required: 'never' is gone"),
        (lambda old: old["properties"]["sequence"].update(type="integer"), "properties/sequence"),
        (lambda old: old["properties"]["sequence"].update(maxLength=3), "maxLength: is gone"),
    ],
)
def test_what_is_no_addition_fails(made, tmp_path, spoil, said):
    name = "customer.mrr_changed.v1.json"
    old = orjson.loads((made / "schemas" / name).read_bytes())
    spoil(old)
    (tmp_path / name).write_bytes(orjson.dumps(old))

    code, output = compared(tmp_path)

    assert code == 1
    assert said in output


def test_what_was_added_since_is_no_break(made, tmp_path):
    name = "customer.mrr_changed.v1.json"
    old = orjson.loads((made / "schemas" / name).read_bytes())
    del old["properties"]["sequence"]
    old["required"].remove("sequence")
    (tmp_path / name).write_bytes(orjson.dumps(old))

    assert compared(tmp_path)[0] == 0
