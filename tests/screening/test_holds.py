"""A name on a list is one alert, one case and a hold; an officer's word is remembered; nobody is tipped off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from app import four_eyes
from app.actor import Actor
from app.alerts import actions as alert_actions
from app.alerts.models import Alert
from app.approvals.models import ProposalKind
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.errors import NotFound, Refused
from app.investors.models import Investor
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.issuers.models import Relation
from app.jobs import rescreen
from app.offerings.models import Offering
from app.pledges import actions as pledges
from app.pledges import related
from app.pledges.lifecycle import IN_REVIEW, RESERVED
from app.screening import actions as screening
from tests.builders import World
from tests.screening.lists import alerts, cases, take_in, written

NOTE = "Another person: born in another year."
LISTED = "Vandermoosen Zoltrik"


def refused(world: World, act: Callable[[], object]) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        act()
    assert world.contents() == before
    return caught.value


def registered(world: World, name: str = LISTED, country: str = "NL", born_on: date | None = None) -> Investor:
    investor = world.investor()
    with world.acting() as tx:
        return screening.register(tx, investor.user_id, legal_name=name, country=country, born_on=born_on)


def say(world: World, outcome: CaseOutcome, officer: Actor | None = None, ref: str = "") -> Alert:
    officer, ref = officer or world.officer(), ref or cases(world)[-1]
    with world.acting(officer) as tx:
        compliance.take_case(tx, ref)
    with world.acting(officer) as tx:
        return alert_actions.resolve(tx, ref, outcome, ["other"], NOTE)


def test_registering_under_a_listed_name_is_one_alert_with_its_inputs(world: World) -> None:
    take_in(world)
    investor = registered(world, born_on=date(1961, 4, 12))
    (alert,) = alerts(world)
    assert (alert.rule, alert.subject_type, alert.subject_id) == ("PLATFORM-NAME", "investors", investor.id)
    assert alert.holds and alert.status == "raised"
    assert alert.inputs["name"] == LISTED and alert.inputs["listed"]["id"] == "XX-1"
    assert alert.inputs["likeness"] == alert.inputs["score"] == 100
    assert len(cases(world)) == 1


def test_the_trail_names_nobody(world: World) -> None:
    take_in(world)
    registered(world)
    told = str(world.sql("SELECT event, facts FROM audit_events WHERE subject_type IN ('alerts', 'review_cases')"))
    assert "listing:" in told
    assert "andermoosen" not in told


def test_without_a_list_nobody_is_compared(world: World) -> None:
    registered(world)
    assert alerts(world) == []
    assert world.sql("SELECT count(*) FROM screenings") == [(0,)]


def test_the_same_name_again_is_no_second_alert_but_another_name_is_compared_anew(world: World) -> None:
    take_in(world)
    investor = registered(world, "Somebody Harmless")
    assert alerts(world) == []
    for _ in range(2):
        with world.acting() as tx:
            screening.register(tx, investor.user_id, legal_name=LISTED, country="NL")
    assert len(alerts(world)) == 1


@pytest.mark.parametrize(
    ("born_on", "country", "found"),
    [
        (None, "NL", True), (date(1961, 4, 12), "NL", True), (date(1985, 1, 1), "NL", False),
        (date(1961, 4, 13), "US", False), (None, "US", True),
    ],
)  # fmt: skip
def test_birth_date_and_country_tell_namesakes_apart(
    world: World, born_on: date | None, country: str, found: bool
) -> None:
    take_in(world)
    registered(world, LISTED, country, born_on)
    assert bool(alerts(world)) == found


def test_a_pledge_of_somebody_with_an_open_alert_goes_to_an_officer_and_is_not_collected(world: World) -> None:
    offering = world.live()
    investor = world.investor(name=LISTED)  # registered before there was a list
    take_in(world)
    pledge = world.pledged(offering, investor=investor)
    assert pledge.status == IN_REVIEW
    assert len(alerts(world)) == 1
    officer = world.officer()
    ((ref,),) = world.sql("SELECT ref FROM review_cases WHERE kind = 'pledge'")
    with world.acting(officer) as tx:
        pledges.take_referral(tx, ref)

    def accept() -> None:
        with world.acting(officer) as tx:
            pledges.resolve_referral(tx, ref, CaseOutcome.APPROVE, [], "", world.platform.payment_window)

    assert refused(world, accept).code == "investor_on_hold"
    say(world, CaseOutcome.APPROVE)
    accept()
    assert world.pledge(pledge.id).status == RESERVED
    assert world.broken_promises() == []


def test_the_investor_reads_the_same_as_for_any_pledge_that_is_looked_at(world: World) -> None:
    offering, large, listed = world.live(), world.investor(), world.investor(name=LISTED)
    world.pledged(offering, shares=10_000, investor=large)
    take_in(world)
    world.pledged(offering, shares=100, investor=listed)
    kinds = world.sql("SELECT kind FROM messages WHERE kind LIKE 'pledge%' ORDER BY id")
    assert kinds == [("pledge_referred",), ("pledge_referred",)]


def test_who_was_found_to_be_listed_cannot_pledge_and_is_told_nothing_of_it(world: World) -> None:
    offering, _ = world.live(), take_in(world)
    investor = registered(world, country="US")
    say(world, CaseOutcome.REFUSE)
    no = refused(world, lambda: world.place(investor, offering, 100))
    assert (no.code, no.facts) == ("details_being_checked", {})
    assert world.sql("SELECT count(*) FROM messages WHERE user_id = :id", id=investor.user_id) == [(0,)]


def test_lifting_a_hold_lets_them_pledge_again(world: World) -> None:
    offering, _ = world.live(), take_in(world)
    investor = registered(world, country="US")
    say(world, CaseOutcome.REFUSE)
    lift(world, world.officer())
    assert world.pledged(offering, investor=investor).status == RESERVED
    officer = world.officer()
    assert refused(world, lambda: lift(world, officer)).code == "illegal_move"


def lift(world: World, actor: Actor) -> None:
    with world.acting(actor) as tx:
        four_eyes.propose_lift(tx, cases(world)[0])
    world.agree(ProposalKind.HOLD)


def test_only_an_alert_is_lifted(world: World) -> None:
    _, _, ref = world.submitted()
    with pytest.raises(NotFound), world.acting(world.officer()) as tx:
        four_eyes.propose_lift(tx, ref)


def test_nobody_decides_or_lifts_an_alert_about_themselves(world: World) -> None:
    take_in(world)
    investor = registered(world)
    own = Actor("user", investor.user_id)
    with pytest.raises(Refused, match="own_case"), world.acting(own) as tx:
        compliance.take_case(tx, cases(world)[0])
    say(world, CaseOutcome.REFUSE)
    assert refused(world, lambda: lift(world, own)).code == "own_case"


def test_a_false_alarm_needs_its_reason_and_has_no_third_answer(world: World) -> None:
    take_in(world)
    registered(world)
    officer, ref = world.officer(), cases(world)[0]
    with world.acting(officer) as tx:
        compliance.take_case(tx, ref)

    def decide(outcome: CaseOutcome, note: str) -> None:
        with world.acting(officer) as tx:
            alert_actions.resolve(tx, ref, outcome, ["other"], note)

    assert refused(world, lambda: decide(CaseOutcome.APPROVE, "no")).code == "note_too_short"
    assert refused(world, lambda: decide(CaseOutcome.REQUEST_CHANGES, NOTE)).code == "outcome_not_offered"


def test_a_false_alarm_is_remembered_until_the_person_or_the_listing_changes(world: World, tmp_path: Path) -> None:
    row = {"id": "XX-1", "name": "Zoltrik Vandermoosen"}
    take_in(world, written(tmp_path / "a.csv", row))
    investor = registered(world)
    say(world, CaseOutcome.APPROVE)
    take_in(world, written(tmp_path / "b.csv", row, {"id": "XX-2", "name": "Somebody Else"}))
    rescreen.run(world.platform)
    with world.acting() as tx:
        screening.register(tx, investor.user_id, legal_name=LISTED, country="NL")
    assert len(alerts(world)) == 1
    take_in(world, written(tmp_path / "c.csv", {**row, "countries": "nl"}))
    rescreen.run(world.platform)
    assert len(alerts(world)) == 2  # the listing says more than it did
    say(world, CaseOutcome.APPROVE)
    with world.acting() as tx:
        screening.register(tx, investor.user_id, legal_name="Zoltrik Vandermoosen", country="NL")
    assert len(alerts(world)) == 3  # and so does the person


def test_an_open_alert_stays_one_when_the_listing_changes(world: World, tmp_path: Path) -> None:
    row = {"id": "XX-1", "name": "Zoltrik Vandermoosen"}
    take_in(world, written(tmp_path / "a.csv", row))
    registered(world)
    take_in(world, written(tmp_path / "b.csv", {**row, "countries": "nl"}))
    rescreen.run(world.platform)
    assert len(alerts(world)) == len(cases(world)) == 1


def test_after_an_import_everybody_is_compared_once(world: World) -> None:
    _, actor = world.issuer()
    world.investor(name=LISTED)
    world.sql("UPDATE users SET name = '歐陽泉貝' WHERE id = :id", id=actor.user_id)
    with world.acting(actor) as tx:
        company = issuers.create(tx, legal_name="Brimblewick Shipping Limited", country="GB")
        issuers.add_member(tx, company, actor.user_id or 0)
    take_in(world)
    assert rescreen.run(world.platform) == 4  # one investor, one member, two companies
    assert sorted(one.subject_type for one in alerts(world)) == ["investors", "issuers", "users"]
    before = world.contents()
    assert rescreen.run(world.platform) == 0
    assert world.contents() == before


def approved(world: World) -> tuple[Offering, Actor]:
    offering, actor, ref = world.submitted()
    world.approve(ref)
    return offering, actor


def test_an_offering_does_not_open_while_somebody_of_its_company_is_on_hold(world: World) -> None:
    offering, actor = approved(world)
    world.sql("UPDATE users SET name = :name WHERE id = :id", name=LISTED, id=actor.user_id)
    take_in(world)
    rescreen.run(world.platform)

    def open_it() -> None:
        with world.acting(actor) as tx:
            screening.open_offering(
                tx,
                offering.id,
                world.platform.regime("US-CF"),
                gateway="sandbox",
                custodian_is_qualified=True,
                seats=None,
            )

    assert refused(world, open_it).code == "details_being_checked"
    say(world, CaseOutcome.APPROVE)
    open_it()
    assert world.offering(offering.id).status == "live"


def test_an_alert_about_a_company_involves_its_members(world: World) -> None:
    offering, actor = world.draft()
    world.sql("UPDATE issuers SET legal_name = 'Brimblewick Shipping Ltd' WHERE id = :id", id=offering.issuer_id)
    take_in(world)
    with world.acting(actor) as tx:
        screening.submit_offering(tx, offering.id, world.platform.regime("US-CF"))
    (alert,) = alerts(world)
    assert alert.subject_type == "issuers"
    assert world.sql("SELECT involves FROM review_cases WHERE kind = 'alert'") == [([actor.user_id],)]


def test_nothing_is_released_while_an_investor_of_the_closing_is_on_hold(world: World) -> None:
    offering = world.live(target="250", days=25)
    world.held(offering, investor=world.investor(name=LISTED))
    take_in(world)
    rescreen.run(world.platform)
    world.pass_deadline(offering)
    world.run_jobs()

    def approve() -> None:
        with world.looking() as view:
            closing = closing_queries.of_offering(view.session, offering.id)[0]
        with world.acting(world.officer()) as tx:
            closings.approve(tx, closing.ref, closing.snapshot_hash or "")

    officer = world.officer()
    with world.looking() as view:
        closing = closing_queries.of_offering(view.session, offering.id)[0]
    with pytest.raises(Refused, match="somebody_on_hold"), world.acting(officer) as tx:
        closings.approve(tx, closing.ref, closing.snapshot_hash or "")
    say(world, CaseOutcome.APPROVE)
    approve()
    approve()
    world.run_jobs()
    assert world.offering(offering.id).status == "settled"
    assert world.broken_promises() == []


def test_a_company_s_related_party_is_compared_too(world: World) -> None:
    take_in(world)
    company, actor = world.issuer()
    with world.acting(actor) as tx:
        related.declare(tx, company.id, name="欧阳泉贝", relation=Relation.FAMILY, email=None)
    (alert,) = alerts(world)
    assert alert.subject_type == "related_parties"
    with world.looking() as view:
        assert len(issuer_queries.related_parties(view.session, company.id)) == 1
