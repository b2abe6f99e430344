"""Choosing how to pay, where it was not settled with the pledge: after an officer allowed it, or where there are several ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.compliance.models import CaseOutcome
from app.payments.port import MethodCaps
from app.payments.sandbox import adapter
from app.pledges.models import Pledge
from tests.pledges.test_referrals import decide, referred, taken
from tests.web.browser import Browser, Site


def allowed(site: Site) -> tuple[Pledge, Browser]:
    """A pledge that an officer allowed, and its investor."""
    pledge, case_ref = referred(site.world)
    decide(site.world, taken(site.world, case_ref), case_ref, CaseOutcome.APPROVE)
    (user_id,) = site.world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)[0]
    return pledge, site.browser(user_id)


def collections(site: Site) -> list[tuple[Any, ...]]:
    return site.world.sql("SELECT gateway, method, status, amount_minor FROM instructions WHERE kind = 'collect'")


def test_the_way_is_chosen_and_then_paid(site: Site) -> None:
    pledge, browser = allowed(site)
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert page.tree.xpath("//input[@type='radio']/@value") == ["sandbox:card"]
    assert "Nothing is charged before you confirm it on the next page." in page.text
    assert collections(site) == []

    answer = browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:card"})
    assert (answer.status, answer.location) == (303, f"/me/pledges/{pledge.ref}/pay")
    assert collections(site) == [("sandbox", "card", "queued", pledge.amount_minor)]
    again = browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:card"})
    assert again.status == 303 and len(collections(site)) == 1

    site.world.pay(pledge)
    site.world.run_jobs()
    assert site.world.pledge(pledge.id).status == "held"
    assert site.world.broken_promises() == []


@pytest.mark.parametrize("chosen", ["", "sandbox:alipay", "stripe:card", "sandbox"])
def test_a_way_that_was_not_offered_is_refused(site: Site, chosen: str) -> None:
    pledge, browser = allowed(site)
    with site.unchanged():
        page = browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": chosen})
    assert page.status == 422
    assert page.tree.xpath("//p[@id='method-error']/text()") == ["Choose one from the list"]


def short(caps: MethodCaps) -> MethodCaps:
    return replace(caps, refund_window=timedelta(days=20))


def test_a_way_that_could_not_give_the_money_back_is_not_offered_and_says_why(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pledge, browser = allowed(site)
    monkeypatch.setattr(adapter, "CARD", short(adapter.CARD))
    page = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert page.tree.xpath("//input[@type='radio']") == []
    assert "None of the ways to pay fits this pledge. Nothing was charged." in page.text
    assert "Card: the last refund that could be due falls outside its time" in page.text
    with site.unchanged():
        refused = browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:card"})
    assert refused.status == 422
    assert (
        "This way to pay does not fit here: the last refund that could be due falls outside its time." in refused.text
    )


def test_somebody_elses_pledge_is_not_paid(site: Site) -> None:
    pledge, _ = allowed(site)
    stranger = site.browser(site.world.investor().user_id)
    with site.unchanged():
        assert stranger.get(f"/me/pledges/{pledge.ref}/pay").status == 404
        assert stranger.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:card"}).status == 404
    assert collections(site) == []


def test_what_was_cancelled_meanwhile_is_not_paid(site: Site) -> None:
    pledge, browser = allowed(site)
    form = browser.get(f"/me/pledges/{pledge.ref}/pay")
    assert form.status == 200
    site.world.cancel(pledge)
    assert site.world.pledge(pledge.id).status == "cancelled"  # nothing was sent, so there is nothing to wait for
    with site.unchanged():
        answer = browser.post(f"/me/pledges/{pledge.ref}/pay", {"method": "sandbox:card"})
    assert answer.status in (302, 303)
    assert collections(site) == []
