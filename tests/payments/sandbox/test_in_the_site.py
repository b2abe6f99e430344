"""The cards persona in the running site: only where GATEWAYS names it, with a page for payers and events of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.money import Money
from app.payments.port import Method, Outcome, Payer
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from app.payments.sandbox.tables import Token
from app.web.sandbox import KEEP, LATER
from app.wiring import Platform, build
from tests.conftest import settings
from tests.payments.sandbox.cards import op
from tests.web.browser import Site

PAYER = Payer("investor-1", "Robin Payer", "US")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(settings(database_url, tmp_path, GATEWAYS="sandbox,sandbox_cards"))
    for far_side in made.world.platform.far_sides.values():
        far_side.install()
    yield made
    made.close()


def asked(site: Site, method: Method = Method.CARD) -> Outcome:
    return site.world.platform.gateways["sandbox_cards"].collect(
        op(), Money(20_000, "USD"), method=method, account="offering-1", payer=PAYER, reference="P-1",
        return_url="http://localhost/offerings",
    )  # fmt: skip


def kept(site: Site) -> Outcome:
    return site.world.platform.gateways["sandbox_cards"].setup(
        op(), method=Method.CARD, payer=PAYER, reference="P-1", return_url="http://localhost/offerings"
    )


def offered(site: Site, url: str | None) -> set[str]:
    page = site.browser().get(url or "")
    assert page.status == 200
    return set(page.tree.xpath("//button[@name='token']/@value"))


def test_it_is_there_only_where_gateways_names_it(platform: Platform, site: Site) -> None:
    assert set(platform.gateways) == set(platform.far_sides) == {"sandbox"}
    both = site.world.platform
    assert set(both.gateways) == set(both.far_sides) == {"sandbox", "sandbox_cards"}
    assert both.custodian.name == "sandbox"


def test_its_tables_are_in_a_schema_of_its_own(site: Site) -> None:
    asked(site)
    assert site.world.sql("SELECT count(*) FROM sandbox_cards.objects") == [(1,)]
    assert site.world.sql("SELECT count(*) FROM sandbox.objects") == [(0,)]


def test_the_page_offers_what_comes_later_and_nothing_of_it_for_the_plain_sandbox(site: Site) -> None:
    late = {token.value for token in LATER}
    assert late < offered(site, asked(site).url)
    plain = site.world.platform.custodian.collect(
        op(), Money(20_000, "USD"), method=Method.CARD, account="offering-1", payer=PAYER, reference="P-1",
        return_url="http://localhost/offerings",
    )  # fmt: skip
    assert not late & offered(site, plain.url)
    with site.unchanged():
        assert site.browser().post(plain.url or "", {"token": "return_d5"}).status == 404


def test_every_token_is_offered_somewhere(site: Site) -> None:
    on_pages = offered(site, asked(site).url) | offered(site, kept(site).url)
    assert on_pages == {token.value for token in Token} | {"abandon"}


def test_a_payer_pays_and_is_sent_back(site: Site) -> None:
    payment = asked(site)
    answer = site.browser().post(payment.url or "", {"token": "return_d5"})
    assert (answer.status, answer.location) == (302, "/offerings")
    gateway = site.world.platform.gateways["sandbox_cards"]
    assert gateway.fetch(payment.ref).state == "succeeded"
    site.world.move_clock(days=5)
    assert [line.kind for line in gateway.fetch(payment.ref).evidence] == ["payment", "return"]


def test_who_leaves_a_card_is_told_that_nothing_was_charged(site: Site) -> None:
    setup = kept(site)
    assert {token.value for token in KEEP} < offered(site, setup.url)
    assert site.browser().post(setup.url or "", {"token": "setup_ok"}).status == 302
    assert "This way to pay is kept. Nothing was charged." in site.browser().get(setup.url or "").text
    assert site.world.platform.gateways["sandbox_cards"].fetch(setup.ref).instrument is not None


def test_its_events_come_to_its_own_address(site: Site) -> None:
    payment = asked(site)
    cards = site.world.platform.sandbox_cards
    assert cards is not None
    cards.pay(payment.ref.id, Token.OK)
    (event,) = cards.events_to_deliver(10)
    stamp = datetime.now(UTC)
    headers = {SIGNATURE_HEADER: sign(event.body(), site.world.platform.settings.webhook_secret, stamp)}
    sent = site.browser().send("POST", "/webhooks/sandbox_cards", data=event.body(), headers=headers)
    assert sent.status == 204
    assert site.world.sql("SELECT gateway, event_id FROM gateway_events") == [("sandbox_cards", event.id)]


def test_without_it_its_address_is_unknown(platform: Platform, database_url: str, tmp_path: Path) -> None:
    made = build(settings(database_url, tmp_path))
    assert made.sandbox_cards is None and "sandbox_cards" not in made.gateways
    made.close()
