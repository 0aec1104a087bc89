"""Rules tried out on history: what they would have told, rule by rule, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from threading import Event
from time import sleep

import orjson
import pytest

from console.actions.tryout import TRYOUT, rules_of
from console.queries.names import names_of
from console.queries.tried import History, Sample, sample_of
from filled import BEGIN, UNTIL
from schemas.errors import SettingsError
from schemas.settings import BusinessSettings, SettingsInForce
from simulation.simulate import simulate
from streams.event_files import Found
from streams.fold_files import Folding, _webhook
from streams.log.topics import LOG
from web import client

DAY_S = 86_400
CONTENT = BusinessSettings()


def history(automations, *, sample, days=365):
    return History(automations, CONTENT, sample=sample, livemode=True, days=days, now=UNTIL)


@pytest.fixture(scope="module")
def events():
    return [orjson.dumps(event) for event in simulate(customers=25, start=BEGIN)]


def test_trying_the_rules_of_then_finds_what_was_told_then(events):
    folding = Folding(settings=SettingsInForce(version=1), source="main", is_timed=True)
    told = Counter()
    for update in folding.run((Found(place="t", body=it) for it in events), until=UNTIL):
        if update.type.startswith("automation."):
            told[update.data.automation, update.type.removeprefix("automation.")] += 1
    tried = history(CONTENT.automations, sample=sample_of(25, wanted=25, partitions=4))
    for body in events:
        tried.take(_webhook(body, "main"))
    found = tried.finish(25)

    assert sum(told.values()) > 100
    for rule in found.rules:
        assert rule.triggered == told[rule.name, "triggered"]
        assert sum(rule.skipped.values()) == told[rule.name, "skipped"]
        assert rule.superseded == told[rule.name, "superseded"]
    assert sum(day.triggered for day in found.days) == sum(it.triggered for it in found.rules)
    listed = Counter(each.automation for each in found.moments)
    counts = Counter(name for name, _ in told.elements())
    assert listed == {name: min(count, 500) for name, count in counts.items()}
    assert [it.at for it in found.moments] == sorted((it.at for it in found.moments), reverse=True)
    assert found.customers == len(folding.rows)


def test_what_came_out_is_read_rule_by_rule_page_by_page_with_names(filled, year):
    records = [each for each in year if each.topic == LOG and each.key != b"-/-/-/settings"]
    tried = history(CONTENT.automations, sample=sample_of(200, wanted=200, partitions=4))
    for each in records:
        tried.take(_webhook(each.value, "main"))
    found = tried.finish(200)
    browser = client(filled)
    job = browser.console.jobs.start(TRYOUT, lambda _job: found, by="ana", clock=lambda: UNTIL)
    while job.is_running:
        sleep(0.01)
    expected = [each for each in found.moments if each.automation == "renewal-7d"]
    with filled.connect() as connection:
        names = names_of(connection, (each.subject for each in expected))

    told, address = list[tuple[str, str]](), "/automations/tryout?rule=renewal-7d"
    while address:
        page = browser.get(address).text
        listed = page[page.index('id="moments"') :]
        rows = re.findall(r'<time datetime="([^"]+)".*?<bdi>(.*?)</bdi>', listed)
        assert 0 < len(rows) <= 50
        told += [(at, unescape(name)) for at, name in rows]
        following = re.search(r'<a rel="next" href="([^"]+)"', listed)
        address = unescape(following[1]) if following else ""

    assert len(expected) > 50
    assert told == [(each.at, names[each.subject][:80]) for each in expected]
    first = next(each for each in found.rules if each.moments)
    assert f">{first.name} {first.moments}</a>" in browser.get("/automations/tryout").text
    assert browser.get("/automations/tryout?rule=none-such&offset=x").status_code == 200


def test_only_the_days_asked_for_count(events):
    few = history(CONTENT.automations, sample=sample_of(25, wanted=25, partitions=4), days=10)
    for body in events:
        few.take(_webhook(body, "main"))
    found = few.finish(25)

    assert len(found.days) == 10
    assert all(found.first_day <= each.at[:10] <= found.last_day for each in found.moments)


def test_a_sample_has_about_as_many_as_wanted_and_reads_no_more_than_it_must():
    subjects = [f"main/-/live/cus_{number}" for number in range(20_000)]
    sample = sample_of(20_000, wanted=1_000, partitions=12)

    assert sample.partitions == 1
    # A partition has a twelfth of them: of these the share makes a thousand.
    assert abs(sum(map(sample.has, subjects)) / 12 - 1_000) < 100
    assert sample_of(300, wanted=500, partitions=12) == Sample(12, 12, 1)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name = ", "not valid TOML"),
        ("", "there is no rule"),
        ('[[automations]]\nname = "a"\non = "renewal_upcomming"', "renewal_upcoming"),
        ('[[automations]]\nname = "a"\non = "stage_entered"\nstage = "Triall"', "Trial"),
        ('[mrr]\npreset = "net"\n[[automations]]\nname = "a"\non = "payment_failed"', "alone"),
    ],
)
def test_rules_that_are_none_are_refused_with_what_to_do(text, word):
    with pytest.raises(SettingsError, match=word):
        rules_of(text, CONTENT)


def test_one_rule_may_be_given_by_its_keys_alone():
    (rule,) = rules_of('name = "a"\non = "renewal_upcoming"\nbefore = "3d"', CONTENT)

    assert rule.before == ("3d",)


def test_only_admins_begin_to_try_rules_out_and_see_what_is_wrong(filled):
    viewer, admin = client(filled, "viewer"), client(filled)

    assert viewer.post_form("/automations/tryout", {"rules": ""}).status_code == 403
    bad = admin.post_form("/automations/tryout", {"rules": "x", "days": "30", "customers": "5"})
    assert bad.status_code == 422
    assert "not valid TOML" in bad.text
    days = admin.post_form("/automations/tryout", {"rules": "x", "days": "0", "customers": "5"})
    assert "days must be a whole number" in days.text


def test_others_that_are_tried_out_at_this_moment_are_waited_for_and_what_was_typed_stays(filled):
    admin, is_over = client(filled), Event()
    text = 'name = "mine"\non = "payment_failed"'
    form = {"rules": text, "days": "30", "customers": "5"}
    start = admin.console.jobs.start
    start(TRYOUT, lambda _job: is_over.wait(), by="ana", clock=lambda: UNTIL)
    try:
        page = admin.get("/automations/tryout").text
        answer = admin.post_form("/automations/tryout", form)
    finally:
        is_over.set()

    # The form does not follow: a button that is shut now would stay so.
    assert " disabled" not in page
    assert answer.status_code == 409
    assert "ana tries rules out at this moment" in answer.text
    assert "name = &#34;mine&#34;" in answer.text
