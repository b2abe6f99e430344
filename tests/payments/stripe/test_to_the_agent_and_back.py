"""From the pledge to the shares with money that Stripe takes and an escrow agent by files holds; and back to its payers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import clock
from app.compliance import actions as compliance
from app.offerings.models import Offering, OversubscriptionRule
from app.payments import queries as payments
from app.payments.escrow_files.adapter import FileGateway
from app.payments.models import Instruction
from app.payments.port import OpKind
from app.pledges.models import Pledge
from tests.builders import usd
from tests.conftest import settings
from tests.payments.files.conftest import ENV
from tests.payments.stripe.agent import Agent
from tests.payments.stripe.far import FUNDS, SECRET, Far, environment
from tests.web.browser import Site

A_DAY = 86_400


class Story:
    """The site, Stripe and the agent, and an offering whose rules let Stripe take the money."""

    def __init__(self, site: Site, far: Far, agent: Agent) -> None:
        self.site, self.world, self.far, self.agent = site, site.world, far, agent
        self._events = 0

    def opened(self, **terms: Any) -> None:
        world = self.world
        offering, actor, case_ref = world.submitted(regime_id="US-REGA", days=30, **terms)
        world.approve(case_ref)
        with world.acting(actor) as tx:
            compliance.open_offering(
                tx, offering.id, world.platform.regime(offering.regime), gateway=world.platform.custodian.name,
                custodian_is_qualified=world.platform.custodian.caps.qualified_third_party,
                seats=world.platform.law.seats(offering.regime, tx.now),
            )  # fmt: skip
        self.offering: Offering = world.offering(offering.id)

    def paid(self, shares: int = 100) -> Pledge:
        """Somebody pledges, chooses a card on the payment page, pays at Stripe, and Stripe tells."""
        pledge = self.world.pledged(self.offering, shares)
        ((user_id, name),) = self.world.sql(
            "SELECT user_id, legal_name FROM investors WHERE id = :id", id=pledge.investor_id
        )
        chosen = self.site.browser(user_id).post(f"/me/pledges/{pledge.ref}/pay", {"method": "stripe:card"})
        assert (chosen.status, chosen.location) == (303, f"/me/pledges/{pledge.ref}/pay")
        self.work()
        with self.world.looking() as view:
            collection = payments.collection(view.session, pledge.id)
        assert collection is not None and collection.provider_ref is not None
        page = collection.provider_ref.split("/")[1]
        self.far.act("pay", page=page, name=name, fingerprint=f"fp_{user_id}")
        self.tell("checkout.session.completed", page)
        assert self.world.pledge(pledge.id).status == "held"
        return self.world.pledge(pledge.id)

    def tell(self, type_: str, about: str) -> None:
        self._events += 1
        with self.world.looking() as view:
            stamp = int(view.wall_now.timestamp())
        told = self.far.act(
            "event", type=type_, about=about, secret=SECRET, stamp=stamp, event_id=f"evt_{self._events}"
        )
        posted = self.site.browser().send(
            "POST", "/webhooks/stripe", data=told["body"].encode(), content_type="application/json",
            headers={"Stripe-Signature": told["header"]},
        )  # fmt: skip
        assert posted.status == 204
        self.work()

    def work(self) -> None:
        self.world.let_backoffs_pass()
        self.world.run_jobs()
        assert self.world.broken_promises() == []

    def days(self, days: int) -> None:
        """Stripe's banks, the agent and the platform, one day after the other."""
        for _ in range(days):
            self.far.act("advance", seconds=A_DAY)
            self.world.move_clock(days=1)
            self.work()
            self.agent.a_day()
            self.work()

    def instructions(self, kind: OpKind) -> list[Instruction]:
        with self.world.looking() as view:
            rows = view.session.query(Instruction).where(Instruction.kind == kind).order_by(Instruction.id)
            return list(rows)

    def status(self, pledge: Pledge) -> str:
        return self.world.pledge(pledge.id).status

    def books(self) -> dict[str, int]:
        """Code -> minor units of client money, where there is something."""
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE book = 'client' GROUP BY code"
            " HAVING sum(debits - credits) <> 0 ORDER BY code"
        )
        return {code: int(net) for code, net in rows}

    def at_stripe(self) -> int:
        return sum(one.amount.minor for one in self.world.platform.gateways["stripe"].balances())


@pytest.fixture
def story(far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    for name, value in {**ENV, **environment(far.url)}.items():
        monkeypatch.setenv(name, value)
    site = Site(settings(database_url, tmp_path, GATEWAYS="escrow_files,stripe", REGIMES="US-CF,US-REGA"))
    with site.world.acting() as tx:
        clock.freeze(tx.session, tx.wall_now)  # Stripe says when its money is free by the true time
    assert site.world.platform.sandbox is not None
    site.world.platform.sandbox.install()
    custodian = site.world.platform.custodian
    assert isinstance(custodian, FileGateway)
    story = Story(site, far, Agent(custodian, tmp_path / "escrow_files", far))
    yield story
    story.work()
    site.close()


def test_what_stripe_took_is_carried_to_the_agent_closed_by_two_officers_and_released(story: Story) -> None:
    story.opened(target="500")
    pledges = [story.paid(), story.paid()]
    price = sum(minor for (minor,) in story.world.sql("SELECT fee_minor FROM gateway_transactions WHERE fee_minor > 0"))
    assert price > 0
    story.world.pass_deadline(story.offering)
    story.work()
    assert story.world.sql("SELECT status FROM closings") == [("gathering",)]
    story.days(4)
    (sent,) = story.instructions(OpKind.TO_CUSTODY)
    assert (sent.status, sent.amount_minor) == ("succeeded", 500_00 - price)
    payout = story.far.act("look", id_=str(sent.provider_ref).split("/")[1])
    assert (payout["destination"], payout["statement_descriptor"]) == ("ba_agent", sent.reference)
    assert (sent.amount, sent.reference) in story.agent.told
    assert story.agent.balance == usd("500.00") and story.at_stripe() == 0
    assert story.world.sql("SELECT status FROM closings") == [("proposed",)]

    story.world.approve_closing(story.offering)
    story.work()
    assert {story.status(one) for one in pledges} == {"allotted"}
    story.days(3)
    assert {story.status(one) for one in pledges} == {"settled"}
    assert story.world.offering(story.offering.id).status == "settled"
    assert (story.books(), story.agent.balance) == ({}, usd("0.00"))


def test_what_is_not_sold_after_it_was_carried_goes_back_from_stripe(story: Story) -> None:
    """More was pledged than is sold: the rest is refunded by Stripe, where nothing is left, and comes there from the agent."""
    story.opened(price="25", target="500", maximum="1000", minimum_pledge="50", rule=OversubscriptionRule.PRO_RATA)
    pledges = [story.paid(40), story.paid(20)]
    story.world.pass_deadline(story.offering)
    story.days(4)
    assert story.agent.balance == usd("1500.00") and story.at_stripe() == 0
    story.far.act("hold_refunds")
    story.world.approve_closing(story.offering)
    story.work()
    assert [one.status for one in story.instructions(OpKind.REFUND)] == ["pending", "pending"]
    story.days(1)
    (back,) = story.instructions(OpKind.FROM_CUSTODY)
    (letter,) = [line for line in story.agent.asked() if line.get("payee", {}).get("account") == FUNDS]
    assert back.amount == usd("500.00") and (letter["amount_minor"], letter["for"]) == (500_00, back.reference)
    story.days(3)
    assert {one.status for one in story.instructions(OpKind.REFUND)} == {"succeeded"}
    assert {story.status(one) for one in pledges} == {"settled"}
    assert (story.books(), story.agent.balance, story.at_stripe()) == ({}, usd("0.00"), 0)


def test_who_changes_their_mind_gets_what_stripe_kept_for_itself_too(story: Story) -> None:
    """The platform pays the price in at the agent, who sends it to Stripe, where the refund waits for it."""
    story.opened(target="500")
    pledge = story.paid()
    story.far.act("hold_refunds")
    story.world.cancel(pledge)
    story.work()
    assert story.status(pledge) == "refund_due"
    story.days(5)
    assert story.status(pledge) == "refunded"
    assert [one.status for kind in (OpKind.TOP_UP, OpKind.FROM_CUSTODY) for one in story.instructions(kind)] == [
        "succeeded", "succeeded",
    ]  # fmt: skip
    assert (story.books(), story.agent.balance, story.at_stripe()) == ({}, usd("0.00"), 0)
