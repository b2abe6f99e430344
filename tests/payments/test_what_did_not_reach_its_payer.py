"""What no pledge wanted was sent back and came back again: two people have it paid to its payer's own bank account."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.approvals.actions import Answer
from app.cash import queries as cash
from app.payments import actions as payments
from app.payments.port import Method, OpKind, Ref
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX, Token
from app.pledges.models import Pledge
from app.reconciliation import queries as receipts
from tests.builders import World
from tests.payments.test_after_the_payment import Story, give_account
from tests.payments.test_what_comes_back_of_losses import apart
from tests.reconciliation.deciding import agree, decide, propose, refused, standing
from tests.reconciliation.planting import listen

#: Every story ends with clean books.
pytestmark = pytest.mark.usefixtures("clean_at_the_end")

#: Half of what was asked came, went back, and did not arrive.
PART = 12_500


def did_not_arrive(story: Story) -> Pledge:
    pledge = story.world.pledged(story.offering)
    story.cards.pays(story.cards.chosen(pledge, Method.CARD), Token.PARTIAL_AMOUNT)
    story.world.run_jobs()
    story.days(3)
    story.cards.refund_fails(story.cards.refund_of(pledge))
    story.days(1)
    assert story.books()["2200"] == -PART
    return pledge


def rests(story: Story, days: int) -> None:
    """So many days, with every retry: it is with the collector, and is carried to the custodian first."""
    for _ in range(days):
        story.days(1)
        story.world.let_backoffs_pass()
        story.world.run_jobs()


def paid(world: World) -> list[tuple[str, int]]:
    """What was asked to be paid to bank accounts."""
    rows = world.sql("SELECT status, amount_minor FROM instructions WHERE kind = 'pay_back' ORDER BY id")
    return [(status, minor) for status, minor in rows]


def test_it_goes_to_the_payers_own_bank_account(story: Story) -> None:
    pledge = did_not_arrive(story)
    assert story.told("refund_failed") == 1 and story.alerts() == ["PLATFORM-APART"]
    entry = apart(story)
    with story.world.looking() as view:
        found = receipts.receipt(view.session, entry)
    assert (found.owner, found.pledge_ref, found.amount.minor) == ("payer", pledge.ref, PART)
    assert refused(story.world, entry, None) == "receipt_without_account"
    assert refused(story.world, entry, story.world.pledged(story.offering)) == "pledge_unknown"
    give_account(story.world, pledge)
    decide(story.world, entry, None)
    assert standing(story.world) == [] and refused(story.world, entry, None) == "receipt_dealt_with"
    rests(story, 4)
    assert (paid(story.world), story.books(), story.status(pledge)) == ([("succeeded", PART)], {}, "failed")
    assert story.told("refund_paid") == 2  # when it was sent back first, and now
    assert {one.kind for one in listen(story.world)} == {"R5"}  # that half of it was paid at first


def test_when_it_comes_back_from_there_too_another_account_is_needed(story: Story) -> None:
    pledge = did_not_arrive(story)
    give_account(story.world, pledge)
    first = apart(story)
    decide(story.world, first, None)
    rests(story, 4)
    ((payout,),) = story.world.sql("SELECT provider_ref FROM instructions WHERE kind = 'pay_back'")
    assert story.world.platform.sandbox is not None
    story.world.platform.sandbox.send_back(Ref.read(payout).id)
    rests(story, 1)
    entry = apart(story)
    assert entry != first and story.books()["2200"] == -PART and story.told("refund_failed") == 2
    assert refused(story.world, first, None) == "receipt_dealt_with"
    assert refused(story.world, entry, None) == "receipt_without_account"
    give_account(story.world, pledge, "DE89370400440532013000")
    assert refused(story.world, entry, None) == "receipt_without_account"  # one that has just changed waits
    rests(story, 5)
    decide(story.world, entry, None)
    rests(story, 2)
    assert (paid(story.world), story.books(), standing(story.world)) == ([("succeeded", PART)] * 2, {}, [])


def test_what_is_refused_is_the_same_receipt_and_not_tried_there_again(story: Story) -> None:
    pledge = did_not_arrive(story)
    give_account(story.world, pledge, f"GB33BUKB2020155555{REFUSING_ACCOUNT_SUFFIX}")
    entry = apart(story)
    decide(story.world, entry, None)
    rests(story, 4)
    assert standing(story.world) == [entry] and story.books()["2200"] == -PART
    assert refused(story.world, entry, None) == "receipt_without_account"
    give_account(story.world, pledge)
    rests(story, 5)
    decide(story.world, entry, None)
    rests(story, 2)
    assert story.books() == {} and paid(story.world)[-1] == ("succeeded", PART) and len(paid(story.world)) == 2


def test_another_account_than_both_saw_is_put_to_them_anew(story: Story) -> None:
    pledge = did_not_arrive(story)
    give_account(story.world, pledge)
    entry = apart(story)
    ref = propose(story.world, entry, None)
    give_account(story.world, pledge, "DE89370400440532013000")
    rests(story, 5)
    assert agree(story.world, ref) is Answer.CHANGED
    assert (paid(story.world), standing(story.world)) == ([], [entry])
    decide(story.world, entry, None)
    rests(story, 2)
    assert story.books() == {}


def test_the_database_pays_no_payer_without_two_people(story: Story) -> None:
    pledge = did_not_arrive(story)
    give_account(story.world, pledge)
    entry = apart(story)
    propose(story.world, entry, None)
    with story.world.looking() as view:
        key = receipts.receipt(view.session, entry).key
        account = cash.bank_account(view.session, pledge.investor_id)
    assert account is not None
    with pytest.raises(IntegrityError, match="two people"), story.world.acting() as tx:
        payments.instruct(
            tx, OpKind.PAY_BACK, f"refund:unidentified:{key}", gateway="sandbox", amount=pledge.amount,
            offering_id=story.offering.id, pledge_id=pledge.id, payee_id=account.id, reference=pledge.ref,
        )  # fmt: skip
    assert standing(story.world) == [entry]
