"""Given a real broker with rows: what was rehearsed on a page is applied, and nothing else."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace

import orjson
import pytest
from sqlalchemy import create_engine, select

from console.access.tables import audit
from console.actions.settings import REHEARSAL
from console.read_model.tables import metadata
from schemas.settings import BusinessSettings
from streams.business_toml import business_toml
from streams.log.settings_log import apply_settings, last_applied
from test_worker import RENAMED, change
from web import browser, make_console
from worker_stage import stage

EVENTS = 200


@pytest.fixture
async def there(tmp_path, bootstrap_servers, prefix):
    async with stage(tmp_path, bootstrap_servers, prefix) as made:
        await made.append(map(change, range(EVENTS)))
        made.start()
        await made.until_done()
        yield made


@pytest.fixture
def here(tmp_path, there):
    """A console over that broker, whose read model has seen no settings yet."""
    engine = create_engine(f"sqlite:///{tmp_path / 'read_model.db'}")
    metadata.create_all(engine)
    console = make_console(engine)
    deployment = console.config.deployment.model_copy(update={"kafka": there.kafka})
    return browser(
        replace(console, config=console.config.model_copy(update={"deployment": deployment}))
    )


async def posted(here, url, **form):
    return await asyncio.to_thread(here.post_form, url, form)


async def rehearsed(here) -> tuple[str, str]:
    """The page of the rehearsal of the draft, and the hash that its form has."""
    text = here.get("/settings/mrr").text
    form = dict(re.findall(r'<input name="(mrr[^"]*)" value="([^"]*)"', text))
    answer = await posted(
        here, "/settings/mrr", **form, **{"mrr.preset": "standard"}, do="rehearse"
    )
    assert answer.headers["location"] == "/settings/rehearsal", here.get("/settings").text
    for _ in range(600):
        job = here.console.jobs.latest(REHEARSAL)
        if not job.is_running:
            break
        text = here.get("/settings/rehearsal").text
        assert "rehearses since" in text or not here.console.jobs.latest(REHEARSAL).is_running
        await asyncio.sleep(0.1)
    assert job.error is None, job.error
    page = here.get("/settings/rehearsal?mode=live").text
    return html.unescape(page), re.search(r'name="hash" value="([^"]*)"', page)[1]


async def test_from_a_draft_by_a_rehearsal_to_a_version_with_its_reason(here, there):
    await posted(here, "/settings/toml", text=business_toml(RENAMED))
    page, hash_ = await rehearsed(here)

    (there.folder / "new.toml").write_text(business_toml(RENAMED))
    told = await there.run("rehearse", "--settings", "new.toml", "--json")
    updates = [orjson.loads(line) for line in told.stdout.splitlines()]
    moved = [each for each in updates if each["type"] == "customer.stage_changed"]
    assert moved
    result = here.console.jobs.latest(REHEARSAL).result
    assert sum(result.sum(livemode=mode).moved for mode in (True, False)) == len(moved)
    for word in {each["data"]["stage"] for each in moved}:
        assert word in page

    assert hash_ == RENAMED.content_hash()
    right = {"hash": hash_, "reason": "we say so", "announce": "silent"}
    for wrong in ({"hash": "another"}, {"reason": " "}, {"announce": "loudly"}):
        answer = await posted(here, "/settings/apply", **{**right, **wrong})
        assert answer.status_code in {409, 422}
    assert await last_applied(there.kafka) is None

    assert (await posted(here, "/settings/apply", **right)).status_code == 303
    record = await last_applied(there.kafka)
    assert (record.version, record.content) == (1, RENAMED)
    assert (record.applied_by, record.reason, record.announce) == ("local", "we say so", "silent")
    with here.console.access.connect() as connection:
        [noted] = connection.execute(select(audit)).all()
    assert noted.what == "settings.applied"
    assert orjson.loads(noted.details)["version"] == 1
    assert "You have a draft" not in here.get("/settings").text


async def test_when_others_applied_something_meanwhile_it_is_refused(here, there):
    await posted(here, "/settings/toml", text=business_toml(RENAMED))
    _, hash_ = await rehearsed(here)
    other = BusinessSettings(automations=())
    await apply_settings(there.kafka, other, applied_by="bo", reason="", announce="silent")

    form = {"hash": hash_, "reason": "we say so", "announce": "now"}
    answer = await posted(here, "/settings/apply", **form)

    assert answer.status_code == 409
    assert "version 1 was applied meanwhile" in answer.text
    assert "we say so" in answer.text
    assert (await last_applied(there.kafka)).content == other
