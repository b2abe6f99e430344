"""Topping up by what only a collector takes: the pages say that the money is on its way before it is free."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs import keep_cash
from app.payments.port import Ref
from app.payments.sandbox.tables import Token
from tests.conftest import settings
from tests.payments.sandbox.cards import Cards
from tests.web.browser import Site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(settings(database_url, tmp_path, GATEWAYS="sandbox,sandbox_cards", REGIMES="US-CF,US-REGA"))
    yield made
    made.close()


def test_from_the_form_to_the_free_money(site: Site) -> None:
    world, cards = site.world, Cards.of(site.world)
    browser = site.browser(world.investor().user_id)
    form = browser.get("/me/cash/top-up")
    assert form.tree.xpath("//input[@name='method']/@value") == ["card", "alipay", "wechat_pay", "bank_transfer"]
    key = str(form.tree.xpath("//input[@name='form_key']/@value")[0])
    answer = browser.post(
        "/me/cash/top-up", {"amount": "1,000.00", "currency": "USD", "method": "alipay", "form_key": key}
    )
    assert answer.location is not None
    world.run_jobs()
    ((gateway, ref),) = world.sql("SELECT gateway, provider_ref FROM instructions")
    assert gateway == "sandbox_cards"
    cards.pays(Ref.read(ref), Token.OK)
    world.run_jobs()
    assert "on its way to the custodian" in browser.get(answer.location).text
    assert "$1,000.00 is paid and on its way to the custodian." in browser.get("/me/cash").text
    for _ in range(6):
        cards.days(1)
        keep_cash.run(world.platform)
        world.let_backoffs_pass()
        world.run_jobs()
    assert "The money has arrived." in browser.get(answer.location).text
    shown = browser.get("/me/cash").text
    assert "Topped up" in shown and "on its way to the custodian" not in shown
    assert world.broken_promises() == []
