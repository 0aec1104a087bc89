"""Opens the accounts that rows are of, each once, or says why one cannot be asked."""

from __future__ import annotations

from contextlib import AsyncExitStack

import structlog

from schemas.errors import SettingsError
from schemas.records import NO_CUSTOMER
from streams.settings import Source
from streams.source.opened import Asked, Opened, key_variable, opened

UNKNOWN = "MRR stays unknown where it needs tiers, coupons or items that no webhook shows"

log = structlog.get_logger()


class Accounts:
    """By scope: source, account and mode, as keys of the log begin.

    Args:
        sources: Which there are.
        opening: Closes their connections at the end.
    """

    def __init__(self, sources: dict[str, Source], opening: AsyncExitStack) -> None:
        self._sources = sources
        self._opening = opening
        self._opened: dict[str, Opened] = {}
        self._reasons: dict[str, str] = {}
        """Why a source, or a scope, cannot be asked: said again without asking Stripe again."""

    async def open_sources(self) -> None:
        """Open each source's own account; say of each that cannot be asked why, and what to do.

        Raises:
            SettingsError: None can be asked.
            StripeError: Stripe cannot be asked.
        """
        for id_, source in self._sources.items():
            if source.api_key is None:
                self._reasons[id_] = f"source {id_} has no API key: set {key_variable(id_)}"
                continue
            try:
                await self._open(Asked(id_, source, None))
            except SettingsError as error:
                words = str(error).removeprefix(f"source {id_}: ")
                self._reasons[id_] = f"source {id_}: {words}"
        if not self._opened:
            lines = [*self._reasons.values(), f"{UNKNOWN}; a key that may read is enough"]
            raise SettingsError("\n".join(lines))
        for id_, reason in self._reasons.items():
            log.warning("source_not_enriched", source=id_, reason=reason, consequence=UNKNOWN)

    def use(self, sources: dict[str, Source]) -> set[str]:
        """Take sources as they are now; give those whose key is another, to be opened anew."""
        changed = {
            id_
            for id_, each in self._sources.items()
            if id_ in sources and sources[id_].api_key != each.api_key
        }
        self._sources = sources
        for known in (self._opened, self._reasons):
            for name in [each for each in known if each.partition("/")[0] in changed]:
                del known[name]
        return changed

    async def get(self, scope: str) -> Opened:
        """The account of a scope.

        Raises:
            SettingsError: It cannot be asked.
            StripeError: Stripe cannot be asked now.
        """
        if scope in self._reasons:
            raise SettingsError(self._reasons[scope])
        if scope not in self._opened:
            try:
                await self._open_scope(scope)
            except SettingsError as error:
                self._reasons[scope] = str(error)
                raise
        return self._opened[scope]

    async def _open_scope(self, scope: str) -> None:
        id_, account, mode = scope.split("/")
        source = self._sources.get(id_)
        if source is None:
            raise SettingsError(f"there is no source {id_} any more")
        if id_ in self._reasons:
            raise SettingsError(self._reasons[id_])
        if account != NO_CUSTOMER and not {"*", account} & set(source.accounts):
            raise SettingsError(f"source {id_} does not name {account} in its accounts")
        await self._open(Asked(id_, source, None if account == NO_CUSTOMER else account))
        if scope not in self._opened:
            raise SettingsError(f"source {id_}: its API key is not one of {mode} mode")

    async def _open(self, asked: Asked) -> None:
        account = await self._opening.enter_async_context(opened(asked))
        self._opened[str(account.scope)] = account
