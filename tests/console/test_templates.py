"""What browsers are given: no script within a page, nothing from elsewhere, all escaped."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import Engine

from console.web import vendor
from console.web.shell import FOLDER, _environment
from filled import NASTY_WORDS
from web import Browser, client

TEMPLATES = sorted(path for path in (FOLDER / "templates").rglob("*.html"))
OURS = sorted((FOLDER / "static").glob("*.*"))
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)


def ids(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_no_template_has_a_script_a_handler_or_styles_of_its_own(path: Path):
    text = path.read_text(encoding="utf-8")

    for attributes, content in SCRIPT.findall(text):
        is_data = 'type="application/json"' in attributes
        assert is_data or (' src="/static/' in attributes and not content.strip())
    assert not re.search(r"<style\b", text)
    assert not re.search(r"""\s(on[a-z]+|hx-on[\w:-]*|style)\s*=\s*["']""", text)
    assert not re.search(r"javascript:|hx-vals=['\"]?js:|hx-trigger=\"[^\"]*\[", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_no_template_switches_escaping_off(path: Path):
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_form_that_changes_something_carries_the_token(path: Path):
    text = path.read_text(encoding="utf-8")

    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        if 'method="post"' in form.lower():
            assert "csrf_field()" in form


@pytest.mark.parametrize("path", [*TEMPLATES, *OURS], ids=ids)
def test_nothing_is_loaded_from_elsewhere(path: Path):
    text = path.read_text(encoding="utf-8")

    assert not re.search(
        r"""(src|action)=["']?(https?:)?//|url\(["']?https?:|@import "http""", text
    )
    assert not re.search(r"""<link[^>]+href=["']?https?:""", text)


def test_templates_escape():
    assert _environment.autoescape is True
    assert _environment.from_string("{{ x }}").render(x="<b>\"'") == "&lt;b&gt;&#34;&#39;"
    chart = _environment.from_string("{{ x|tojson }}").render(x="</script><b>&'")
    assert "<" not in chart
    assert json.loads(chart) == "</script><b>&'"


class Page(HTMLParser):
    """Collects what a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script":
            self.scripts.append(found)
        self.faults += [f"{tag} {name}" for name in found if name.startswith("on")]
        for name in ("href", "src", "action", "hx-get"):
            if (found.get(name) or "").strip().lower().startswith(("javascript:", "data:text")):
                self.faults.append(f"{tag} {name}={found[name]}")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts",
        "/accounts?q=" + NASTY_WORDS[:40],
        "/accounts/main/-/live/cus_nasty",
        "/renewals",
        "/revenue",
        "/automations",
        "/settings",
        "/health",
    ],
)
def test_what_attackers_write_into_forms_is_text(admin: Browser, path: str):
    answer = admin.get(path)

    page = Page()
    page.feed(answer.text)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert page.faults == []
    for script in page.scripts:
        is_data = script.get("type") == "application/json"
        assert is_data or (script.get("src") or "").startswith("/static/")


@pytest.fixture
def admin(filled: Engine) -> Browser:
    return client(filled)


def lock() -> list:
    return json.loads(vendor.LOCK.read_text(encoding="utf-8"))


def test_what_pages_load_is_what_was_fetched():
    assert vendor.faults(lock(), vendor.FOLDER) == []


def test_what_is_missing_changed_or_added_is_found(tmp_path: Path):
    for path in vendor.FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "htmx.min.js").write_bytes(b"alert(1)")
    (tmp_path / "pico.LICENSE").unlink()
    (tmp_path / "more.js").write_bytes(b"")

    faults = vendor.faults(lock(), tmp_path)

    assert [fault.rpartition("/")[2] for fault in faults] == [
        "pico.LICENSE: missing",
        "more.js: not in vendor.json",
        "htmx.min.js: changed since it was fetched",
    ]


def test_a_package_of_another_hash_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    class Answer:
        def __enter__(self) -> Answer:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self) -> bytes:
            return b"not what was pinned"

    monkeypatch.setattr(vendor.urllib.request, "urlopen", lambda *_args, **_more: Answer())
    monkeypatch.setattr(vendor, "FOLDER", tmp_path / "vendor")

    with pytest.raises(SystemExit, match="do not use it"):
        vendor.fetch(lock()[0])

    assert not (tmp_path / "vendor").exists()


def test_every_package_comes_with_its_licence():
    for package in lock():
        assert any("LICENSE" in name for name in package["files"]), package["name"]
