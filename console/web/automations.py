"""The page Automations: every rule and what it did, one rule, what is armed, trying rules out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.tryout import CUSTOMERS_MAX, DAYS_MAX, TRYOUT, rules_of, try_out
from console.queries.automation import (
    MomentsOfDay,
    armed_by_day,
    moments_by_day,
    moments_of,
    skip_reasons,
    timers,
)
from console.queries.automations import rules
from console.queries.in_force import settings_in_force
from console.queries.names import names_of
from console.queries.tried import Tried, TriedDay, TriedMoment
from console.web.accounts import offset_of
from console.web.filters import day_words
from console.web.shell import (
    console_of,
    form_of,
    mode_of,
    redirect,
    render,
    require_admin,
    visitor_of,
)
from schemas.automations import Automation
from schemas.errors import SettingsError
from streams.business_toml import toml_tables

PAGE = 50
DAYS, CUSTOMERS = 30, 500
BECAME = {
    "triggered": ("Fired", "good"),
    "skipped": ("Held back", "warn"),
    "superseded": ("Taken back", "info"),
}
"""What became of a moment, by the word of the update: for people, and a chart's tone."""


def automations(request: Request) -> Response:
    """Show every rule."""
    console, livemode, now = console_of(request), mode_of(request), int(console_of(request).clock())
    with console.read_model.connect() as connection:
        found = rules(connection, livemode=livemode, now=now)
        coming = timers(connection, livemode=livemode, limit=10)
    return render(request, "automations/list.html", found=found, coming=coming)


def automation(request: Request) -> Response:
    """Show one rule: its days, its moments, what is armed."""
    console, livemode, now = console_of(request), mode_of(request), int(console_of(request).clock())
    name, cursor = request.query_params.get("name", ""), request.query_params.get("cursor", "")
    with console.read_model.connect() as connection:
        in_force = settings_in_force(connection).content.automations
        known = rules(connection, livemode=livemode, now=now).rules
        rule = next((each for each in known if each.name == name), None)
        if rule is None:
            raise HTTPException(404, f"There is no automation {name!r}, and there was none.")
        days = moments_by_day(connection, livemode=livemode, automation=name, now=now)
        ahead = armed_by_day(connection, livemode=livemode, automation=name, now=now)
        reasons = skip_reasons(connection, livemode=livemode, automation=name, now=now)
        armed = timers(
            connection,
            livemode=livemode,
            automation=name,
            limit=PAGE,
            offset=offset_of(request),
        )
        try:
            moments = moments_of(connection, livemode=livemode, automation=name, cursor=cursor)
        except ValueError as error:
            raise HTTPException(404, "There is no such part of the list.") from error
    return render(
        request,
        "automations/rule.html",
        rule=rule,
        toml=_toml(each for each in in_force if each.name == name),
        days=days,
        day_chart=day_bars(days),
        ahead=ahead,
        ahead_chart=armed_bars(ahead),
        reasons=reasons,
        armed=armed,
        offset=offset_of(request),
        limit=PAGE,
        moments=moments,
    )


def tryout(request: Request) -> Response:
    """Show the form, and what is tried out or was."""
    return _tryout(request)


def begin_tryout(request: Request) -> Response:
    """Begin to try rules out."""
    require_admin(request)
    form, console = form_of(request), console_of(request)
    text = str(form.get("rules", ""))
    try:
        with console.read_model.connect() as connection:
            content = settings_in_force(connection).content
        days = _whole(str(form.get("days", "")), DAYS_MAX, "days")
        customers = _whole(str(form.get("customers", "")), CUSTOMERS_MAX, "customers")
        asked = rules_of(text, content)
    except SettingsError as error:
        return _tryout(request, status=422, text=text, fault=str(error))
    under_way = console.jobs.latest(TRYOUT)
    if under_way and under_way.is_running:
        fault = f"{under_way.by} tries rules out at this moment: wait for its end."
        return _tryout(request, status=409, text=text, fault=fault)
    try_out(
        console,
        visitor_of(request),
        asked,
        livemode=mode_of(request),
        days=days,
        customers=customers,
    )
    return redirect(request, "/automations/tryout")


def _tryout(request: Request, *, status: int = 200, text: str = "", fault: str = "") -> Response:
    console, name = console_of(request), request.query_params.get("name")
    job = console.jobs.latest(TRYOUT)
    result: Tried | None = job.result if job else None
    chosen, moments = _moments(request, result)
    offset = offset_of(request)
    shown = moments[offset : offset + PAGE]
    with console.read_model.connect() as connection:
        in_force = settings_in_force(connection).content.automations
        names = names_of(connection, (each.subject for each in shown))
    return render(
        request,
        "automations/tryout.html",
        status,
        text=text or _toml(each for each in in_force if name in {None, each.name}),
        fault=fault,
        job=job,
        result=result,
        chosen=chosen,
        shown=shown,
        listed=len(moments),
        offset=offset,
        limit=PAGE,
        names=names,
        day_chart=day_bars(result.days) if result else None,
        days=DAYS,
        days_max=DAYS_MAX,
        customers=CUSTOMERS,
        customers_max=CUSTOMERS_MAX,
    )


def _moments(request: Request, result: Tried | None) -> tuple[str, list[TriedMoment]]:
    """The rule that was asked for, else the first that has moments; and its moments."""
    if result is None:
        return "", []
    names = [each.name for each in result.rules if each.moments]
    asked = request.query_params.get("rule", "")
    chosen = asked if asked in names else next(iter(names), "")
    return chosen, [each for each in result.moments if each.automation == chosen]


def day_bars(days: Sequence[MomentsOfDay | TriedDay]) -> dict[str, Any]:
    """Moments of each day, stacked by what became of them."""
    return {
        "format": {"decimals": 0},
        "legend": {},
        "xAxis": {"type": "category", "data": [day_words(each.day) for each in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": name,
                "type": "bar",
                "stack": "moments",
                "tone": tone,
                "data": [getattr(each, what) for each in days],
            }
            for what, (name, tone) in BECAME.items()
        ],
    }


def armed_bars(days: Sequence[Any]) -> dict[str, Any]:
    """Moments to come on each day."""
    return {
        "format": {"decimals": 0},
        "xAxis": {"type": "category", "data": [day_words(each.day) for each in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": "Armed",
                "type": "bar",
                "tone": "info",
                "data": [each.armed for each in days],
            }
        ],
    }


def _toml(automations: Iterable[Automation]) -> str:
    told = (each.model_dump(mode="json", exclude_defaults=True) for each in automations)
    return "\n".join(toml_tables("automations", told))


def _whole(text: str, most: int, what: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise SettingsError(f"{what} must be a whole number from 1 to {most}")
    return int(text)


routes = [
    Route("/automations", automations),
    Route("/automations/rule", automation),
    Route("/automations/tryout", tryout),
    Route("/automations/tryout", begin_tryout, methods=["POST"]),
]
