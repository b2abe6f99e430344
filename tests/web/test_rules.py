"""The rule explorer: rules with their cases, a case tried step by step, a proposed edition asked about the past."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.actor import Role
from app.approvals.models import ProposalKind
from app.decisions import actions as decisions
from app.regimes import known_cases, registry
from app.regimes.us_reg_cf import UsRegCf
from tests.regimes.asking import bought, us_pledge
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market

TRY, WHAT_IF = "/review/rules/US-CF/try", "/review/rules/US-CF/what-if"
INSTALLED = registry.BUILT["US-CF"].pack
#: The same law, but hardly anybody may put in anything.
STRICTER = INSTALLED.text.replace("floor_minor = 250_000", "floor_minor = 100").replace(
    "top_cap_minor = 12_400_000", "top_cap_minor = 100"
)
XSS = "<script>alert(1)</script>"


@pytest.fixture
def officer(market: Market) -> Browser:
    return market.browser("officer")


def tried(browser: Browser, case: Any, **fields: str) -> Page:
    return browser.post(TRY, {"case": case if isinstance(case, str) else json.dumps(case), **fields})


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """Every statement that is sent to the database meanwhile."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        sent.append(statement)

    event.listen(site.world.platform.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(site.world.platform.database.engine, "before_cursor_execute", note)


# Reading the rules


def test_every_pack_names_the_edition_that_decides_and_whether_it_is_switched_on(officer: Browser) -> None:
    page = officer.get("/review/rules")
    for pack in registry.PACKS:
        assert pack.sha256[:12] in page.text
    assert page.text.count("switched on") == len(registry.BUILT)


def test_an_edition_that_waits_says_so(site: Site) -> None:
    officer = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)
    waiting = UsRegCf(STRICTER).pack
    with site.world.acting() as tx:
        decisions.record(tx, INSTALLED)
        decisions.record(tx, waiting)
    for path in ("/review/rules", "/review/rules/US-CF"):
        (line,) = [one for one in officer.get(path).tree.xpath("//li") if waiting.sha256[:12] in one.text_content()]
        assert "waits to be adopted" in line.text_content()


@pytest.mark.parametrize(("language", "other"), [("en", "zh"), ("zh-CN", "en")])
def test_every_rule_has_its_anchor_its_words_in_both_languages_and_its_source(
    market: Market, language: str, other: str
) -> None:
    for pack in registry.PACKS:
        page = market.browser("officer", language).get(f"/review/rules/{pack.id}")
        for rule in pack.rules.values():
            (place,) = page.tree.xpath("//article[@id=$id]", id=rule.id)
            assert rule.text(language) in place.text_content()
            assert getattr(rule, other) in place.xpath("string(.//details)")
            assert rule.cite in place.text_content()


def test_every_case_stands_at_its_rule_with_its_mark(officer: Browser) -> None:
    for law in registry.BUILT:
        page = officer.get(f"/review/rules/{law}")
        for case in known_cases.every_case():
            if case["regime"] == law:
                (row,) = page.tree.xpath(
                    "//article[@id=$id]//tr[th/a=$case]", id=case["expect"]["reason_rule"], case=case["id"]
                )
                assert "✓ as expected" in row.text_content()


def test_a_case_that_an_edition_answers_otherwise_is_marked(site: Site) -> None:
    officer = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)
    with site.world.acting() as tx:
        decisions.record(tx, INSTALLED)
        decisions.record(tx, UsRegCf(STRICTER).pack)
    site.world.agree(ProposalKind.PACK, site.world.officer(), site.world.officer())
    with site.world.acting() as tx:
        decisions.adopt(tx, UsRegCf(STRICTER).pack.sha256)
    page = officer.get("/review/rules/US-CF")
    assert "✗ differs" in page.text and "✓ as expected" in page.text


def test_the_row_in_force_today_is_marked_for_officers_and_for_everybody(market: Market) -> None:
    for who, path in (("officer", "/review/rules/US-CF"), ("anonymous", "/rules")):
        page = market.browser(who).get(path)
        rows = [one.text_content() for one in page.tree.xpath("//tr[.//span='in force today']")]
        assert any("33-11098" in row for row in rows)
        assert not any("33-10332" in row and "33-11098" not in row and "107,000" in row for row in rows)


def test_how_often_a_rule_was_named_is_asked_in_one_question(market: Market, officer: Browser) -> None:
    named = market.world.sql("SELECT rule, count(*) FROM decisions WHERE regime = 'US-CF' GROUP BY rule")
    with statements(market.site) as sent:
        page = officer.get("/review/rules/US-CF")
    for rule, count in named:
        assert f"{count} decision" in page.tree.xpath("string(//article[@id=$id])", id=rule)
    assert len([one for one in sent if "FROM decisions" in one]) == 1
    with statements(market.site) as sent:
        officer.get("/review/rules")
    assert len([one for one in sent if "FROM editions" in one]) <= 2, (
        "the pages', and whether another edition is adopted"
    )


@pytest.mark.parametrize("path", ["NONE", "NONE/try", "NONE/what-if", "PLATFORM/try", "RESIDENCE/what-if"])
def test_what_there_is_not_is_not_there(officer: Browser, path: str) -> None:
    assert officer.get(f"/review/rules/{path}").status == 404


# Trying a case


def test_a_case_is_followed_step_by_step(officer: Browser, market: Market) -> None:
    history = [
        bought("2025-01-10", "4000.00"), bought("2023-01-10", "700.00"), bought("2025-02-01", "900.00", "refunded"),
        bought("2025-02-02", "800.00", exemption="reg_d"),
    ]  # fmt: skip
    with market.site.unchanged():
        page = tried(officer, us_pledge("7000.00", history=history))
    said = page.tree.xpath("string(//*[@id='answer'])")
    for words in (
        "refused", "in force from 20 September 2022", "33-11098", "limb_i_has_top_cap", "$10,000.00", "$4,000.00",
        "$1,000.00 more than what is left", "The largest amount that would pass is $6,000.00",
        "$4,000.00 more comes back on 11 January 2026", "US-CF-100a2i", INSTALLED.rules["US-CF-100a2i"].en,
    ):  # fmt: skip
        assert words in " ".join(said.split()), words
    counted = [row.xpath("string(td[3])") for row in page.tree.xpath("//*[@id='answer']//table//tbody/tr")]
    assert counted == [
        "✓ yes",
        "✗ no: outside of the period",
        "✗ no: the money went back",
        "✗ no: this limit does not look at it",
    ]


def test_the_day_and_the_amount_beside_it_go_before_the_case(officer: Browser) -> None:
    page = tried(officer, us_pledge("7000.00"), on="2016-05-15", amount="1,234.50")
    assert "$1,234.50 on 15 May 2016" in page.text and "US-CF-EFFECTIVE" in page.text
    assert "no row was in force on 15 May 2016" in page.text
    assert (page.value("on"), page.value("amount")) == ("2016-05-15", "1,234.50")


def test_a_known_case_fills_the_form_by_its_address(officer: Browser) -> None:
    page = officer.get(f"{TRY}?known=us-cf-045")
    known = next(case for case in known_cases.every_case() if case["id"] == "us-cf-045")
    assert json.loads(page.value("case")) == {name: one for name, one in known.items() if name not in ("id", "expect")}
    answer = tried(officer, page.value("case"))
    assert known["expect"]["reason_rule"] in answer.text


@pytest.mark.parametrize("law", list(registry.BUILT))
def test_every_known_case_can_be_tried(officer: Browser, law: str) -> None:
    by_category = {case["category"]: case for case in known_cases.every_case() if case["regime"] == law}
    for case in by_category.values():
        page = officer.post(f"/review/rules/{law}/try", {"case": json.dumps(case)})
        assert page.status == 200 and case["expect"]["reason_rule"] in page.tree.xpath("string(//*[@id='answer'])")


WRONG_CASES = [
    ("", "Fill in this field"),
    ("{", "no JSON object: reading stopped at line 1"),
    ("{\n\n1", "reading stopped at line 3"),
    ("[]", "no JSON object"),
    ("[" * 5_000, "no JSON object"),
    ("1" * 6_000, "no JSON object"),
    ("{}", "regime must be US-CF"),
    ('{"regime": "CN-MICHOU"}', "regime must be US-CF"),
    ({**us_pledge("1.00"), "historie": []}, "The field historie cannot be read. It is not known here."),
    ({**us_pledge("1.00"), "as_of": "soon"}, "The field as_of cannot be read. Give a date"),
    (us_pledge("1e3"), "The field pledge.amount cannot be read. Give an amount"),
    (us_pledge("1.00", annual_income="-"), "The field investor.annual_income cannot be read. Give an amount"),
    ({**us_pledge("1.00"), "pledge": 7}, "The field pledge cannot be read"),
    ({**us_pledge("1.00"), "category": XSS}, "The field category cannot be read"),
    ({**us_pledge("1.00"), XSS: 1}, "cannot be read. It is not known here."),
    ({**us_pledge("1.00"), "\ud800": 1}, "cannot be read. It is not known here."),
]


@pytest.mark.parametrize(("case", "words"), WRONG_CASES, ids=range(len(WRONG_CASES)))
def test_a_case_that_cannot_be_read_names_its_field_and_is_given_back(officer: Browser, case: Any, words: str) -> None:
    typed = case if isinstance(case, str) else json.dumps(case)
    page = tried(officer, typed)
    assert page.status == 422 and words in page.error_at("case")
    assert page.value("case") == typed
    assert XSS not in page.source and not page.tree.xpath("//*[@id='answer']")


@pytest.mark.parametrize(("field", "typed"), [("amount", "a lot"), ("amount", "-1"), ("on", "2025-02-30")])
def test_a_wrong_day_or_amount_is_named_and_given_back(officer: Browser, field: str, typed: str) -> None:
    page = tried(officer, us_pledge("1.00"), **{field: typed})
    assert page.status == 422 and page.error_at(field) and page.value(field) == typed
    assert not page.tree.xpath("//*[@id='answer']")


def test_what_is_typed_into_a_case_is_never_html(officer: Browser) -> None:
    case = {**us_pledge("1.00"), "note": f"</textarea>{XSS}", "source": XSS}
    case["pledge"]["issuer"] = case["history"] = XSS
    for sent in (case, {**case, "history": [bought("2025-01-01", "1.00", note=XSS)]}):
        assert XSS not in tried(officer, sent).source


# Asking about the past


def ask(browser: Browser, edition: str, **fields: Any) -> Page:
    return browser.post(WHAT_IF, {"edition": edition, "days": "9999", **fields})


def test_a_proposed_edition_is_asked_about_the_past_and_nothing_is_written(market: Market, officer: Browser) -> None:
    ((decided, allowed, short),) = market.world.sql(
        "SELECT count(*), count(*) FILTER (WHERE outcome = 'allow'),"
        " sum(requested_minor - 100) FILTER (WHERE outcome = 'allow') FROM decisions WHERE regime = 'US-CF'"
    )
    with market.site.unchanged():
        page = ask(officer, STRICTER)
    assert f"{decided} decisions looked at" in page.text
    turned = [" ".join(row.text_content().split()) for row in page.tree.xpath("//table[1]/tbody/tr[th/span]")]
    assert any(f"allowed refused {allowed} " in " ".join(row.split()) for row in turned) or str(allowed) in turned[0]
    assert allowed > 10 and short > 0


def test_the_edition_that_decides_turns_nothing(officer: Browser) -> None:
    assert officer.get(WHAT_IF).value("edition").splitlines() == INSTALLED.text.strip().splitlines()
    assert "Every one would be decided alike." in ask(officer, INSTALLED.text).text


def test_the_file_has_every_change(market: Market, officer: Browser) -> None:
    with market.site.unchanged():
        answer = ask(officer, STRICTER, **{"as": "csv"})
    assert (
        answer.headers["Content-Type"].startswith("text/csv") and "attachment" in answer.headers["Content-Disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    stored = {
        str(one): amount for one, amount in market.world.sql(
            "SELECT id, requested_minor FROM decisions WHERE regime = 'US-CF' AND outcome = 'allow'"
        )
    }  # fmt: skip
    assert {row["decision"] for row in rows} == set(stored)
    for row in rows:
        assert (row["stored"], row["proposed"], row["largest"]) == ("allow", "deny", "1.00") or row["largest"] == "0.00"
        assert round(float(row["requested"]) * 100) == stored[row["decision"]]


def test_an_edition_can_come_as_a_file(officer: Browser) -> None:
    page = ask(officer, "", file=(io.BytesIO(STRICTER.encode()), "stricter.toml"))
    assert page.status == 200 and "would turn" in page.text
    assert page.value("edition").splitlines() == STRICTER.strip().splitlines(), "the download asks about the same"


WRONG_EDITIONS = [
    ("", "cannot be read at us_reg_cf.toml:"),
    ("= 1", "cannot be read at us_reg_cf.toml:1"),
    ("a = " + "[" * 5_000, "cannot be read at us_reg_cf.toml:1"),
    (STRICTER.replace("floor_minor = 100\n", f'floor_minor = "{XSS}"\n'), "cannot be read at us_reg_cf.toml:"),
    (STRICTER.replace('id = "US-CF"', f'id = "{XSS}"'), "cannot be read at us_reg_cf.toml"),
    (STRICTER.replace('currency = "USD"', 'currency = "EUR"'), "cannot be read at us_reg_cf.toml"),
    (STRICTER.replace('[rules."US-CF-100a2i"]', '[rules."US-CF-100a9"]'), "cannot be read at us_reg_cf.toml"),
    ("a" * 200_001, "Use 200,000 characters or fewer"),
]


@pytest.mark.parametrize(("edition", "words"), WRONG_EDITIONS, ids=range(len(WRONG_EDITIONS)))
@pytest.mark.parametrize("wanted", ["page", "csv"])
def test_an_edition_that_cannot_be_read_names_the_line_and_is_given_back(
    officer: Browser, edition: str, words: str, wanted: str
) -> None:
    page = ask(officer, edition, **{"as": wanted})
    assert page.status == 422 and words in page.error_at("edition")
    assert page.value("edition").splitlines() == edition.strip().splitlines()
    assert XSS not in page.source


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * 200_001], ids=["no text", "too long"])
def test_a_file_that_is_no_edition_is_refused(officer: Browser, content: bytes) -> None:
    page = ask(officer, "", file=(io.BytesIO(content), "edition.toml"))
    assert page.status == 422 and page.error_at("file")


@pytest.mark.parametrize("days", ["0", "-1", "36501", "many", ""])
def test_the_days_are_a_number_within_reason(officer: Browser, days: str) -> None:
    page = ask(officer, STRICTER, days=days)
    assert page.status == 422 and page.error_at("days")


def test_what_is_far_too_large_is_not_read(officer: Browser) -> None:
    assert officer.post(TRY, {"case": "1" * 600_000}).status == 413
    assert officer.post(WHAT_IF, {"edition": "#" * 13_000_000, "days": "1"}).status == 413


@pytest.mark.parametrize("who", ["anonymous", "half", "investor", "issuer", "operator"])
def test_nobody_but_officers_reads_or_asks(market: Market, who: str) -> None:
    browser = market.browser(who)
    for path in ("/review/rules", "/review/rules/US-CF", TRY, WHAT_IF):
        assert browser.get(path).status in (302, 403)
    assert ask(browser, STRICTER, **{"as": "csv"}).status in (302, 403)
    assert tried(browser, us_pledge("1.00")).status in (302, 403)
