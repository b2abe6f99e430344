"""From the pledge to the shares with money that lies at Stripe until the closing; and back to its payers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import Refused
from app.payments import actions as payments
from app.payments.port import OpKind
from app.wiring import build
from config import ConfigurationError
from tests.builders import usd
from tests.conftest import settings
from tests.payments.stripe.far import Far, environment
from tests.payments.stripe.story import Story
from tests.payments.test_after_the_payment import give_account
from tests.web.browser import Site

SETTINGS = {"STRIPE_PLATFORM_ACCOUNT": "ba_platform", "STRIPE_CUSTODIAN_ACCOUNTS": ""}


class HeldStory(Story):
    """With the platform's treasurer, who pays in what the platform owes to offerings' money."""

    pays_in = True

    def others_act(self) -> None:
        for one in self.instructions(OpKind.TOP_UP):
            if self.pays_in and one.status == "pending" and one.id not in self._paid_in:
                self._paid_in.add(one.id)
                self.far.act("top_up", amount=one.amount_minor, currency="usd")

    def __init__(self, site: Site, far: Far) -> None:
        super().__init__(site, far)
        self._paid_in: set[int] = set()
        self.world.payee = "acct_issuer"

    def at_stripe_for(self) -> dict[str, int]:
        """Minor units by offering, as the lines of Stripe's balance tell."""
        rows = self.world.sql(
            "SELECT account, sum(net_minor) FROM gateway_transactions GROUP BY 1 HAVING sum(net_minor) <> 0"
        )
        return {account: int(minor) for account, minor in rows}

    def payouts(self, account: str = "") -> list[dict[str, object]]:
        listed = self.far.act("known", object_="payout", account=account)["data"]
        return [self.far.act("look", id_=one["id"]) for one in listed]


@pytest.fixture
def story(far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldStory]:
    for name, value in environment(far.url, **SETTINGS).items():
        monkeypatch.setenv(name, value)
    chosen = {"GATEWAYS": "stripe", "REGIMES": "US-CF,US-REGA", "CASH_ACCOUNTS": "off"}
    site = Site(settings(database_url, tmp_path, **chosen))
    assert site.world.platform.sandbox is not None
    site.world.platform.sandbox.install()
    story = HeldStory(site, far)
    yield story
    story.days(1)
    site.close()


def closed(story: HeldStory) -> None:
    """Past the deadline, whole, and approved by two officers."""
    story.pass_deadline()
    story.days(2)
    assert story.world.sql("SELECT status FROM closings") == [("proposed",)]
    story.world.approve_closing(story.offering)
    story.work()


def test_what_stripe_holds_is_released_to_the_issuer_s_connected_account(story: HeldStory) -> None:
    story.opened(target="500")
    pledges = [story.paid(), story.paid()]
    price = sum(minor for (minor,) in story.world.sql("SELECT fee_minor FROM gateway_transactions"))
    account = f"offering-{story.offering.id}"
    assert story.breaks() == [] and story.at_stripe_for() == {account: 500_00 - price}
    closed(story)
    assert story.instructions(OpKind.TO_CUSTODY) == []
    assert [(one.status, one.amount_minor) for one in story.instructions(OpKind.TOP_UP)] == [("succeeded", price)]
    assert {story.status(one) for one in pledges} == {"allotted"}
    story.days(3)
    assert {story.status(one) for one in pledges} == {"settled"}
    assert story.world.offering(story.offering.id).status == "settled"
    (release,), (fee,) = story.instructions(OpKind.RELEASE), story.instructions(OpKind.FEE)
    assert (release.status, str(release.provider_ref).split("/")[0], fee.status) == (
        "succeeded",
        "transfer",
        "succeeded",
    )
    assert [(one["amount"], one["destination"]) for one in story.payouts()] == [(fee.amount_minor, "ba_platform")]
    assert [one["amount"] for one in story.payouts("acct_issuer")] == [500_00 - fee.amount_minor]
    assert (story.books(), story.at_stripe(), story.at_stripe_for()) == ({}, 0, {})


def test_officers_are_asked_when_stripe_would_pay_it_out(story: HeldStory) -> None:
    """A transfer before that is refused for want of money, and Stripe repeats that for a day."""
    story.opened(target="250")
    assert story.offering.deadline_at is not None
    story.pass_time(int((story.offering.deadline_at - story.world.now()).total_seconds()) - 3600)
    story.paid()
    story.pass_deadline()
    story.others_act()
    story.work()
    assert story.world.sql("SELECT status FROM closings") == [("gathering",)]
    story.days(1)
    assert story.world.sql("SELECT status FROM closings") == [("proposed",)]
    story.world.approve_closing(story.offering)
    story.days(3)
    assert (story.books(), story.at_stripe()) == ({}, 0)


def test_a_raise_that_fails_goes_back_in_full(story: HeldStory) -> None:
    """Stripe keeps its price of every payment; the platform pays that in, and nobody gets less."""
    story.opened(target="1000")
    pledges = [story.paid(), story.paid()]
    story.pass_deadline()
    story.days(4)
    assert {story.status(one) for one in pledges} == {"refunded"}
    assert {(one.status, one.amount_minor) for one in story.instructions(OpKind.REFUND)} == {("succeeded", 250_00)}
    assert (story.books(), story.at_stripe(), story.at_stripe_for()) == ({}, 0, {})


def test_a_refund_does_not_wait_for_the_price_and_another_offering_does_not_pay_it(story: HeldStory) -> None:
    """It leaves the one balance, beyond what this offering has there: that is seen at once, until it is paid in."""
    story.opened(target="500")
    other, kept = story.offering, story.paid()
    story.opened(target="500")
    pledge = story.paid()
    story.pays_in = False
    story.world.cancel(pledge)
    story.work()
    assert story.status(pledge) == "refunded"
    price = 250_00 * 29 // 1000
    (lacks,) = story.breaks()
    assert lacks == f"R14 below_zero:stripe:USD:{story.offering.id}"
    assert story.at_stripe_for() == {f"offering-{other.id}": 250_00 - price, f"offering-{story.offering.id}": -price}
    story.pays_in = True
    story.others_act()
    story.work()
    assert story.breaks() == [] and story.at_stripe_for() == {f"offering-{other.id}": 250_00 - price}
    assert story.status(kept) == "held"
    story.world.cancel(kept)
    story.work()
    story.others_act()


@pytest.mark.parametrize("refused", [False, True], ids=["it comes back", "it is refused at once"])
def test_a_payout_that_fails_is_here_again_and_goes_where_officers_say_anew(story: HeldStory, refused: bool) -> None:
    story.world.payee = "acct_nobank" if refused else "acct_issuer"
    story.opened(target="500")
    pledges = [story.paid(), story.paid()]
    closed(story)
    if not refused:
        (payout,) = story.payouts("acct_issuer")
        story.far.act("settle_payout", payout=payout["id"], status="failed", account="acct_issuer")
        story.tell("payout.failed", str(payout["id"]), "acct_issuer")
    assert story.world.sql("SELECT status FROM closings") == [("payout_failed",)]
    assert {story.status(one) for one in pledges} == {"allotted"} and story.at_stripe() == 500_00
    assert [one for one in story.breaks() if not one.startswith("R11")] == []
    story.world.change_payee(story.offering.issuer_id, holder="Issuer Inc", account="acct_other")
    story.approve_anew()
    story.days(3)
    assert {story.status(one) for one in pledges} == {"settled"}
    assert len(story.payouts("acct_other")) == 1 and (story.books(), story.at_stripe()) == ({}, 0)


def test_what_came_back_after_it_was_paid_goes_out_once_more(story: HeldStory) -> None:
    story.opened(target="500")
    pledges = [story.paid(), story.paid()]
    closed(story)
    story.days(3)
    (payout,) = story.payouts("acct_issuer")
    story.far.act("settle_payout", payout=payout["id"], status="failed", account="acct_issuer")
    story.tell("payout.failed", str(payout["id"]), "acct_issuer")
    assert {story.status(one) for one in pledges} == {"settled"}
    assert story.world.sql("SELECT status FROM closings") == [("payout_failed",)]
    assert story.books() == {"1100": 475_00, "2100": -475_00}
    story.world.change_payee(story.offering.issuer_id, holder="Issuer Inc", account="acct_other")
    story.approve_anew()
    story.days(3)
    assert len(story.payouts("acct_other")) == 1 and (story.books(), story.at_stripe()) == ({}, 0)


def test_what_a_bank_takes_after_the_release_the_platform_pays_in(story: HeldStory) -> None:
    story.opened(target="500")
    pledge, _ = story.paid(), story.paid()
    closed(story)
    story.days(3)
    assert story.at_stripe() == 0
    intent = story.intent_of(pledge)
    dispute = story.far.act("dispute", intent=intent)["id"]
    story.tell("charge.dispute.created", dispute)
    assert story.at_stripe() == -265_00
    assert {one.split(":")[0] for one in story.breaks()} == {"R14 below_zero", "R12 1197"}
    story.far.act("close_dispute", dispute=dispute, status="lost")
    story.tell("charge.dispute.closed", dispute)
    story.work()
    story.others_act()
    story.work()
    story.days(1)
    assert (story.at_stripe(), story.at_stripe_for(), story.books()) == (0, {}, {})
    assert usd("265.00").minor == sum(one.amount_minor for one in story.instructions(OpKind.TOP_UP)[1:])


def test_what_no_refund_reaches_waits_for_a_person_who_pays_it_by_hand(story: HeldStory) -> None:
    """Stripe pays nobody's bank account but the platform's own: what left for it under our mark is booked as what was asked."""
    story.opened(target="500")
    pledge = story.paid()
    story.world.cancel(pledge)
    story.work()
    story.others_act()
    story.work()
    (refund,) = story.instructions(OpKind.REFUND)
    story.far.act("fail_refund", refund=str(refund.provider_ref).split("/")[1])
    give_account(story.world, pledge)
    told = story.far.act("look", id_=str(refund.provider_ref).split("/")[1])
    story.tell("refund.failed", told["id"], whole=False)
    story.world.run_jobs()
    (asked,) = story.instructions(OpKind.PAY_BACK)
    assert (asked.status, asked.code, story.status(pledge)) == ("review", "payee_unknown_to_stripe", "refund_due")
    assert [one.split(":")[0] for one in story.breaks()] == ["R10 instruction"]
    assert [name.split()[0] for name in story.world.broken_promises()] == ["I21"]

    account = f"offering-{story.offering.id}"
    marks = {"op_id": str(asked.op_id), "generation": str(asked.generation), "env": "test", "account": account}
    made = story.far.act("payout_by_hand", amount=250_00, currency="usd", marks=marks)
    story.pass_time(3600)
    assert story.breaks() == []
    story.far.act("settle_payout", payout=made["id"], status="paid")
    story.pass_time(3600)
    assert story.breaks() == []
    story.work()
    assert (story.status(pledge), story.books(), story.at_stripe()) == ("refunded", {}, 0)


def test_a_fee_that_comes_back_is_sent_again_by_a_person(story: HeldStory) -> None:
    story.opened(target="500")
    story.paid(), story.paid()
    closed(story)
    story.days(3)
    (fee,) = story.payouts()
    story.far.act("settle_payout", payout=fee["id"], status="failed")
    story.tell("payout.failed", str(fee["id"]), whole=False)
    (first, again) = story.instructions(OpKind.FEE)
    assert (first.status, again.status, again.code, again.amount) == ("succeeded", "review", "came_back", first.amount)
    assert story.books() == {"1100": first.amount_minor, "2120": -first.amount_minor}
    with story.world.acting() as tx:
        payments.try_again(tx, again.op_id)
    story.days(2)
    assert (story.books(), story.at_stripe(), len(story.payouts())) == ({}, 0, 2)


def test_where_the_law_wants_a_qualified_third_party_it_does_not_open(story: HeldStory) -> None:
    with pytest.raises(Refused, match="custodian_not_qualified"):
        story.opened(regime_id="US-CF")


def test_the_company_names_its_account_at_stripe_and_no_bank_s_number(story: HeldStory) -> None:
    story.opened(target="500")
    ((user_id,),) = story.world.sql(
        "SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=story.offering.issuer_id
    )
    ((ref,),) = story.world.sql("SELECT ref FROM issuers WHERE id = :id", id=story.offering.issuer_id)
    browser, page = story.site.browser(user_id), f"/issuer/companies/{ref}/payout"
    assert "acct_" in browser.get(page).text
    for wrong in ("DE89370400440532013000", "acct_", "acct_1 / 2", "acct_ü", "ba_1"):
        refused = browser.post(page, {"holder": "Issuer Inc", "account": wrong})
        assert refused.status == 422 and "begins with acct_" in refused.text
    assert story.world.sql("SELECT 1 FROM proposals WHERE kind = 'payee'") == []
    assert browser.post(page, {"holder": "Issuer Inc", "account": " acct_1A2b "}).status == 303
    assert story.world.sql("SELECT status FROM proposals WHERE kind = 'payee'") == [("proposed",)]


def test_cash_accounts_are_refused_at_the_start(
    far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(far.url, **SETTINGS).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match="CASH_ACCOUNTS must be off: stripe"):
        build(settings(database_url, tmp_path, GATEWAYS="stripe", CUSTODIAN="stripe", CASH_ACCOUNTS="on"))


def test_without_an_account_of_the_platform_s_own_it_is_no_custodian(
    far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(far.url).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match="CUSTODIAN must be one of none"):
        build(settings(database_url, tmp_path, GATEWAYS="stripe", CUSTODIAN="stripe", CASH_ACCOUNTS="off"))
