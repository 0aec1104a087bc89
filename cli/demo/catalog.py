"""What the customers of the lives buy: prices per seat and per plan, in four currencies."""

from __future__ import annotations

from cli.demo.objects import Price

BASIC = Price(id="price_DemoBasic", product="prod_DemoBasic", unit_amount=4900)
QUARTER = Price(
    id="price_DemoQuarter", product="prod_DemoBasic", unit_amount=13000, interval_count=3
)
WEEK = Price(id="price_DemoWeek", product="prod_DemoBasic", unit_amount=1200, interval="week")
YEN = Price(id="price_DemoYen", product="prod_DemoBasic", unit_amount=7800, currency="jpy")
SEAT = Price(id="price_DemoSeat", product="prod_DemoSeat", unit_amount=1500)
SEAT_YEAR = Price(
    id="price_DemoSeatYear", product="prod_DemoSeat", unit_amount=15000, interval="year"
)
PRO = Price(id="price_DemoPro", product="prod_DemoPro", unit_amount=19900)
PRO_YEAR = Price(
    id="price_DemoProYear", product="prod_DemoPro", unit_amount=199000, interval="year"
)
EURO = Price(id="price_DemoEuro", product="prod_DemoPro", unit_amount=18900, currency="eur")
DINAR = Price(
    id="price_DemoDinar",
    product="prod_DemoPro",
    unit_amount=61000,
    currency="kwd",
    interval="year",
)
