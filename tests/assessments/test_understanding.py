"""Tests, warnings, simulations and waits: every try is kept whole, and the regimes hear of them in the words of a case."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.assessments import actions, queries
from app.assessments.bank import Bank, BankError, _question, bank
from app.assessments.models import AckKind, Attempt
from app.compliance import gate
from app.compliance.gate import Lacking
from app.errors import Refused
from app.investors import claims
from app.investors.models import ClaimKind, Investor
from app.money import Money
from app.regimes import standing
from tests.builders import World

EU, UK = "eu_entry_test", "uk_appropriateness"
BANKS = (EU, UK)


def right(test: str) -> dict[str, str]:
    return {one.id: one.right for one in bank(test).questions}


def wrong(test: str, how_many: int) -> dict[str, str]:
    given = right(test)
    for one in bank(test).questions[:how_many]:
        given[one.id] = next(answer.id for answer in one.answers if answer.id != one.right)
    return given


def answer(world: World, investor: Investor, test: str, given: dict[str, str], key: uuid.UUID | None = None) -> Attempt:
    with world.acting() as tx:
        return actions.answer(tx, investor, test, given, form_key=key or uuid.uuid4(), locale="en")


def known(world: World, investor: Investor, regime: str) -> dict[str, object]:
    with world.looking() as view:
        return queries.standing(view.session, investor.id, regime)


def refused(world: World, act: Callable[[], object]) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        act()
    assert world.contents() == before
    return caught.value


# Banks


@pytest.mark.parametrize("name", BANKS)
def test_a_bank_asks_in_both_languages_and_has_one_right_answer_each(name: str) -> None:
    found: Bank = bank(name)
    assert len(found.questions) >= 8 and len(found.sha256) == 64 and found.source
    for one in found.questions:
        for told in (one, one.topic, *one.answers):
            assert told.en and told.zh and told.en != told.zh
        assert one.right in {answer.id for answer in one.answers}


def test_the_order_follows_from_the_form_and_differs_between_forms() -> None:
    orders = set()
    for number in range(20):
        key = uuid.UUID(int=number)
        order = [(one.id, tuple(answer.id for answer in answers)) for one, answers in bank(EU).shuffled(key)]
        assert order == [(one.id, tuple(a.id for a in answers)) for one, answers in bank(EU).shuffled(key)]
        assert {one for one, _ in order} == set(right(EU))
        orders.add(tuple(order))
    assert len(orders) == 20


def test_a_bank_that_is_not_there_is_named() -> None:
    with pytest.raises(BankError, match="none_such"):
        bank("none_such")
    one = {"id": "x", "en": "?", "zh": "？", "right": "c", "topic": {"en": "t", "zh": "题"}, "answers": {}}
    with pytest.raises(ValueError, match="the right answer"):
        _question(one)


# Tests


def test_a_try_is_kept_whole(world: World) -> None:
    investor, key = world.investor(), uuid.uuid4()
    found = answer(world, investor, EU, {**wrong(EU, 1), "made_up": "x"}, key)
    assert (found.outcome, found.right_answers, found.asked) == ("passed", 9, 10)
    assert found.bank_sha256 == bank(EU).sha256
    assert found.answers["given"] == wrong(EU, 1)
    assert found.answers["order"] == [[one.id, [a.id for a in answers]] for one, answers in bank(EU).shuffled(key)]


@pytest.mark.parametrize(("mistakes", "outcome"), [(0, "passed"), (2, "passed"), (3, "failed"), (10, "failed")])
def test_enough_right_answers_pass(world: World, mistakes: int, outcome: str) -> None:
    assert answer(world, world.investor(), EU, wrong(EU, mistakes)).outcome == outcome


def test_an_answer_that_was_not_offered_is_none(world: World) -> None:
    found = answer(world, world.investor(), EU, dict.fromkeys(right(EU), "all of them"))
    assert (found.outcome, set(found.answers["given"].values())) == ("failed", {None})


def test_the_same_form_is_one_try_and_somebody_elses_is_refused(world: World) -> None:
    investor, key = world.investor(), uuid.uuid4()
    first = answer(world, investor, EU, wrong(EU, 9), key)
    assert answer(world, investor, EU, right(EU), key).id == first.id
    other = world.investor()
    assert refused(world, lambda: answer(world, other, EU, right(EU), key)).code == "form_used"


def test_after_so_many_tries_that_fail_there_is_a_wait(world: World) -> None:
    investor = world.investor()
    answer(world, investor, UK, {})
    world.move_clock(hours=1)
    answer(world, investor, UK, {})
    last = world.now()
    error = refused(world, lambda: answer(world, investor, UK, right(UK)))
    assert (error.code, error.facts["until"]) == ("test_wait", last + timedelta(hours=24))
    world.move_clock(hours=23, minutes=59)
    assert refused(world, lambda: answer(world, investor, UK, right(UK))).code == "test_wait"
    world.move_clock(minutes=1)
    assert answer(world, investor, UK, right(UK)).outcome == "passed"
    assert known(world, investor, "UK-COBS")["appropriateness"] == "passed"


def test_tries_far_apart_need_no_wait(world: World) -> None:
    investor = world.investor()
    for _ in range(4):
        answer(world, investor, UK, {})
        world.move_clock(hours=24)


def test_who_fails_in_the_eu_acknowledges_a_warning_and_is_not_barred(world: World) -> None:
    investor = world.investor()
    found = answer(world, investor, EU, {})
    facts = known(world, investor, "EU-ECSPR")
    assert (facts["entry_test"], facts["entry_test_on"], facts["ack_21_4"]) == ("failed", "2026-03-03", False)
    with world.acting() as tx:
        actions.acknowledge(tx, investor, AckKind.TEST_FAILED, f"test:{found.id}", text_sha256="0" * 64, locale="en")
    assert known(world, investor, "EU-ECSPR")["ack_21_4"] is True
    answer(world, investor, EU, {})
    assert known(world, investor, "EU-ECSPR")["ack_21_4"] is False, "each failed try has its own warning"


def test_who_will_not_answer_is_known_by_it(world: World) -> None:
    investor = world.investor()
    with world.acting() as tx:
        actions.refuse_to_answer(tx, investor, EU, form_key=uuid.uuid4(), locale="en")
    assert known(world, investor, "EU-ECSPR")["entry_test"] == "info_refused"


@pytest.mark.parametrize("table", ["test_attempts", "loss_simulations", "acknowledgements", "gate_steps"])
def test_nothing_of_it_can_be_edited(world: World, table: str) -> None:
    investor = world.investor()
    answer(world, investor, EU, {})
    simulate(world, investor)
    with world.acting() as tx:
        actions.acknowledge(tx, investor, AckKind.TEST_FAILED, "test:1", text_sha256="0" * 64, locale="en")
        actions.ask_to_see(tx, investor, "UK-COBS")
    before = world.contents()
    for statement in (f"UPDATE {table} SET investor_id = investor_id", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"):
            world.sql(statement)
    assert world.contents() == before


# Simulation


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def simulate(world: World, investor: Investor, income: str = "24000.20") -> None:
    with world.acting() as tx:
        actions.acknowledge_simulation(
            tx, investor, "EU-ECSPR", income=eur(income), liquid_assets=eur("10000"), commitments=eur("14000")
        )


def test_a_tenth_of_the_net_worth_is_what_could_be_borne() -> None:
    row = standing.PACK.rows("loss_simulation")[-1]
    loss = actions.simulate(eur("24000.20"), eur("10000"), eur("14000"), row)
    assert (loss.net_worth, loss.bearable) == (eur("20000.20"), eur("2000.02"))
    assert loss.after(5) == (eur("1000.01"), eur("19000.19"))
    below = actions.simulate(eur("10000"), eur("0"), eur("30000"), row)
    assert (below.net_worth, below.bearable) == (eur("-20000"), eur("0"))


def test_a_simulation_is_told_with_its_figures_and_its_day(world: World) -> None:
    investor = world.investor()
    assert known(world, investor, "EU-ECSPR")["simulation_on"] is None
    simulate(world, investor)
    facts = known(world, investor, "EU-ECSPR")
    assert facts["simulation_on"] == "2026-03-03"
    assert facts["nw_inputs"] == {
        "net_annual_income": "24000.20", "liquid_assets": "10000.00", "annual_commitments": "14000.00",
    }  # fmt: skip


def test_figures_below_zero_are_refused(world: World) -> None:
    investor = world.investor()
    assert refused(world, lambda: simulate(world, investor, "-1")).code == "negative_amount"


# The way to a first offer


def lacking(world: World, investor: Investor | None) -> Lacking | None:
    with world.looking() as view:
        found = gate.closed(view.session, investor, "UK-COBS", two_tier=False, now=view.now)
    return None if found is None else found.lacking


def test_somebody_new_in_the_uk_says_who_they_are_waits_a_day_and_shows_that_they_understand(world: World) -> None:
    investor = world.investor()
    assert lacking(world, None) == lacking(world, investor) == Lacking.STATUS
    with world.acting() as tx:
        ticked = claims.statement_hash(ClaimKind.HNW_UK, standing.PACK.day_of(tx.now), "en")
        claims.sign(tx, investor, ClaimKind.HNW_UK, {"income": "120000.00"}, ticked=ticked, locale="en")
    assert lacking(world, investor) is Lacking.ASK
    with world.acting() as tx:
        actions.ask_to_see(tx, investor, "UK-COBS")
    assert lacking(world, investor) is Lacking.WAIT
    world.move_clock(hours=23, minutes=59, seconds=59)
    assert lacking(world, investor) is Lacking.WAIT
    assert refused(world, lambda: go_on(world, investor)).code == "wait_not_over"
    facts = known(world, investor, "UK-COBS")
    assert (facts["first_time"], facts["dofp_requested_at"]) == (True, "2026-03-03T15:00:00+00:00")
    world.move_clock(seconds=1)
    assert lacking(world, investor) is Lacking.CONTINUE
    go_on(world, investor)
    assert lacking(world, investor) is Lacking.TEST
    assert known(world, investor, "UK-COBS")["first_time"] is False
    answer(world, investor, UK, {})
    assert lacking(world, investor) is Lacking.TEST
    answer(world, investor, UK, right(UK))
    assert lacking(world, investor) is None
    world.move_clock(days=364)
    assert lacking(world, investor) is Lacking.STATUS


def go_on(world: World, investor: Investor) -> None:
    with world.acting() as tx:
        actions.go_on(tx, investor, "UK-COBS")


def test_asking_again_does_not_begin_the_wait_anew_but_leaving_does(world: World) -> None:
    investor = world.investor()
    for _ in range(2):
        with world.acting() as tx:
            actions.ask_to_see(tx, investor, "UK-COBS")
        world.move_clock(hours=12)
    assert world.sql("SELECT count(*) FROM gate_steps") == [(1,)]
    with world.acting() as tx:
        actions.leave(tx, investor, "UK-COBS")
    assert refused(world, lambda: go_on(world, investor)).code == "nothing_to_wait_for"
    with world.acting() as tx:
        actions.ask_to_see(tx, investor, "UK-COBS")
    assert refused(world, lambda: go_on(world, investor)).code == "wait_not_over"


def test_elsewhere_nobody_waits(world: World) -> None:
    investor = world.investor()

    def ask() -> None:
        with world.acting() as tx:
            actions.ask_to_see(tx, investor, "US-CF")

    assert refused(world, ask).code == "nothing_to_wait_for"
