"""Connects sources with keys that are pasted, and disconnects them; secrets go into the store only.

Whoever breaks off does it again: what is there at Stripe is adopted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import SecretStr

from console.access.audit import written_down
from console.access.visitor import Visitor
from console.context import Console
from console.queries.connect import SourceCard, source_cards
from schemas.errors import SettingsError
from streams.secret_store import (
    API_KEY,
    WEBHOOK,
    SecretStore,
    Stored,
    open_secret_store,
    with_stored_secrets,
)
from streams.settings import Source
from streams.source.connect import (
    ConnectState,
    account_of,
    carried_out,
    connection_in,
    key_of,
    planned,
    taken_away,
)
from streams.source.fetched import Scope
from streams.source.log_writer import kept, log_writer
from streams.source.opened import Asked, unasked
from streams.source.permissions import CONNECTING, HISTORY, READING, form, lacking
from streams.source.stripe_api import StripeApi

PASTED = f"{WEBHOOK}pasted"
"""A signing secret that somebody pasted, such as the one of `stripe listen`."""


class LackingError(SettingsError):
    """The key may not do all that is needed; nothing was stored and nothing made.

    Args:
        missing: What it may not, as the Dashboard names it.
        form: A link to a form of the Dashboard with all that is needed ticked.
    """

    def __init__(self, missing: Sequence[str], form_link: str) -> None:
        super().__init__(f"the API key lacks: {', '.join(missing)}")
        self.missing = tuple(missing)
        self.form = form_link


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for; secrets are None where nothing was pasted.

    Attributes:
        url: Where Stripe reaches the door; empty to check and store the key alone.
    """

    source: str
    api_key: SecretStr | None = None
    signing_secret: SecretStr | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What came of it: whose key it is, in which mode, and the endpoints.

    Attributes:
        history_missing: Permissions without which a back-fill leaves history out, and for what.
    """

    source: str
    account: str
    name: str
    livemode: bool
    url: str
    made: tuple[str, ...]
    adopted: tuple[str, ...]
    history_missing: tuple[str, ...] = ()


def has_master_key(console: Console) -> bool:
    """Whether anything that is pasted can be stored."""
    return console.config.deployment.console.master_key is not None


def stored_in(console: Console) -> list[Stored]:
    """Which secrets were pasted; none where there is no master key."""
    if not has_master_key(console):
        return []
    with open_secret_store(console.config.deployment.console) as store:
        return store.stored()


def cards(console: Console) -> list[SourceCard]:
    """How each source stands."""
    stored = stored_in(console)
    with console.read_model.connect() as connection:
        return source_cards(
            connection, console.config.deployment.sources, stored, now=int(console.clock())
        )


async def connect(console: Console, visitor: Visitor, asked: Request) -> Connected:
    """Check the key, store it, make or adopt the endpoints, store their secrets.

    Raises:
        LackingError: The key may not do all of it.
        SettingsError: There is no such source, no key, no master key, or a key of another mode.
        StripeError: Stripe cannot be asked, or refuses the address.
        BrokerError: Kafka cannot be used.
    """
    source = keyed(console, asked)
    with open_secret_store(console.config.deployment.console) as store:
        pasting = _Pasting(store, asked.source, visitor.name, int(console.clock()))
        missing = await _refuse_lacking(asked.source, source, with_endpoint=bool(asked.url))
        with written_down(
            console.access,
            at=console.clock(),
            actor=visitor.name,
            what="source.connected" if asked.url else "source.key_stored",
            details={"source": asked.source, "url": asked.url},
        ) as deed:
            done = await _connected(console, source, asked, pasting)
            deed.update(
                account=done.account,
                livemode=done.livemode,
                endpoints=[*done.made, *done.adopted],
            )
    return replace(done, history_missing=missing)


async def _connected(
    console: Console, source: Source, asked: Request, pasting: _Pasting
) -> Connected:
    """Store what was pasted, and make or adopt the endpoints."""
    async with unasked(Asked(asked.source, source, None)) as api:
        account, name = await account_of(api)
        for word, secret in ((API_KEY, asked.api_key), (PASTED, asked.signing_secret)):
            if secret:
                pasting.put(word, secret)
        made, adopted = await _endpoints(api, source, asked.url, pasting)
        done = Connected(
            source=asked.source,
            account=account,
            name=name,
            livemode=api.livemode,
            url=asked.url,
            made=made,
            adopted=adopted,
        )
        if asked.url:
            await _keep(console, api, done)
    return done


@dataclass(frozen=True, slots=True)
class _Pasting:
    """Puts secrets of one source into the store."""

    store: SecretStore
    source: str
    by: str
    at: int

    def put(self, name: str, secret: SecretStr) -> None:
        self.store.put(self.source, name, secret, by=self.by, at=self.at)


def keyed(console: Console, asked: Request) -> Source:
    """The source with the key that counts."""
    deployment = console.config.deployment
    configured = deployment.sources.get(asked.source)
    if configured is None:
        raise SettingsError(f"there is no source {asked.source!r} in the settings file")
    if configured.api_key and asked.api_key:
        raise SettingsError(
            f"file or environment name an API key of {asked.source}, and it wins over one that is "
            "pasted: take it out there first, or leave the field empty to use it"
        )
    source = with_stored_secrets(deployment).sources[asked.source]
    if asked.api_key:
        source = source.model_copy(update={"api_key": asked.api_key})
    if source.api_key is None:
        raise SettingsError("there is no API key: paste a restricted one (rk_…)")
    return source


async def _refuse_lacking(id_: str, source: Source, *, with_endpoint: bool) -> tuple[str, ...]:
    """Refuse a key that lacks what is needed; give what it lacks for history."""
    missing: list[str] = []
    is_refused, livemode = False, True
    for account in (None, *(each for each in source.accounts if each != "*")):
        more = CONNECTING if account is None and with_endpoint else ()
        async with unasked(Asked(id_, source, account)) as api:
            livemode = api.livemode
            found = await lacking(api, (*READING, *HISTORY, *more))
        is_refused |= any(each not in HISTORY for each in found)
        missing += [f"{account}: {each.reason}" if account else each.reason for each in found]
    if is_refused:
        raise LackingError(missing, form(livemode=livemode))
    return tuple(missing)


async def _endpoints(
    api: StripeApi, source: Source, url: str, pasting: _Pasting
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that were made, and those that were adopted; none where there is no address."""
    made: list[str] = []
    adopted: list[str] = []
    for plan in await planned(api, source, url, replaces=False) if url else ():
        endpoint = await carried_out(api, url, plan)
        (adopted if plan.found else made).append(endpoint["id"])
        if secret := endpoint.pop("secret", None):
            await _stored_or_undone(api, endpoint["id"], SecretStr(secret), pasting)
    return tuple(made), tuple(adopted)


async def _stored_or_undone(
    api: StripeApi, endpoint: str, secret: SecretStr, pasting: _Pasting
) -> None:
    """Stripe tells a secret once: an endpoint whose secret is lost would send in vain."""
    try:
        pasting.put(WEBHOOK + endpoint, secret)
    except Exception:
        await taken_away(api, endpoint, deletes=True)
        raise


async def _keep(console: Console, api: StripeApi, done: Connected) -> None:
    kafka = console.config.deployment.kafka
    scope = Scope(done.source, None, done.livemode)
    state = connection_in(await kept(kafka), scope)
    state = ConnectState(
        connected_at=state.since or await api.now(),
        account=done.account,
        name=done.name,
        url=done.url,
        endpoints=list(dict.fromkeys([*state.endpoints, *done.made, *done.adopted])),
    )
    async with log_writer(kafka) as writer:
        await writer.keep(key_of(scope), state)
