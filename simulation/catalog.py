"""What customers buy: prices per seat, per plan and by usage, in four currencies; and coupons."""

from __future__ import annotations

from simulation.coupons import Coupon
from simulation.prices import PRICES_CREATED, Price, Tier

BASIC = Price(id="price_DemoBasic", product="prod_DemoBasic", unit_amount=4900)
BASIC_YEAR = Price(
    id="price_DemoBasicYear", product="prod_DemoBasic", unit_amount=49000, interval="year"
)
QUARTER = Price(
    id="price_DemoQuarter", product="prod_DemoBasic", unit_amount=13000, interval_count=3
)
WEEK = Price(id="price_DemoWeek", product="prod_DemoBasic", unit_amount=1200, interval="week")
DAY = Price(id="price_DemoDay", product="prod_DemoBasic", unit_amount=199, interval="day")
YEN = Price(id="price_DemoYen", product="prod_DemoBasic", unit_amount=7800, currency="jpy")
YEN_SEAT = Price(id="price_DemoYenSeat", product="prod_DemoSeat", unit_amount=1980, currency="jpy")
SEAT = Price(id="price_DemoSeat", product="prod_DemoSeat", unit_amount=1500)
SEAT_YEAR = Price(
    id="price_DemoSeatYear", product="prod_DemoSeat", unit_amount=15000, interval="year"
)
PRO = Price(id="price_DemoPro", product="prod_DemoPro", unit_amount=19900)
PRO_YEAR = Price(
    id="price_DemoProYear", product="prod_DemoPro", unit_amount=199000, interval="year"
)
EURO = Price(id="price_DemoEuro", product="prod_DemoPro", unit_amount=18900, currency="eur")
EURO_SEAT = Price(
    id="price_DemoEuroSeat", product="prod_DemoSeat", unit_amount=1400, currency="eur"
)
EURO_YEAR = Price(
    id="price_DemoEuroYear",
    product="prod_DemoPro",
    unit_amount=189000,
    currency="eur",
    interval="year",
)
DINAR = Price(
    id="price_DemoDinar",
    product="prod_DemoPro",
    unit_amount=61000,
    currency="kwd",
    interval="year",
)
DINAR_MONTH = Price(
    id="price_DemoDinarMonth", product="prod_DemoPro", unit_amount=5500, currency="kwd"
)
CALLS = Price(id="price_DemoCalls", product="prod_DemoCalls", unit_amount=2, is_metered=True)
PACKAGE = Price(id="price_DemoPackage", product="prod_DemoCalls", unit_amount=900, divide_by=1000)
VOLUME = Price(
    id="price_DemoVolume",
    product="prod_DemoSeat",
    tiers_mode="volume",
    tiers=(Tier(up_to=10, unit_amount=1600), Tier(up_to=None, unit_amount=1200)),
)
GRADUATED = Price(
    id="price_DemoGraduated",
    product="prod_DemoSeat",
    currency="eur",
    tiers_mode="graduated",
    tiers=(
        Tier(up_to=5, unit_amount=0, flat_amount=4900),
        Tier(up_to=20, unit_amount=1300),
        Tier(up_to=None, unit_amount=1000),
    ),
)
SETUP = Price(id="price_DemoSetup", product="prod_DemoSetup", unit_amount=25000, interval=None)

PRODUCTS = {
    "prod_DemoBasic": "Basic",
    "prod_DemoSeat": "Seats",
    "prod_DemoPro": "Pro",
    "prod_DemoCalls": "Calls",
    "prod_DemoSetup": "Setup",
}
SWITCHABLE = (
    *(BASIC, BASIC_YEAR, QUARTER, SEAT, SEAT_YEAR, PRO, PRO_YEAR),
    *(EURO, EURO_SEAT, EURO_YEAR, YEN, YEN_SEAT, DINAR, DINAR_MONTH),
)
"""Prices that customers change between, within their currency."""
PRICES = (*SWITCHABLE, WEEK, DAY, CALLS, PACKAGE, VOLUME, GRADUATED, SETUP)

COUPONS = (
    Coupon(id="FRIENDS20", created=PRICES_CREATED, percent_off=20),
    Coupon(id="EIGHTH", created=PRICES_CREATED, percent_off=12.5),
    Coupon(id="QUARTER25", created=PRICES_CREATED, percent_off=25, duration="repeating", months=3),
    Coupon(id="HALFONCE", created=PRICES_CREATED, percent_off=50, duration="once"),
    Coupon(id="FIVEOFF", created=PRICES_CREATED, amount_off=500, currency="usd"),
    Coupon(
        id="TENOFF6",
        created=PRICES_CREATED,
        amount_off=1000,
        currency="usd",
        duration="repeating",
        months=6,
    ),
)
LOYALTY = Coupon(id="LOYALTY10", created=PRICES_CREATED, percent_off=10)
"""What customers themselves get, for all that they subscribe to."""
