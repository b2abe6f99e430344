"""A way to pay is kept now: the pledge is promised, takes a place, and counts as nothing that is held."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.errors import Refused
from app.jobs import send_payments
from app.payments.port import Method
from app.payments.sandbox.tables import Fault, Token
from app.payments.ways import Pattern
from app.pledges import actions as pledges
from app.pledges import paying_for
from app.pledges.models import Pledge
from tests.payments.saved.story import BEFORE, Saved

MINOR = 25_000


def setups(saved: Saved) -> list[Any]:
    return [status for (status,) in saved.world.sql("SELECT status FROM instructions WHERE kind = 'setup' ORDER BY id")]


def test_what_is_kept_is_charged_so_long_before_the_deadline_and_only_promised_until_then(saved: Saved) -> None:
    pledge = saved.chosen()
    assert (pledge.status, setups(saved)) == ("reserved", ["action_required"])
    saved.cards.pays(saved.page(pledge), Token.SETUP_OK)
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, pledge.charge_at) == ("authorised", saved.deadline - BEFORE)
    assert pledge.instrument is not None and pledge.instrument.startswith("instrument/pm_")
    assert saved.counters() == (0, MINOR, MINOR)
    assert saved.in_the_book(pledge) == MINOR
    assert saved.payments() == []
    assert saved.told(pledge) == ["pledge_promised"]
    assert saved.now().progress.started_minor == 0  # type: ignore[union-attr]
    assert saved.world.broken_promises() == []


def test_the_same_answer_again_changes_nothing(saved: Saved) -> None:
    saved.cards.provider.dup(3)
    pledge = saved.promised()
    saved.world.let_backoffs_pass()
    before = saved.world.contents("gateway_events")
    saved.cards.provider.replay(saved.cards.provider.all_events()[-1].id)
    assert saved.after_jobs(pledge).status == "authorised"
    assert saved.world.contents("gateway_events") == before


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.REFUSED_CONNECTION, Fault.E429])
def test_a_lost_answer_keeps_one_way_to_pay(saved: Saved, fault: Fault) -> None:
    pledge = saved.world.pledged(saved.offering)
    saved.cards.provider.next_fault("setup", fault)
    saved.choose(pledge)
    saved.world.let_backoffs_pass()
    send_payments.run(saved.world.platform)
    assert saved.world.sql("SELECT count(*) FROM sandbox_cards.objects") == [(1,)]
    saved.cards.pays(saved.page(pledge), Token.SETUP_OK)
    assert saved.after_jobs(pledge).status == "authorised"


def test_a_way_that_is_not_kept_leaves_the_choice(saved: Saved) -> None:
    pledge = saved.chosen()
    saved.cards.declines(saved.page(pledge))
    assert saved.after_jobs(pledge).status == "reserved"
    saved.choose(pledge, Method.ACH_DEBIT)
    saved.cards.pays(saved.page(pledge), Token.SETUP_OK)
    assert saved.after_jobs(pledge).status == "authorised"
    assert setups(saved) == ["failed", "succeeded"]


def test_twice_the_same_way_is_once_and_another_one_waits(saved: Saved) -> None:
    pledge = saved.chosen()
    saved.choose(pledge)
    assert setups(saved) == ["action_required"]
    before = saved.world.contents()
    with pytest.raises(Refused, match="method_chosen"):
        saved.choose(pledge, Method.ACH_DEBIT)
    assert saved.world.contents() == before


def test_a_way_that_cannot_be_kept_is_refused(saved: Saved) -> None:
    pledge = saved.world.pledged(saved.offering)
    before = saved.world.contents()
    with pytest.raises(Refused, match="method_refused") as refused:
        saved.choose(pledge, Method.ALIPAY)
    assert refused.value.facts["why"] == "refund_out_of_time"
    assert saved.world.contents() == before


def test_where_money_can_lie_long_enough_it_is_charged_at_once(saved: Saved) -> None:
    short = saved.world.live(regime_id="US-REGA", days=30)
    pledge = saved.world.pledged(short)
    with saved.world.acting() as tx:
        law = saved.world.platform.regime("US-REGA")
        assert paying_for.plan(tx, saved.world.pledge(pledge.id), short, law, saved.way()).pattern is Pattern.HOLD


def _cancel(saved: Saved, pledge: Pledge) -> None:
    with saved.world.acting() as tx:
        pledges.cancel(tx, pledge.id)


def test_who_leaves_before_the_way_is_kept_is_asked_for_nothing(saved: Saved) -> None:
    pledge = saved.chosen()
    page = saved.page(pledge)
    _cancel(saved, pledge)
    saved.cards.pays(page, Token.SETUP_OK)  # and finishes the page all the same
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, pledge.instrument, setups(saved)) == ("cancelled", None, ["cancelled"])
    assert saved.counters() == (0, 0, 0)
    assert saved.world.broken_promises() == []


def test_a_promise_takes_a_place_and_a_seat(saved: Saved) -> None:
    full = Saved(saved.world, target="250", maximum="500")
    full.promised(shares=150)
    with pytest.raises(Refused, match="offering_full"):
        full.world.pledged(full.offering, 100)
    assert full.counters() == (0, 37_500, 37_500)


def test_two_answers_at_once_promise_once(saved: Saved) -> None:
    pledge = saved.chosen()
    saved.cards.pays(saved.page(pledge), Token.SETUP_OK)
    saved.world.deliver_events()
    saved.world.let_backoffs_pass()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: saved.world.run_jobs(), range(3)))
    assert saved.in_the_book(pledge) == MINOR and saved.counters() == (0, MINOR, MINOR)
    assert saved.world.broken_promises() == []
