"""How events are found in files: every form that Stripe and its tools print, and what is none."""

from __future__ import annotations

import gzip

import orjson
import pytest
from typer.testing import CliRunner

from build import START, subscription, updated
from cli.main import app
from streams.event_files import folders_without_events, read_inputs

RUN = CliRunner()
HISTORY = [
    updated(subscription(status="trialing"), id="evt_1", at=START),
    updated(subscription(), id="evt_2", at=START + 1),
]
EVENTS = b"\n".join(map(orjson.dumps, HISTORY * 50))
BOM = b"\xef\xbb\xbf"


def found(path, data):
    path.write_bytes(data)
    return list(read_inputs([str(path)]))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "events.json"


@pytest.mark.parametrize("kind", ["list", "search_result"])
@pytest.mark.parametrize("option", [0, orjson.OPT_INDENT_2])
def test_each_member_of_a_list_as_stripe_prints_it_is_one_event(file, kind, option):
    listed = {"object": kind, "url": "/v1/events", "has_more": False, "data": HISTORY}
    inputs = found(file, orjson.dumps(listed, option=option))

    assert [orjson.loads(each.body) for each in inputs] == HISTORY
    assert [each.place for each in inputs] == [f"{file}[1]", f"{file}[2]"]


def test_pages_of_a_list_may_be_lines(file):
    pages = [{"object": "list", "data": [each]} for each in HISTORY]
    inputs = found(file, b"\n".join(map(orjson.dumps, pages)))

    assert [orjson.loads(each.body) for each in inputs] == HISTORY
    assert [each.place for each in inputs] == [f"{file}:1[1]", f"{file}:2[1]"]


def test_a_list_of_subscriptions_is_answered_one_by_one(file):
    things = [subscription("sub_1"), subscription("sub_2")]
    file.write_bytes(orjson.dumps({"object": "list", "data": things}))
    told = RUN.invoke(app, ["mrr", str(file), "--json"]).stdout.splitlines()

    assert [orjson.loads(line)["id"] for line in told] == ["sub_1", "sub_2"]


@pytest.mark.parametrize("members", ["none", None, {"object": "list"}])
def test_what_only_looks_like_a_list_is_one_input(file, members):
    [one] = found(file, orjson.dumps({"object": "list", "data": members}))

    assert one.fault is None


@pytest.mark.parametrize("packed", [orjson.dumps(HISTORY), b"\n".join(map(orjson.dumps, HISTORY))])
def test_a_byte_order_mark_is_skipped(file, packed):
    inputs = found(file, BOM + packed)

    assert [orjson.loads(each.body) for each in inputs] == HISTORY


def test_one_event_behind_a_byte_order_mark_is_read(file):
    [one] = found(file, BOM + orjson.dumps(HISTORY[0]))

    assert orjson.loads(one.body) == HISTORY[0]


@pytest.mark.parametrize(
    "packed", [gzip.compress(EVENTS), b"PK\x03\x04" + EVENTS, b"\x28\xb5\x2f\xfd" + EVENTS]
)
def test_a_compressed_file_is_one_fault(file, packed):
    [one] = found(file, packed)

    assert one.fault == "compressed: unpack it first"


def test_a_member_nested_too_deeply_is_one_fault_and_the_others_are_read(file):
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    first, second = found(file, b"[" + deep + b"," + orjson.dumps(HISTORY[0]) + b"]")

    assert first.fault == "nested too deeply"
    assert orjson.loads(second.body) == HISTORY[0]


def test_folders_are_read_for_files_of_events_alone(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "events.txt").write_bytes(orjson.dumps(HISTORY))
    (tmp_path / "full" / "deeper").mkdir(parents=True)
    (tmp_path / "full" / "deeper" / "a.ndjson").write_bytes(orjson.dumps(HISTORY[0]))
    folders = [str(tmp_path / name) for name in ("empty", "full")]

    assert len(list(read_inputs(folders))) == 1
    assert list(folders_without_events([*folders, "-"])) == [folders[0]]


@pytest.mark.parametrize("verb", [["fold"], ["mrr"], ["init", "--events"]])
def test_a_folder_without_events_is_complained_of_and_is_no_error(tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").mkdir()
    done = RUN.invoke(app, [*verb, "none"])

    assert done.exit_code == 0
    assert "none: no file of events in it: folders are read for .json, .jsonl" in done.stderr


@pytest.mark.parametrize("verb", [["fold"], ["mrr"], ["init", "--events"]])
def test_no_more_than_fifty_complaints_are_printed(tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.jsonl").write_text("{\n" * 73)
    done = RUN.invoke(app, [*verb, "events.jsonl"])
    complaints = [line for line in done.stderr.splitlines() if "not JSON" in line]

    assert done.exit_code == 1
    assert len(complaints) == 50
    assert "and 23 more complaints" in done.stderr


def test_a_dead_letter_is_named_by_its_event_where_it_has_an_id(file):
    bad = updated(subscription(), id="evt_bad")
    bad["data"]["object"]["status"] = 5
    file.write_bytes(b"\n".join(map(orjson.dumps, [bad, {"object": "event"}])))
    said = RUN.invoke(app, ["fold", str(file)]).stderr

    assert f"{file}:1: evt_bad: dead letter: bad_object" in said
    assert f"{file}:2: dead letter: not_an_event" in said
