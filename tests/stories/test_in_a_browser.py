"""A newcomer in a real browser: sign up, confirm the address, pledge, pay, see the money held."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from app.assessments.bank import bank
from app.i18n import times
from app.i18n.locales import LANGUAGES
from app.i18n.words import said
from app.offerings.models import Offering
from tests.builders import PASSWORD, World
from tests.chromium import DESKTOP, FLAGS, PHONE, chromium
from tests.processes import Site

#: Where every newcomer's clock stands.
AT_HOME = "Asia/Tokyo"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: set CHROMIUM_PATH"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield found
        found.close()


class Newcomer:
    """Somebody who reads one language, on one screen. Every page they see must be usable and fit the screen."""

    def __init__(self, page: Page, language: str, javascript: bool) -> None:
        self.page, self.language, self.javascript = page, language, javascript
        self.console: list[str] = []
        page.set_default_timeout(30_000)
        page.on("console", lambda line: self.console.append(line.text))

    def words(self, text: str, **facts: object) -> str:
        return said(LANGUAGES[self.language], text, **facts)

    def press(self, text: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=self.words(text), exact=True).first.click()  # type: ignore[arg-type]
        self.look()

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(self.words(label), exact=True)

    def sees(self, text: str, **facts: object) -> None:
        """Pages that wait look again by themselves."""
        expect(self.page.locator("main")).to_contain_text(self.words(text, **facts), timeout=30_000)

    def look(self) -> None:
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        self.page.wait_for_load_state()  # a page is as wide as its style sheet makes it
        if not self.javascript:
            return
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the screen"
        assert [line for line in self.console if "Content Security Policy" in line] == []
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"


Enter = Callable[..., Newcomer]


@pytest.fixture
def enter(browser: Browser, site: Site) -> Iterator[Enter]:
    contexts = []

    def enter(language: str, javascript: bool, screen: dict[str, int]) -> Newcomer:
        context = browser.new_context(
            base_url=site.url, locale=language, java_script_enabled=javascript, viewport=screen, # type: ignore[arg-type]
            extra_http_headers={"Accept-Language": language}, timezone_id=AT_HOME,
        )  # fmt: skip
        contexts.append(context)
        return Newcomer(context.new_page(), language, javascript)

    yield enter
    for context in contexts:
        context.close()


def sign_up(newcomer: Newcomer, email: str) -> None:
    page = newcomer.page
    page.goto("/")
    newcomer.look()
    newcomer.press("Sign up", "link")
    newcomer.field("Full name").fill("Ada 李")
    newcomer.field("E-mail address").fill(email)
    newcomer.field("Password").fill(PASSWORD)
    newcomer.press("Open the account")
    newcomer.sees("Look at your mail")
    link = page.locator("article", has_text=email).locator("a[href*='/verify-email/']")
    for _ in range(60):
        page.goto("/dev/outbox")
        if link.count():
            break
        page.wait_for_timeout(500)
    link.first.click()
    newcomer.press("Confirm my address")
    newcomer.field("E-mail address").fill(email)
    newcomer.field("Password").fill(PASSWORD)
    newcomer.press("Sign in")


def reads_the_deadline_at_home(newcomer: Newcomer, world: World, offering: Offering, email: str) -> None:
    """In the zone that their browser told when they signed up; without JavaScript in one that fits their language."""
    language = LANGUAGES[newcomer.language]
    zone = AT_HOME if newcomer.javascript else language.timezone
    assert world.sql("SELECT timezone FROM users WHERE email = :email", email=email) == [(zone,)]
    told = [one for one in newcomer.page.context.cookies() if one["name"] == "tz"]
    assert [(one["value"], one["sameSite"]) for one in told] == ([(AT_HOME, "Lax")] if newcomer.javascript else [])
    assert offering.deadline_at is not None
    for place in (zone, offering.deadline_zone):
        expect(newcomer.page.locator("#terms")).to_contain_text(times.moment(offering.deadline_at, place, language))


def give_figures(newcomer: Newcomer) -> None:
    newcomer.field("Annual income").fill("150000")
    newcomer.field("Net worth, without your home").fill("300000")
    newcomer.field("Bought on other crowdfunding portals in the last 12 months").fill("0")
    newcomer.press("Save my figures")


def pledge_and_pay(newcomer: Newcomer, offering: Offering) -> None:
    page = newcomer.page
    newcomer.field("How much do you want to invest?").fill("1.275,00")
    newcomer.press("Go on")
    expect(page.locator(".field-error")).to_be_visible()
    expect(page.locator("#amount")).to_have_value("1275.00")
    newcomer.press("Go on")
    for document in page.locator("a.document").all():
        with page.expect_download():
            document.click()
    page.reload()
    for question in bank("us_commitment").questions:
        page.locator(f"#q_{question.id}_{question.right}").check()
    boxes = page.locator("main input[type=checkbox]")
    assert boxes.count() >= 2
    for number in range(boxes.count()):
        expect(boxes.nth(number)).not_to_be_checked()
        boxes.nth(number).check()
    page.locator("main form button").click()
    page.locator("a[href*='/sandbox/checkout/']").click(timeout=30_000)
    newcomer.look()
    newcomer.press("Pay: it succeeds at once")
    newcomer.sees("In escrow")
    newcomer.sees("Your right to cancel")
    newcomer.look()


@pytest.mark.parametrize(
    ("language", "javascript", "screen"),
    [("en", True, DESKTOP), ("zh-CN", True, PHONE), ("en", False, PHONE)],
    ids=["English", "Chinese on a phone", "without JavaScript"],
)
def test_a_newcomer_signs_up_pledges_pays_and_sees_the_money_held(
    world: World, enter: Enter, language: str, javascript: bool, screen: dict[str, int]
) -> None:
    offering = world.live()
    newcomer = enter(language, javascript, screen)
    email = f"ada-{language}-{javascript}@example.test".lower()
    sign_up(newcomer, email)
    newcomer.page.goto(f"/offerings/{offering.slug}")
    newcomer.look()
    reads_the_deadline_at_home(newcomer, world, offering, email)
    newcomer.press("Invest", "link")
    give_figures(newcomer)
    pledge_and_pay(newcomer, offering)
    (pledge,) = world.pledges_of(offering)
    assert (pledge.status, pledge.amount_minor) == ("held", 127_500)
    assert world.offering(offering.id).progress.held_minor == 127_500
