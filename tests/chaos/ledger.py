"""A second judge that is naive on purpose, and shares no code with the product.

It knows only what `load` makes: monthly prices, one currency, the built-in stages, of which newer
settings change no more than the names. For each customer it looks at all bodies of the log, says
stage and MRR, and checks that what was told leads there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from fetched import Fetched
from verifier import Anomaly, Seen, Word

STAGES = (
    ("Customer", ("active", "past_due")),
    ("Trial", ("trialing",)),
    ("Churn", ("canceled",)),
)
PAYING = ("active", "past_due")


def judge_money(seen: Seen) -> list[Anomaly]:
    """Stages and MRR that are not what the log says, or not what was told."""
    return list(_judge_money(seen))


def truth_of(
    bodies: Iterable[bytes], stages: Iterable[tuple[str, Iterable[str]]] = STAGES
) -> tuple[str | None, int]:
    """Stage and MRR of one customer by all that was ever said of it, in whatever order."""
    latest: dict[str, tuple[bool, int, str, int]] = {}
    for body in map(json.loads, bodies):
        thing = body["data"]["object"]
        status = thing["status"]
        if not isinstance(status, str):
            continue
        amount = thing["items"]["data"][0]["price"]["unit_amount"]
        # What is canceled stays so, whenever it was said.
        said = (status == "canceled", body["created"], status, amount)
        latest[thing["id"]] = max(said, latest.get(thing["id"], said))
    found = {status for _, _, status, _ in latest.values()}
    stage = next((name for name, statuses in stages if found & set(statuses)), None)
    return stage, sum(amount for _, _, status, amount in latest.values() if status in PAYING)


def _judge_money(seen: Seen) -> Iterator[Anomaly]:
    bodies = defaultdict(list)
    for record in chain.from_iterable(seen.log):
        if _kind(record) == b"webhook":
            bodies[record.key].append(record.value)
    named = _stages(seen)
    views = _by_customer(seen, "billing.customers.v1")
    stages = _by_customer(seen, "billing.stages.v1")
    movements = _by_customer(seen, "billing.mrr.v1")
    for key, said in bodies.items():
        stage, mrr = truth_of(said, named)
        if stage is None:
            continue
        if not views[key]:
            yield Anomaly(Word.LOST, "billing.customers.v1", str(key))
            continue
        view = views[key][-1]
        shown = (view["stage"] or {}).get("name"), _usd(view["mrr"])
        if shown != (stage, mrr):
            yield Anomaly(Word.STALE, str(key), f"{shown} is shown, {(stage, mrr)} is true")
        told = [(each["previous"], each["stage"]) for each in stages[key]]
        yield from _links(str(key), [(None, None), *told], stage)
        moves = [(_usd(each["before"]), _usd(each["after"])) for each in movements[key]]
        yield from _links(str(key), [(0, 0), *moves], mrr)
        delta = sum(_usd(each["delta"]) for each in movements[key])
        if delta != mrr:
            yield Anomaly(Word.LOST, str(key), f"movements come to {delta}, MRR is {mrr}")


def _stages(seen: Seen) -> list[tuple[str, list[str]]]:
    """Stages by the last settings of the log, the one that decides first at the front."""
    applied = [
        json.loads(record.value)
        for record in chain.from_iterable(seen.log)
        if _kind(record) == b"settings"
    ]
    if not applied:
        return list(STAGES)
    said = max(applied, key=lambda each: each["version"])["content"]["stages"]
    statuses = {rule["name"]: rule["when"]["status"] for rule in said["rules"]}
    return [(name, statuses[name]) for name in said["precedence"]]


def _kind(record: Fetched) -> bytes | None:
    return dict(record.headers)["kind"]


def _links(where: str, told: list[tuple], last: object) -> Iterator[Anomaly]:
    """Each update begins where the one before ended, and the last ends at the truth."""
    for (_, ended), (begins, _) in pairwise(told):
        if begins != ended:
            yield Anomaly(Word.LOST, where, f"{ended} was told, and then {begins} → …")
    if told[-1][1] != last:
        yield Anomaly(Word.LOST, where, f"{told[-1][1]} was told last, {last} is true")


def _by_customer(seen: Seen, topic: str) -> dict[bytes | None, list[dict]]:
    found = defaultdict(list)
    for name in (topic, f"test.{topic}"):
        for record in chain.from_iterable(seen.topics[name]):
            found[record.key].append(json.loads(record.value or b"{}"))
    return found


def _usd(money: dict) -> int:
    return money.get("usd", {}).get("amount_minor", 0)
