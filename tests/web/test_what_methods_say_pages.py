"""What a way to pay can do is said where somebody decides by it: an investor who pays or cancels, officers, an operator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.actor import Role
from app.i18n import times
from app.i18n.locales import ENGLISH
from app.payments.sandbox import adapter
from app.payments.sandbox.adapter import SandboxGateway
from app.pledges.models import Pledge
from tests.web.browser import Browser, Site

DAY = timedelta(days=1)
WAIT = "money go back only from"


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "CARD", replace(adapter.CARD, refund_not_before=60 * DAY, reversible_for=90 * DAY))


def browser_of(site: Site, pledge: Pledge) -> Browser:
    ((user_id,),) = site.world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)
    return site.browser(user_id)


def told(site: Site, days: int, zone: str = "America/New_York") -> str:
    return times.moment(site.world.now() + days * DAY, zone, ENGLISH)


@pytest.mark.usefixtures("late")
def test_an_investor_reads_the_day_before_they_pay_and_before_they_cancel_and_after(site: Site) -> None:
    pledge = site.world.pledged(site.world.live())
    browser, day = browser_of(site, pledge), told(site, 60)
    assert f"your money comes back from {day} on at the latest" in browser.get(f"/me/pledges/{pledge.ref}/pay").text
    site.world.pay(pledge)
    site.world.run_jobs()
    assert WAIT in (asked := browser.get(f"/me/pledges/{pledge.ref}/cancel").text) and day in asked
    site.world.cancel(pledge)
    assert WAIT in (tracked := browser.get(f"/me/pledges/{pledge.ref}").text) and day in tracked


def test_where_nothing_waits_nothing_is_said(site: Site) -> None:
    pledge = site.world.pledged(site.world.live())
    browser = browser_of(site, pledge)
    assert "comes back from" not in browser.get(f"/me/pledges/{pledge.ref}/pay").text
    site.world.pay(pledge)
    site.world.run_jobs()
    assert WAIT not in browser.get(f"/me/pledges/{pledge.ref}/cancel").text


@pytest.mark.usefixtures("late")
def test_officers_see_what_banks_may_still_take_back_and_until_when(site: Site) -> None:
    offering = site.world.live(target="250", days=30)
    site.world.held(offering)
    last = told(site, 90)
    site.world.pass_deadline(offering)
    site.world.run_jobs()
    ((ref,),) = site.world.sql("SELECT ref FROM closings")
    officer = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)
    page = officer.get(f"/review/closings/{ref}").text
    assert f"may still take back $250.00 of this, the last of it until {last}" in page
    site.world.move_clock(days=70)
    assert "may still take back" not in officer.get(f"/review/closings/{ref}").text


def test_an_operator_sees_which_gateway_went_silent_and_which_never_speaks(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = site.browser(site.world.user(Role.OPERATOR).id)
    assert "silent:" not in operator.get("/ops/gateways").text
    site.world.held(site.world.live())
    site.world.move_clock(hours=1)
    assert "silent:" not in operator.get("/ops/gateways").text  # its event came with the payment
    site.world.sql("DELETE FROM gateway_events")
    assert "there was never one" in operator.get("/ops/gateways").text
    monkeypatch.setattr(SandboxGateway, "caps", replace(SandboxGateway.caps, pushes_events=False))
    page = operator.get("/ops/gateways").text
    assert "silent:" not in page and "tells nothing by itself" in page
