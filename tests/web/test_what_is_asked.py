"""What a law asks for with a pledge: questions, papers, and three words above a threshold; nothing is chosen beforehand."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from app import clock
from app.assessments import actions as assessments
from app.assessments.bank import bank
from app.assessments.models import Outcome
from app.investors import actions as investors
from app.investors.models import ClaimKind, Investor
from app.money import Money
from app.offerings.models import Offering
from app.pledges import papers
from app.regimes.registry import BUILT
from tests.web.browser import Browser, Page, Site
from tests.web.places import PAPERS
from tests.web.test_pledge_form import after_reading, filled

BANK = bank("us_commitment")
ACKNOWLEDGED = ("ack_21_7_warning", "ack_21_7_consent", "ack_21_7_understands")


def at_the_form(site: Site, investor: Investor, offering: Offering, shares: int = 100) -> tuple[Browser, str]:
    return site.browser(investor.user_id), f"/offerings/{offering.slug}/pledge/confirm?shares={shares}"


# Questions at each commitment


def test_a_wrong_answer_names_the_topic_and_never_the_right_answer(site: Site) -> None:
    browser, path = at_the_form(site, site.world.investor(), site.world.live())
    fields = filled(after_reading(browser, path))
    for question in BANK.questions:
        wrong = next(one.id for one in question.answers if one.id != question.right)
        for given, said in (
            (wrong, f"Read again about: {question.topic.en}"),
            ("", "Choose an answer"),
            ("x", "Choose"),
        ):
            with site.unchanged():
                page = browser.post(path, {**fields, f"q_{question.id}": given})
            assert page.status == 422
            assert said in page.error_at(f"q_{question.id}")
            chosen = page.tree.xpath(f"//input[@name='q_{question.id}'][@checked]/@value")
            assert chosen == ([wrong] if given == wrong else [])
            right = next(one.en for one in question.answers if one.id == question.right)
            assert right not in page.error_at(f"q_{question.id}")


def test_the_answers_are_kept_with_the_pledge_and_asked_again_with_the_next(site: Site) -> None:
    browser, path = at_the_form(site, site.world.investor(), site.world.live())
    for number in (1, 2):
        fields = filled(after_reading(browser, path))
        assert {f"q_{one.id}" for one in BANK.questions} <= {*fields}
        assert browser.post(path, fields).status == 303
        kept = site.world.sql(
            "SELECT a.test, a.bank_sha256, a.outcome, a.answers->'given' FROM test_attempts a"
            " JOIN pledges p ON p.form_key = a.form_key AND p.investor_id = a.investor_id"
        )
        given = {one.id: one.right for one in BANK.questions}
        assert kept == [("us_commitment", BANK.sha256, Outcome.PASSED, given)] * number


def test_the_order_of_the_questions_stays_when_the_form_comes_back(site: Site) -> None:
    browser, path = at_the_form(site, site.world.investor(), site.world.live())
    page = after_reading(browser, path)

    def order(shown: Page) -> list[str]:
        return [str(one) for one in shown.tree.xpath("//input[@type='radio']/@id")]

    again = browser.post(path, {"form_key": page.value("form_key"), "shares": "100"})
    assert order(again) == order(page)
    assert order(again) == [
        f"q_{question.id}_{one.id}"
        for question, answers in BANK.shuffled(uuid.UUID(page.value("form_key")))
        for one in answers
    ]


# The papers of a platform


def certified(site: Site) -> tuple[Investor, Offering]:
    world = site.world
    investor = world.investor(country="CN")
    with world.acting() as tx:
        investors.declare_figures(tx, investor, "CNY", financial_assets=Money.of("2000000", "CNY"))
    world.certify(investor, ClaimKind.CERTIFIED_CN)
    return investor, world.live(regime_id="CN-MICHOU", price="10", minimum_pledge="10")


def test_each_of_the_five_papers_is_opened_and_ticked_by_itself(site: Site) -> None:
    browser, path = at_the_form(site, *certified(site))
    page = browser.get(path)
    assert page.tree.xpath("//main//input[@type='checkbox']") == [], "there is no box beside what nobody opened"
    links = page.tree.xpath("//a[@class='document']/@href")
    assert [one.rpartition("/")[2] for one in links[:5]] == list(PAPERS)
    fields = filled(after_reading(browser, path))
    for missing in PAPERS:
        with site.unchanged():
            page = browser.post(path, {name: sha for name, sha in fields.items() if name != f"statement_{missing}"})
        assert page.status == 422
        assert page.error_at(f"statement_{missing}").startswith("Tick that you have read")
    assert browser.post(path, fields).status == 303
    kept = dict(site.world.sql("SELECT statement, text_sha256 FROM pledge_consents"))
    statements = {one.id: one for one in BUILT["CN-MICHOU"].pack.statements}
    assert {one: kept[one] for one in PAPERS} == {one: papers.version(statements[one], "en") for one in PAPERS}


def test_a_paper_that_was_read_in_another_language_was_not_read_in_this_one(site: Site) -> None:
    browser, path = at_the_form(site, *certified(site))
    after_reading(browser, path)
    browser.get("/?lang=zh-CN")
    page = browser.get(path)
    assert "《" not in page.text or not page.tree.xpath("//input[@name='statement_risk_disclosure']")
    sha = papers.version(BUILT["CN-MICHOU"].pack.statements[0], "zh-CN")
    with site.unchanged():
        assert browser.post(path, {**filled(page), "statement_risk_disclosure": sha}).status == 422


def test_who_only_asks_for_the_headers_or_has_no_account_opens_nothing(site: Site) -> None:
    investor = site.world.investor()
    address = "/rules/CN-MICHOU/papers/risk_disclosure"
    with site.unchanged():
        assert site.browser(investor.user_id).send("HEAD", address).status == 200
        assert site.browser().get(address).status == 200
        for unknown in (
            "/rules/CN-MICHOU/papers/none",
            "/rules/XX/papers/risk_disclosure",
            "/rules/US-CF/papers/can_bear_loss",
        ):
            assert site.browser().get(unknown).status == 404
    site.browser(investor.user_id).get(address)
    assert site.world.sql("SELECT user_id, statement, locale FROM paper_openings") == [
        (investor.user_id, "risk_disclosure", "en")
    ]


# Above the threshold in the EU


def european(site: Site) -> tuple[Investor, Offering]:
    """Net worth 80,000 euros: a twentieth of it is 4,000."""
    world = site.world
    investor = world.investor(country="DE")
    with world.acting() as tx:
        investors.declare_figures(tx, investor, "EUR", annual_income=Money.of("60000", "EUR"))
        right = {one.id: one.right for one in bank("eu_entry_test").questions}
        assessments.answer(tx, investor, "eu_entry_test", right, form_key=uuid.uuid4(), locale="en")
        income, liquid, commitments = (Money.of(one, "EUR") for one in ("60000", "50000", "30000"))
        assessments.acknowledge_simulation(
            tx, investor, "EU-ECSPR", income=income, liquid_assets=liquid, commitments=commitments
        )
    return investor, world.live(regime_id="EU-ECSPR")


def test_above_the_threshold_three_more_boxes_stand_on_the_form_and_none_at_it(site: Site) -> None:
    investor, offering = european(site)
    browser, path = at_the_form(site, investor, offering, 1_600)
    assert not {f"statement_{one}" for one in ACKNOWLEDGED} & {*filled(after_reading(browser, path))}
    chosen = browser.post(f"/offerings/{offering.slug}/pledge", {"amount": "4002.50"})
    assert chosen.status == 303, "the amount is allowed once the three are ticked"
    fields = filled(after_reading(browser, chosen.location))
    assert {f"statement_{one}" for one in ACKNOWLEDGED} <= {*fields}
    for missing in ACKNOWLEDGED:
        with site.unchanged():
            page = browser.post(path, {name: one for name, one in fields.items() if name != f"statement_{missing}"})
        assert page.status == 422
        assert page.error_at(f"statement_{missing}").startswith("Tick this statement")
    assert browser.post(path, fields).status == 303


# The warning over promotions in the United Kingdom

EXACT = (
    "Don't invest unless you're prepared to lose all the money you invest. This is a high-risk investment and you are "
    "unlikely to be protected if something goes wrong. Take 2 mins to learn more."
)


def warning(page: Page) -> str:
    """What stands in English in the warning at the top, if there is one."""
    found = page.tree.xpath("/html/body/aside[@class='risk-warning']/p[@lang='en']")
    return " ".join(found[0].text_content().split()) if found else ""


def test_the_warning_stands_over_an_offering_in_the_uk_in_its_exact_words(site: Site) -> None:
    offering = site.world.live(regime_id="UK-COBS")
    for language in ("en", "zh-CN"):
        browser = site.browser(language=language)
        for path in ("/", f"/offerings/{offering.slug}"):
            page = browser.get(path)
            assert warning(page) == EXACT
            (aside,) = page.tree.xpath("//aside[@class='risk-warning']")
            assert not aside.xpath(".//button | .//form | .//input | ancestor::details"), "nobody can close it"
            assert browser.get(aside.xpath(".//a/@href")[0]).status == 200
        assert warning(browser.get("/how-it-works")) == ""


def test_an_investor_from_the_uk_sees_it_over_every_offering_and_others_do_not(site: Site) -> None:
    offering, world = site.world.live(), site.world
    british = site.browser(world.investor(country="GB").user_id)
    for path in (f"/offerings/{offering.slug}", "/offerings", f"/offerings/{offering.slug}/pledge"):
        assert warning(british.get(path)) == EXACT
        for other in (site.browser(), site.browser(world.investor().user_id)):
            assert warning(other.get(path)) == ""


@pytest.mark.parametrize(
    ("at", "shown"), [(datetime(2022, 11, 30, 23, 59, tzinfo=UTC), ""), (datetime(2022, 12, 1, tzinfo=UTC), EXACT)]
)
def test_it_stands_there_from_the_day_on_which_the_rule_began(site: Site, at: datetime, shown: str) -> None:
    offering = site.world.live(regime_id="UK-COBS")
    with site.world.acting() as tx:
        clock.freeze(tx.session, at)
    assert warning(site.browser().get(f"/offerings/{offering.slug}")) == shown


def test_the_warning_and_the_statement_say_the_same() -> None:
    law = BUILT["UK-COBS"]
    words = law.risk_warning(datetime(2022, 12, 1, tzinfo=UTC).date())
    assert words is not None
    assert " ".join(one.en for one in words) == EXACT == law.pack.statements[-1].en
    assert "".join(one.zh for one in words) == law.pack.statements[-1].zh
