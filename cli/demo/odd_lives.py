"""Lives made by hand in which something goes wrong on the way: repeats, wrong order, nonsense."""

from __future__ import annotations

import orjson

from cli.demo.life import ScriptedLife
from simulation.catalog import BASIC, PRO, SEAT
from simulation.objects import Generation


def odd_lives() -> list[ScriptedLife]:
    """Lives that only a robust reader tells right."""
    return [
        _delivered_twice(ScriptedLife(61, "Echo Engines", Generation.BASIL)),
        _delivered_in_the_wrong_order(ScriptedLife(62, "Foxglove Film", Generation.CLOVER)),
        _two_changes_in_one_second(ScriptedLife(63, "Gorse Gardens", Generation.ENDIVE)),
        _nonsense_inside(ScriptedLife(64, "Heather Hotels", Generation.CLOVER)),
        _words_nobody_knows(ScriptedLife(65, "Indigo Insurance", Generation.ENDIVE)),
        _without_your_own_id(
            ScriptedLife(66, "Jasmine Joinery", Generation.BASIL, account_id=False)
        ),
        _in_test_mode(ScriptedLife(67, "Kale Kiosks", Generation.ENDIVE, test=True)),
        _outlives_an_api_version(ScriptedLife(68, "Lilac Labs", Generation.LEGACY)),
        _deleted(ScriptedLife(69, "Mint Motors", Generation.CLOVER)),
    ]


def _delivered_twice(life: ScriptedLife) -> ScriptedLife:
    life.renew(life.subscribe((BASIC, 1), trial_days=14))
    # Stripe sends again what it believes was lost; `pending_webhooks` is all that may differ.
    again = [orjson.loads(body) | {"pending_webhooks": 0} for body in life.bodies]
    life.bodies += [orjson.dumps(event, option=orjson.OPT_INDENT_2) for event in again]
    return life


def _delivered_in_the_wrong_order(life: ScriptedLife) -> ScriptedLife:
    sub = life.subscribe((PRO, 1))
    life.wait(3)
    life.buy(sub, PRO, 2)
    life.wait(3)
    life.end(sub)
    life.bodies.reverse()
    return life


def _two_changes_in_one_second(life: ScriptedLife) -> ScriptedLife:
    sub = life.subscribe((SEAT, 2), status="incomplete")
    life.change(sub, status="active")
    life.buy(sub, SEAT, 6)
    life.bodies[-2:] = reversed(life.bodies[-2:])
    return life


def _nonsense_inside(life: ScriptedLife) -> ScriptedLife:
    """Each body is validly signed, so each is stored; none but the first two can be folded."""
    life.subscribe((BASIC, 1))
    broken = {"id": "sub_Demo64s1", "object": "subscription", "customer": life.customer}
    life.send("customer.subscription.updated", broken | {"status": "active", "items": "many"})
    life.send("customer.subscription.updated", broken | {"status": 7})
    life.bodies += [b"this is no JSON", b'["nor", "is", "this", "an", "event"]', b"{}"]
    return life


def _words_nobody_knows(life: ScriptedLife) -> ScriptedLife:
    sub = life.subscribe((SEAT, 3))
    life.wait(2)
    life.tell(sub, "sparkled")
    life.change(sub, status="dormant")
    return life


def _without_your_own_id(life: ScriptedLife) -> ScriptedLife:
    life.subscribe((PRO, 1))
    return life


def _in_test_mode(life: ScriptedLife) -> ScriptedLife:
    sub = life.subscribe((PRO, 1), trial_days=14)
    life.renew(sub)
    return life


def _outlives_an_api_version(life: ScriptedLife) -> ScriptedLife:
    sub = life.subscribe((SEAT, 4))
    life.renew(sub)
    life.generation = Generation.CLOVER
    life.renew(sub)
    life.generation = Generation.ENDIVE
    life.buy(sub, SEAT, 5)
    return life


def _deleted(life: ScriptedLife) -> ScriptedLife:
    sub = life.subscribe((BASIC, 1))
    life.wait(3)
    life.end(sub)
    life.delete_customer()
    return life
