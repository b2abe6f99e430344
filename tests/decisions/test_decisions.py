"""Every wish to invest leaves a decision behind that says why, and says the same again at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.decisions import queries, receipts
from app.decisions.models import Decision
from app.decisions.receipts import Asked
from app.errors import Refused
from app.i18n import mails
from app.identity import queries as identity
from app.investors import actions as investors
from app.investors.models import ClaimKind, Investor
from app.money import Money
from app.notifications.models import QueuedMessage
from app.offerings.models import Offering
from app.pledges import queries as pledges
from app.regimes import facts
from app.regimes.profile import Intent
from app.regimes.registry import assess_case
from tests.builders import World, usd


def law(world: World, investor: Investor, regime_id: str) -> Asked:
    regime = world.platform.regime(regime_id)
    with world.looking() as view:
        return Asked(regime, pledges.history(view.session, investor.id, regime, view.now))


def asked(world: World, investor: Investor, offering: Offering, shares: int) -> receipts.Receipt:
    """What the law says beforehand, without anything being stored."""
    one = law(world, investor, offering.regime)
    assert offering.price is not None
    with world.looking() as view:
        on = one.regime.pack.day_of(view.now)
        intent = Intent(
            offering.price.times(shares), str(offering.issuer_id), offering.ref, offering.minimum_pledge, on
        )
        return receipts.asked(view.session, investor, [one], intent)


def stored(world: World, decision: Decision) -> Decision:
    with world.looking() as view:
        return queries.decision(view.session, decision.id)


def declare(world: World, investor: Investor, **figures: object) -> None:
    with world.acting() as tx:
        investors.declare_figures(tx, investor, "USD", **figures)  # type: ignore[arg-type]


def decide(world: World, investor: Investor, offering: Offering, shares: int) -> receipts.Receipt:
    """Place a pledge; whatever came of it, the stored decision says what was said before, and says it again."""
    before = asked(world, investor, offering, shares)
    placement = world.place(investor, offering, shares)
    decision = stored(world, placement.decision)
    with world.looking() as view:
        receipt = receipts.of_decision(view.session, decision)
    assert receipt == before
    assert (placement.pledge is not None) == receipt.allows == decision.allows
    assert assess_case(decision.facts) == {
        "id": None,
        "cap": None if receipt.cap is None else str(receipt.cap.amount),
        "remaining": None if receipt.remaining is None else str(receipt.remaining.amount),
        "decision": receipt.decision,
        "reason_rule": receipt.rule.id,
    }
    verdict = world.platform.regime(decision.regime).assess(facts.read(decision.facts))
    assert (verdict.used, verdict.numbers) == (receipt.used, receipt.numbers)
    return receipt


def test_a_receipt_shows_the_limit_what_is_used_and_when_more_comes_back(world: World) -> None:
    first, second, investor = world.live(), world.live(), world.investor(income="60000", net_worth="200000")
    receipt = decide(world, investor, first, 3_000)
    assert (receipt.cap, receipt.used, receipt.remaining) == (usd("10000"), usd("0"), usd("10000"))
    assert (receipt.decision, receipt.rule.id, receipt.law) == ("allow", "US-CF-100a2i", "US-CF@2022-09-20")
    assert receipt.rule.cite == "17 CFR 227.100(a)(2)(i)"
    assert (receipt.frees_on, receipt.frees) == (None, None)
    assert receipt.numbers == {
        "annual_income": "60000.00", "net_worth": "200000.00", "floor": "2500.00", "cut_point": "124000.00",
        "top_cap": "124000.00", "base": "greater",
    }  # fmt: skip

    receipt = decide(world, investor, second, 1_001)
    assert (receipt.decision, receipt.used, receipt.remaining) == ("deny", usd("7500"), usd("2500"))
    assert (receipt.frees_on, receipt.frees) == (date(2027, 3, 4), usd("7500"))
    assert decide(world, investor, second, 1_000).allows
    assert decide(world, investor, first, 10).remaining == usd("0")


def test_a_refusal_is_stored_and_nothing_else_is(world: World) -> None:
    offering, investor = world.live(), world.investor(income="60000", net_worth="200000")
    before = world.contents("decisions")
    assert not decide(world, investor, offering, 4_001).allows
    assert world.contents("decisions") == before
    assert world.sql("SELECT outcome, requested_minor, remaining_minor FROM decisions") == [
        ("deny", 1_000_250, 1_000_000)
    ]


def test_other_portals_use_the_limit_in_the_receipt_too(world: World) -> None:
    investor = world.investor(income="60000", net_worth="200000", other="9000")
    receipt = decide(world, investor, world.live(), 401)
    assert (receipt.decision, receipt.used, receipt.remaining) == ("deny", usd("9000"), usd("1000"))
    assert receipt.frees is None, "when those purchases were made we do not know"


def test_what_was_cancelled_or_refunded_gives_the_limit_back(world: World) -> None:
    offering, investor = world.live(), world.investor(income="60000", net_worth="200000")
    paid = world.held(offering, 4_000, investor)
    assert decide(world, investor, offering, 10).remaining == usd("0")
    world.cancel(paid)
    world.run_jobs()
    assert world.pledge(paid.id).status == "refunded"
    assert decide(world, investor, offering, 4_000).remaining == usd("10000")


def test_figures_that_were_never_given_leave_the_floor(world: World) -> None:
    offering, investor = world.live(), world.investor()
    declare(world, investor, other_platform_12m=usd("0"))
    receipt = decide(world, investor, offering, 1_001)
    assert (receipt.decision, receipt.rule.id, receipt.remaining) == ("needs_ack", "US-CF-303b1-PROFILE", usd("2500"))
    assert decide(world, investor, offering, 1_000).allows
    declare(world, investor, annual_income=usd("60000"), net_worth=usd("200000"))
    assert decide(world, investor, offering, 10).rule.id == "US-CF-303b1-OTHER"


def test_figures_that_are_too_old_are_asked_for_again(world: World) -> None:
    investor = world.investor(income="60000", net_worth="200000")
    world.move_clock(days=365)
    offering = world.live()
    assert decide(world, investor, offering, 10).allows
    world.move_clock(days=1)
    assert decide(world, investor, offering, 10).rule.id == "US-CF-303b1-STALE"
    declare(world, investor, annual_income=usd("60000"), net_worth=usd("200000"), other_platform_12m=usd("0"))
    assert decide(world, investor, offering, 10).allows


def test_joint_figures_are_named_in_the_receipt(world: World) -> None:
    investor = world.investor()
    declare(
        world, investor, annual_income=usd("60000"), net_worth=usd("200000"), other_platform_12m=usd("0"),
        joint_with_spouse=True,
    )  # fmt: skip
    receipt = decide(world, investor, world.live(), 100)
    assert (receipt.rule.id, receipt.remaining) == ("US-CF-100a2-JOINT", usd("10000"))


def test_the_law_has_no_limit_for_somebody_whom_an_officer_found_accredited(world: World) -> None:
    offering, investor = world.live(), world.investor(income="60000", net_worth="200000")
    assert not decide(world, investor, offering, 9_000).allows
    world.certify(investor, ClaimKind.ACCREDITED_US)
    receipt = decide(world, investor, offering, 9_000)
    assert (receipt.rule.id, receipt.cap, receipt.remaining) == ("US-CF-100a2-ACC", None, None)


def test_michou_asks_for_the_certificate_first_and_then_for_the_assets(world: World) -> None:
    offering, investor = world.live(), world.investor(country="CN")
    world.force("UPDATE offerings SET regime = 'CN-MICHOU', currency = 'CNY' WHERE id = :id", id=offering.id)
    offering = world.offering(offering.id)

    def declare_assets(amount: str) -> None:
        with world.acting() as tx:
            investors.declare_figures(tx, investor, "CNY", financial_assets=Money.of(amount, "CNY"))

    declare_assets("999999.99")
    receipt = decide(world, investor, offering, 100)
    assert (receipt.decision, receipt.rule.id, receipt.law) == ("needs_ack", "CN-MICHOU-CERT", "CN-MICHOU@2016-09-22")
    world.certify(investor, ClaimKind.CERTIFIED_CN)
    assert decide(world, investor, offering, 100).decision == "deny"
    declare_assets("1000000")
    receipt = decide(world, investor, offering, 100)
    assert (receipt.decision, receipt.rule.id, receipt.cap) == ("allow", "CN-MICHOU-QI", None)


def test_the_allowance_is_a_decision_about_nothing(world: World) -> None:
    offering, investor = world.live(), world.investor(income="60000", net_worth="200000")
    world.place(investor, offering, 1_000)
    before = world.contents()
    one = law(world, investor, "US-CF")
    with world.looking() as view:
        receipt = receipts.allowance(view.session, investor, one, one.regime.pack.day_of(view.now))
    assert (receipt.cap, receipt.used, receipt.remaining) == (usd("10000"), usd("2500"), usd("7500"))
    assert world.contents() == before


def test_the_law_of_the_day_is_that_of_the_regimes_own_zone(world: World) -> None:
    """At 03:00 in London it is still yesterday evening in New York."""
    offering, investor = world.live(), world.investor(income="60000", net_worth="200000")
    world.move_clock(hours=12)
    placement = world.place(investor, offering, 100)
    assert world.now().date() == date(2026, 3, 4)
    assert stored(world, placement.decision).facts["as_of"] == "2026-03-03"


def test_the_latest_figures_count_and_the_earlier_ones_stay(world: World) -> None:
    investor = world.investor(income="60000", net_worth="200000")
    declare(world, investor, annual_income=usd("90000"), net_worth=usd("-5"), other_platform_12m=usd("0"))
    with world.looking() as view:
        known = queries.profile(view.session, investor, world.platform.regime("US-CF"), view.now.date())
        elsewhere = queries.profile(view.session, investor, world.platform.regime("CN-MICHOU"), view.now.date())
    assert (known.annual_income, known.net_worth) == (usd("90000"), usd("-5"))
    assert elsewhere == replace(elsewhere, declared_on=None, annual_income=None, financial_assets=None, income_3y=())
    assert world.sql("SELECT count(*) FROM figures") == [(2,)]


@pytest.mark.parametrize("field", ["annual_income", "other_platform_12m", "financial_assets", "income_3y"])
def test_only_a_net_worth_may_be_below_zero(world: World, field: str) -> None:
    investor = world.investor()
    below: object = usd("-0.01")
    before = world.contents()
    with pytest.raises(Refused) as caught:
        declare(world, investor, **{field: [below] if field == "income_3y" else below})
    assert (caught.value.code, caught.value.field) == ("negative_amount", field)
    assert world.contents() == before


def test_figures_come_in_a_currency_that_there_is(world: World) -> None:
    investor = world.investor()
    before = world.contents()
    with pytest.raises(Refused, match="unknown_currency"), world.acting() as tx:
        investors.declare_figures(tx, investor, "XXX", annual_income=Money(1, "USD"))
    assert world.contents() == before


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_mail_about_a_pledge_tells_the_same_receipt(world: World, language: str) -> None:
    investor = world.investor(income="60000", net_worth="200000")
    pledge = world.pledged(world.live(), 100, investor)
    with world.looking() as view:
        receipt = receipts.of_decision(view.session, queries.decision(view.session, pledge.decision_id))
        message = view.session.query(QueuedMessage).filter_by(kind="pledge_placed").one()
        person = identity.user(view.session, investor.user_id)
    person.locale = language
    mail = mails.write(message, person, sender="a@example.test", public_url="https://raise.example", link=None)
    text = " ".join(mail.get_content().split())
    for expected in (receipt.rule.text(language), receipt.rule.cite, receipt.rule.id, receipt.law, "10,000.00", "0.00"):
        assert expected in text
