"""Where Stripe's own dashboard shows an object."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from schemas.records import NO_CUSTOMER, Subject

HOST = "https://dashboard.stripe.com"
FOLDERS = {
    "charge": "payments",
    "coupon": "coupons",
    "customer": "customers",
    "dispute": "disputes",
    "event": "events",
    "invoice": "invoices",
    "payment_intent": "payments",
    "price": "prices",
    "product": "products",
    "quote": "quotes",
    "refund": "refunds",
    "subscription": "subscriptions",
    "subscription_schedule": "subscription_schedules",
}
"""By kind of object; whatever else there is, the dashboard's search finds by its id."""


def dashboard_url(subject: str, kind: str, id_: str) -> str:
    """The address of an object of a customer's account and mode, for who may log in there."""
    _, account, mode, _ = Subject(*subject.split("/"))
    parts = [HOST]
    if account != NO_CUSTOMER:
        parts.append(quote(account, safe=""))
    if mode == "test":
        parts.append("test")
    folder = FOLDERS.get(kind)
    if folder is None:
        return "/".join([*parts, f"search?{urlencode({'query': id_})}"])
    return "/".join([*parts, folder, quote(id_, safe="")])
