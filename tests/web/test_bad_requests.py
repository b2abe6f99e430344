"""Requests that no form of ours sends: too large, to the wrong place, by the wrong method, or leading elsewhere."""

from __future__ import annotations

import io
from urllib.parse import quote, urlsplit

import pytest

from app.actor import Role
from app.identity import actions as identity
from app.identity import queries as identity_queries
from tests.builders import PASSWORD
from tests.web.browser import Site
from tests.web.market import Market

ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "http://evil.example",
    "https:evil.example", "http:/evil.example", "javascript:alert(1)", "data:text/html,x", "/%09/evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: http://evil.example", " //evil.example", "evil.example",
    "/%5cevil.example\\", "", "/\u0000x",
)  # fmt: skip


def test_after_signing_in_one_stays_on_the_site(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    for target in ELSEWHERE:
        page = site.browser().post(
            f"/sign-in?next={quote(target, safe='')}", {"email": person.email, "password": PASSWORD}
        )
        if "\0" in target:
            assert page.status == 400
            continue
        assert page.status == 303
        where = urlsplit(page.location)
        assert (where.scheme, where.netloc) == ("", ""), target
        assert page.location.startswith("/")
        assert page.location[1:2] not in ("/", "\\")
        assert not {"\n", "\r", "\t"} & set(page.location)


@pytest.mark.parametrize("target", ["/me", "/offerings?q=a%20b&status=past", "/me/figures/US-CF?next=/me"])
def test_a_place_on_the_site_is_gone_on_to(market: Market, target: str) -> None:
    page = market.browser("investor").get(f"/sign-in?next={quote(target, safe='')}")
    assert page.location == target


def test_after_a_form_one_stays_on_the_site(site: Site) -> None:
    fields = {"legal_name": "A", "country": "US", "holder": "A", "account": "1234"}
    for target in ELSEWHERE[:-1]:
        company, actor = site.world.issuer()
        with site.world.acting() as tx:
            assert actor.user_id is not None
            identity.grant_role(tx, identity_queries.user(tx.session, actor.user_id), Role.INVESTOR)
        browser, place = site.browser(actor.user_id), f"/issuer/companies/{company.ref}"
        for path in ("/me/figures/US-CF", place, f"{place}/payout"):
            page = browser.post(f"{path}?next={quote(target, safe='')}", fields)
            assert page.status == 303
            assert page.location in ("/me/limits", "/issuer", f"{place}/payout") or target.startswith("/%")


def test_a_wrong_method_says_which_ones_there_are(market: Market) -> None:
    browser = market.browser("investor")
    with market.site.unchanged():
        for method, path, allowed in (
            ("POST", "/rules", "GET"), ("PUT", "/me", "GET"), ("DELETE", "/account", "GET"),
            ("GET", "/sign-out", "POST"), ("GET", "/webhooks/sandbox", "POST"), ("PATCH", "/sign-in", "GET"),
        ):  # fmt: skip
            page = browser.send(method, path, headers={"X-CSRFToken": browser.form_token()})
            assert page.status == 405, (method, path)
            assert allowed in page.headers["Allow"]
            assert "This page does not take that" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/offerings/%00", "/offerings/a%00b/documents/1", "/sandbox/checkout/%00", "/me/pledges/%00", "/%00",
        "/verify-email/%00", "/offerings/{live}/documents/99999999999999999999999999", "/offerings/{live}/documents/-1",
        "/offerings/{live}/documents/9223372036854775808", "/offerings/{live}/documents/9223372036854775807",
        "/me/pledges/" + "P" * 5_000, "/offerings/{draft}", "/offerings/{submitted}", "/offerings/{approved}",
        "/me/figures/%E2%80%AE", "/offerings/{live}/pledge/confirm", "/offerings/{live}/pledge/confirm?shares=",
        *(
            f"/offerings/{{live}}/pledge/confirm?shares={shares}"
            for shares in ("0", "-1", "1.5", "1e3", "１００", "40001", "9" * 12, "9" * 13, "9" * 5_000, "NaN", "100%20")
        ),
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_not_found(market: Market, path: str) -> None:
    names = {status: offering.slug for status, offering in market.offerings.items()}
    page = market.browser("investor").get(path.format(**names))
    assert page.status == 404
    assert "There is no such page" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "after=2026-01-01T00:00:00%2B00:00/-99999999999999999999999", "after=2026-01-01T00:00:00%2B00:00/" + "9" * 40,
        "after=x/y", "after=/", "after=2026-01-01/1", "after=0001-01-01T00:00:00%2B23:59/1", "q=%25%5F%5C", "q=" + "a " * 5_000,
        "rules=XX&security=YY&status=ZZ", "q=%F0%9F%98%80", "q='%20OR%201=1--", "page=-1", "q[]=a",
    ],
)  # fmt: skip
def test_a_strange_question_to_the_list_is_answered(market: Market, query: str) -> None:
    assert market.browser("anonymous").get(f"/?{query}").status == 200


def test_a_zero_character_in_a_question_is_refused(market: Market) -> None:
    for query in ("q=%00", "%00=1", "after=%00", "lang=%00"):
        assert market.browser("anonymous").get(f"/?{query}").status == 400


def test_what_is_too_large_is_refused_before_it_is_read(market: Market) -> None:
    browser = market.browser("investor")
    with market.site.unchanged():
        large_field = browser.post("/me/figures/US-CF", {"legal_name": "x" * 600_000, "country": "US"})
        large_part = browser.post(
            "/issuer/offerings/import", {"file": (io.BytesIO(b""), "a.xml"), "title": "x" * 600_000}
        )
        large_body = browser.send("POST", "/sign-in", data=b"x" * 13_000_000, content_type="application/octet-stream")
        large_json = browser.send("POST", "/sign-up", data=b"[" * 600_000, content_type="application/json")
    assert {page.status for page in (large_field, large_part, large_body, large_json)} == {413}
    assert "That is too large" in large_field.text


@pytest.mark.parametrize("body", [b"5", b"null", b"[]", b'{"email": 1}', b'"x"', b"{", b"\xff"])
def test_a_body_of_json_is_an_empty_form(market: Market, body: bytes) -> None:
    browser = market.browser("anonymous")
    with market.site.unchanged():
        page = browser.send(
            "POST",
            "/sign-up",
            data=body,
            content_type="application/json",
            headers={"X-CSRFToken": browser.form_token()},
        )
    assert page.status == 422
    assert page.error_at("email") == "Fill in this field"


def test_a_heap_of_marks_on_one_letter_is_refused_at_once(market: Market) -> None:
    """Sorting so many takes a machine minutes."""
    browser = market.browser("anonymous")
    with market.site.unchanged():
        page = browser.post(
            "/sign-up", {"name": "a" + "\u0316\u0301" * 35_000, "email": "a@b.example", "password": PASSWORD}
        )
    assert page.status == 422
