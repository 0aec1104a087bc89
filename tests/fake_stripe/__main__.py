"""`python -m tests.fake_stripe`: a fake Stripe in a process of its own, for the demo."""

from __future__ import annotations

import argparse
import sys
import time

import uvicorn

from simulation.objects import DAY_S, Generation
from tests.served import HOST

from .app import make_app
from .fake import API_KEY, FakeStripe
from .webhook_sender import Network
from .world import World

MONTH_S = 30 * DAY_S
SHARES = ("loss", "repeats", "late", "disorder")


def main() -> None:
    """Serve until Ctrl-C."""
    asked = _parser().parse_args()
    shares = {name: getattr(asked, name) for name in SHARES}
    days = 30 * (asked.months + asked.months_ahead)
    start = asked.now - MONTH_S * asked.months
    world = World(
        seed=asked.seed,
        customers=asked.customers,
        days=days,
        start=start,
        day=30 * asked.months,
        quiet=asked.quiet,
    )
    fake = FakeStripe(
        world, api_version=asked.api_version, network=Network(seed=asked.seed, **shares)
    )
    told = [f"STRIPE_API_KEY={API_KEY}", f"STRIPE_API_BASE=http://{HOST}:{asked.port}"]
    if asked.webhook:
        endpoint = fake.account.endpoints.add(asked.webhook, created=world.now)
        told.append(f"STRIPE_WEBHOOK_SECRET={endpoint.secrets[0]}")
    told.append(f"# its knobs: http://{HOST}:{asked.port}/_control/state")
    sys.stdout.write("\n".join([*told, ""]))
    sys.stdout.flush()
    # The fake says its own world's time.
    uvicorn.run(
        make_app(fake),
        host=HOST,
        port=asked.port,
        date_header=False,
        lifespan="off",
        access_log=False,
        log_level="critical",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=200, help="who come in all that time")
    parser.add_argument("--months", type=int, default=6, help="that have gone by")
    parser.add_argument("--months-ahead", type=int, default=6, help="that /_control/advance has")
    parser.add_argument("--now", type=int, default=int(time.time()), help="in Unix seconds")
    parser.add_argument("--quiet", type=int, default=0, help="customers more, without a life")
    parser.add_argument("--api-version", default=Generation.ENDIVE.value)
    parser.add_argument("--webhook", metavar="URL", help="where webhooks are sent from now on")
    for name in SHARES:
        parser.add_argument(f"--{name}", type=float, default=0.0, help="share of the webhooks")
    return parser


if __name__ == "__main__":
    main()
