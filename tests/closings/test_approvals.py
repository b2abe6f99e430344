"""Money leaves escrow only after two independent officers have seen the very same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.actor import Actor, Role
from app.closings import actions as closings
from app.closings.actions import Approval
from app.errors import Refused
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.investors import actions as investors
from app.investors import queries as investor_queries
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.offerings.models import Offering
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX
from tests.builders import World, usd
from tests.closings.conftest import Desk

SOUND, REFUSING = "US0012345678", f"US00{REFUSING_ACCOUNT_SUFFIX}"


def approve(desk: Desk, offering: Offering, officer: Actor, seen: str | None = None) -> Approval:
    closing = desk.closing(offering)
    with desk.world.acting(officer) as tx:
        return closings.approve(tx, closing.ref, closing.snapshot_hash or "" if seen is None else seen)


def change_account(world: World, offering: Offering, account: str = "US00 3333 4444") -> None:
    world.change_payee(offering.issuer_id, holder=offering.name, account=account)


def payouts(world: World) -> list[tuple[str, str, int]]:
    return [(kind, status, minor) for kind, status, minor in world.sql(
        "SELECT kind, status, amount_minor FROM sandbox.objects WHERE kind IN ('payout', 'move') ORDER BY kind"
    )]  # fmt: skip


def test_the_second_approval_releases_the_money(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    assert approve(desk, offering, world.officer()) is Approval.COUNTED
    world.run_jobs()
    assert (desk.closing(offering).status, payouts(world)) == ("proposed", [])

    assert approve(desk, offering, world.officer()) is Approval.EXECUTED
    assert desk.statuses(offering) == ["allotted"]
    (document,) = world.sql("SELECT document_sha256 FROM instructions WHERE kind = 'release'")[0]
    assert document == desk.closing(offering).snapshot_hash
    desk.until_quiet()
    assert payouts(world) == [("move", "succeeded", 1_250), ("payout", "succeeded", 23_750)]
    assert world.broken_promises() == []


@pytest.mark.scenario(25)
def test_one_officer_counts_once(desk: Desk) -> None:
    offering, officer = desk.proposed(), desk.world.officer()
    approve(desk, offering, officer)
    before = desk.world.contents()
    with pytest.raises(Refused, match="already_approved"):
        approve(desk, offering, officer)
    assert desk.world.contents() == before


def test_who_invested_does_not_approve(desk: Desk) -> None:
    world = desk.world
    person = world.user(Role.INVESTOR, Role.COMPLIANCE_OFFICER)
    officer = world.actor(person)
    with world.acting(officer) as tx:
        investor = investors.register(tx, person.id, legal_name=person.name, country="US")
        investors.declare_figures(
            tx, investor, "USD", annual_income=usd("90000"), net_worth=usd("90000"), other_platform_12m=usd("0")
        )
    offering = world.live(target="250")
    world.held(offering, 100, investor)
    world.pass_deadline(offering)
    world.run_jobs()
    refuses_as_own(desk, offering, officer)


def test_who_acts_for_the_company_does_not_approve(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    person = world.user(Role.ISSUER, Role.COMPLIANCE_OFFICER)
    with world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), person.id)
    refuses_as_own(desk, offering, world.actor(person))


@pytest.mark.scenario(25)
def test_who_began_the_closing_does_not_approve(desk: Desk) -> None:
    world = desk.world
    operator = world.actor(world.user(Role.OPERATOR, Role.COMPLIANCE_OFFICER))
    offering = world.live(target="250")
    world.held(offering)
    world.pass_deadline(offering)
    with world.acting(operator) as tx:
        closings.begin(tx, offering.id)
    world.run_jobs()
    refuses_as_own(desk, offering, operator)


@pytest.mark.parametrize("nobody", [Actor("system"), Actor("cli:demo")])
def test_the_platform_itself_does_not_approve(desk: Desk, nobody: Actor) -> None:
    refuses_as_own(desk, desk.proposed(), nobody)


def refuses_as_own(desk: Desk, offering: Offering, officer: Actor) -> None:
    before = desk.world.contents()
    with pytest.raises(Refused, match="own_closing"):
        approve(desk, offering, officer)
    assert desk.world.contents() == before
    # Two others still can.
    desk.world.approve_closing(offering)
    assert desk.closing(offering).status == "releasing"


@pytest.mark.scenario(25)
def test_two_officers_in_the_same_moment_release_once(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    officers, start = [world.officer(), world.officer()], Barrier(2)

    def act(officer: Actor) -> Approval:
        start.wait()
        return approve(desk, offering, officer)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(act, officers)) == [Approval.COUNTED, Approval.EXECUTED]
    desk.until_quiet()
    assert payouts(world) == [("move", "succeeded", 1_250), ("payout", "succeeded", 23_750)]
    assert world.broken_promises() == []


@pytest.mark.scenario(25)
def test_one_officer_in_two_windows_counts_once(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    officer, start = world.officer(), Barrier(2)

    def act(_: int) -> str:
        start.wait()
        try:
            return approve(desk, offering, officer)
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(act, range(2))) == ["already_approved", Approval.COUNTED]
    assert desk.closing(offering).status == "proposed"


@pytest.mark.scenario(26)
def test_another_payout_account_must_be_read_again_by_both(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    first, second = world.officer(), world.officer()
    seen = desk.closing(offering).snapshot_hash or ""
    assert approve(desk, offering, first, seen) is Approval.COUNTED
    change_account(world, offering)

    assert approve(desk, offering, second, seen) is Approval.CHANGED
    changed = desk.closing(offering)
    assert (changed.status, changed.snapshot_hash == seen) == ("proposed", False)
    # The one who looks again counts as the first; the approval of the old account counts no more.
    assert approve(desk, offering, second) is Approval.COUNTED
    assert approve(desk, offering, first) is Approval.EXECUTED
    desk.until_quiet()
    assert world.sql("SELECT about FROM sandbox.objects WHERE kind = 'payout'") == [("US0033334444",)]
    told = world.sql(
        "SELECT count(*) FROM messages WHERE kind = 'closing_proposed' AND user_id = :id", id=first.user_id
    )
    assert told == [(1,)]
    assert world.broken_promises() == []


def paid_to(world: World) -> list[tuple[str, str]]:
    """Account and outcome of every payout at the custodian, oldest first."""
    rows = world.sql("SELECT about, status FROM sandbox.objects WHERE kind = 'payout' ORDER BY created_at")
    return [(account, status) for account, status in rows]


def test_the_money_goes_where_two_officers_approved(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    change_account(world, offering, SOUND)
    approve(desk, offering, world.officer())
    world.approve_closing(offering)
    # Approved, and not sent yet: whoever gets hold of the company's account now is not paid.
    change_account(world, offering, "US66 6666 6666")
    desk.until_quiet()
    assert paid_to(world) == [(SOUND, "succeeded")]
    assert world.broken_promises() == []


def test_a_refused_payout_is_approved_anew_by_two_before_it_is_tried_again(desk: Desk) -> None:
    world = desk.world
    operator = world.actor(world.user(Role.OPERATOR, Role.COMPLIANCE_OFFICER))
    offering = desk.proposed()
    change_account(world, offering, REFUSING)
    first, second = world.officer(), world.officer()
    assert approve(desk, offering, first) is Approval.CHANGED
    world.approve_closing(offering, first, second)
    desk.until_quiet()
    assert desk.closing(offering).status == "payout_failed"

    change_account(world, offering, "US66 6666 6666")
    with world.acting(operator) as tx:
        closings.propose_payout(tx, desk.closing(offering).ref)
    seen = desk.closing(offering).snapshot_hash
    desk.until_quiet()
    assert paid_to(world) == [(REFUSING, "failed")]
    with pytest.raises(Refused, match="own_closing"):
        approve(desk, offering, operator)
    assert approve(desk, offering, first, seen) is Approval.COUNTED

    # Changed once more: what was seen counts no longer.
    change_account(world, offering, SOUND)
    assert approve(desk, offering, second, seen) is Approval.CHANGED
    assert desk.closing(offering).status == "payout_proposed"
    assert approve(desk, offering, second) is Approval.COUNTED
    assert approve(desk, offering, first) is Approval.EXECUTED
    desk.until_quiet()
    assert paid_to(world) == [(REFUSING, "failed"), (SOUND, "succeeded")]
    assert desk.closing(offering).status == "done"
    assert world.broken_promises() == []


# Whose shares they become


def rename(world: World, offering: Offering, name: str) -> None:
    """The investor of the first pledge corrects their name."""
    with world.acting() as tx:
        investor = investor_queries.investor(tx.session, world.pledges_of(offering)[0].investor_id)
        investors.register(tx, investor.user_id, legal_name=name, country=investor.country)


def test_a_closing_that_lost_a_pledge_is_settled_anew_at_once(desk: Desk) -> None:
    offering, world = desk.proposed(100, 200), desk.world
    pledge = world.pledges_of(offering)[0]
    world.force("UPDATE pledges SET cancel_until = platform_now() + interval '1 day' WHERE id = :id", id=pledge.id)
    seen = desk.closing(offering)
    with world.acting(world.officer()) as tx:
        assert closings.approve(tx, seen.ref, seen.snapshot_hash or "") is Approval.CHANGED
        assert tx.jobs_to_wake == {"close_offerings"}


def holders(world: World, table: str) -> list[str]:
    return [name for (name,) in world.sql(f"SELECT holder_name FROM {table} ORDER BY pledge_id")]


def test_a_holder_with_another_name_must_be_read_again_by_both(desk: Desk) -> None:
    offering, world = desk.proposed(100, 200), desk.world
    first, second = world.officer(), world.officer()
    seen = desk.closing(offering).snapshot_hash
    assert approve(desk, offering, first) is Approval.COUNTED
    rename(world, offering, "Ada Countess of Lovelace")

    assert approve(desk, offering, second) is Approval.CHANGED
    assert desk.closing(offering).snapshot_hash != seen
    shown = holders(world, "closing_lines")
    assert (shown[0], len(shown)) == ("Ada Countess of Lovelace", 2)
    assert approve(desk, offering, first) is Approval.COUNTED
    assert approve(desk, offering, second) is Approval.EXECUTED
    desk.until_quiet()
    assert holders(world, "register_entries") == shown
    assert world.broken_promises() == []


def test_the_register_takes_the_names_that_two_officers_saw(desk: Desk) -> None:
    """Also when the bank refuses the payout and it is approved anew: the shares were allotted before."""
    offering, world = desk.proposed(), desk.world
    first, second = world.officer(), world.officer()
    change_account(world, offering, REFUSING)
    assert approve(desk, offering, first) is Approval.CHANGED
    seen = holders(world, "closing_lines")
    world.approve_closing(offering, first, second)
    rename(world, offering, "Somebody Else")
    desk.until_quiet()
    assert desk.closing(offering).status == "payout_failed"

    change_account(world, offering, SOUND)
    with world.acting() as tx:
        closings.propose_payout(tx, desk.closing(offering).ref)
    world.approve_closing(offering, first, second)
    desk.until_quiet()
    assert desk.closing(offering).status == "done"
    assert holders(world, "register_entries") == holders(world, "closing_lines") == seen
    assert world.broken_promises() == []


def test_a_name_that_was_put_on_the_list_behind_our_back_is_put_right(desk: Desk) -> None:
    offering, world = desk.proposed(), desk.world
    rightful = holders(world, "closing_lines")
    world.sql("UPDATE closing_lines SET holder_name = 'Somebody Else'")
    assert approve(desk, offering, world.officer()) is Approval.CHANGED
    assert holders(world, "closing_lines") == rightful


# Who is an officer to this day


def shut_out(world: World, officer: Actor, how: str) -> None:
    if how == "no officer":
        world.sql("DELETE FROM role_grants WHERE user_id = :id", id=officer.user_id)
        return
    assert officer.user_id is not None
    with world.acting() as tx:
        identity.suspend(tx, identity_queries.user(tx.session, officer.user_id))


@pytest.mark.parametrize("how", ["suspended", "no officer"])
def test_the_approval_of_who_is_no_officer_any_more_does_not_count(desk: Desk, how: str) -> None:
    offering, world = desk.proposed(), desk.world
    first, second, third = (world.officer() for _ in range(3))
    assert approve(desk, offering, first) is Approval.COUNTED
    shut_out(world, first, how)
    assert approve(desk, offering, second) is Approval.COUNTED
    with pytest.raises(Refused, match="already_approved"):
        approve(desk, offering, second)
    desk.until_quiet()
    assert (desk.closing(offering).status, payouts(world)) == ("proposed", [])
    assert approve(desk, offering, third) is Approval.EXECUTED
    desk.until_quiet()
    assert desk.closing(offering).status == "done"
    assert world.broken_promises() == []


def test_the_approval_of_an_officer_who_came_back_counts(desk: Desk) -> None:
    """Then two have approved, and either of them has it carried out."""
    offering, world = desk.proposed(), desk.world
    first, second = world.officer(), world.officer()
    assert approve(desk, offering, first) is Approval.COUNTED
    shut_out(world, first, "suspended")
    assert approve(desk, offering, second) is Approval.COUNTED
    world.sql("UPDATE users SET suspended_at = NULL")
    assert approve(desk, offering, first) is Approval.EXECUTED
    assert world.sql("SELECT count(*) FROM closing_approvals") == [(2,)]


# What is no longer as it was


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_who_saw_something_else_is_told_to_read_again(desk: Desk, seen: str) -> None:
    offering, officer = desk.proposed(), desk.world.officer()
    before = desk.world.contents()
    assert approve(desk, offering, officer, seen) is Approval.CHANGED
    assert desk.world.contents() == before


@pytest.mark.parametrize("status", ["gathering", "releasing", "done"])
def test_only_a_proposed_closing_is_approved(desk: Desk, status: str) -> None:
    world = desk.world
    third = world.officer()
    if status == "gathering":
        offering = world.live(target="250")
        world.held(offering)
        world.pass_deadline(offering)
        with world.acting() as tx:
            closings.begin(tx, offering.id)
    else:
        offering = desk.proposed()
        world.approve_closing(offering)
        if status == "done":
            desk.until_quiet()
    assert desk.closing(offering).status == status
    before = world.contents()
    with pytest.raises(Refused, match="not_proposed"):
        approve(desk, offering, third)
    assert world.contents() == before
