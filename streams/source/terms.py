"""What a subscription needs and no webhook or list shows: tiers, coupons, items beyond the tenth.

Each price and coupon is asked for once. Source: domain facts in docs/mrr.md; Stripe's changelog
(2020-08-27: tiers; 2025-09-30: coupons of discounts), API reference "Pagination of nested lists".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from streams.source.stripe_api import Fields, GoneError, InvalidError, StripeApi

TIERED = "tiered"


class Terms:
    """Prices with their tiers, coupons with what they apply to; remembered."""

    def __init__(self, api: StripeApi) -> None:
        self._v1 = api.client.v1
        self._api = api
        self._known: dict[str, Fields | None] = {}

    async def missing_in(self, thing: Fields) -> list[Fields]:
        """Fetch what is missing in a subscription or customer; a list of items is completed there.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        items = thing.get("items") or {}
        if items.get("has_more"):
            with suppress(GoneError):  # gone since it was listed: what was listed is what there is
                items["data"] = await self.items_of(thing["id"])
                items["has_more"] = False
        found = [await self.price(each) for each in sorted(tiered_in(thing))]
        found += [await self.coupon(each) for each in sorted(coupons_in(thing))]
        return [each for each in found if each is not None]

    async def items_of(self, subscription: str) -> list[Fields]:
        """All items of a subscription.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        call = self._v1.subscription_items.list_async
        params = {"subscription": subscription, "expand": ["data.discounts"]}
        return [each async for page in self._api.pages(call, params) for each in page.objects]

    async def price(self, id_: str) -> Fields | None:
        """A price with its tiers and what it costs in other currencies; None when it is gone.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        return await self._once(id_, self._price)

    async def coupon(self, id_: str) -> Fields | None:
        """A coupon with its products and its amounts in other currencies; None when it is gone.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        params = {"expand": ["applies_to", "currency_options"]}
        call = self._v1.coupons.retrieve_async
        return await self._once(id_, lambda id_: self._api.retrieve(call, id_, params))

    async def product(self, id_: str) -> Fields | None:
        """A product; None when it is gone.

        Raises:
            StripeError: Stripe cannot be asked.
        """
        call = self._v1.products.retrieve_async
        return await self._once(id_, lambda id_: self._api.retrieve(call, id_))

    def forget(self, id_: str) -> None:
        """Ask anew when it is next needed: it has changed."""
        self._known.pop(id_, None)

    async def _price(self, id_: str) -> Fields:
        call, expand = self._v1.prices.retrieve_async, ["tiers", "currency_options"]
        price = await self._api.retrieve(call, id_, {"expand": expand})
        others = set(price.get("currency_options") or {}) - {price["currency"]}
        if price.get("billing_scheme") != TIERED or not others:
            return price
        # Tiers in another currency are shown to who names it; nobody knows how many may be named.
        named = [f"currency_options.{each}.tiers" for each in sorted(others)]
        try:
            return await self._api.retrieve(call, id_, {"expand": expand + named})
        except InvalidError:
            return price

    async def _once(self, id_: str, ask: Callable[[str], Awaitable[Fields]]) -> Fields | None:
        if id_ not in self._known:
            try:
                self._known[id_] = await ask(id_)
            except GoneError:
                self._known[id_] = None
        return self._known[id_]


def tiered_in(subscription: Fields) -> Iterator[str]:
    """Ids of prices of items whose tiers are not shown."""
    for item in (subscription.get("items") or {}).get("data") or ():
        price = item.get("price") or {}
        if price.get("billing_scheme") == TIERED and price.get("tiers") is None:
            yield price["id"]


def coupons_in(thing: Fields) -> Iterator[str]:
    """Ids of coupons of a subscription's or customer's discounts whose terms are not shown."""
    shown = [*(thing.get("discounts") or ()), thing.get("discount")]
    for item in (thing.get("items") or {}).get("data") or ():
        shown += item.get("discounts") or ()
    for discount in shown:
        if isinstance(discount, dict):
            coupon = (discount.get("source") or {}).get("coupon") or discount.get("coupon")
            if isinstance(coupon, str):
                yield coupon
