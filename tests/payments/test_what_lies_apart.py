"""What came back of a loss that nobody had covered lies apart, and goes to who had borne it, when two people say so."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.approvals.actions import Answer
from app.jobs import process_inbox
from app.ledger import actions as ledger
from app.ledger import reversals
from app.ledger.draft import Evidence
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.port import OpKind, Ref
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX, Fault
from app.pledges.models import Pledge
from app.reconciliation import queries as receipts
from tests.builders import World, usd
from tests.payments.test_holdback import Story as WithHoldback
from tests.payments.test_what_comes_back_of_losses import Story, apart, repaid
from tests.payments.test_what_goes_back_twice import Scaled
from tests.reconciliation.deciding import agree, decide, propose, refused, standing
from tests.reconciliation.planting import listen

#: Every story ends with clean books.
pytestmark = pytest.mark.usefixtures("clean_at_the_end")


def test_who_paid_for_a_pledge_that_ended_gets_what_the_bank_gave_back(story: Story) -> None:
    pledge, payment = story.paid()
    story.loses(payment)
    story.cards.dispute_won(payment)
    story.days(1)
    assert (story.status(pledge), story.books()["2200"]) == ("returned", -pledge.amount_minor)
    entry = apart(story)
    with story.world.looking() as view:
        found = receipts.receipt(view.session, entry)
    assert (found.owner, found.pledge_ref, found.amount) == ("investor", pledge.ref, pledge.amount)
    assert refused(story.world, entry, story.world.pledged(story.offering)) == "pledge_unknown"
    decide(story.world, entry, None)
    assert standing(story.world) == [] and refused(story.world, entry, None) == "receipt_dealt_with"
    story.days(4)
    assert (story.status(pledge), story.books()) == ("returned", {})
    assert story.told("refund_paid") == 1
    back = story.world.sql("SELECT status, amount_minor FROM instructions WHERE kind = 'refund'")
    assert back == [("succeeded", pledge.amount_minor)]
    assert listen(story.world) == []
    story.days(3)
    assert story.told("refund_paid") == 1 and story.told("refund_due") == 1


def test_what_the_company_had_borne_is_paid_to_it_when_its_holdback_was_paid_out(cards_world: World) -> None:
    story, small = holdback_gone(cards_world)
    entry = apart(story)
    with cards_world.looking() as view:
        assert receipts.receipt(view.session, entry).owner == "issuer"
    before = story.books()
    decide(cards_world, entry, None)
    assert (standing(cards_world), story.books()) == ([], before)
    story.days(4)
    assert repaid(cards_world) == [("succeeded", small.amount_minor)] and story.books() == {}
    ((account, minor),) = cards_world.sql(
        "SELECT about, amount_minor FROM sandbox.objects WHERE kind = 'payout' AND amount_minor = :minor",
        minor=small.amount_minor,
    )
    assert (account, minor) == ("US0033334444", 2_500)
    assert standing(cards_world) == [] and listen(cards_world) == []


def holdback_gone(world: World) -> tuple[WithHoldback, Pledge]:
    """A loss that the holdback covered comes back when the rest of it has been paid out."""
    story = WithHoldback(world)
    small, payment = story.paid(shares=10)
    story.settled()
    story.cards.dispute(payment)
    story.cards.dispute_lost(payment)
    story.days(3)
    story.term_ends()
    story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    world.run_jobs()
    world.change_payee(story.offering.issuer_id, holder="A", account="US00 3333 4444")
    story.cards.dispute_won(payment)
    story.days(3)
    assert (story.lost(), story.books()["2200"]) == (0, -small.amount_minor)
    return story, small


def test_a_company_whose_account_changes_while_the_second_person_looks_is_put_to_them_anew(cards_world: World) -> None:
    story, _ = holdback_gone(cards_world)
    entry = apart(story)
    ref = propose(cards_world, entry, None)
    cards_world.change_payee(story.offering.issuer_id, holder="A", account="US00 5555 6666")
    assert agree(cards_world, ref) is Answer.CHANGED
    assert (repaid(cards_world), standing(cards_world)) == ([], [entry])
    decide(cards_world, entry, None)
    story.days(3)
    assert story.books() == {}


def test_nothing_goes_to_a_company_whose_account_has_just_changed_or_that_is_on_hold(cards_world: World) -> None:
    story, _ = holdback_gone(cards_world)
    entry, issuer = apart(story), story.offering.issuer_id
    cards_world.sql("UPDATE issuers SET payout_frozen_until = platform_now() + interval '1 day'")
    assert refused(cards_world, entry, None) == "payout_frozen"
    cards_world.move_clock(days=1)
    with cards_world.acting() as tx:
        finding = Finding(
            rule="PLATFORM-PAYOUT", subject_type=SubjectType.COMPANY, subject_id=issuer, about="x", fingerprint="x",
            holds=True, inputs={},
        )  # fmt: skip
        alerts.raise_alert(tx, finding, [])
    assert refused(cards_world, entry, None) == "receipt_company_on_hold"


def test_a_company_that_could_not_be_paid_is_put_to_two_people_again(cards_world: World) -> None:
    story, small = holdback_gone(cards_world)
    entry, issuer = apart(story), story.offering.issuer_id
    cards_world.change_payee(issuer, holder="A", account=f"US00{REFUSING_ACCOUNT_SUFFIX}")
    decide(cards_world, entry, None)
    story.days(2)
    assert standing(cards_world) == [entry] and story.books() == {"1100": 2_500, "2200": -2_500}
    cards_world.change_payee(issuer, holder="A", account="US00 7777 8888")
    decide(cards_world, entry, None)
    story.days(2)
    assert repaid(cards_world)[-1] == ("succeeded", small.amount_minor) and story.books() == {}
    ((payout,),) = cards_world.sql(
        "SELECT provider_ref FROM instructions WHERE kind = 'to_issuer' AND status = 'succeeded'"
    )
    assert cards_world.platform.sandbox is not None
    cards_world.platform.sandbox.send_back(Ref.read(payout).id)
    story.days(1)
    assert standing(cards_world) == [entry] and story.books() == {"1100": 2_500, "2200": -2_500}
    decide(cards_world, entry, None)
    story.days(2)
    assert story.books() == {} and standing(cards_world) == []


def test_what_was_still_owed_to_the_investor_is_theirs_and_the_rest_is_the_platforms(cards_world: World) -> None:
    """Of 750, 250 were to go back to the investor and paid for the loss first: 500 the platform bore, 250 they themselves."""
    scaled = Scaled(cards_world)
    scaled.allots()
    scaled.cards.dispute(scaled.payment)
    scaled.world.deliver_events()
    process_inbox.run(scaled.world.platform)
    scaled.cards.dispute_lost(scaled.payment)
    scaled.days(3)
    assert (scaled.lost(), scaled.owed()) == (50_000, 0)
    scaled.cards.dispute_won(scaled.payment)
    scaled.days(4)
    assert scaled.lost() == 0 and scaled.books() == {"1100": 25_000, "2200": -25_000}
    decide(cards_world, apart(scaled), None)
    scaled.days(4)
    assert (scaled.books(), scaled.status(scaled.pledge)) == ({}, "settled")
    back = (
        "SELECT sum(amount_minor) FROM instructions WHERE kind = 'refund' AND pledge_id = :id AND status = 'succeeded'"
    )
    assert cards_world.sql(back, id=scaled.pledge.id) == [(25_000,)]


def test_while_the_bank_looks_into_it_again_nothing_is_said(story: Story) -> None:
    pledge, payment = story.paid()
    story.loses(payment)
    story.cards.dispute_won(payment)
    story.days(1)
    entry = apart(story)
    with story.world.acting() as tx:
        proof = Evidence("sandbox_cards:again", None)
        ledger.post(
            tx, reversals.dispute_opened(story.offering.id, pledge.id, usd("1"), proof, collector="sandbox_cards")
        )
    assert refused(story.world, entry, None) == "receipt_unclear"
    with story.world.acting() as tx:
        proof = Evidence("sandbox_cards:over", None)
        ledger.post(tx, reversals.dispute_won(story.offering.id, pledge.id, usd("1"), proof, collector="sandbox_cards"))
    story.world.sql(
        "INSERT INTO gateway_transactions (gateway, transaction_id, kind, source, amount_minor, fee_minor, net_minor, currency,"
        " created_at) SELECT 'sandbox_cards', one, 'other', 'x/y', 0, 0, 0, 'USD', platform_now()"
        " FROM unnest(ARRAY['again', 'over']) one"
    )


def test_an_account_that_changes_after_both_agreed_gets_nothing_before_two_people_have_seen_it(
    cards_world: World,
) -> None:
    story, small = holdback_gone(cards_world)
    entry, issuer = apart(story), story.offering.issuer_id
    decide(cards_world, entry, None)  # nobody has sent it yet
    cards_world.change_payee(issuer, holder="Another", account="US00 6666 6666")
    cards_world.sql("UPDATE issuers SET payout_frozen_until = platform_now() + interval '9 days'")
    story.days(2)
    assert paid_out(cards_world, small.amount_minor) == [] and repaid(cards_world) == [("failed", 2_500)]
    assert standing(cards_world) == [entry] and refused(cards_world, entry, None) == "payout_frozen"
    story.days(10)
    decide(cards_world, entry, None)
    story.days(2)
    assert paid_out(cards_world, small.amount_minor) == ["US0066666666"] and story.books() == {}


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_an_account_that_changes_while_the_answer_is_lost_is_not_paid_besides(cards_world: World, fault: Fault) -> None:
    story, small = holdback_gone(cards_world)
    entry = apart(story)
    decide(cards_world, entry, None)
    assert cards_world.platform.sandbox is not None
    cards_world.platform.sandbox.next_fault("payout", fault)
    cards_world.run_jobs()
    cards_world.change_payee(story.offering.issuer_id, holder="Another", account="US00 6666 6666")
    cards_world.let_backoffs_pass()
    story.days(1)
    if fault is Fault.TIMEOUT_AFTER:
        assert repaid(cards_world) == [("succeeded", 2_500)]
    else:
        assert repaid(cards_world) == [("review", 2_500)] and standing(cards_world) == []
        ((op_id,),) = cards_world.sql("SELECT op_id FROM instructions WHERE kind = 'to_issuer'")
        with cards_world.acting() as tx:
            payments.try_again(tx, op_id)
        story.days(1)
        assert repaid(cards_world) == [("failed", 2_500)] and standing(cards_world) == [entry]
        decide(cards_world, entry, None)
        story.days(1)
    assert len(paid_out(cards_world, small.amount_minor)) == 1 and story.books() == {}


def paid_out(world: World, minor: int) -> list[str]:
    """To which accounts the custodian paid so much."""
    rows = world.sql("SELECT about FROM sandbox.objects WHERE kind = 'payout' AND amount_minor = :minor", minor=minor)
    return [about for (about,) in rows]


def test_the_database_pays_nobody_without_two_people(cards_world: World) -> None:
    story, small = holdback_gone(cards_world)
    entry, offering = apart(story), story.offering
    with cards_world.looking() as view:
        key = receipts.receipt(view.session, entry).key
    propose(cards_world, entry, None)
    for kind, name in ((OpKind.TO_ISSUER, f"to_issuer:{key}"), (OpKind.REFUND, f"refund:unidentified:{key}")):
        with cards_world.looking() as view:
            about = payment_queries.collection(view.session, small.id)
        assert about is not None
        with pytest.raises(IntegrityError, match="two people"), cards_world.acting() as tx:
            payments.instruct(
                tx, kind, name, gateway="sandbox", amount=small.amount, offering_id=offering.id, pledge_id=small.id,
                about_id=about.id, reference=offering.ref,
            )  # fmt: skip
    assert standing(cards_world) == [entry]
