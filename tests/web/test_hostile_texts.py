"""What people write is only ever text: it never becomes a part of the page that acts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote, urlsplit

import pytest
from lxml import html

from app.actor import Role
from app.approvals.models import ProposalKind
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.investors import actions as investors
from app.investors.models import ClaimKind
from app.issuers import actions as issuers
from app.issuers.models import Issuer
from app.jobs import send_notifications
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.web.components import TAGS, markdown
from tests.builders import PDF
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market

LIVE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{271*1033}}<a href='javascript:alert(3)'>x</a>"
STORIES = (
    LIVE,
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))", "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "<javascript:alert(1)>", "[x]: javascript:alert(1)\n\n[x]",
    "![x](https://evil.example/pixel.png)", "![x](x\" onerror=\"alert(1))", "[x](https://a.example \"' onclick='x\")",
    "<svg onload=alert(1)>", "<iframe src=//evil.example></iframe>", "<style>body{display:none}</style>",
    "<form action=//evil.example><input name=password></form>", "<meta http-equiv=refresh content=0;url=//evil>",
    "```\n</code></pre><script>alert(1)</script>\n```", "<p style='position:fixed'>x</p>", "<a name=story id=story>x</a>",
    "<base href=//evil.example>", "# Heading\n\n<h1>Other</h1>", "&lt;script&gt;alert(1)&lt;/script&gt;", "<!--<script>-->",
    "<math><mtext></mtext><script>alert(1)</script></math>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
)  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_markdown_makes_only_harmless_elements(story: str) -> None:
    made = html.fragment_fromstring(str(markdown(story)), create_parent="div")
    for element in made.iterdescendants():
        assert element.tag in TAGS
        assert set(element.attrib) <= {"href", "rel", "title"}
        if element.tag == "a" and element.get("href") is not None:
            assert urlsplit(element.get("href")).scheme in ("", "http", "https", "mailto")
            assert "noopener" in element.get("rel")


def test_markdown_keeps_what_is_meant() -> None:
    made = str(markdown("**bold** and [ours](https://a.example)\n\n- one\n- two"))
    assert "<strong>bold</strong>" in made
    assert '<a href="https://a.example" rel="noopener nofollow ugc">ours</a>' in made
    assert made.count("<li>") == 2


@pytest.fixture(scope="module")
def stained(shared_site: Site) -> dict[str, Browser]:
    """A world in which every text that a person can give holds a script; browsers of those who see it."""
    site, world = shared_site, shared_site.world
    offering, actor = world.draft()
    story = {"tagline": LIVE[:200], "story": LIVE, "risks": [LIVE] * 3, "team": [{"name": LIVE, "role": LIVE}]}
    with world.acting(actor) as tx:
        offerings.save_disclosure(
            tx, offering.id, offering.version, name=LIVE, use_of_funds=[{"purpose": LIVE, "percent": 100}], **story
        )  # type: ignore[arg-type]
    offering = world.offering(offering.id)
    with world.acting(actor) as tx:
        offerings.add_document(tx, offering.id, offering.version, title=LIVE, filename=f"{LIVE}.pdf", content=PDF)
    with world.acting(actor) as tx:
        issuers.change_details(
            tx, tx.session.get_one(Issuer, offering.issuer_id), legal_name=LIVE, legal_form="<b>x</b>", jurisdiction="DE",
            country="US", incorporated_on=date(2020, 1, 2), address={"street1": LIVE, "city": LIVE},
            website="javascript:alert(1)", employees=1,
        )  # fmt: skip
        tx.session.get_one(Offering, offering.id).oversubscription_note = LIVE
    browsers = {"issuer": site.browser(actor.user_id)}
    officer = world.user(Role.COMPLIANCE_OFFICER, name=LIVE)
    with world.acting(actor) as tx:
        case = compliance.submit_offering(tx, offering.id, world.platform.regime("US-CF"))
    with world.acting(world.actor(officer)) as tx:
        compliance.take_case(tx, case.ref)
    browsers["officer"] = site.browser(officer.id)
    with world.acting(world.actor(officer)) as tx:
        compliance.resolve_offering(tx, case.ref, CaseOutcome.APPROVE, ["other"], LIVE)
    world.agree(ProposalKind.PUBLISH)
    with world.acting(actor) as tx:
        offerings.open_offering(
            tx, offering.id, world.platform.regime("US-CF"), gateway="sandbox", custodian_is_qualified=True, seats=None
        )
    investor = world.investor(name=LIVE)
    with world.acting() as tx:
        investors.register(tx, investor.user_id, legal_name=LIVE, country="US")
        identity.open_session(tx, identity_queries.user(tx.session, investor.user_id), LIVE)
        compliance.claim_status(tx, investor, ClaimKind.ACCREDITED_US, LIVE)
    world.held(world.offering(offering.id), 100, investor)
    world.pledged(world.offering(offering.id), 10_000, investor)
    browsers |= {"investor": site.browser(investor.user_id), "anonymous": site.browser()}
    send_notifications.run(world.platform)
    return browsers


def crawled(browser: Browser, start: str) -> Iterator[Page]:
    """Every page that can be reached by pressing links, from a place on."""
    seen, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path in seen or "lang=" in path or "/documents/" in path or path.startswith(("/static", "/bootstrap")):
            continue
        seen.add(path)
        page = browser.get(path)
        assert page.status in (200, 302, 403), (path, page.status)
        yield page
        waiting += [link.partition("#")[0] for link in page.tree.xpath("//a/@href") if link.startswith("/")]


@pytest.mark.parametrize("who", ["anonymous", "investor", "issuer", "officer"])
def test_no_text_of_a_person_comes_alive_on_any_page(stained: dict[str, Browser], who: str) -> None:
    start = {"anonymous": "/", "investor": "/me", "issuer": "/issuer", "officer": "/review?status=resolved"}[who]
    shown, pages = 0, 0
    for page in crawled(stained[who], start):
        pages += 1
        for element in page.tree.iter(html.etree.Element):
            assert not [name for name in element.attrib if name.startswith("on")]
        assert not page.tree.xpath("//script[not(@src)] | //img[not(starts-with(@src, 'data:image/svg+xml'))]")
        assert not [href for href in page.tree.xpath("//@href") if href.strip().lower().startswith("javascript")]
        assert "279943" not in page.text
        shown += page.source.count("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert pages > 5
    assert shown > 5  # it was there to come alive


@pytest.mark.parametrize(
    "path",
    [
        "/offerings?q={}",
        "/check-mail?email={}",
        "/sign-in?next={}",
        "/offerings?after={}",
        "/offerings?rules={}",
        "/no-such/{}",
        "/offerings?{}=1",
    ],
)
def test_what_the_address_says_is_only_text(market: Market, path: str) -> None:
    page = market.browser("anonymous").get(path.format(quote(LIVE, safe="")))
    assert "<script>alert" not in page.source
    assert not page.tree.xpath("//*[@onerror]")


def test_a_typed_value_comes_back_as_text(site: Site) -> None:
    page = site.browser().post("/sign-up", {"name": LIVE, "email": LIVE, "password": "x"})
    assert page.status == 422
    assert page.value("name") == LIVE
    assert "<script>alert" not in page.source
    browser = site.browser(site.world.issuer()[1].user_id)
    refused = browser.post("/issuer/offerings/import", {"file": (io.BytesIO(f"<a>{LIVE}".encode()), LIVE)})
    assert "<script>alert" not in refused.source


@pytest.mark.parametrize("field", ["name", "email"])
@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u202a", "\x07", "\x1b", "\x7f"])
def test_letters_that_turn_a_text_around_are_refused(market: Market, field: str, control: str) -> None:
    typed = {"name": "Ida", "email": "ida@example.test", "password": "correct horse battery staple"}
    with market.site.unchanged():
        page = market.browser("anonymous").post("/sign-up", {**typed, field: f"Ida{control}a@example.test"})
    assert page.status == 422
    assert page.error_at(field)
