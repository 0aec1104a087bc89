"""The fake Stripe itself: accounts, keys, knobs, and the way of a request through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from email.utils import formatdate

from simulation.objects import DAY_S, Fields

from .account import Account
from .api import answer
from .errors import StripeError, invalid
from .faults import Faults
from .generations import generation_of
from .keys import Key, masked, secret_of
from .params import Params
from .requested import Requested
from .resources import RESOURCES
from .webhook_sender import Network
from .world import World

API_KEY = "rk_test_fakeStripe0000000000000000"
WORDS = frozenset(
    word
    for path in (
        *RESOURCES,
        "account/accounts/advance/events/lines/subscription_items/v1/webhook_endpoints",
    )
    for word in path.split("/")
)
"""What paths are made of, besides ids."""


class FakeStripe:
    """A platform's account with the accounts that are connected to it.

    Args:
        world: What the platform's own account holds.
        api_version: The platform's own.
        network: What becomes of its webhooks on their way.
    """

    def __init__(
        self, world: World | None = None, *, api_version: str = "", network: Network | None = None
    ) -> None:
        own = {"api_version": api_version} if api_version else {}
        self.account = Account(world=world or World(), network=network, **own)
        self.accounts: dict[str, Account] = {self.account.id: self.account}
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self._keys: dict[str, Key] = {}
        self._answered: dict[tuple[str, str], tuple[str, int, Fields]] = {}
        self._numbered = 0
        self.add_key(API_KEY)

    @property
    def world(self) -> World:
        """What the platform's own account holds."""
        return self.account.world

    def add_key(self, secret: str, *permissions: str) -> str:
        """Let a key in; with permissions such as `customer_read`, it may do those alone."""
        self._keys[secret] = Key(secret, frozenset(permissions) if permissions else None)
        return secret

    def revoke_key(self, secret: str) -> None:
        """Let a key in no more."""
        del self._keys[secret]

    def connect(self, id: str, world: World, *, network: Network | None = None) -> Account:
        """Connect an account; the key of the platform opens it with the header Stripe-Account."""
        self.accounts[id] = Account(id=id, world=world, network=network, platform=self.account)
        return self.accounts[id]

    async def advance(self, *, days: float = 0, seconds: int = 0) -> None:
        """Let time go by in all accounts, and send what is to be sent by then."""
        for account in self.accounts.values():
            account.world.advance(int(days * DAY_S) + seconds)
        await self.send_due()

    async def send_due(self, *, all_of_it: bool = False) -> None:
        """Send the webhooks that are due, or all that are under way."""
        for account in self.accounts.values():
            await account.sender.send_due(all_of_it=all_of_it)

    def request_id(self) -> str:
        """A new id, for the header Request-Id."""
        self._numbered += 1
        return f"req_{self._numbered:014d}"

    def count(self, method: str, path: str) -> None:
        """Count a request under its path, ids in it as `{id}`."""
        parts = (part if part in WORDS else "{id}" for part in path.strip("/").split("/"))
        self.requests[f"{method} /{'/'.join(parts)}"] += 1

    def handle(
        self, method: str, path: str, params: Params, headers: Mapping[str, str]
    ) -> tuple[int, Fields, dict[str, str]]:
        """Answer a request: status, body, headers.

        Raises:
            StripeError: What is answered instead.
        """
        self.faults.limit()
        key = self._key(headers)
        account = self._account(key, headers)
        version = headers.get("stripe-version") or account.api_version
        generation = generation_of(version)
        if generation is None:
            raise invalid(f"Invalid Stripe API version: {version}")
        request = Requested(
            method=method,
            path=tuple(part for part in path.removeprefix("/v1").split("/") if part),
            params=params,
            key=key,
            account=account,
            view=account.world.view(generation),
        )
        told = {
            "Stripe-Version": version,
            "Date": formatdate(account.world.now, usegmt=True),
        }
        if "stripe-account" in headers:
            told["Stripe-Account"] = account.id
        repeat = headers.get("idempotency-key") if method == "POST" else None
        if not repeat:
            return 200, answer(request), told
        told["Idempotency-Key"] = repeat
        return self._once((account.id, repeat), request, told)

    def _once(
        self, name: tuple[str, str], request: Requested, told: dict[str, str]
    ) -> tuple[int, Fields, dict[str, str]]:
        """Answer a POST, or give again what was answered to the same one."""
        asked = f"{request.url} {sorted(request.params.items())}"
        if name in self._answered:
            before, status, body = self._answered[name]
            if before != asked:
                raise StripeError(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they "
                    f"were first used with. Try using a key other than '{name[1]}' if you meant to "
                    "execute a different request.",
                    type="idempotency_error",
                )
            return status, body, told | {"Idempotent-Replayed": "true"}
        body = answer(request)
        self._answered[name] = (asked, 200, body)
        return 200, body, told

    def _key(self, headers: Mapping[str, str]) -> Key:
        secret = secret_of(headers.get("authorization", ""))
        key = self._keys.get(secret)
        if key is None:
            raise StripeError(401, f"Invalid API Key provided: {masked(secret)}")
        return key

    def _account(self, key: Key, headers: Mapping[str, str]) -> Account:
        id = headers.get("stripe-account")
        if id is None:
            return self.account
        if id not in self.accounts:
            raise StripeError(
                403,
                f"The provided key '{masked(key.secret)}' does not have access to account '{id}' "
                "(or that account does not exist). Application access may have been revoked.",
                code="account_invalid",
            )
        return self.accounts[id]
