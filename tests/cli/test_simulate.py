"""`subfold simulate`: lines, files, webhooks, sums, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from stripe import WebhookSignature
from typer.testing import CliRunner

from cli.main import app
from schemas.errors import BrokerError, SettingsError
from simulation.objects import Generation

RUN = CliRunner()
SECRET = "whsec_of_this_test"
FEW = ["simulate", "--customers", "6", "--days", "120"]


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch):
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET_FILE", raising=False)


def lines(output):
    return [orjson.loads(line) for line in output.splitlines()]


def refusal(*words):
    result = RUN.invoke(app, [*FEW, *words])
    assert isinstance(result.exception, SettingsError | BrokerError)
    return result.exception


def test_each_event_is_compact_json_on_a_line_of_its_own():
    result = RUN.invoke(app, FEW)

    assert result.exit_code == 0
    found = lines(result.stdout)
    assert len(found) > 50
    assert {each["object"] for each in found} == {"event"}
    assert b"\n".join(map(orjson.dumps, found)) + b"\n" == result.stdout_bytes


def test_the_same_arguments_give_the_same_bytes_and_a_file_has_them_too(tmp_path):
    how = [*FEW, "--disorder", "0.2", "--duplicates", "0.1", "--outages", "2", "--seed", "5"]
    path = tmp_path / "year.jsonl"
    first = RUN.invoke(app, how).stdout_bytes
    to_file = RUN.invoke(app, [*how, "--out", str(path)])

    assert RUN.invoke(app, how).stdout_bytes == first == path.read_bytes()
    assert to_file.stdout == ""


def test_the_same_bytes_come_from_another_process():
    command = [sys.executable, "-m", "cli", *FEW]
    found = [
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]

    assert found[0] == found[1] == RUN.invoke(app, FEW).stdout_bytes


@pytest.mark.parametrize("generation", Generation)
def test_a_generation_is_that_of_all_events(generation):
    found = lines(RUN.invoke(app, [*FEW, "--generation", generation]).stdout)

    assert {each["api_version"] for each in found} == {generation}


def test_subscriptions_pause_by_request_where_that_is_asked_for():
    how = ["simulate", "--customers", "40", "--generation", Generation.ENDIVE]

    assert "pause_requested" not in RUN.invoke(app, how).stdout
    assert "pause_requested" in RUN.invoke(app, [*how, "--pauses"]).stdout


def test_the_beginning_can_be_chosen():
    found = lines(RUN.invoke(app, [*FEW, "--start", "2024-03-01T00:00:00Z"]).stdout)

    assert found[0]["created"] == 1709251200


def test_the_summary_adds_up():
    how = [*FEW, "--disorder", "0.2", "--duplicates", "0.1", "--outages", "1", "--json"]
    result = RUN.invoke(app, how)
    told = orjson.loads(result.stderr)
    found = lines(result.stdout)

    assert told["deliveries"] == len(found)
    assert told["events"] == len({each["id"] for each in found}) == sum(told["types"].values())
    assert told["customers"] == 6
    courses = [told[each] for each in ("prompt", "late", "held_back", "duplicate")]
    assert sum(courses) == told["deliveries"]
    assert told["late"]
    assert told["duplicate"]
    assert len(told["outages"]) == 1


def test_the_summary_for_people_names_what_came_late_and_twice():
    result = RUN.invoke(app, [*FEW, "--disorder", "0.2"])

    assert "events of 6 customers, 2026-01-01T00:00:00Z to 2026-05-01T00:00:00Z" in result.stderr
    assert " late, 0 held back by 0 outages, 0 duplicates" in result.stderr
    assert "by type: " in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--generation", "2019"], "valid are 2020-08-27"),
        (["--generation", "2020-08-27", "--pauses"], "since 2026-09-30.endive alone"),
        (["--start", "soon"], "is no time"),
        (["--start", "1969-01-01"], "not between 1970 and 9950"),
        (["--start", "9990-01-01"], "not between 1970 and 9950"),
        (["--outages", "121"], "at most one a day"),
        (["--post", "http://localhost:1/"], "set STRIPE_WEBHOOK_SECRET or"),
        (["--post", "http://localhost:1/", "--out", "x"], "name one of them"),
    ],
)
def test_what_cannot_be_done_is_said(words, says):
    assert says in str(refusal(*words))


def test_an_address_that_is_none_or_where_nothing_answers_is_said_at_once(monkeypatch):
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)

    assert "not an address" in str(refusal("--post", "localhost:8080"))
    assert "nothing answers there" in str(refusal("--post", "http://127.0.0.1:1/"))


class Door(BaseHTTPRequestHandler):
    """Takes what is signed, as an endpoint should."""

    taken: list[bytes]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        WebhookSignature.verify_header(
            body.decode(), self.headers["Stripe-Signature"], SECRET, tolerance=300
        )
        self.taken.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def door():
    Door.taken = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/stripe/main"
    server.shutdown()
    server.server_close()


def owner(body):
    event = orjson.loads(body)
    thing = event["data"]["object"]
    return thing["id"] if thing["object"] == "customer" else thing.get("customer")


def test_posted_webhooks_are_signed_and_each_customers_keep_the_order_of_delivery(
    door, monkeypatch, tmp_path
):
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET_FILE", str(path))
    how = [*FEW, "--disorder", "0.3", "--duplicates", "0.1"]
    result = RUN.invoke(app, [*how, "--post", door])
    wanted = RUN.invoke(app, how).stdout_bytes.splitlines()

    assert result.exit_code == 0
    assert result.stdout == ""
    assert sorted(Door.taken) == sorted(wanted)
    by_owner = [defaultdict(list), defaultdict(list)]
    for side, bodies in zip(by_owner, (Door.taken, wanted), strict=True):
        for body in bodies:
            if owner(body):
                side[owner(body)].append(body)
    assert by_owner[0] == by_owner[1]


def test_a_reader_that_has_had_enough_ends_the_run_quietly():
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "simulate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (1, b"")


def test_on_a_test_clock_all_is_test_mode_real_time_is_short_and_its_clock_is_told():
    found = lines(RUN.invoke(app, [*FEW, "--test-clock"]).stdout)
    clocks = [
        (each["type"].rpartition(".")[2], each["data"]["object"]["frozen_time"])
        for each in found
        if each["type"].startswith("test_helpers.test_clock.")
    ]
    shown = {
        each["data"]["object"]["test_clock"]
        for each in found
        if each["type"].startswith("customer.subscription.")
    }

    assert {each["livemode"] for each in found} == {False}
    assert found[-1]["created"] - found[0]["created"] < 3_600
    assert [name for name, _ in clocks] == ["created", *["advancing", "ready"] * 5]
    assert clocks[-1][1] - clocks[0][1] == 120 * 86_400
    assert shown == {"clock_simulated"}


def test_what_comes_late_has_no_place_on_a_test_clock():
    assert "--test-clock" in str(refusal("--test-clock", "--outages", "1"))
