"""US limits are measured when shares are sold: a closing asks the law once more about every pledge."""

from __future__ import annotations

from app.investors import actions as investors
from tests.builders import World, usd


def declare(world: World, investor: object, income: str) -> None:
    with world.acting() as tx:
        investors.declare_figures(
            tx,
            investor,
            "USD",
            annual_income=usd(income),
            net_worth=usd(income),
            other_platform_12m=usd("0"),  # type: ignore[arg-type]
        )


def purposes(world: World) -> list[tuple[str, str, str | None]]:
    return [
        (purpose, outcome, committed)
        for purpose, outcome, committed in world.sql(
            "SELECT purpose, outcome, facts->>'committed_on' FROM decisions WHERE purpose = 'sale' ORDER BY id"
        )
    ]


def test_a_pledge_that_the_law_forbids_by_the_day_of_the_sale_is_refunded_and_the_others_are_sold(world: World) -> None:
    offering = world.live(target="1000")
    kept, poorer = world.held(offering, 1_000), world.investor()
    lost = world.held(offering, 4_000, poorer)
    declare(world, poorer, "30000")
    world.pass_deadline(offering)
    world.run_jobs()
    assert purposes(world) == [("sale", "allow", "2026-03-03"), ("sale", "deny", "2026-03-03")]
    assert (world.pledge(lost.id).status, world.pledge(lost.id).stop_reason) == ("refunded", "not_lawful_at_sale")
    world.approve_closing(offering, world.officer(), world.officer())
    world.run_jobs()
    assert world.pledge(kept.id).status == "settled"
    assert world.broken_promises() == []


def test_an_offering_that_misses_its_target_that_way_fails_and_refunds_all(world: World) -> None:
    offering = world.live(target="10000")
    kept, poorer = world.held(offering, 1_000), world.investor()
    lost = world.held(offering, 4_000, poorer)
    declare(world, poorer, "30000")
    world.pass_deadline(offering)
    world.run_jobs()
    assert [world.pledge(one.id).status for one in (kept, lost)] == ["refunded", "refunded"]
    assert world.broken_promises() == []


def test_figures_that_grew_old_since_the_pledge_do_not_undo_it(world: World) -> None:
    offering = world.live(target="1000", days=300)
    pledge = world.held(offering, 1_000)
    world.sql("UPDATE figures SET declared_at = declared_at - interval '11 months'")
    world.pass_deadline(offering)
    world.run_jobs()
    assert purposes(world)[0][:2] == ("sale", "needs_ack")
    assert world.pledge(pledge.id).status == "held"
    assert world.broken_promises() == []


def test_of_two_pledges_the_later_one_has_to_fit_in_beside_the_earlier(world: World) -> None:
    """With a cap of 10,000 since the pledges: 7,500 in the first offering stays, 5,000 in the second goes back."""
    first, second, investor = world.live(target="1000"), world.live(target="1000"), world.investor()
    world.held(second, 1_000)
    stays = world.held(first, 3_000, investor)
    goes = world.held(second, 2_000, investor)
    declare(world, investor, "124000")
    with world.acting() as tx:
        investors.declare_figures(
            tx, investor, "USD", annual_income=usd("123000"), net_worth=usd("200000"), other_platform_12m=usd("0")
        )
    world.pass_deadline(second)
    world.run_jobs()
    assert (world.pledge(stays.id).status, world.pledge(goes.id).status) in (
        ("held", "refunded"),
        ("allotted", "refunded"),
    )
    assert world.broken_promises() == []
