"""The job follows the trail: every pattern is one case with its inputs, however often it looks."""

from __future__ import annotations

from app.actor import Actor
from app.alerts import actions as alert_actions
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.investors import actions as investors
from app.investors.models import Investor
from app.issuers.models import Relation
from app.jobs import monitor_pledges
from app.monitoring import actions as monitoring
from app.payments.sandbox.tables import Token
from app.pledges import related
from tests.builders import World, usd

NOTE = "Known to us; it is their usual way."


def found(world: World) -> list[str]:
    return [rule for (rule,) in world.sql("SELECT rule FROM alerts ORDER BY id")]


def watch(world: World) -> list[str]:
    monitor_pledges.run(world.platform)
    return found(world)


def decide(world: World, outcome: CaseOutcome = CaseOutcome.APPROVE) -> None:
    officer = world.officer()
    ((ref,),) = world.sql("SELECT ref FROM review_cases WHERE kind = 'alert' AND status = 'open'")
    with world.acting(officer) as tx:
        compliance.take_case(tx, ref)
    with world.acting(officer) as tx:
        alert_actions.resolve(tx, ref, outcome, ["other"], NOTE)


def test_five_pledges_in_ten_minutes_are_one_case_with_their_references(world: World) -> None:
    offering, investor = world.live(), world.investor()
    refs = [world.pledged(offering, 10, investor).ref for _ in range(5)]
    assert watch(world) == ["PLATFORM-VELOCITY"]
    ((inputs, holds),) = world.sql("SELECT inputs, holds FROM alerts")
    assert inputs["pledges"] == refs and inputs["total_minor"] == 12_500
    assert inputs["policy"]["pledge_times"] == 5
    assert not holds
    assert world.sql("SELECT kind, involves FROM review_cases WHERE kind = 'alert'") == [("alert", [investor.user_id])]
    before = world.contents()
    assert watch(world) == ["PLATFORM-VELOCITY"]
    assert world.contents() == before


def test_what_an_officer_looked_at_makes_no_second_pattern_but_as_much_again_does(world: World) -> None:
    offering, investor = world.live(), world.investor()
    for _ in range(5):
        world.pledged(offering, 10, investor)
    watch(world)
    decide(world)
    for _ in range(4):
        world.pledged(offering, 10, investor)
    assert len(watch(world)) == 1
    world.pledged(offering, 10, investor)
    assert len(watch(world)) == 2


def test_pledges_below_the_threshold_that_pass_it_together_are_structuring(world: World) -> None:
    offering, investor = world.live(), world.investor()
    for _ in range(3):
        world.pledged(offering, 3_400, investor)  # 8,500.00 each
        world.move_clock(hours=2)
    assert watch(world) == ["PLATFORM-STRUCTURING"]


def test_three_rounds_of_paying_and_cancelling_are_cycling(world: World) -> None:
    offering, investor = world.live(), world.investor()
    for _ in range(3):
        world.cancel(world.held(offering, 10, investor))
        world.run_jobs()
        world.move_clock(hours=2)
    assert watch(world) == ["PLATFORM-CYCLING"]


def test_insiders_who_bring_much_of_the_target_are_a_case_of_the_offering(world: World) -> None:
    offering = world.live(target="1000")
    with world.acting(Actor("issuer")) as tx:
        related.declare(tx, offering.issuer_id, name="Ann Brimble", relation=Relation.OWNER, email=None)
    world.move_clock(days=2)
    world.held(offering, 100, world.investor(name="Ann Brimble"))
    assert watch(world) == ["PLATFORM-INSIDERS"]
    decide(world)
    world.held(offering, 50)
    assert len(watch(world)) == 1  # others do not make it more
    world.held(offering, 100, world.investor(name="Brimble, Ann"))
    assert len(watch(world)) == 2  # twice as much


def test_one_investor_who_fills_an_offering_at_once_is_a_case(world: World) -> None:
    world.held(world.live(target="1000"), 200)
    assert watch(world) == ["PLATFORM-FAST"]


def test_three_people_who_pay_from_one_card_are_one_case_whoever_comes_next(world: World) -> None:
    offering = world.live(target="100000", maximum="200000")
    people = [world.investor() for _ in range(6)]

    def paid(investor: Investor) -> str:
        pledge = world.pledged(offering, 10, investor)
        world.pay(pledge, Token.SHARED_CARD)
        world.run_jobs()
        return pledge.ref

    refs = [paid(one) for one in people[:2]]
    assert watch(world) == []
    refs.append(paid(people[2]))
    assert watch(world) == ["PLATFORM-SHARED"]
    ((subject, inputs),) = world.sql("SELECT subject_id, inputs FROM alerts")
    assert subject == people[2].id and inputs["people"] == [one.id for one in people[:3]] and inputs["pledges"] == refs
    assert world.sql("SELECT involves FROM review_cases WHERE kind = 'alert'") == [
        ([one.user_id for one in people[:3]],)
    ]
    before = world.contents()
    assert watch(world) == ["PLATFORM-SHARED"] and world.contents() == before
    decide(world)
    for one in (*people[:3], people[3], people[4]):
        paid(one)
    assert len(watch(world)) == 1  # those whom an officer looked at, and two more
    paid(people[5])
    assert len(watch(world)) == 2
    assert world.sql("SELECT count(DISTINCT paid_from) FROM pledges") == [(1,)]


def test_accounts_that_the_gateway_does_not_tell_are_not_shared(world: World) -> None:
    offering = world.live(target="100000", maximum="200000")
    for _ in range(4):
        world.held(offering, 10)
    assert watch(world) == [] and world.sql("SELECT DISTINCT paid_from FROM pledges") == [(None,)]


def test_three_pledges_after_half_a_year_of_quiet_are_a_burst(world: World) -> None:
    investor, fresh = world.investor(), world.investor()
    world.move_clock(days=100)
    offering = world.live(days=89)
    world.pledged(offering, 10, investor)
    world.move_clock(days=80)  # since registering it is long ago, since the last pledge it is not
    for _ in range(3):
        world.pledged(offering, 10, investor)
        world.move_clock(hours=3)
    assert watch(world) == []
    for _ in range(3):
        world.pledged(offering, 10, fresh)
        world.move_clock(hours=3)
    assert watch(world) == ["PLATFORM-BURST"]
    assert world.sql("SELECT subject_id FROM alerts") == [(fresh.id,)]
    before = world.contents()
    assert watch(world) == ["PLATFORM-BURST"] and world.contents() == before
    decide(world)
    world.pledged(offering, 10, fresh)
    assert len(watch(world)) == 1


def test_figures_that_grow_before_a_pledge_are_one_case_for_all_that_is_pledged_on_them(world: World) -> None:
    offering, investor = world.live(), world.investor(income="30000", net_worth="10000")
    world.move_clock(days=20)
    with world.acting() as tx:
        investors.declare_figures(
            tx, investor, "USD", annual_income=usd("90000"), net_worth=usd("11000"), other_platform_12m=usd("0")
        )
    ref = world.pledged(offering, 10, investor).ref
    assert watch(world) == ["PLATFORM-FIGURES"]
    ((inputs,),) = world.sql("SELECT inputs FROM alerts")
    assert inputs["pledges"] == [ref] and inputs["figure"] == "annual_income"
    assert (inputs["before_minor"], inputs["after_minor"]) == (3_000_000, 9_000_000)
    before = world.contents()
    assert watch(world) == ["PLATFORM-FIGURES"] and world.contents() == before
    decide(world)
    world.pledged(offering, 10, investor)
    assert len(watch(world)) == 1


def test_pledges_from_another_country_than_the_residence_are_a_case(world: World) -> None:
    offering, investor = world.live(), world.investor()
    for country in ("US", None, "CA"):
        world.place(investor, offering, 10, placed_from=country)
    assert watch(world) == []
    world.place(investor, offering, 10, placed_from="CA")
    assert watch(world) == ["PLATFORM-ELSEWHERE"]
    before = world.contents()
    assert watch(world) == ["PLATFORM-ELSEWHERE"] and world.contents() == before


def test_ordinary_pledges_are_no_case(world: World) -> None:
    offering = world.live()
    for _ in range(6):
        world.held(offering, 40)
    assert watch(world) == []


def test_old_events_are_looked_at_once_and_young_ones_again(world: World) -> None:
    world.pledged(world.live(), 10)
    with world.acting() as tx:
        assert monitoring.watch(tx, 500) == 0  # an earlier event may still be on its way
    world.move_clock(minutes=3)
    with world.acting() as tx:
        assert monitoring.watch(tx, 500) > 0
    with world.acting() as tx:
        assert monitoring.watch(tx, 500) == 0
    with world.acting() as tx:
        assert monitoring.watch(tx, 1) == 0


def test_many_events_are_worked_through_in_parts(world: World) -> None:
    offering, investor = world.live(), world.investor()
    for _ in range(5):
        world.pledged(offering, 10, investor)
    for _ in range(5):
        with world.acting() as tx:
            assert monitoring.watch(tx, 1) == 1
    assert found(world) == ["PLATFORM-VELOCITY"]
