"""A customer from its first day: subscriptions, coming back, your own id, discount, deletion."""

from __future__ import annotations

from simulation.catalog import LOYALTY
from simulation.scene import Scene, Story
from simulation.stories.foretelling import foretell_renewals
from simulation.stories.offers import choose
from simulation.stories.paying import pay_by_card
from simulation.stories.renewing import live_on
from simulation.stories.starting import end_trial, start

COMES_BACK = 0.35
SECOND_SUBSCRIPTIONS = 0.15


def live(scene: Scene, currency: str) -> Story:
    """Tell a customer's whole life, from its creation."""
    chance = scene.chance
    scene.life.send("customer.created", scene.life.written_customer())
    scene.begin(pay_by_card(scene))
    scene.begin(_be_known(scene))
    scene.begin(_be_loyal(scene))
    scene.begin(_be_deleted(scene))
    if chance.happens(SECOND_SUBSCRIPTIONS):
        scene.begin(_subscribe(scene, currency, delay_s=chance.days(5, 150)))
    yield from _subscribe(scene, currency, delay_s=chance.between(0, 600))


def _subscribe(scene: Scene, currency: str, delay_s: int) -> Story:
    """Have one subscription, and some day perhaps another in its place."""
    while not scene.life.is_deleted:
        yield scene.life.now + delay_s
        if scene.life.is_deleted:
            return
        id = start(scene, choose(scene.chance, currency))
        scene.begin(foretell_renewals(scene, id))
        if scene.sub(id).status == "trialing":
            yield from end_trial(scene, id)
        yield from live_on(scene, id)
        if not scene.chance.happens(COMES_BACK):
            return
        delay_s = scene.chance.days(10, 120)


def _be_known(scene: Scene) -> Story:
    """Your own id: there from the start, added late, changed once, or never there."""
    life, chance = scene.life, scene.chance
    if "account_id" not in life.profile["metadata"]:
        yield life.now + chance.days(1, 90)
        if life.is_deleted or chance.happens(0.3):
            return
        _label(scene, scene.account_id)
    elif chance.happens(0.06):
        yield life.now + chance.days(10, 200)
        if not life.is_deleted:
            _label(scene, f"{scene.account_id}-b")


def _label(scene: Scene, account_id: str) -> None:
    metadata = scene.life.profile["metadata"] | {"account_id": account_id}
    scene.life.change_customer(metadata=metadata)


def _be_loyal(scene: Scene) -> Story:
    """A discount of the customer's own, for all that has none; some lose it again."""
    life, chance = scene.life, scene.chance
    if not chance.happens(0.08):
        return
    yield life.now + chance.days(20, 150)
    if life.is_deleted:
        return
    given = life.new_discount(LOYALTY)
    life.send("customer.discount.created", life.written_discount(given))
    life.change_customer(discount=given)
    if chance.happens(0.4):
        yield life.now + chance.days(40, 120)
        if not life.is_deleted:
            life.send("customer.discount.deleted", life.written_discount(given))
            life.change_customer(discount=None)


def _be_deleted(scene: Scene) -> Story:
    """Deleting a customer ends its subscriptions; which of the events comes first is not said."""
    life, chance = scene.life, scene.chance
    if not chance.happens(0.04):
        return
    yield life.now + chance.days(30, 300)
    is_first = chance.happens(0.5)
    if is_first:
        life.delete_customer()
    for sub in list(life.subscriptions.values()):
        if not sub.is_over:
            life.end(sub.id)
    if not is_first:
        life.delete_customer()
