"""Two spouses with joint figures share one limit, whoever buys, also when both buy at once, and also after they part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from app.errors import Refused
from app.investors import actions as investors
from app.investors import queries, spouses
from app.investors.models import Investor
from tests.builders import World, usd
from tests.pledges.test_races import at_once, crowd, placing

__all__ = ["crowd"]  # a world with a connection for everybody


def couple(world: World, *, joint: bool = True) -> tuple[Investor, Investor]:
    """Linked, and with joint figures a cap of 10,000 together."""
    one, other = world.investor(), world.investor()
    for person in (one, other):
        declare(world, person, joint)
    link(world, one, other)
    return one, other


def declare(world: World, person: Investor, joint: bool) -> None:
    with world.acting() as tx:
        investors.declare_figures(
            tx, person, "USD", annual_income=usd("60000"), net_worth=usd("200000"), other_platform_12m=usd("0"),
            joint_with_spouse=joint,
        )  # fmt: skip


def link(world: World, one: Investor, other: Investor) -> None:
    with world.acting() as tx:
        code = spouses.ask(tx, one)
    with world.acting() as tx:
        spouses.confirm(tx, other, f" {code.lower()} ")


def end(world: World, person: Investor) -> None:
    with world.acting() as tx:
        spouses.end(tx, person)


def refused(world: World, act: Callable[[], object]) -> str:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        act()
    assert world.contents() == before
    return caught.value.code


def remaining(world: World, person: Investor) -> str:
    """What a decision about one share would leave, as the law counted before it."""
    placement = world.place(person, world.live(), 10)
    if placement.pledge is not None:
        world.cancel(placement.pledge)
    left = placement.decision.money("remaining")
    assert left is not None
    return str(left.amount)


def test_what_one_buys_uses_the_limit_of_both(world: World) -> None:
    one, other = couple(world)
    world.pledged(world.live(), 3_000, one)
    assert remaining(world, other) == "2500.00"
    assert remaining(world, one) == "2500.00"
    assert world.place(other, world.live(), 1_001).pledge is None
    decision = world.place(other, world.live(), 1_000).decision
    assert decision.rule == "US-CF-100a2-JOINT"
    assert [one["owner"] for one in decision.facts["history"] if "owner" in one] == ["spouse"]


def test_figures_of_ones_own_keep_limits_apart(world: World) -> None:
    one, other = couple(world, joint=False)
    world.pledged(world.live(), 4_000, one)
    assert remaining(world, other) == "10000.00"


def test_it_is_enough_that_one_of_them_uses_joint_figures(world: World) -> None:
    one, other = couple(world, joint=False)
    declare(world, one, True)
    world.pledged(world.live(), 4_000, one)
    assert remaining(world, other) == "0.00"


def test_two_spouses_at_once_never_pass_their_limit(world: World, crowd: World) -> None:
    """A limit of 10,000 together, and twenty wishes of 1,000: exactly ten fit."""
    one, other = couple(world)
    offerings = [world.live() for _ in range(10)]
    acts = [placing(crowd, person, offering, 400) for offering in offerings for person in (one, other)]
    came = Counter(at_once(acts))
    assert came == {"reserved": 10, "deny": 10}
    assert world.sql("SELECT sum(amount_minor) FROM pledges") == [(1_000_000,)]
    assert world.broken_promises() == []


def test_ending_the_link_does_not_double_the_limit(world: World) -> None:
    one, other = couple(world)
    world.pledged(world.live(), 4_000, one)
    end(world, other)
    for person in (one, other):
        declare(world, person, False)
        assert remaining(world, person) == "0.00"
    world.move_clock(days=366)
    for person in (one, other):
        declare(world, person, False)
        assert remaining(world, person) == "10000.00"


def test_what_each_buys_after_the_end_is_their_own(world: World) -> None:
    one, other = couple(world)
    end(world, one)
    for person in (one, other):
        declare(world, person, False)
    world.pledged(world.live(), 2_000, one)
    assert remaining(world, other) == "10000.00"


def test_linking_the_same_two_anew_counts_nothing_twice(world: World) -> None:
    one, other = couple(world)
    world.pledged(world.live(), 1_000, one)
    end(world, one)
    link(world, other, one)
    assert remaining(world, other) == "7500.00"
    assert remaining(world, one) == "7500.00"


def test_a_code_is_good_once_for_somebody_else_and_for_a_few_days(world: World) -> None:
    one, other, third = world.investor(), world.investor(), world.investor()
    with world.acting() as tx:
        old = spouses.ask(tx, one)
    with world.acting() as tx:
        code = spouses.ask(tx, one)

    def confirm(person: Investor, code: str) -> Callable[[], object]:
        def act() -> None:
            with world.acting() as tx:
                spouses.confirm(tx, person, code)

        return act

    assert refused(world, confirm(other, old)) == "code_unknown"
    assert refused(world, confirm(one, code)) == "code_unknown"
    assert refused(world, confirm(other, "guess")) == "code_unknown"
    confirm(other, code)()
    assert refused(world, confirm(third, code)) == "code_unknown"
    with world.acting() as tx:
        late = spouses.ask(tx, third)
    assert refused(world, confirm(other, late)) == "spouse_linked_already"
    world.move_clock(hours=72, seconds=1)
    end(world, other)
    assert refused(world, confirm(other, late)) == "code_unknown"


def test_nobody_has_two_spouses(world: World) -> None:
    one, _ = couple(world)

    def ask() -> None:
        with world.acting() as tx:
            spouses.ask(tx, one)

    assert refused(world, ask) == "spouse_linked_already"


def test_two_who_confirm_at_once_are_not_both_linked(world: World, crowd: World) -> None:
    one = world.investor()
    with world.acting() as tx:
        code = spouses.ask(tx, one)
    people = [world.investor() for _ in range(4)]

    def confirming(person: Investor) -> Callable[[], object]:
        def act() -> None:
            with crowd.acting() as tx:
                spouses.confirm(tx, person, code)
            raise Refused("linked")

        return act

    came = Counter(at_once([confirming(person) for person in people]))  # type: ignore[arg-type]
    assert came["linked"] == 1
    with world.looking() as view:
        assert queries.spouse_link(view.session, one.id) is not None


def test_the_database_knows_no_spouse_of_oneself(world: World) -> None:
    one, _ = couple(world)
    before = world.contents()
    with pytest.raises(IntegrityError, match="two_people"):
        world.sql("UPDATE spouse_links SET other_id = asker_id")
    assert world.contents() == before
    assert one.id
