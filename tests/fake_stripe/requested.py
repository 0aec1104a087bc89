"""One request at the API, as the account that it is for sees it."""

from __future__ import annotations

from dataclasses import dataclass

from .account import Account
from .keys import Key
from .params import Params
from .view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A request that was let in; `path` is what follows /v1, in its parts."""

    method: str
    path: tuple[str, ...]
    params: Params
    key: Key
    account: Account
    view: View

    @property
    def url(self) -> str:
        """Its path."""
        return "/v1/" + "/".join(self.path)

    def check(self, resource: str) -> None:
        """Refuse a key without the permission."""
        verb = "read" if self.method == "GET" else "write"
        self.key.check(f"{resource}_{verb}", self.account.id)
