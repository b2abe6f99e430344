"""From the pledge to the shares with money that Stripe takes and an escrow agent by files holds; and back to its payers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.offerings.models import OversubscriptionRule
from app.payments.escrow_files.adapter import FileGateway
from app.payments.port import OpKind
from tests.builders import usd
from tests.conftest import settings
from tests.payments.files.conftest import ENV
from tests.payments.stripe.agent import Agent
from tests.payments.stripe.far import FUNDS, Far, environment
from tests.payments.stripe.story import Story
from tests.web.browser import Site


class AgentStory(Story):
    """With the agent who holds the money."""

    def __init__(self, site: Site, far: Far, agent: Agent) -> None:
        super().__init__(site, far)
        self.agent = agent

    def others_act(self) -> None:
        self.agent.a_day(self.world.now().date())


@pytest.fixture
def story(far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentStory]:
    for name, value in {**ENV, **environment(far.url)}.items():
        monkeypatch.setenv(name, value)
    site = Site(settings(database_url, tmp_path, GATEWAYS="escrow_files,stripe", REGIMES="US-CF,US-REGA"))
    assert site.world.platform.sandbox is not None
    site.world.platform.sandbox.install()
    custodian = site.world.platform.custodian
    assert isinstance(custodian, FileGateway)
    story = AgentStory(site, far, Agent(custodian, tmp_path / "escrow_files", far))
    yield story
    story.days(1)
    site.close()


def test_what_stripe_took_is_carried_to_the_agent_closed_by_two_officers_and_released(story: AgentStory) -> None:
    story.opened(target="500")
    pledges = [story.paid(), story.paid()]
    price = sum(minor for (minor,) in story.world.sql("SELECT fee_minor FROM gateway_transactions WHERE fee_minor > 0"))
    assert price > 0
    story.pass_deadline()
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


def test_what_is_not_sold_after_it_was_carried_goes_back_from_stripe(story: AgentStory) -> None:
    """More was pledged than is sold: the rest is refunded by Stripe, where nothing is left, and comes there from the agent."""
    story.opened(price="25", target="500", maximum="1000", minimum_pledge="50", rule=OversubscriptionRule.PRO_RATA)
    pledges = [story.paid(40), story.paid(20)]
    story.pass_deadline()
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


def test_who_changes_their_mind_gets_what_stripe_kept_for_itself_too(story: AgentStory) -> None:
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
