"""Given a console: settings, sources and health as JSON."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from filled import UNTIL
from schemas.settings import BusinessSettings
from streams.secret_store import new_master_key
from web import ORIGIN, client

API = "/api/v1"


@pytest.fixture
def admin(filled):
    return client(filled, master_key=SecretStr(new_master_key()))


def posted(browser, path, body):
    headers = {**ORIGIN, "x-csrf-token": browser.csrf()}
    return browser.post(API + path, json=body, headers=headers)


def until_done(browser, path):
    for _ in range(600):
        found = browser.get(API + path)
        assert found.status_code == 200, found.text
        if not found.json()["is_running"]:
            return found.json()
        time.sleep(0.05)
    raise AssertionError("not done")


def test_settings_in_force_and_every_version(admin):
    settings = admin.get(f"{API}/settings").json()
    versions = admin.get(f"{API}/settings/versions").json()

    assert settings["version"] == 2
    assert BusinessSettings.model_validate(settings["content"]).content_hash() == settings["hash"]
    assert [each["version"] for each in versions] == [2, 1]
    assert [each["version"] for each in admin.get(f"{API}/settings/versions?below=2").json()] == [1]
    assert admin.get(f"{API}/settings/versions/0").json()["applied_at"] is None
    assert admin.get(f"{API}/settings/versions/9").status_code == 404


def test_coverage_and_presets_come_when_they_are_counted(admin):
    coverage = until_done(admin, "/settings/coverage")
    presets = until_done(admin, "/settings/presets")

    assert coverage["error"] is None
    assert coverage["started_at"] == UNTIL
    assert {each["key"] for each in coverage["result"]["keys"]} >= {"account_id"}
    assert {each["name"] for each in presets["result"]["totals"]} == {
        *("in force", "standard", "stripe", "net")
    }


def test_what_was_not_rehearsed_is_not_applied(admin):
    answer = posted(admin, "/settings/apply", {"hash": "x", "reason": "because"})

    assert answer.status_code == 409
    assert "rehearse them" in answer.json()["detail"]
    assert admin.get(f"{API}/settings/rehearsal").status_code == 404
    wrong = posted(admin, "/settings/rehearsal", {"stages": {"precedence": ["x"]}})
    assert wrong.status_code == 422


def test_a_rehearsal_without_a_kafka_says_why_it_broke_off(admin):
    assert posted(admin, "/settings/rehearsal", {}).status_code == 202

    found = until_done(admin, "/settings/rehearsal")
    assert found["result"] is None
    assert "Kafka" in found["error"]


def test_sources_are_told_without_a_secret_and_refuse_what_they_cannot_do(admin):
    [main] = admin.get(f"{API}/sources").json()
    assert (main["id"], main["door"], main["key_from"]) == ("main", "/webhooks/stripe/main", None)

    answer = posted(admin, "/sources/main/connect", {"url": "https://x.example/webhooks"})
    assert answer.status_code == 409
    assert "there is no API key" in answer.json()["detail"]
    assert posted(admin, "/sources/nobody/connect", {}).status_code == 404
    secret = "rk_live_" + "x" * 600
    refused = posted(admin, "/sources/main/connect", {"api_key": secret})
    assert refused.status_code == 422
    assert secret not in refused.text
    assert posted(admin, "/sources/main/backfill", {}).status_code == 409


def test_health_says_what_it_rests_on(admin):
    health = admin.get(f"{API}/health").json()

    assert health["verdict"]["answer"] in {"not_fully", "unknown"}
    assert health["letters"] == {"discarded": 1, "open": 1, "redriven": 1}
    assert health["read_model"]["versions"]["settings"] == 2
    letters = admin.get(f"{API}/health/letters?state=all&limit=2").json()
    assert (len(letters["letters"]), letters["total"]) == (2, 3)
    assert admin.get(f"{API}/health/redrive").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"why": "x"},
        {"why": "x", "place": "1:1", "reason": "not_json"},
        {"why": "", "place": "1:1"},
        {"why": "x", "place": "x"},
    ],
)
def test_a_redrive_names_one_thing_and_says_why(admin, body):
    assert posted(admin, "/health/redrive", body).status_code == 422


def test_a_viewer_reads_and_changes_nothing(filled):
    viewer = client(filled, "viewer")

    for path in ("/settings", "/sources", "/health"):
        assert viewer.get(API + path).status_code == 200
    for path in ("/settings/apply", "/sources/main/connect", "/health/redrive"):
        assert posted(viewer, path, {}).status_code == 403
