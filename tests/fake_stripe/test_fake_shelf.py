from __future__ import annotations

from fake_stripe.shelf import Shelf, Span


def thing(id_: str, created: int, customer: str = "cus_1") -> dict[str, object]:
    return {"id": id_, "created": created, "customer": customer}


def test_what_is_seen_late_stands_where_it_was_created():
    shelf = Shelf()
    for each in (thing("a", 1), thing("c", 3), thing("d", 4, "cus_2"), thing("b", 2)):
        shelf.put(each)

    assert [each["id"] for each in shelf.newest_first()] == ["d", "c", "b", "a"]
    assert [each["id"] for each in shelf.newest_first(after="c")] == ["b", "a"]
    assert [each["id"] for each in shelf.newest_first(owner="cus_1")] == ["c", "b", "a"]
    assert [each["id"] for each in shelf.newest_first(owner="cus_2")] == ["d"]
    assert [each["id"] for each in shelf.newest_first(span=Span(first=2, last=3))] == ["c", "b"]


def test_an_object_that_changes_keeps_its_place():
    shelf = Shelf()
    for each in (thing("b", 2), thing("a", 1), thing("b", 2) | {"status": "new"}):
        shelf.put(each)

    assert [each["id"] for each in shelf.newest_first()] == ["b", "a"]
    assert shelf.get("b")["status"] == "new"
