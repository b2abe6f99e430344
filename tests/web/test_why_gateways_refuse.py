"""What a gateway did not do is told in words, to officers and to the operator; its own code stands beside them."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.i18n.gateway_words import gateway_code
from app.i18n.locales import LANGUAGES
from app.jobs import send_payments
from app.payments.errors import Rejected
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX
from tests.payments.test_refusals import with_gateway_that_says
from tests.web.browser import Site
from tests.web.test_closing_page import proposed
from tests.web.test_switches_and_breaks import operator


@pytest.mark.parametrize("language", LANGUAGES)
def test_officers_read_why_a_payout_was_refused(site: Site, language: str) -> None:
    world = site.world
    offering, path = proposed(site)
    world.change_payee(offering.issuer_id, holder="H", account=f"US00 {REFUSING_ACCOUNT_SUFFIX}")
    officer = world.officer()
    world.approve_closing(offering, officer)  # of another account: it is proposed anew
    world.approve_closing(offering, officer, world.officer())
    world.run_jobs()
    page = site.browser(world.user(Role.COMPLIANCE_OFFICER).id, language=language).get(path)
    assert gateway_code("account_closed", LANGUAGES[language]) in page.text
    assert page.tree.xpath("//*[contains(@class, 'code') and text()='account_closed']")


@pytest.mark.parametrize("code", ["refund_exceeds_payment", "moon_is_full"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_operator_reads_why_money_waits_for_a_person(site: Site, language: str, code: str) -> None:
    world = site.world
    pledge = world.held(world.live())
    world.cancel(pledge)
    send_payments.run(with_gateway_that_says(world, Rejected(code)).platform)
    page = operator(site, language).get("/ops")
    assert gateway_code(code, LANGUAGES[language]) in page.text
    assert page.tree.xpath(f"//*[contains(@class, 'code') and text()='{code}']")


def test_the_operator_reads_why_a_gateway_cannot_be_read(site: Site) -> None:
    site.world.force("INSERT INTO gateway_readings (gateway, failed_at, error) VALUES ('sandbox', now(), 'NotSent ')")
    assert "The gateway could not be reached; nothing was sent." in operator(site).get("/ops/gateways").text
