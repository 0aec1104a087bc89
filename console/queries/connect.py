"""How each source stands: its key, its door, its endpoints, its last event, how complete it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from console.read_model.log_tables import newest_events
from console.read_model.tables import source_states
from streams.secret_store import API_KEY, Stored
from streams.settings import Source
from streams.source.connect import ConnectState, connection_in, door_of
from streams.source.fetched import Scope
from streams.source.status import SourceStatus, source_statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEvent:
    """The newest event that Stripe sent by itself. Unix seconds."""

    type: str
    recorded_at: int
    api_version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One mode of a source: a live key and a test key are two connections.

    Attributes:
        is_connected: Whether `connect` made or adopted endpoints that were not taken away since.
        is_heard: Whether an event came by itself after that: only then it is known to work.
        accounts: The source's own account and connected ones, as their tasks have kept it.
    """

    livemode: bool
    is_connected: bool
    is_heard: bool
    connection: ConnectState
    last_event: LastEvent | None
    accounts: tuple[SourceStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCard:
    """One source. No secret is in it, nor any part of one.

    Attributes:
        key_from: Where its API key comes from: `environment` (or file), `pasted`, or None.
        key_by, key_at: Who pasted it, and when in Unix seconds.
        secrets_configured: Webhook secrets that file or environment name.
        secrets_pasted: Those that were pasted, or made by connecting.
    """

    id: str
    door: str
    livemode: bool
    test: bool
    connected_accounts: tuple[str, ...]
    key_from: str | None
    key_by: str | None
    key_at: int | None
    secrets_configured: int
    secrets_pasted: int
    modes: tuple[Mode, ...]

    @property
    def url(self) -> str:
        """Where Stripe was told to send; empty before that."""
        return next((each.connection.url for each in self.modes if each.connection.url), "")


def source_cards(
    connection: Connection,
    sources: Mapping[str, Source],
    stored: Iterable[Stored],
    *,
    now: int,
) -> list[SourceCard]:
    """Every source of the configuration.

    Args:
        connection: Of the read model.
        sources: As file and environment name them, without what was pasted.
        stored: Which secrets were pasted.
        now: Unix seconds.
    """
    kept = {row.key: row.body.encode() for row in connection.execute(select(source_states))}
    statuses = source_statuses(kept, now)
    by_source: dict[str, list[Stored]] = {}
    for each in stored:
        by_source.setdefault(each.source, []).append(each)
    return [
        _card(
            id_,
            source,
            by_source.get(id_, []),
            tuple(
                _mode(connection, Scope(id_, None, livemode), kept, statuses)
                for livemode, has in ((True, source.livemode), (False, source.test))
                if has
            ),
        )
        for id_, source in sources.items()
    ]


def _card(id_: str, source: Source, stored: list[Stored], modes: tuple[Mode, ...]) -> SourceCard:
    pasted = next((each for each in stored if each.name == API_KEY), None)
    return SourceCard(
        id=id_,
        door=door_of(id_),
        livemode=source.livemode,
        test=source.test,
        connected_accounts=source.accounts,
        key_from="environment" if source.api_key else "pasted" if pasted else None,
        key_by=pasted.stored_by if pasted and not source.api_key else None,
        key_at=pasted.stored_at if pasted and not source.api_key else None,
        secrets_configured=len(source.webhook_secrets),
        secrets_pasted=sum(each.name != API_KEY for each in stored),
        modes=modes,
    )


def _mode(
    connection: Connection,
    scope: Scope,
    kept: Mapping[str, bytes],
    statuses: Iterable[SourceStatus],
) -> Mode:
    state = connection_in(kept, scope)
    mode = "live" if scope.livemode else "test"
    event = _last_event(connection, scope.source, livemode=scope.livemode)
    return Mode(
        livemode=scope.livemode,
        is_connected=bool(state.since),
        is_heard=bool(state.since and event and event.recorded_at >= state.since),
        connection=state,
        last_event=event,
        accounts=tuple(
            each
            for each in statuses
            if each.account.split("/")[0] == scope.source and each.account.split("/")[2] == mode
        ),
    )


def _last_event(connection: Connection, source: str, *, livemode: bool) -> LastEvent | None:
    table = newest_events.c
    found = connection.execute(
        select(table.event_type, table.recorded_at, table.api_version).where(
            table.source == source, table.livemode == livemode
        )
    ).first()
    if found is None:
        return None
    return LastEvent(
        type=found.event_type, recorded_at=found.recorded_at, api_version=found.api_version
    )
