"""Stripe's errors, in its words. Source: Stripe's API reference, "Errors" and "Error codes"."""

from __future__ import annotations

from simulation.objects import Fields

DOCS = "https://stripe.com/docs/error-codes/"
LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is "
    "currently accessing it. If you see this error intermittently, retry the request."
)


class StripeError(Exception):
    """What is answered instead; `type` is `invalid_request_error` for all but a few."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.error: Fields = {"message": message, "type": type}
        if code:
            self.error |= {"code": code, "doc_url": DOCS + code.replace("_", "-")}
        if param:
            self.error["param"] = param

    def body(self) -> Fields:
        """The body of the answer."""
        return {"error": self.error}


def missing(kind: str, id: str, param: str = "id", status: int = 404) -> StripeError:
    """There is no such object; in a parameter, with status 400."""
    message = f"No such {kind.replace('_', ' ')}: '{id}'"
    return StripeError(status, message, code="resource_missing", param=param)


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """A parameter that Stripe does not take."""
    return StripeError(400, message, param=param, code=code)


def unknown_url(method: str, path: str) -> StripeError:
    """Nothing is there."""
    return StripeError(
        404,
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove "
        "the trailing slash. If you are trying to retrieve an object, make sure you passed a "
        "valid (non-empty) identifier in your code. Please see https://stripe.com/docs or we can "
        "help at https://support.stripe.com/.",
    )


def rate_limited() -> StripeError:
    """Too many requests; Stripe does not say in a header whether to try again."""
    return StripeError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        headers={"Stripe-Rate-Limited-Reason": "global-rate"},
    )


def locked() -> StripeError:
    """Another request holds the object."""
    return StripeError(429, LOCKED, code="lock_timeout")


def broken(status: int) -> StripeError:
    """An error of Stripe's own."""
    return StripeError(
        status, "An unknown error occurred. Please try again later.", type="api_error"
    )
