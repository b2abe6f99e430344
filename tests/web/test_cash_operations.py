"""The operator's page of investors' cash: what differs, what waits for a person, what lies idle."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.jobs import keep_cash
from app.payments.sandbox.tables import Token
from tests.builders import usd
from tests.cash.keeping import ask_top_up, has, pay_top_up, topped_up
from tests.web.browser import Browser, Site


@pytest.fixture
def operator(site: Site) -> Browser:
    return site.browser(site.world.user(Role.OPERATOR).id)


def test_each_day_is_shown_and_downloaded(site: Site, operator: Browser) -> None:
    assert "Nothing was compared yet" in operator.get("/ops/cash").text
    topped_up(site.world)
    keep_cash.run(site.world.platform)
    page = operator.get("/ops/cash")
    assert "equal" in page.text and page.text.count("$1,000.00") == 3
    answer = operator.get("/ops/cash/days.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''cash-days.csv"
    lines = answer.body.decode().splitlines()
    assert lines[0] == "day,gateway,currency,owed,ledger,custodian,difference,checked_at"
    assert lines[1].startswith("2026-03-03,sandbox,USD,1000.00,1000.00,1000.00,0.00,2026-03-03T")


def test_idle_balances_are_shown_and_downloaded_without_names(site: Site, operator: Browser) -> None:
    investor = topped_up(site.world)
    site.world.move_clock(days=366)
    assert investor.legal_name in operator.get("/ops/cash").text
    lines = operator.get("/ops/cash/dormant.csv").body.decode().splitlines()
    assert lines == [
        "investor,currency,free,last_moved_at",
        f"investor-{investor.id},USD,1000.00,2026-03-03T15:00:00+00:00",
    ]


def test_a_stray_is_put_into_the_account_by_one_press_and_not_by_a_second(site: Site, operator: Browser) -> None:
    investor = site.world.investor()
    asked = ask_top_up(site.world, investor, usd("1000"))
    pay_top_up(site.world, asked, Token.PARTIAL_AMOUNT)
    assert "$500.00 came otherwise than it was asked for." in site.browser(investor.user_id).get("/me/cash").text
    page = operator.get("/ops/cash")
    assert "Came otherwise than it was asked for" in page.text and "asked for: $1,000.00" in page.text
    keep, give_back = (f"/ops/cash/strays/{asked.op_id}/{what}" for what in ("keep", "give-back"))
    assert operator.post(keep).location == "/ops/cash"
    assert has(site.world, investor, "500")
    with site.unchanged():
        assert operator.post(give_back).status == 303
    assert "Somebody has said already what becomes of this money." in operator.get("/ops/cash").text
    assert site.world.broken_promises() == []
    assert str(asked.op_id) not in operator.get("/ops").source


def test_what_is_no_stray_cannot_be_settled(site: Site, operator: Browser) -> None:
    pledge = site.world.pledged(site.world.live())
    (op_id,) = site.world.sql("SELECT op_id FROM instructions WHERE pledge_id = :id", id=pledge.id)[0]
    with site.unchanged():
        assert operator.post(f"/ops/cash/strays/{op_id}/keep").status == 404
