"""API keys, and what restricted ones may do.

Source: Stripe's documentation, "Restricted API keys" and "API permissions reference"; the message
of a missing permission as it is cited in public issues, such as stripe/stripe-node 2246.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from .errors import StripeError

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Key:
    """A key; `permissions` such as `customer_read`, or None for one that may do all."""

    secret: str
    permissions: frozenset[str] | None = None

    def check(self, permission: str, account: str) -> None:
        """Refuse what the key may not do; whoever may write may read.

        Raises:
            StripeError: With status 403, naming the permission that is missing.
        """
        may = self.permissions
        writing = f"{permission.removesuffix('_read')}_write"
        if may is None or permission in may or writing in may:
            return
        raise StripeError(
            403,
            f"The provided key '{masked(self.secret)}' does not have the required permissions for "
            f"this endpoint on account '{account}'. Having the 'rak_{permission}' permission would "
            "allow this request to continue.",
        )


def masked(secret: str) -> str:
    """A key as Stripe's messages show it."""
    kind = "_".join(secret.split("_")[:2])
    hidden = max(0, len(secret) - len(kind) - 1 - SHOWN)
    return f"{kind}_{'*' * hidden}{secret[-SHOWN:]}"


def secret_of(authorization: str) -> str:
    """The key in the header: a bearer's token, or the user of Basic.

    Raises:
        StripeError: There is none.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme == "Bearer" and value:
        return value
    if scheme == "Basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise StripeError(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )
