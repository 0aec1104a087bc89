from __future__ import annotations

import json

import orjson
import pytest
from typer.testing import CliRunner

from build import MONTH_S, START, customer, event, invoice, subscription, updated
from cli.main import app, main
from schemas.presets import PRESETS
from schemas.settings import STRIPE_STATUSES, BusinessSettings
from streams.business_toml import toml_value
from streams.settings import load_business

RUN = CliRunner()
BODIES = [
    updated(customer()),
    updated(subscription(status="incomplete")),
    updated(subscription("sub_2", customer="cus_2")),
    updated(subscription("sub_3", "trialing", customer="cus_3")),
    event("invoice.paid", invoice(status="paid", customer="cus_4", parent=None)),
    updated(subscription("sub_4", "incomplete", customer="cus_4")),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    done = RUN.invoke(app, arguments, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("preset", PRESETS)
def test_the_file_that_is_written_means_exactly_the_preset(here, preset):
    code, said, _ = run("init", "--preset", preset)
    read = load_business(here / "subfold.toml")

    assert code == 0
    assert f"wrote subfold.toml: preset {preset}" in said
    assert read == BusinessSettings(stages=PRESETS[preset])
    assert read.content_hash() == BusinessSettings(stages=PRESETS[preset]).content_hash()


def test_basic_is_what_holds_without_a_file_and_what_init_writes_unasked(here):
    run("init")

    assert load_business(here / "subfold.toml") == BusinessSettings()


@pytest.mark.parametrize("preset", PRESETS)
def test_every_table_of_business_settings_is_in_the_file_with_every_key(here, preset):
    run("init", "--preset", preset)
    text = (here / "subfold.toml").read_text()
    tables = [BusinessSettings().contact, BusinessSettings().business, BusinessSettings().mrr]

    for key in (key for table in tables for key in type(table).model_fields):
        assert f"\n{key} = " in text or f"\n# {key} = " in text
    for table in ("[contact]", "[business]", "[mrr]", "[stages]", "[[automations]]"):
        assert f"\n{table}\n" in text


def test_a_file_that_is_there_is_not_replaced_unless_forced(here, monkeypatch, capsys):
    (here / "subfold.toml").write_text("# mine\n")
    monkeypatch.setattr("sys.argv", ["subfold", "init"])

    with pytest.raises(SystemExit) as refused:
        main()

    assert refused.value.code == 1
    assert "subfold.toml exists" in capsys.readouterr().err
    assert (here / "subfold.toml").read_text() == "# mine\n"
    assert run("init", "--force")[0] == 0
    assert load_business(here / "subfold.toml") == BusinessSettings()


@pytest.mark.parametrize(("preset", "unpaid"), [("basic", 1), ("lifecycle", 0)])
def test_with_events_it_says_how_many_customers_are_called_so_for_nothing(here, preset, unpaid):
    (here / "events.jsonl").write_bytes(b"\n".join(map(orjson.dumps, BODIES)))
    code, said, _ = run("init", "--preset", preset, "--events", "events.jsonl")

    assert code == 0
    assert f"{unpaid} of 4 customers are called Customer and have never paid" in said


def test_with_events_it_says_what_its_rules_make_of_them(here):
    bodies = [*BODIES, updated(subscription("sub_5", "paused", customer="cus_5"))]
    (here / "events.jsonl").write_bytes(b"\n".join(map(orjson.dumps, bodies)))
    _, said, _ = run("init", "--events", "events.jsonl")

    assert said.splitlines() == [
        "wrote subfold.toml: preset basic",
        "customers by stage: Customer 3, Trial 1, Churn 0, none 1",
        "statuses that no rule names: paused 1",
        "1 of 5 customers are called Customer and have never paid",
    ]


def test_events_may_be_several_files(here):
    for number, body in enumerate(BODIES):
        (here / f"{number}.json").write_bytes(orjson.dumps(body))
    _, said, _ = run("init", "--events", *(f"{number}.json" for number in range(len(BODIES))))

    assert "1 of 4 customers" in said


def test_a_file_without_an_option_is_asked_about(here):
    code, _, complaint = run("init", "mine.toml")

    assert (code, list(here.iterdir())) == (2, [])
    assert "--output" in complaint


def test_without_events_it_says_what_to_run(here):
    _, said, _ = run("init", "--preset", "lifecycle", "--output", "mine.toml")

    assert "subfold init --preset lifecycle --output mine.toml --force --events" in said


def test_what_cannot_be_read_of_the_events_is_said(here):
    (here / "events.jsonl").write_text('{"object"\n')
    code, _, complaints = run("init", "--events", "events.jsonl")

    assert code == 1
    assert "events.jsonl:1: not JSON" in complaints


def test_statuses_are_listed_with_the_stage_of_each(here):
    run("init", "--preset", "lifecycle")
    told = {each["status"]: each for each in json.loads(run("statuses", "--json")[1])}

    assert sorted(told) == sorted(STRIPE_STATUSES)
    assert told["past_due"]["stages"] == [{"stage": "At risk", "if": {}}]
    assert told["canceled"]["stages"] == [
        {"stage": "Churned", "if": {"ever_paying": True}},
        {"stage": "Lost", "if": {}},
    ]
    assert not any(each["is_unmapped"] for each in told.values())
    assert "Churned if ever_paying" in run("statuses")[1]


def test_a_status_that_no_rule_names_is_shown_as_such(here):
    _, shown, _ = run("statuses")
    told = {each["status"]: each for each in json.loads(run("statuses", "--json")[1])}

    assert [status for status, each in told.items() if each["is_unmapped"]] == ["paused"]
    assert "none: keeps the" in shown


def test_a_fold_says_which_statuses_no_rule_names_and_which_are_new(here):
    bodies = [
        updated(subscription(f"sub_{status}", status), at=START + MONTH_S)
        for status in ("active", "paused", "novel")
    ]
    (here / "events.jsonl").write_bytes(b"\n".join(map(orjson.dumps, bodies)))
    _, _, said = run("fold", "events.jsonl")

    assert "statuses that no rule names: novel 1, paused 1" in said
    assert "statuses that Stripe did not have when this was made: novel 1" in said


def test_words_in_the_rules_that_stripe_does_not_have_are_warned_of(here):
    rules = """
    [stages]
    precedence = ["A", "B"]
    [[stages.rules]]
    name = "A"
    when = { status = "activ", interval = "monthly" }
    [[stages.rules]]
    name = "B"
    when = { interval = { any_of = ["week"], not = "quarter" } }
    """
    (here / "subfold.toml").write_text(rules)
    code, _, said = run("statuses")

    assert code == 0
    assert said.splitlines() == [
        "warning: stage 'A': Stripe has no status 'activ' that we know; did you mean 'active'?",
        "warning: stage 'A': Stripe has no interval 'monthly' that we know; did you mean 'month'?",
        "warning: stage 'B': Stripe has no interval 'quarter' that we know; valid are day, month, "
        "week, year",
    ]


def test_keys_that_toml_must_quote_are_quoted():
    assert toml_value({"a b": ["x"], "c": True}) == '{ "a b" = ["x"], c = true }'
