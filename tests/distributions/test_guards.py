"""What is refused changes nothing: by the acts, by four eyes, and by the database itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from app import four_eyes
from app.actor import Actor, Role
from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.approvals.actions import Answer
from app.distributions import actions
from app.errors import Refused
from app.identity import queries as identity
from app.money import Money
from app.offerings.models import Offering
from app.payments import actions as payments
from app.regimes import platform_policy
from app.switches import actions as switches
from tests.builders import World
from tests.distributions.conftest import Payer

NOTE = "Nobody told us where this money comes from."


@pytest.fixture
def offering(payer: Payer) -> Offering:
    return payer.sold(100, 33)


def proposal(world: World) -> tuple[str, str]:
    ((ref, sha256),) = world.sql(
        "SELECT ref, sha256 FROM proposals WHERE kind = 'distribution' ORDER BY id DESC LIMIT 1"
    )
    return ref, sha256


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("nothing_to_distribute", {"total": Money(0, "USD")}),
        ("nothing_to_distribute", {"total": Money(500, "EUR")}),
        ("record_day_ahead", {"days": 1}),
        ("nothing_to_distribute", {"days": -3}),
        ("reason_too_short", {"why": " a  "}),
        ("tax_too_high", {"tax_bps": 10_001}),
        ("distribution_elsewhere", {"custodian": "another"}),
    ],
)
def test_what_cannot_be_distributed_is_refused(
    world: World, offering: Offering, code: str, how: dict[str, object]
) -> None:
    before = world.contents()
    given = {"total": Money(500, "USD"), "why": "Dividend", "custodian": "sandbox", "tax_bps": 0, **how}
    day = platform_policy.PACK.day_of(world.now()) + timedelta(days=given.pop("days", 0))  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused, world.acting() as tx:
        actions.begin(tx, offering.id, record_day=day, **given)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert world.contents() == before


def test_only_a_settled_offering_has_holders_to_pay_and_one_distribution_at_a_time(
    world: World, payer: Payer, offering: Offering
) -> None:
    payer.propose(offering, 500)
    live = world.live()
    before = world.contents()
    for where, code in ((live, "distribution_too_early"), (offering, "distribution_waits")):
        with pytest.raises(Refused, match=code):
            payer.propose(where, 500, by=Actor("somebody"))
    assert world.contents() == before


def test_nobody_of_the_company_nor_who_proposed_it_agrees(world: World, payer: Payer, offering: Offering) -> None:
    maker = world.officer()
    payer.propose(offering, 500, by=maker)
    ((owner,),) = world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=offering.issuer_id)
    world.force(
        "INSERT INTO role_grants (user_id, role, granted_at, granted_by) VALUES (:id, 'compliance_officer', now(), 't')",
        id=owner,
    )
    with world.looking() as view:
        insider = world.actor(identity.user(view.session, owner))
    before = world.contents()
    for person in (maker, insider):
        with pytest.raises(Refused, match="own_proposal"), world.acting(person) as tx:
            four_eyes.approve(tx, *proposal(world))
    assert world.contents() == before


def test_who_says_no_ends_it_and_nothing_is_asked_of_the_custodian(
    world: World, payer: Payer, offering: Offering
) -> None:
    found = payer.propose(offering, 500)
    with world.acting(world.officer()) as tx:
        four_eyes.reject(tx, proposal(world)[0], NOTE)
    assert payer.now(found).status == "rejected"
    assert world.sql("SELECT 1 FROM instructions WHERE kind = 'deposit'") == []
    assert payer.propose(offering, 600).status == "proposed"


def test_who_saw_another_register_agrees_to_nothing(world: World, payer: Payer, offering: Offering) -> None:
    found = payer.propose(offering, 500)
    world.force("UPDATE register_entries SET shares = shares + 1 WHERE id = (SELECT min(id) FROM register_entries)")
    with world.acting(world.officer()) as tx:
        assert four_eyes.approve(tx, *proposal(world)) is Answer.CHANGED
    assert payer.now(found).status == "proposed"
    again = payer.propose(offering, 500)  # the old one is given up with it
    assert (payer.now(found).status, again.status) == ("rejected", "proposed")


def test_money_that_never_comes_is_waited_for_no_longer(world: World, payer: Payer, offering: Offering) -> None:
    found = payer.propose(offering, 500)
    payer.agree()
    with world.acting() as tx:
        actions.call_off(tx, found.id, "The board thought better of it.")
    payer.send()
    assert payer.now(found).status == "called_off"
    assert world.sql("SELECT status FROM instructions WHERE kind = 'deposit'") == [("cancelled",)]
    assert world.broken_promises() == []
    payer.distribute(offering, 600)
    before = world.contents()
    with pytest.raises(Refused, match="illegal_move"), world.acting() as tx:
        actions.call_off(tx, found.id + 1, "Too late for that.")
    assert world.contents() == before


def hold(world: World, offering: Offering) -> None:
    finding = Finding(
        rule="PLATFORM-SCREEN", subject_type=SubjectType.COMPANY, subject_id=offering.issuer_id, about="x", fingerprint="x",
        holds=True, inputs={},
    )  # fmt: skip
    with world.acting() as tx:
        alerts.raise_alert(tx, finding, [])


def switch_off(world: World, offering: Offering) -> None:
    with world.acting() as tx:
        switches.set_off(tx, "Looking into what we saw", offering_id=offering.id)


STOPPED = [(hold, "distribution_on_hold"), (switch_off, "switched_off")]


@pytest.mark.parametrize(("stop", "code"), STOPPED)
def test_a_company_that_is_stopped_distributes_nothing(
    world: World, payer: Payer, offering: Offering, stop: Callable[[World, Offering], None], code: str
) -> None:
    who = world.actor(world.user(Role.OPERATOR))
    stop(world, offering)
    before = world.contents()
    with pytest.raises(Refused, match=code):
        payer.propose(offering, 500, by=who)
    assert world.contents() == before


@pytest.mark.parametrize(("stop", "code"), STOPPED)
def test_nobody_agrees_to_what_a_company_proposed_before_it_was_stopped(
    world: World, payer: Payer, offering: Offering, stop: Callable[[World, Offering], None], code: str
) -> None:
    payer.propose(offering, 500)
    officer = world.officer()
    stop(world, offering)
    before = world.contents()
    with pytest.raises(Refused, match=code), world.acting(officer) as tx:
        four_eyes.approve(tx, *proposal(world))
    assert world.contents() == before


def test_what_a_company_on_hold_paid_in_reaches_its_holders_when_a_person_sends_it(
    world: World, payer: Payer, offering: Offering
) -> None:
    found = payer.propose(offering, 500)
    payer.agree()
    world.run_jobs()
    hold(world, offering)
    payer.send()
    assert payer.now(found).status == "funded"
    ((op_id, status, code),) = world.sql("SELECT op_id, status, code FROM instructions WHERE kind = 'to_cash'")
    assert (status, code) == ("review", "company_on_hold")
    assert [promise[:3] for promise in world.broken_promises()] == ["I21"]  # it is not forgotten
    with world.acting() as tx:
        payments.try_again(tx, op_id)
    payer.send()
    assert payer.now(found).status == "paid" and world.broken_promises() == []


DATABASE = [
    "UPDATE distributions SET total_minor = total_minor + 1",
    "UPDATE distributions SET status = 'approved'",
    "UPDATE distributions SET status = 'paid'",
    "DELETE FROM distributions",
    "TRUNCATE distributions CASCADE",
    "UPDATE distribution_lines SET gross_minor = gross_minor + 1",
    "DELETE FROM distribution_lines",
    "TRUNCATE distribution_lines",
]
ASKED = (
    "INSERT INTO instructions (op_id, kind, gateway, business_key, generation, status, offering_id, amount_minor, currency,"
    " reference, created_at, next_attempt_at, attempts) SELECT gen_random_uuid(), '{0}', 'sandbox', '{0}:distribution:' || id,"
    " 1, 'queued', offering_id, total_minor, 'USD', 'x', now(), now(), 0 FROM distributions"
)


@pytest.mark.parametrize("statement", [*DATABASE, ASKED.format("deposit"), ASKED.format("to_cash")])
def test_the_database_refuses_the_rest(world: World, payer: Payer, offering: Offering, statement: str) -> None:
    payer.propose(offering, 500)
    before = world.contents()
    with pytest.raises(DBAPIError):
        world.sql(statement)
    assert world.contents() == before


def test_the_database_wants_all_parts_before_it_lets_two_agree(world: World, payer: Payer, offering: Offering) -> None:
    payer.propose(offering, 500)
    world.force("UPDATE proposals SET status = 'approved' WHERE kind = 'distribution'")
    world.force("DELETE FROM distribution_lines WHERE investor_id = (SELECT max(investor_id) FROM distribution_lines)")
    with pytest.raises(DBAPIError, match="are not all of it"):
        world.sql("UPDATE distributions SET status = 'approved'")
