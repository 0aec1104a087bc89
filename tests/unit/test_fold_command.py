from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from build import START, customer, event, subscription, updated
from cli.main import app, main

RUN = CliRunner()
RECORDED = Path(__file__).parents[2] / "cli" / "demo" / "recorded_events"


def lines(text):
    return [orjson.loads(line) for line in text.splitlines()]


@pytest.fixture
def events(tmp_path):
    history = [
        updated(customer(), id="evt_1", at=START),
        updated(subscription(status="trialing"), id="evt_2", at=START + 1),
        updated(subscription(), id="evt_3", at=START + 2),
    ]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, history)))
    return path


def test_each_update_is_one_structured_cloud_event_on_a_line(events):
    result = RUN.invoke(app, ["fold", str(events)])
    found = lines(result.stdout)

    assert result.exit_code == 0
    assert [each["type"] for each in found] == [
        "customer.stage_changed",
        "customer.renewal_changed",
        "customer.stage_changed",
        "customer.mrr_changed",
    ]
    assert found[0]["data"]["sequence"] == "000000:0000000000000001"
    assert found[0]["data"]["recorded_at"] == "2027-01-15T08:00:01.000Z"
    assert "3 records: 3 folded, 0 ignored, 0 duplicate, 0 dead_lettered" in result.stderr


def test_state_is_the_same_bytes_however_the_events_are_packed(events, tmp_path):
    wanted = RUN.invoke(app, ["fold", str(events), "--state"]).stdout
    history = lines(events.read_bytes())
    (tmp_path / "list.json").write_bytes(orjson.dumps(history[::-1] + history))
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, each in enumerate(history):
        (folder / f"{number}.json").write_bytes(orjson.dumps(each, option=orjson.OPT_INDENT_2))
    packed = [str(tmp_path / "list.json"), str(folder)]
    piped = RUN.invoke(app, ["fold", "-", "--state"], input=events.read_bytes()).stdout

    assert wanted.count("\n") == 1
    assert [RUN.invoke(app, ["fold", each, "--state"]).stdout for each in packed] == [wanted] * 2
    assert piped == wanted


def test_bad_lines_are_named_by_file_and_line_and_do_not_stop_the_rest(events):
    events.write_bytes(b"{broken\n[1]\n" + events.read_bytes() + b'\n{"object": "event"}\n')
    result = RUN.invoke(app, ["fold", str(events), "--state"])

    assert result.exit_code == 1
    assert f"{events}:1: not JSON" in result.stderr
    assert f"{events}:2: not a JSON object" in result.stderr
    assert f"{events}:6: dead letter: not_an_event" in result.stderr
    assert len(lines(result.stdout)) == 1


def test_a_missing_file_is_said_and_is_an_error(tmp_path):
    result = RUN.invoke(app, ["fold", str(tmp_path / "none.json")])

    assert result.exit_code == 1
    assert "cannot be read" in result.stderr


def test_ignored_types_are_counted_and_are_no_errors(tmp_path):
    path = tmp_path / "one.json"
    path.write_bytes(orjson.dumps(event("invoice.paid", {"object": "invoice", "id": "in_1"})))
    result = RUN.invoke(app, ["fold", str(path)])

    assert (result.exit_code, result.stdout) == (0, "")
    assert "ignored by type: invoice.paid 1" in result.stderr


def test_every_recorded_event_is_accounted_for():
    result = RUN.invoke(app, ["fold", str(RECORDED), "--state"])
    files = len(list(RECORDED.rglob("*.json")))

    assert (result.exit_code, result.exception) == (0, None)
    assert files == 159
    assert f"{files} records: 50 folded, 109 ignored, 0 duplicate, 0 dead_lettered" in result.stderr
    assert len(lines(result.stdout)) > 1


def test_time_can_be_moved_on_so_that_a_discount_ends(tmp_path):
    half = {"id": "di_1", "end": START + 100}
    half["coupon"] = {"id": "C", "duration": "repeating", "percent_off": 50}
    path = tmp_path / "one.json"
    path.write_bytes(orjson.dumps(updated(subscription(discounts=[half]))))
    [before] = lines(RUN.invoke(app, ["fold", str(path), "--state"]).stdout)
    later = ["fold", str(path), "--at", "2027-01-15T08:01:40Z"]
    [after] = lines(RUN.invoke(app, [*later, "--state"]).stdout)

    assert (before["mrr"]["usd"]["exact"], after["mrr"]["usd"]["exact"]) == ("1000", "2000")
    assert lines(RUN.invoke(app, later).stdout)[-1]["data"]["movement"] == "expansion"


def test_rules_of_your_own_are_tried_with_a_settings_file(events, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(
        """
        [stages]
        precedence = ["Paying", "Trying"]
        [[stages.rules]]
        name = "Paying"
        when = { status = ["active"] }
        [[stages.rules]]
        name = "Trying"
        when = { status = ["trialing"] }
        """
    )
    result = RUN.invoke(app, ["fold", str(events), "--settings", str(rules), "--state"])

    assert lines(result.stdout)[0]["stage"]["name"] == "Paying"


def test_announced_adds_what_was_told(events):
    [row] = lines(RUN.invoke(app, ["fold", str(events), "--state", "--announced"]).stdout)

    assert row["announced"]["stage"]["name"] == "Customer"
    assert row["announced"]["mrr"] == {"usd": "2000"}


@pytest.fixture
def here(tmp_path, monkeypatch, capfd):
    """The command as it is called in a folder: what it says, and how it exits."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["subfold", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capfd.readouterr().err

    return call


@pytest.mark.parametrize("source", ["BAD/!", "", "a" * 33, "main\n"])
def test_a_source_that_none_can_be_called_is_refused(here, events, source):
    assert here("fold", str(events), "--source", source) == (
        2,
        f"subfold: --source {source!r}: a source is [a-z0-9-]{{1,32}}\n",
    )


def test_announced_is_nothing_without_state(here, events):
    assert here("fold", str(events), "--announced") == (
        2,
        "subfold: --announced adds to the rows of --state: name both\n",
    )


@pytest.mark.parametrize("verb", ["fold", "mrr"])
def test_a_file_of_rules_that_is_not_read_is_spoken_of(here, events, verb):
    Path("subfold.toml").write_text('[mrr]\npreset = "net"\n')
    note = "rules: the built-in ones; for those of subfold.toml add --settings subfold.toml"

    assert note in here(verb, str(events))[1]
    assert note not in here(verb, str(events), "--settings", "subfold.toml")[1]
    Path("subfold.toml").unlink()
    assert note not in here(verb, str(events))[1]


@pytest.mark.parametrize("verb", ["fold", "mrr"])
def test_help_says_which_rules_count(verb):
    told = " ".join(RUN.invoke(app, [verb, "--help"]).stdout.replace("│", " ").split())

    assert "the built-in rules when left out" in told


def test_help_says_which_files_of_a_folder_are_read():
    told = " ".join(RUN.invoke(app, ["fold", "--help"]).stdout.replace("│", " ").split())

    assert ".json, .jsonl and .ndjson" in told
