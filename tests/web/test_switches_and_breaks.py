"""What an operator sees and does about breaks and switches, and what a visitor is told meanwhile."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

from app.actor import Role
from app.jobs import reconcile
from app.switches import queries
from tests.reconciliation.planting import line, listen
from tests.web.browser import Browser, Site
from tests.web.test_webhooks import EVENT, send

WHY = "The custodian's bank is down."


def operator(site: Site, language: str = "en") -> Browser:
    return site.browser(site.world.user(Role.OPERATOR).id, language=language)


def test_a_break_is_seen_in_the_grid_the_day_and_the_file_and_is_explained(site: Site) -> None:
    world = site.world
    offering = world.live()
    world.held(offering)
    line(world, "by_hand", -7_000, "refund", account=f"offering-{offering.id}")
    world.move_clock(minutes=20)
    (found,) = listen(world)
    browser, day = operator(site), world.now().date().isoformat()
    assert "R3" in browser.get("/ops/reconciliation").text and "$70.00" in browser.get("/ops/reconciliation").text
    assert found.ref in browser.get("/ops/reconciliation").text
    assert "$70.00" in browser.get(f"/ops/reconciliation/{day}").text
    answer = browser.get(f"/ops/reconciliation/{day}.csv")
    rows = list(csv.reader(answer.body.decode().splitlines()))
    assert rows[1][-1] == "70.00" and rows[-1][:2] == [found.ref, "R3"]
    page = browser.post(f"/ops/breaks/{found.ref}", {"note": "short"})
    assert page.status == 422 and "20" in page.text
    assert browser.post(f"/ops/breaks/{found.ref}", {"note": "The bank paid it back on our word."}).status == 303
    assert "Explained" in browser.get(f"/ops/breaks/{found.ref}").text
    assert found.ref not in browser.get("/ops/reconciliation").text


def test_a_break_leads_to_its_entry_its_pledge_and_its_instruction(site: Site) -> None:
    world, browser = site.world, operator(site)
    pledge = world.held(world.live())
    line(world, "of_nobody", 7_000, account=f"offering-{pledge.offering_id}")
    world.move_clock(minutes=20)
    listen(world)
    listen(world)
    ((ref, entry, day),) = world.sql("SELECT ref, entry_id, day FROM breaks WHERE entry_id IS NOT NULL")
    link = f'href="/ops/ledger/entries/{entry}"'
    for page in (f"/ops/breaks/{ref}", f"/ops/reconciliation/{day}", "/ops/books"):
        assert link in browser.get(page).body.decode()
    assert browser.get(f"/ops/ledger/entries/{entry}").status == 200

    world.cancel(pledge)
    world.sql("UPDATE instructions SET status = 'review', code = 'declined' WHERE kind = 'refund'")
    found = next(one for one in listen(world) if one.pledge_id == pledge.id)
    body = browser.get(f"/ops/breaks/{found.ref}").body.decode()
    ((op_id,),) = world.sql("SELECT op_id FROM instructions WHERE kind = 'refund'")
    assert f'href="/ops/ledger?pledge={pledge.ref}"' in body and f"#op-{op_id}" in body
    assert f'id="op-{op_id}"' in browser.get("/ops").body.decode()


def test_what_is_no_day_and_no_break_is_not_there(site: Site) -> None:
    browser = operator(site)
    for path in ("/ops/reconciliation/yesterday", "/ops/reconciliation/2026-13-01", "/ops/breaks/B-NOTHING"):
        assert browser.get(path).status == 404
    assert browser.get("/ops/reconciliation/2020-01-01").status == 200


def test_an_operator_switches_off_and_everybody_is_told(site: Site) -> None:
    world = site.world
    offering, other = world.live(), world.live()
    visitor = site.browser()
    told = "New pledges and payments are stopped here for now."
    assert told not in visitor.get(f"/offerings/{offering.slug}").text
    browser = operator(site)
    asked = {"gateway": "", "direction": "in", "offering": offering.ref, "why": WHY}
    assert browser.post("/ops/gateways", {**asked, "why": "no"}).status == 422
    assert browser.post("/ops/gateways", {**asked, "offering": "F-NOTHING"}).status == 422
    assert browser.post("/ops/gateways", asked).status == 303
    assert told in visitor.get(f"/offerings/{offering.slug}").text
    assert told not in visitor.get(f"/offerings/{other.slug}").text
    assert browser.post("/ops/gateways", {"gateway": "", "direction": "", "offering": "", "why": WHY}).status == 303
    assert "stopped all movements of money" in visitor.get("/").text
    assert "运营方已暂停" in site.browser(language="zh-CN").get("/").text
    assert WHY in browser.get("/ops/gateways").text


def test_an_operator_proposes_to_lift_and_an_officer_agrees(site: Site) -> None:
    world = site.world
    officer = world.user(Role.COMPLIANCE_OFFICER)
    browser = operator(site)
    browser.post("/ops/gateways", {"gateway": "sandbox", "direction": "out", "offering": "", "why": WHY})
    with world.looking() as view:
        (switch,) = queries.all_set(view.session)
    assert browser.post(f"/ops/switches/{switch.ref}/lift", {"lift-why": "The bank is back."}).status == 303
    ((ref, seen),) = world.sql("SELECT ref, sha256 FROM proposals WHERE kind = 'switch'")
    second = site.browser(officer.id)
    assert WHY in second.get(f"/review/proposals/{ref}").text
    assert second.post(f"/review/proposals/{ref}/approve", {"seen": seen}).status == 303
    with world.looking() as view:
        assert queries.all_set(view.session) == []


def test_a_signed_event_of_another_environment_is_refused_and_a_person_is_told_once(site: Site) -> None:
    for _ in range(3):
        assert send(site, {**EVENT, "livemode": True}).status == 400
    assert site.world.sql("SELECT kind, status, action FROM breaks") == [("R16", "open", "refuse")]
    assert site.world.sql("SELECT count(*) FROM gateway_events") == [(0,)]
    reconcile.settle(site.world.platform)  # it has no cause that could be gone: a person ends it
    assert site.world.sql("SELECT status FROM breaks") == [("open",)]


def test_a_forged_event_leaves_nothing_behind(site: Site) -> None:
    before = site.world.contents()
    assert send(site, {**EVENT, "livemode": True}, secret="another").status == 400
    assert send(site, at=datetime(2020, 1, 1, tzinfo=UTC)).status == 400
    assert site.world.contents() == before
