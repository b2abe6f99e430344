"""A post without the token of a form of ours, in the very session that it was made for, does nothing."""

from __future__ import annotations

import pytest

from tests.web.browser import Browser
from tests.web.market import Market
from tests.web.test_access import addresses

#: Signed by whoever sends it.
SIGNED = {"webhooks.receive_gateway_event"}


def forged(browser: Browser, other: Browser, how: str) -> dict[str, str]:
    return {
        "missing": {},
        "empty": {"csrf_token": ""},
        "made up": {"csrf_token": "IjEyMyI.ZZZZZZ.abcdefghijklmnopqrstuvwxyz0"},
        "changed": {"csrf_token": browser.form_token()[::-1]},
        "of another session": {"csrf_token": other.form_token()},
    }[how]


@pytest.mark.parametrize("how", ["missing", "empty", "made up", "changed", "of another session"])
@pytest.mark.parametrize("who", ["anonymous", "investor", "officer"])
def test_a_forged_post_is_refused_everywhere_and_changes_nothing(market: Market, who: str, how: str) -> None:
    browser, other, wrong = market.browser(who), market.browser("anonymous"), []
    browser.form_token()  # the session has a token of its own
    with market.site.unchanged():
        for endpoint, method, path in addresses(market.site):
            if method != "GET" and endpoint not in SIGNED:
                page = browser.send(method, path, data={**forged(browser, other, how), "email": "a@b.example"})
                if page.status != 400 or "We could not read this" not in page.text:
                    wrong.append((endpoint, page.status))
    assert wrong == []


@pytest.mark.parametrize("who", ["anonymous", "investor", "issuer", "officer"])
def test_the_token_of_a_page_is_taken(market: Market, who: str) -> None:
    """What a form really carries, and not only what these tests make up."""
    browser = market.browser(who)
    path = {
        "anonymous": "/sign-up",
        "investor": "/me/status/new/accredited_us",
        "issuer": "/issuer/companies/new",
        "officer": "/account",
    }
    shown = browser.get(path[who]).tree.xpath("//main//input[@name='csrf_token']/@value")[0]
    with market.site.unchanged():
        assert browser.send("POST", path[who], data={"csrf_token": shown}).status == 422
        assert market.browser("anonymous").send("POST", "/sign-up", data={"csrf_token": shown}).status == 400
