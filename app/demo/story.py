"""The story of the demo market, from 75 days ago to now. Open `people.py` for who is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from app import clock
from app.compliance import actions as compliance
from app.compliance.actions import Reason
from app.compliance.models import CaseOutcome
from app.demo import desk, texts
from app.demo.people import ALICE, BEN, CARLA, DEV, LEAD, LIN, MAYA, PEOPLE, RICHARD, STEVEN, WEI, DemoPerson
from app.demo.stage import Stage
from app.demo.texts import Told
from app.fees.terms import FeeTerms
from app.investors import actions as investors
from app.investors.models import ClaimKind
from app.issuers import actions as issuers
from app.issuers.models import Issuer
from app.money import Money
from app.offerings import actions as offerings
from app.offerings import filings, form_c
from app.offerings.form_c import FormC
from app.offerings.models import Offering, OversubscriptionRule, SecurityType
from app.offerings.terms import Terms
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from app.wiring import Platform

FILINGS = Path(__file__).parent / "filings"
BEGINS = timedelta(days=75)
#: Agreed with two of the companies: less from them, and a fee from their investors.
SHARED_FEES = FeeTerms(success_bps=400, investor_bps=200, investor_most_minor=15_000, listing_minor=50_000)
#: And of one a part is held back, which falls due before the story ends.
FEES_WITH_HOLDBACK = replace(SHARED_FEES, holdback_bps=500, holdback_days=21)


def tell(platform: Platform) -> None:
    """Tell the whole story; at its end the clock shows the true time again."""
    stage = Stage(platform)
    now = stage.now()
    stage.set_clock(now - BEGINS)
    for person in PEOPLE:
        stage.enter(person)
    _investors_say_who_they_are(stage)
    _hidden_sea_settles(stage, now)
    _lantern_tide_misses_its_target(stage, now)
    northlight = _northlight_ends_soon(stage, now)
    stage.set_clock(now - timedelta(days=10))
    pickleball = _pickleball_is_open(stage, now)
    diansheng = _diansheng_is_open(stage, now)
    fernwood, pledges = _fernwood_is_above_its_target(stage, now)
    stage.set_clock(now - timedelta(hours=20))
    _fernwood_changes_what_it_buys(stage, fernwood, pledges)
    _some_things_wait(stage, now, pickleball, diansheng)
    desk.fill(stage, northlight, pickleball)
    with stage.by() as tx:
        clock.run_true(tx.session)


def _usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def _cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def _investors_say_who_they_are(stage: Stage) -> None:
    figures = {
        ALICE: ("85000", "210000"),
        BEN: ("200000", "900000"),
        CARLA: ("64000", "120000"),
        DEV: ("310000", "950000"),
    }
    for person, (income, net_worth) in figures.items():
        with stage.by(person) as tx:
            assert tx.actor.user_id is not None
            investor = investors.register(tx, tx.actor.user_id, legal_name=person.name, country="US")
            investors.declare_figures(
                tx, investor, "USD", annual_income=_usd(income), net_worth=_usd(net_worth), other_platform_12m=_usd("0")
            )
    for person, assets in ((LEAD, "120000000"), (WEI, "26000000")):
        with stage.by(person) as tx:
            assert tx.actor.user_id is not None
            investor = investors.register(tx, tx.actor.user_id, legal_name=person.name, country="CN")
            years = [_cny("900000"), _cny("850000"), _cny("800000")]
            investors.declare_figures(tx, investor, "CNY", financial_assets=_cny(assets), income_3y=years)
        with stage.by(person) as tx:
            case = compliance.claim_status(tx, investor, ClaimKind.CERTIFIED_CN, "资产证明已提交，金融资产超过标准。")
            stage.prove(tx, case, "资产证明.pdf")
        stage.decide(case, CaseOutcome.APPROVE)


def _filing(name: str) -> FormC:
    return form_c.read((FILINGS / name).read_bytes())


def _company(stage: Stage, person: DemoPerson, filing: FormC | None, details: dict[str, str]) -> Issuer:
    """A company as its filing describes it, or as its founder does."""
    known = (
        {
            "legal_name": filing.legal_name or "", "legal_form": filing.legal_form, "address": filing.address,
            "jurisdiction": filing.jurisdiction, "incorporated_on": filing.incorporated_on, "website": filing.website,
            "cik": filing.cik, "employees": filing.employees, "country": "US",
        }
        if filing
        else texts.company(details)
    )  # fmt: skip
    with stage.by(person) as tx:
        assert tx.actor.user_id is not None
        company = issuers.create(tx, **known)
        issuers.add_member(tx, company, tx.actor.user_id)
        issuers.set_payout_account(
            tx, company, holder=company.legal_name, account="US64 0000 1111 2222 3333", vault=stage.platform.vault
        )
    return company


def _complete(
    stage: Stage, person: DemoPerson, offering: Offering, terms: Terms, told: Told, ends: datetime
) -> Offering:
    """Fill in every section of a draft, one save after the other."""
    zone = ZoneInfo(offering.deadline_zone)
    local = datetime.combine(ends.astimezone(zone).date(), time(17, 0))
    with stage.by(person) as tx:
        offering = offerings.save_terms(tx, offering.id, offering.version, terms)
    with stage.by(person) as tx:
        offering = offerings.save_deadline(
            tx, offering.id, offering.version, local, offering.deadline_zone, stage.platform.regime(offering.regime)
        )
    financials = texts.financials(told, offering.disclosure.get("financials"))
    with stage.by(person) as tx:
        offering = offerings.save_disclosure(
            tx, offering.id, offering.version, name=told.name, tagline=told.tagline, story=told.story,
            risks=told.risks, use_of_funds=told.use_of_funds, team=told.team, financials=financials,
            statements_level="reviewed", **told.more,
        )  # fmt: skip
    with stage.by(person) as tx:
        offerings.add_document(
            tx, offering.id, offering.version, title=told.document, filename="statements.pdf", content=texts.PDF
        )
    return stage.reload(offering)


def _draft(
    stage: Stage, person: DemoPerson, company: Issuer, regime_id: str = "US-CF", fees: FeeTerms | None = None
) -> Offering:
    with stage.by(person) as tx:
        draft = offerings.create_draft(
            tx, company, stage.platform.regime(regime_id), name=company.legal_name,
            fee_bps=stage.platform.settings.platform_fee_bps,
        )  # fmt: skip
    if fees is not None:
        with stage.by() as tx:
            draft = offerings.agree_fees(tx, draft.id, fees)
    return draft


def _hidden_sea_settles(stage: Stage, now: datetime) -> None:
    """Its C-U says that the target was reached; here its offering runs to the shares, and to the end of what is held back."""
    filing = _filing("hidden-sea.C-U.xml")
    company = _company(stage, RICHARD, filing, {})
    offering = _draft(stage, RICHARD, company, fees=FEES_WITH_HOLDBACK)
    terms = Terms(
        filing.security_type, None, filing.share_price, _usd("100"), filing.target, filing.maximum,
        filing.oversubscription_rule, filing.oversubscription_note,
    )  # fmt: skip
    with stage.by(RICHARD) as tx:
        offering = offerings.save_disclosure(
            tx, offering.id, offering.version, financials=filing.disclosure["financials"]
        )
    offering = _complete(stage, RICHARD, offering, terms, texts.HIDDEN_SEA, now - timedelta(days=25))
    offering = stage.open(offering, RICHARD)
    for person, amount in ((ALICE, "2500"), (BEN, "12000"), (DEV, "8000")):
        stage.pledge(person, offering, _usd(amount))
    assert offering.deadline_at is not None
    stage.set_clock(offering.deadline_at + timedelta(minutes=5))
    stage.run_jobs()
    stage.approve_closing(offering)


def _lantern_tide_misses_its_target(stage: Stage, now: datetime) -> None:
    """An invented company: everybody is refunded, without doing anything."""
    stage.set_clock(now - timedelta(days=60))
    company = _company(stage, MAYA, None, texts.LANTERN_TIDE_COMPANY)
    terms = Terms(
        SecurityType.PREFERRED_STOCK, None, Decimal("5"), _usd("100"), _usd("120000"), _usd("600000"),
        OversubscriptionRule.FIRST_COME, None,
    )  # fmt: skip
    offering = _complete(stage, MAYA, _draft(stage, MAYA, company), terms, texts.LANTERN_TIDE, now - timedelta(days=30))
    offering = stage.open(offering, MAYA)
    stage.pledge(CARLA, offering, _usd("1500"))
    stage.pledge(BEN, offering, _usd("6000"))
    assert offering.deadline_at is not None
    stage.set_clock(offering.deadline_at + timedelta(minutes=5))
    stage.run_jobs()


def _northlight_ends_soon(stage: Stage, now: datetime) -> Offering:
    """Opened before the others, and still short of its target."""
    company = _company(stage, MAYA, None, texts.NORTHLIGHT_COMPANY)
    terms = Terms(
        SecurityType.PREFERRED_STOCK, None, Decimal("1.25"), _usd("100"), _usd("60000"), _usd("400000"),
        OversubscriptionRule.FIRST_COME, None,
    )  # fmt: skip
    stage.set_clock(now - timedelta(days=19))
    draft = _draft(stage, MAYA, company, fees=SHARED_FEES)
    offering = _complete(stage, MAYA, draft, terms, texts.NORTHLIGHT, now + timedelta(days=5))
    offering = stage.open(offering, MAYA)
    for person, amount in ((BEN, "15000"), (DEV, "20000"), (ALICE, "1000"), (CARLA, "700")):
        stage.pass_time(timedelta(days=2))
        stage.pledge(person, offering, _usd(amount))
    return offering


def _pickleball_is_open(stage: Stage, now: datetime) -> Offering:
    """Its Form C as it was filed; only the deadline, which is past, and what the form does not ask are new."""
    filing = _filing("pickleball.C.xml")
    regime = stage.platform.regime("US-CF")
    with stage.by(STEVEN) as tx:
        offering = filings.import_form_c(
            tx, filing, regime, fee_bps=stage.platform.settings.platform_fee_bps, owner_id=tx.actor.user_id
        ).offering
    assert offering is not None  # a Form C makes a draft
    with stage.by(STEVEN) as tx:
        company = tx.session.get_one(Issuer, offering.issuer_id)
        issuers.set_payout_account(
            tx, company, holder=company.legal_name, account="US64 0000 1111 2222 4444", vault=stage.platform.vault
        )
    terms = Terms(
        offering.security_type, offering.security_description, offering.share_price, _usd("120"), offering.target,
        offering.maximum, offering.oversubscription_rule, None,
    )  # fmt: skip
    offering = _complete(stage, STEVEN, offering, terms, texts.PICKLEBALL, now + timedelta(days=34))
    offering = stage.open(offering, STEVEN)
    for days, person, amount, token in (
        (1, ALICE, "1200", Token.OK), (1, BEN, "18000", Token.OK), (1, CARLA, "900", Token.DECLINE),
        (1, CARLA, "600", Token.OK), (2, DEV, "9600", Token.OK), (1, ALICE, "480", Token.DELAYED_OK),
    ):  # fmt: skip
        stage.pass_time(timedelta(days=days))
        stage.pledge(person, offering, _usd(amount), token)
    return offering


def _diansheng_is_open(stage: Stage, now: datetime) -> Issuer:
    """点胜网络 with the figures that were published: 21 million sought, 7 million by the lead investor."""
    stage.set_clock(now - timedelta(days=8))
    company = _company(stage, LIN, None, texts.DIANSHENG_COMPANY)
    terms = Terms(
        SecurityType.OTHER, "有限合伙份额（间接持股）", Decimal("100"), _cny("400000"), _cny("21000000"), _cny("21000000"),
        OversubscriptionRule.NOT_ACCEPTED, None,
    )  # fmt: skip
    draft = _draft(stage, LIN, company, "CN-MICHOU")
    offering = _complete(stage, LIN, draft, terms, texts.DIANSHENG, now + timedelta(days=21))
    offering = stage.open(offering, LIN)
    stage.pass_time(timedelta(days=1))
    stage.pledge(LEAD, offering, _cny("7000000"))
    return company


def _fernwood_is_above_its_target(stage: Stage, now: datetime) -> tuple[Offering, dict[DemoPerson, Pledge]]:
    """A small one: what comes now fills it up to its maximum."""
    company = _company(stage, RICHARD, None, texts.FERNWOOD_COMPANY)
    terms = Terms(
        SecurityType.MEMBERSHIP_INTEREST, None, Decimal("20"), _usd("100"), _usd("25000"), _usd("40000"),
        OversubscriptionRule.FIRST_COME, None,
    )  # fmt: skip
    stage.set_clock(now - timedelta(days=6))
    offering = _complete(
        stage, RICHARD, _draft(stage, RICHARD, company), terms, texts.FERNWOOD, now + timedelta(days=17)
    )
    offering = stage.open(offering, RICHARD)
    amounts = {DEV: "22000", BEN: "8000", CARLA: "500"}
    return offering, {person: stage.pledge(person, offering, _usd(amount)) for person, amount in amounts.items()}


def _fernwood_changes_what_it_buys(stage: Stage, offering: Offering, pledges: dict[DemoPerson, Pledge]) -> None:
    """A material change: two investors confirmed, one still has to answer."""
    change = stage.publish_change(offering, RICHARD, texts.FERNWOOD_REASON, use_of_funds=texts.FERNWOOD_NEW_USES)
    for person in (DEV, BEN):
        stage.confirm(person, pledges[person], change)


def _qinghe_is_asked_for_changes(stage: Stage, now: datetime) -> None:
    """A promise that no company can give: the officer says which, the issuer mends it."""
    company = _company(stage, LIN, None, texts.QINGHE_COMPANY)
    terms = Terms(
        SecurityType.COMMON_STOCK, None, Decimal("4"), _usd("100"), _usd("80000"), _usd("120000"),
        OversubscriptionRule.FIRST_COME, None,
    )  # fmt: skip
    offering = _complete(stage, LIN, _draft(stage, LIN, company), terms, texts.QINGHE, now + timedelta(days=75))
    with stage.by(LIN) as tx:
        case = compliance.submit_offering(tx, offering.id, stage.platform.regime("US-CF"))
    stage.decide(case, CaseOutcome.REQUEST_CHANGES, [Reason.MISLEADING_STATEMENT], texts.QINGHE_ASKED)


def _some_things_wait(stage: Stage, now: datetime, pickleball: Offering, diansheng: Issuer) -> None:
    """Work for everybody: an offering and a claim for the officers, a draft for its issuer, a large pledge."""
    company = _company(stage, MAYA, None, texts.HARBOUR_BREAD_COMPANY)
    terms = Terms(
        SecurityType.COMMON_STOCK, None, Decimal("2.50"), _usd("50"), _usd("75000"), _usd("250000"),
        OversubscriptionRule.FIRST_COME, None,
    )  # fmt: skip
    draft = _draft(stage, MAYA, company)
    offering = _complete(stage, MAYA, draft, terms, texts.HARBOUR_BREAD, now + timedelta(days=60))
    with stage.by(MAYA) as tx:
        compliance.submit_offering(tx, offering.id, stage.platform.regime("US-CF"))
    _qinghe_is_asked_for_changes(stage, now)
    _draft(stage, LIN, diansheng, "CN-MICHOU")
    with stage.by(BEN) as tx:
        case = compliance.claim_status(tx, stage.investor(BEN), ClaimKind.ACCREDITED_US, texts.BEN_CLAIMS)
        stage.prove(tx, case, "tax-return.pdf")
    stage.pledge(DEV, pickleball, _usd("30000"), None)
