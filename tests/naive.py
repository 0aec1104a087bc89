"""A model of the fold that is naive on purpose: it keeps every record and looks at all of them.

It shares no code with the product: bodies as Stripe sends them in, plain values out.
"""

from __future__ import annotations

TERMINAL = {"canceled", "incomplete_expired"}
RANKS = {"created": 0, "updated": 2, "paused": 3, "fetched": 4, "deleted": 5}


def facts_of(bodies):
    """What all records say, whatever their order: subscriptions, profile, first and last times."""
    sightings = [_sighting(body) for body in bodies]
    by_object = {}
    for each in sightings:
        by_object.setdefault(each["object"], []).append(each)
    return {
        "at": max(each["at"] for each in sightings),
        "first_seen_at": min(each["at"] for each in sightings),
        "objects": {name: _last(found)["shows"] for name, found in by_object.items()},
        "ever": {
            name: {each["shows"]["status"] for each in found}
            for name, found in by_object.items()
            if name.startswith("sub_")
        },
    }


def _sighting(body):
    is_fetched = body["object"] == "subfold.fetched"
    thing = body["data"]["object"]
    what = "fetched" if is_fetched else body["type"].rpartition(".")[2]
    shows = {name: thing[name] for name in ("status", "name", "metadata") if name in thing}
    is_deleted = what == "deleted"
    if is_deleted and "status" in shows and shows["status"] not in TERMINAL:
        shows["status"] = "canceled"
    was = {} if is_fetched else body["data"].get("previous_attributes") or {}
    return {
        "object": thing["id"],
        "at": body["fetched_at"] if is_fetched else body["created"],
        "id": "fetched_" if is_fetched else body["id"],
        "what": what,
        "api": body["api_version"],
        "shows": shows,
        "was": {name: old for name, old in was.items() if old != shows.get(name)},
        "ends": shows["status"] in TERMINAL if "status" in shows else is_deleted,
    }


def _last(sightings):
    ended = [each for each in sightings if each["ends"]]
    newest = max(each["at"] for each in ended or sightings)
    bucket = {}
    for each in ended or sightings:
        key = (each["id"], each["what"], str(each["shows"]) if each["what"] == "fetched" else "")
        if each["at"] == newest and (key not in bucket or each["api"] >= bucket[key]["api"]):
            bucket[key] = each
    second = list(bucket.values())
    later = [each for each in second if each["what"] != "created"] or second
    ends = [one for one in later if not any(_precedes(one, other) for other in later)]
    return max(ends or later, key=lambda each: (RANKS[each["what"]], each["id"]))


def _precedes(one, other):
    return one is not other and _is_base(one, other) and not _is_base(other, one)


def _is_base(one, other):
    return bool(other["was"]) and all(
        one["shows"].get(name) == old for name, old in other["was"].items()
    )
