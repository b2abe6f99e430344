"""`/webhooks/stripe`: what is posted there is kept only when Stripe signed it just now, for this world, and is not too large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.payments.inbox import LARGEST_EVENT_BYTES
from tests.conftest import settings
from tests.payments.stripe.far import SECRET, Far, environment
from tests.web.browser import Page, Site


@pytest.fixture
def site(far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name, value in environment(far.url).items():
        monkeypatch.setenv(name, value)
    made = Site(settings(database_url, tmp_path, GATEWAYS="sandbox,stripe"))
    yield made
    made.close()


def post(site: Site, far: Far, *, seconds: int = 0, more: bytes = b"", **how: Any) -> Page:
    with site.world.looking() as view:
        stamp = int(view.wall_now.timestamp()) + seconds
    order = {"type": "refund.updated", "about": "re_1", "secret": SECRET, "stamp": stamp, **how}
    found = far.act("event", **order)
    return site.browser().send(
        "POST", "/webhooks/stripe", data=found["body"].encode() + more, content_type="application/json",
        headers={"Stripe-Signature": found["header"]},
    )  # fmt: skip


def kept(site: Site) -> list[tuple[str, str]]:
    return [tuple(row) for row in site.world.sql("SELECT gateway, event_id FROM gateway_events")]  # type: ignore[misc]


@pytest.mark.parametrize("thin", [False, True])
def test_an_event_is_kept_once_however_often_it_comes(site: Site, far: Far, thin: bool) -> None:
    for _ in range(3):
        page = post(site, far, thin=thin)
        assert (page.status, page.body) == (204, b"")
    assert kept(site) == [("stripe", "evt_1")]


REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "another's signature": (400, {"secret": "whsec_a_guess"}),
    "changed on the way": (400, {"more": b" "}),
    "signed too long ago": (400, {"seconds": -301}),
    "signed in the future": (400, {"seconds": 302}),
    "signed for tomorrow": (400, {"seconds": 86_400}),
    "of the real world": (400, {"livemode": True}),
    "too large": (413, {"more": b" " * LARGEST_EVENT_BYTES}),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_to_be_believed_is_refused_and_nothing_is_kept(site: Site, far: Far, why: str) -> None:
    status, how = REFUSED[why]
    # One of another world leaves the word that its address must be mended (R16).
    left = ("breaks", "audit_events", "audit_unsealed") if "livemode" in how else ()
    with site.unchanged(*left):
        assert post(site, far, **how).status == status
    assert kept(site) == []
