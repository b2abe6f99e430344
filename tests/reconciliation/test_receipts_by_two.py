"""What becomes of money of nobody is said by two people, once; and what goes back goes back once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Actor, Role
from app.approvals.actions import Answer
from app.errors import Refused
from app.examination import contents
from app.jobs import expire_pledges, send_payments
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments.errors import Rejected
from app.payments.port import Op, OpKind, Ref
from app.payments.sandbox.tables import Fault, Token
from app.reconciliation import queries
from tests.builders import World
from tests.payments.test_refusals import with_gateway_that_says
from tests.racing import came_of, crowded
from tests.reconciliation.deciding import AMOUNT, agree, books, decide, operator, propose, refused, source, standing
from tests.reconciliation.planting import kinds, line, listen, wire

# Two people


def test_neither_who_proposed_it_nor_who_gets_it_nor_the_company_agrees(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    both = world.actor(world.user(Role.OPERATOR, Role.COMPLIANCE_OFFICER))
    ref = propose(world, entry, pledge, both)
    ((owner,),) = world.sql(
        "SELECT i.user_id FROM pledges p JOIN investors i ON i.id = p.investor_id WHERE p.id = :id", id=pledge.id
    )
    ((member,),) = world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=offering.issuer_id)
    roles = frozenset({Role.COMPLIANCE_OFFICER, Role.OPERATOR})
    for who in (both, Actor("x", owner, roles), Actor("x", member, roles)):
        with pytest.raises(Refused, match="own_proposal"):
            agree(world, ref, who)
    with pytest.raises(Refused, match="not_a_checker"):
        agree(world, ref, operator(world))
    assert standing(world) == [entry]
    assert agree(world, ref) is Answer.APPROVED


def test_nobody_proposes_for_themselves(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    ((owner,),) = world.sql(
        "SELECT i.user_id FROM pledges p JOIN investors i ON i.id = p.investor_id WHERE p.id = :id", id=pledge.id
    )
    with pytest.raises(Refused, match="own_case"):
        propose(world, entry, pledge, Actor("x", owner, frozenset({Role.OPERATOR})))


def test_one_proposal_about_a_receipt_waits_at_a_time_and_it_is_dealt_with_once(world: World) -> None:
    offering = world.live()
    pledge, other = world.pledged(offering), world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    ref, officer = propose(world, entry, pledge), world.officer()
    assert propose(world, entry, pledge) == ref
    assert refused(world, entry, other) == refused(world, entry, None) == "proposal_waits"
    assert agree(world, ref, officer) is Answer.APPROVED
    with pytest.raises(Refused, match="proposal_finished"):
        agree(world, ref, officer)
    assert refused(world, entry, other) == refused(world, entry, None) == "receipt_dealt_with"
    assert [world.pledge(one.id).status for one in (pledge, other)] == ["held", "reserved"]


def test_an_examiner_of_the_offering_sees_who_said_whose_it_was(world: World) -> None:
    offering, other = world.live(), world.live()
    ref = propose(world, wire(world, offering, AMOUNT), None)
    asked = f"SELECT ref FROM proposals WHERE kind = 'receipt' AND id IN {contents.PROPOSALS}"
    assert world.sql(asked, offering=offering.id) == [(ref,)]
    assert world.sql(asked, offering=other.id) == []


def test_one_pledge_takes_one_of_two_receipts(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    first, second = wire(world, offering, AMOUNT), wire(world, offering, AMOUNT)
    refs = [propose(world, entry, pledge) for entry in (first, second)]
    assert agree(world, refs[0]) is Answer.APPROVED
    assert agree(world, refs[1]) is Answer.CHANGED
    assert standing(world) == [second]
    assert books(world, offering) == {"1100": 2 * AMOUNT, "2010": -AMOUNT, "2200": -AMOUNT}
    decide(world, second, None)
    world.run_jobs()
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert world.broken_promises() == []


def test_a_pledge_that_ends_before_the_second_person_agrees_gets_nothing(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    ref = propose(world, entry, pledge)
    world.move_clock(days=30)
    expire_pledges.run(world.platform)
    assert world.pledge(pledge.id).status == "cancelled"
    entries = world.sql("SELECT count(*) FROM journal_entries")
    assert agree(world, ref) is Answer.CHANGED
    assert world.sql("SELECT status FROM proposals WHERE ref = :ref", ref=ref) == [("stale",)]
    assert world.sql("SELECT count(*) FROM journal_entries") == entries and standing(world) == [entry]
    decide(world, entry, None)
    world.run_jobs()
    assert books(world, offering) == {} and world.broken_promises() == []


def test_two_officers_at_once_are_one(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.run_jobs()
    ref = propose(world, wire(world, offering, AMOUNT), pledge)
    officers = [world.officer() for _ in range(4)]
    with crowded(world) as crowd:
        found = came_of([lambda who=who: agree(crowd, ref, who) for who in officers])  # type: ignore[misc]
    assert sorted(found) == ["done", *["proposal_finished"] * 3]
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert world.broken_promises() == []


def test_two_who_propose_at_once_are_one_proposal(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    people = [operator(world) for _ in range(2)]
    with crowded(world) as crowd:
        found = came_of(
            [lambda: propose(crowd, entry, pledge, people[0]), lambda: propose(crowd, entry, None, people[1])]
        )
    assert sorted(found) == ["done", "proposal_waits"]


def test_who_expires_or_cancels_it_at_that_very_moment_waits_or_is_waited_for(world: World) -> None:
    """Whoever comes first: it is held and then refunded, or it ended and the receipt stands. Never both, never neither."""
    offering = world.live()
    pledges = [world.pledged(offering) for _ in range(4)]
    refs = [propose(world, wire(world, offering, AMOUNT), pledge) for pledge in pledges]
    officers = [world.officer() for _ in pledges]
    with crowded(world) as crowd:
        came_of(
            [lambda ref=ref, who=who: agree(crowd, ref, who) for ref, who in zip(refs, officers, strict=True)]  # type: ignore[misc]
            + [lambda pledge=pledge: crowd.cancel(pledge) for pledge in pledges]  # type: ignore[misc]
        )
    world.run_jobs()
    ended = [world.pledge(pledge.id).status for pledge in pledges]
    assert set(ended) <= {"cancelled", "refunded"}
    assert len(standing(world)) == ended.count("cancelled")
    assert books(world, offering).get("2200", 0) == -AMOUNT * ended.count("cancelled")
    assert world.broken_promises() == []


# It goes back


def test_a_receipt_goes_back_to_where_it_came_from_once(world: World) -> None:
    offering = world.live()
    held = world.held(offering)
    entry = wire(world, offering, 7_000)
    world.move_clock(days=30)
    assert "R15" in [one.kind for one in listen(world)]
    decide(world, entry, None)
    assert standing(world) == []
    world.run_jobs()
    world.run_jobs()
    ((about, minor, status),) = world.sql(
        "SELECT about, amount_minor, status FROM sandbox.objects WHERE kind = 'refund'"
    )
    assert (f"payment/{about}", minor, status) == (source(world, entry), 7_000, "succeeded")
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert world.pledge(held.id).status == "held"
    assert listen(world) == [] and world.broken_promises() == []


def test_a_return_that_the_gateway_refuses_waits_for_a_person_and_can_be_sent_again(world: World) -> None:
    offering = world.live()
    entry = wire(world, offering, 7_000)
    decide(world, entry, None)
    send_payments.run(with_gateway_that_says(world, Rejected("not_now")).platform)
    assert world.sql("SELECT status, code FROM instructions WHERE kind = 'refund'") == [("review", "not_now")]
    assert books(world, offering) == {"1100": 7_000, "2200": -7_000} and standing(world) == []
    listen(world)
    assert "R10" in kinds(world)
    ((op_id,),) = world.sql("SELECT op_id FROM instructions WHERE kind = 'refund'")
    with world.acting() as tx:
        payments.try_again(tx, op_id)
    world.run_jobs()
    assert books(world, offering) == {}
    assert listen(world) == [] and world.broken_promises() == []


def test_a_return_of_which_the_answer_is_lost_is_made_once(world: World) -> None:
    offering = world.live()
    entry = wire(world, offering, 7_000)
    decide(world, entry, None)
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("refund", Fault.TIMEOUT_AFTER)
    world.run_jobs()
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.sql("SELECT count(*) FROM sandbox.objects WHERE kind = 'refund'") == [(1,)]
    assert books(world, offering) == {} and world.broken_promises() == []


def test_a_slow_return_is_waited_for(world: World) -> None:
    offering = world.live()
    entry = wire(world, offering, 7_000, Token.REFUND_DELAYED)
    decide(world, entry, None)
    world.run_jobs()
    assert books(world, offering) == {"1100": 7_000, "2200": -7_000} and standing(world) == []
    world.move_clock(days=3, minutes=1)
    world.let_backoffs_pass()
    world.run_jobs()
    assert books(world, offering) == {} and world.broken_promises() == []


def by_hand(world: World, entry: int, minor: int) -> None:
    """Somebody sends it back at the gateway's own desk."""
    op = Op(uuid4(), 1, "-")
    made = world.platform.custodian.refund(op, Ref.read(source(world, entry)), Money(minor, "USD"))
    world.sql("UPDATE sandbox.objects SET key = NULL WHERE id = :id", id=made.ref.id)
    world.move_clock(minutes=20)
    listen(world)


def test_what_was_sent_back_by_hand_is_booked_as_that_and_not_sent_again(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry, other = wire(world, offering, AMOUNT), wire(world, offering, AMOUNT)
    ref = propose(world, entry, pledge)
    by_hand(world, entry, AMOUNT)
    assert standing(world) == [other] and books(world, offering) == {"1100": AMOUNT, "2200": -AMOUNT}
    assert refused(world, entry, None) == "receipt_dealt_with"
    assert agree(world, ref) is Answer.CHANGED
    decide(world, other, pledge)
    world.run_jobs()
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert listen(world) == [] and world.broken_promises() == []


def test_while_a_part_of_it_may_have_left_by_hand_nothing_is_said(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    by_hand(world, entry, AMOUNT - 100)
    assert [(one.kind, one.amount_minor) for one in listen(world)] == [("R3", 100 - AMOUNT)]
    assert refused(world, entry, pledge) == refused(world, entry, None) == "receipt_unclear"
    assert books(world, offering) == {"1100": AMOUNT, "2200": -AMOUNT}


@pytest.mark.parametrize("then", ["back", "pledge"])
def test_what_its_senders_account_did_not_take_stands_again(world: World, then: str) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    decide(world, entry, None)
    world.run_jobs()
    comes_back(world, offering)
    assert standing(world) == [entry] and books(world, offering) == {"1100": AMOUNT, "2200": -AMOUNT}
    assert [one.kind for one in listen(world)] == [] and world.broken_promises() == []

    decide(world, entry, pledge if then == "pledge" else None)
    world.run_jobs()
    assert standing(world) == []
    assert books(world, offering) == ({"1100": AMOUNT, "2010": -AMOUNT} if then == "pledge" else {})
    assert len(world.sql("SELECT 1 FROM sandbox.objects WHERE kind = 'refund'")) == (1 if then == "pledge" else 2)
    assert listen(world) == [] and world.broken_promises() == []


def comes_back(world: World, offering: Offering) -> None:
    """Days later the bank of who is given their money back does not take it."""
    ((refund,),) = world.sql("SELECT id FROM sandbox.objects WHERE kind = 'refund'")
    line(world, refund, AMOUNT, "refund_failed", account=f"offering-{offering.id}")
    world.sql("UPDATE sandbox.transactions SET object_kind = 'refund' WHERE kind = 'refund_failed'")
    world.sql("UPDATE sandbox.objects SET status = 'failed' WHERE id = :id", id=refund)
    world.move_clock(minutes=20)
    listen(world)


def test_the_database_lets_neither_happen_without_two_people(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    with world.looking() as view:
        key = queries.receipt(view.session, entry).key
    propose(world, entry, None)
    with pytest.raises(IntegrityError, match="two people"), world.acting() as tx:
        ledger.post(tx, entries.receipt_identified(offering.id, pledge.id, pledge.amount, f"receipt_identified:{key}"))
    with pytest.raises(IntegrityError, match="two people"), world.acting() as tx:
        payments.instruct(
            tx, OpKind.REFUND, f"refund:unidentified:{key}", gateway="sandbox", amount=pledge.amount,
            offering_id=offering.id, instrument=Ref("payment", "x"), reference=offering.ref,
        )  # fmt: skip
    ((collection,),) = world.sql("SELECT id FROM instructions WHERE kind = 'collect'")
    with pytest.raises(IntegrityError, match="about_a_payment"), world.acting() as tx:
        payments.instruct(
            tx, OpKind.REFUND, "refund:nothing", gateway="sandbox", amount=pledge.amount, offering_id=offering.id,
            about_id=collection, instrument=Ref("payment", "x"), reference=offering.ref,
        )  # fmt: skip
    assert standing(world) == [entry]
