"""Random secrets that are shown once and stored as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets

SECRET_BYTES = 32
"""256 bits: nobody guesses that, so a fast hash is enough to store it."""


def new_secret() -> str:
    """A new one, in characters that a cookie and a header take."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """What is stored of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(cookie: str) -> str:
    """The token that forms carry: made from the browser's own cookie, which no other site sees."""
    return hmac.new(cookie.encode(), b"csrf", hashlib.sha256).hexdigest()
