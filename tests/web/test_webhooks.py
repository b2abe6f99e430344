"""What claims to come from the gateway: believed by its signature alone, stored once, answered at once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.jobs import process_inbox
from app.payments.inbox import LARGEST_EVENT_BYTES
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from tests.web.browser import Page, Site
from tests.web.market import Market

EVENT = {"id": "evt_1", "type": "payment.succeeded", "livemode": False, "object": {"kind": "payment", "id": "pay_1"}}


def send(
    site: Site, body: Any = None, *, at: datetime | None = None, secret: str | None = None, path: str = "sandbox",
    signature: str | None = None,
) -> Page:  # fmt: skip
    raw = body if isinstance(body, bytes) else json.dumps(EVENT if body is None else body).encode()
    settings = site.world.platform.settings
    with site.world.looking() as view:
        stamp = at or view.wall_now
    signed = sign(raw, secret or settings.webhook_secret, stamp) if signature is None else signature
    return site.browser().send(
        "POST", f"/webhooks/{path}", data=raw, content_type="application/json", headers={SIGNATURE_HEADER: signed}
    )


def stored(site: Site) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in site.world.sql("SELECT event_id, type, status FROM gateway_events ORDER BY 1")]  # type: ignore[misc]


def test_a_signed_event_is_stored_and_answered(site: Site) -> None:
    page = send(site)
    assert (page.status, page.body) == (204, b"")
    assert stored(site) == [("evt_1", "payment.succeeded", "new")]


def test_a_doubled_event_is_one_row(site: Site) -> None:
    send(site)
    with site.unchanged():
        assert send(site).status == 204
    assert len(stored(site)) == 1


def test_the_same_event_with_another_body_does_not_replace_the_first(site: Site) -> None:
    send(site)
    with site.unchanged():
        assert send(site, {**EVENT, "type": "payment.failed"}).status == 204


def test_an_unknown_kind_of_event_is_stored_and_left_alone(site: Site) -> None:
    assert send(site, {**EVENT, "type": "moon.full", "object": None}).status == 204
    process_inbox.run(site.world.platform)
    assert stored(site) == [("evt_1", "moon.full", "ignored")]


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24, 60 * 24 * 365])
def test_an_old_or_future_event_is_not_believed(market: Market, minutes: int) -> None:
    with market.site.world.looking() as view:
        now = view.wall_now
    with market.site.unchanged():
        assert send(market.site, at=now + timedelta(minutes=minutes)).status == 400


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_that_is_a_little_off_is_forgiven(site: Site, minutes: int) -> None:
    with site.world.looking() as view:
        now = view.wall_now
    assert send(site, at=now + timedelta(minutes=minutes)).status == 204


@pytest.mark.parametrize(
    "signature",
    [
        "", "t=1", "v1=abc", "t=1,v1=", "t=x,v1=y", "t=-1,v1=y", "t=１２３,v1=y", "t=9999999999999,v1=y", "nonsense", ",,,=",
        "t=1,v1=é", "t=1,v1=" + "0" * 64, "t=1,v1=" + "0" * 10_000, "t=1,t=2,v1=a,v1=b", "t=1e9,v1=a",
    ],
)  # fmt: skip
def test_a_forged_signature_is_not_believed(market: Market, signature: str) -> None:
    with market.site.unchanged():
        assert send(market.site, signature=signature).status == 400


def test_a_signature_with_another_secret_or_of_another_body_is_not_believed(market: Market) -> None:
    with market.site.world.looking() as view:
        now = view.wall_now
    secret = market.site.world.platform.settings.webhook_secret
    with market.site.unchanged():
        assert send(market.site, secret="another secret").status == 400
        assert send(market.site, signature=sign(b"{}", secret, now)).status == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"not json", b"[]", b"5", b"null", b'"x"', b"\xff\xfe", b'{"livemode": false}']
)
def test_a_signed_body_that_says_nothing_is_not_believed(market: Market, body: bytes) -> None:
    with market.site.unchanged():
        assert send(market.site, body).status == 400


def test_a_huge_event_is_refused_before_it_is_looked_at(market: Market) -> None:
    with market.site.unchanged():
        assert send(market.site, b"x" * (LARGEST_EVENT_BYTES + 1)).status == 413
        assert send(market.site, b"x" * 2_000_000, signature="t=1,v1=x").status == 413


def test_another_gateway_is_not_there(market: Market) -> None:
    with market.site.unchanged():
        for path in ("stripe", "Sandbox", "..", "%00", "sandbox%20"):
            assert send(market.site, path=path).status == 404
        assert market.site.browser().get("/webhooks/sandbox").status == 405


def test_no_token_of_a_form_is_needed_and_no_session_is_begun(site: Site) -> None:
    page = send(site)
    assert page.status == 204
    assert "Set-Cookie" not in page.headers
