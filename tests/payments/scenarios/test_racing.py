"""Everybody in the same moment, over real connections: one wins, the others hear why not, and the money is in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app import clock
from app.database import Transaction
from app.jobs import close_offerings, process_inbox, send_payments
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money
from app.payments import actions as payments
from app.payments.port import Method, OpKind
from app.payments.sandbox.tables import Fault, Token
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World
from tests.payments.scenarios.scene import Scene
from tests.racing import at_once, crowded

MOMENT = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def module_crowd(module_site: object) -> Iterator[World]:
    with crowded(module_site.world) as found:  # type: ignore[attr-defined]
        yield found


@pytest.fixture
def crowd(module_crowd: World, scene: Scene) -> World:
    return module_crowd


def stop_at(world: World, at: datetime) -> None:
    with world.acting() as tx:
        clock.freeze(tx.session, at)


def cancelling(crowd: World, pledge: Pledge) -> Callable[[], None]:
    return lambda: crowd.cancel(pledge)


@pytest.mark.scenario(19)
def test_two_tabs_that_choose_how_to_pay_make_one_collection(scene: Scene, crowd: World) -> None:
    pledge = scene.world.pledged(scene.regulated())
    platform = crowd.platform
    ways = [one for one in platform.ways_to_pay("USD") if one.gateway == "sandbox_cards"]
    card, debit = (next(one for one in ways if one.method is method) for method in (Method.CARD, Method.ACH_DEBIT))

    def choose(way: object) -> Callable[[], str]:
        def act() -> str:
            with crowd.acting() as tx:
                pledges.choose_way(tx, pledge.id, platform.law, way)  # type: ignore[arg-type]
            return str(way.method)  # type: ignore[attr-defined]

        return act

    came = Counter(at_once([choose(card), choose(debit)] * 5))
    chosen = (set(came) - {"method_chosen"}).pop()
    assert came == {chosen: 5, "method_chosen": 5}
    assert [status for status, _, _ in scene.instructions(pledge, OpKind.COLLECT)] == ["queued"]
    send_payments.run(scene.world.platform)
    payment = scene.cards.payment_of(pledge)
    at_once([lambda: scene.cards.pays(payment)] * 4)
    scene.cards.days(5)
    scene.until_quiet()
    assert [kind for kind, _, _ in scene.cards.lines(payment)] == ["payment"]
    assert scene.status(pledge) == "held"
    scene.world.cancel(pledge)  # nobody keeps it for the months that the others take


@pytest.mark.scenario(20)
def test_who_cancels_while_the_payment_is_captured_is_never_held(scene: Scene, crowd: World) -> None:
    offering = scene.world.live()
    leaving = [scene.asked(offering, 10) for _ in range(6)]
    scene.sends()
    ids = [scene.world.sql("SELECT provider_ref FROM instructions WHERE pledge_id = :id", id=one.id) for one in leaving]

    def pays(ref: str) -> Callable[[], None]:
        return lambda: scene.sandbox.pay(ref.removeprefix("payment/"), Token.OK)

    def hears() -> None:
        crowd.deliver_events()
        process_inbox.run(crowd.platform)

    at_once([cancelling(crowd, one) for one in leaving] + [pays(ref) for ((ref,),) in ids] + [hears] * 3)
    scene.until_quiet()
    statuses = Counter(scene.status(one) for one in leaving)
    assert set(statuses) <= {"cancelled", "refunded"}
    made = Counter((kind, status) for kind, status, _ in scene.world.at_the_gateway(offering))
    assert made["payment", "succeeded"] == made["refund", "succeeded"] == statuses["refunded"]
    assert made["payment", "cancelled"] == statuses["cancelled"]
    assert scene.books(offering) == {}


@pytest.mark.scenario(21)
def test_the_last_instant_to_cancel_is_told_by_one_clock_to_fifty_at_once(scene: Scene, crowd: World) -> None:
    offering = scene.world.live()
    early, late, *between = (scene.world.held(offering, 10) for _ in range(7))
    until = early.cancel_until
    assert until is not None
    stop_at(scene.world, until - MOMENT)
    came: list[object] = list(at_once([cancelling(crowd, early)] * 50))
    assert Counter(came) == {None: 1, "not_cancellable": 49}

    def ticks() -> None:
        crowd.move_clock(milliseconds=2)

    came = list(at_once([*(cancelling(crowd, one) for one in between * 10), ticks]))[:-1]
    for place, pledge in enumerate(between):
        answers = Counter(came[place :: len(between)])
        left = scene.status(pledge) != "held"
        assert answers[None] == int(left)
        assert set(answers) <= ({None, "not_cancellable"} if left else {"too_late_to_cancel"})
    assert Counter(at_once([cancelling(crowd, late)] * 50)) == {"too_late_to_cancel": 50}
    scene.until_quiet()
    assert {scene.status(one) for one in (early, late, *between)} == {"refunded", "held"}


@pytest.mark.scenario(22)
def test_nobody_is_in_after_the_deadline_and_late_money_goes_back(scene: Scene, crowd: World) -> None:
    offering = scene.world.live(target="250")
    scene.world.held(offering)
    late = scene.asked(offering, 10)
    scene.sends()
    people = [scene.world.investor() for _ in range(8)]
    assert offering.deadline_at is not None
    stop_at(scene.world, offering.deadline_at - MOMENT)

    def ends() -> None:
        crowd.move_clock(milliseconds=1)
        close_offerings.run(crowd.platform)

    came = at_once([ends, *((lambda one=one: crowd.place(one, offering, 10).pledge) for one in people)])[1:]  # type: ignore[misc]
    assert all(isinstance(one, Pledge) or one in ("offering_ended", "not_open") for one in came)
    assert all(one.placed_at < offering.deadline_at for one in came if isinstance(one, Pledge))
    assert len(scene.world.pledges_of(offering)) == 2 + sum(isinstance(one, Pledge) for one in came)
    assert scene.world.offering(offering.id).status == "closing"
    scene.world.move_clock(minutes=1)
    ((ref,),) = scene.world.sql(
        "SELECT provider_ref FROM instructions WHERE pledge_id = :id AND kind = 'collect'", id=late.id
    )
    scene.sandbox.pay(ref.removeprefix("payment/"), Token.OK)
    scene.until_quiet()
    assert scene.status(late) == "refunded"
    assert {scene.status(one) for one in came if isinstance(one, Pledge)} <= {"cancelled"}
    assert scene.closing(offering).total_minor == 25_000


@pytest.mark.scenario(24)
def test_who_cancels_while_the_closing_is_drawn_up_and_approved_is_in_one_of_both(scene: Scene, crowd: World) -> None:
    offering = scene.world.live(target="250")
    staying, *wavering = (scene.world.held(offering, 100) for _ in range(7))
    scene.world.pass_deadline(offering)
    last = scene.world.now() + timedelta(hours=1)
    # As under rules that give everybody some days after the deadline.
    scene.world.sql("UPDATE pledges SET cancel_until = :at WHERE offering_id = :id", at=last, id=offering.id)
    scene.world.run_jobs()
    assert scene.closing(offering).status == "gathering"
    stop_at(scene.world, last)

    def draws_up() -> None:
        crowd.move_clock(milliseconds=1)
        close_offerings.run(crowd.platform)

    at_once([draws_up, *(cancelling(crowd, one) for one in wavering)])
    close_offerings.run(scene.world.platform)
    officers = [scene.world.officer(), scene.world.officer()]
    approving = [lambda officer=officer: Scene.approves(scene, offering, officer) for officer in officers]  # type: ignore[misc]
    came = at_once([*approving, *(cancelling(crowd, one) for one in wavering)])
    assert sorted(str(one) for one in came[:2]) == ["counted", "executed"]
    assert set(came[2:]) <= {"not_cancellable"}
    scene.until_quiet()
    sold = {pledge_id for (pledge_id,) in scene.world.sql(
        "SELECT l.pledge_id FROM closing_lines l JOIN closings c ON c.id = l.closing_id WHERE c.offering_id = :id", id=offering.id
    )}  # fmt: skip
    for pledge in (staying, *wavering):
        assert scene.status(pledge) == ("settled" if pledge.id in sold else "refunded")
    assert staying.id in sold and scene.books(offering) == {}


@pytest.mark.scenario(30)
def test_five_who_send_a_refund_anew_at_once_send_it_once(scene: Scene, crowd: World) -> None:
    pledge = scene.leaving()
    scene.sandbox.next_fault("refund", Fault.TIMEOUT_BEFORE)
    scene.sends()
    scene.a_day_ago(pledge)
    scene.sends()
    assert scene.instructions(pledge, OpKind.REFUND) == [("review", "key_forgotten", 1)]
    ((op_id,),) = scene.world.sql(
        "SELECT op_id FROM instructions WHERE kind = 'refund' AND pledge_id = :id", id=pledge.id
    )

    def sends_anew() -> None:
        with crowd.acting() as tx:
            payments.try_again(tx, op_id)

    assert Counter(at_once([sends_anew] * 5)) == {None: 1, "not_to_be_repeated": 4}
    at_once([lambda: send_payments.run(crowd.platform)] * 5)
    scene.until_quiet()
    assert scene.instructions(pledge, OpKind.REFUND) == [("succeeded", None, 2)]
    assert (scene.status(pledge), scene.made(pledge, "refund")) == ("refunded", 1)


def owe(tx: Transaction, pledge: Pledge, parts: tuple[int, ...]) -> None:
    for number, minor in enumerate(parts):
        key = f"part:{pledge.id}:{number}"
        ledger.post(tx, entries.refund_owed(pledge.offering_id, pledge.id, Money(minor, "USD"), key))


@pytest.mark.scenario(30)
@pytest.mark.parametrize("parts", [(25_000, 1), (12_500, 12_501), (10_000, 10_000, 10_000)])
def test_the_books_refuse_parts_that_together_go_beyond_what_is_held(scene: Scene, parts: tuple[int, ...]) -> None:
    pledge = scene.world.held(scene.world.live())
    before = scene.world.contents()
    with pytest.raises(IntegrityError, match="no_debit_balance"), scene.world.acting() as tx:
        owe(tx, pledge, parts)
    assert scene.world.contents() == before
