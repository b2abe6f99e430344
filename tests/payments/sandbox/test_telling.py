"""Events come once, twice, late, in disorder or never: as a test or a demo asks for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.payments.conformance.bench import Forgery
from app.payments.errors import BadSignature, Stale
from app.payments.sandbox.answers import Event
from app.payments.sandbox.signing import SIGNATURE_HEADER, forge, sign
from app.payments.sandbox.tables import Token
from tests.payments.sandbox.cards import SECRET, Cards


def delivered(cards: Cards, most: int = 50) -> list[Event]:
    """Everything that is sent until nothing is left."""
    seen: list[Event] = []
    while batch := cards.provider.events_to_deliver(most):
        for event in batch:
            cards.provider.confirm_delivery(event.id)
        seen += batch
    return seen


def test_an_event_comes_once(cards: Cards) -> None:
    paid = cards.paid()
    assert [(event.type, event.object_id) for event in delivered(cards)] == [("payment.succeeded", paid.ref.id)]


def test_dup_sends_the_same_event_again(cards: Cards) -> None:
    cards.provider.dup(3)
    cards.paid()
    assert len(found := delivered(cards)) == 3
    assert len({event.id for event in found}) == 1


def test_drop_never_tells_of_a_type(cards: Cards) -> None:
    cards.provider.drop("payment.failed")
    cards.paid(Token.DECLINE)
    paid = cards.paid()
    assert [event.object_id for event in delivered(cards)] == [paid.ref.id]


def test_hold_keeps_everything_until_release(cards: Cards) -> None:
    cards.provider.hold()
    cards.paid()
    assert delivered(cards) == []
    cards.provider.release()
    assert len(delivered(cards)) == 1


def test_delay_lets_an_event_wait(cards: Cards) -> None:
    cards.provider.delay(3_600)
    cards.paid()
    assert delivered(cards) == []


def test_reorder_is_the_same_for_the_same_seed(cards: Cards) -> None:
    payments = [cards.paid().ref.id for _ in range(8)]
    orders = {}
    for seed in (1, 2):
        cards.provider.reorder(seed)
        found = delivered(cards)
        orders[seed] = [payments.index(event.object_id) for event in found]
        for place in range(8):
            cards.provider.replay(next(one.id for one in found if one.object_id == payments[place]))
    assert sorted(orders[1]) == sorted(orders[2]) == list(range(8))
    assert orders[1] != orders[2] and list(range(8)) not in orders.values()
    cards.provider.reorder(1)
    assert [payments.index(event.object_id) for event in delivered(cards)] == orders[1]


def test_replay_sends_an_old_event_once_more_now_or_later(cards: Cards) -> None:
    cards.paid()
    (event,) = delivered(cards)
    cards.provider.replay(event.id)
    assert delivered(cards) == [event]
    cards.provider.replay(event.id, datetime.now(UTC) + timedelta(hours=1))
    assert delivered(cards) == []


def test_controls_add_up_until_a_new_beginning(cards: Cards) -> None:
    cards.provider.dup(2)
    cards.provider.hold()
    cards.paid()
    cards.provider.release()
    assert len(delivered(cards)) == 2
    cards.provider.behave()
    cards.paid()
    assert len(delivered(cards)) == 1


def test_a_thin_event_names_its_object_and_a_snapshot_tells_of_it(cards: Cards) -> None:
    paid = cards.paid()
    assert json.loads(delivered(cards)[0].body())["object"] == {"kind": "payment", "id": paid.ref.id}
    cards.provider.snapshot()
    cards.provider.replay(cards.provider.all_events()[0].id)
    (event,) = delivered(cards)
    assert json.loads(event.body())["object"] == {
        "kind": "payment", "id": paid.ref.id, "status": "succeeded", "amount_minor": 100_000, "currency": "USD",
    }  # fmt: skip
    headers = {SIGNATURE_HEADER: sign(event.body(), SECRET, cards.provider.now())}
    envelope = cards.gateway.verify(event.body(), headers, cards.provider.now())
    assert [hint.ref for hint in cards.gateway.parse(envelope)] == [paid.ref]
    cards.provider.thin()
    cards.provider.replay(event.id)
    assert delivered(cards)[0].snapshot is None


@pytest.mark.parametrize("how", Forgery)
def test_a_forgery_is_not_believed(cards: Cards, how: Forgery) -> None:
    cards.paid()
    (event,) = delivered(cards)
    raw, headers = forge(how, event.body(), SECRET, cards.provider.now())
    with pytest.raises(Stale if how in (Forgery.OLD, Forgery.FUTURE) else BadSignature):
        cards.gateway.verify(raw, headers, cards.provider.now())


def test_what_comes_late_is_told(cards: Cards) -> None:
    cards.paid(Token.DISPUTE_WON)
    cards.days(30)
    assert [event.type for event in delivered(cards)] == ["payment.succeeded", "dispute.open", "dispute.won"]
