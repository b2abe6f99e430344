"""What an operator sees and proposes about money of nobody, and what the officer sees who agrees."""

from __future__ import annotations

from app.actor import Role
from tests.reconciliation.deciding import AMOUNT, WHY, standing
from tests.reconciliation.planting import listen, wire
from tests.web.browser import Page, Site
from tests.web.test_switches_and_breaks import operator


def links(page: Page) -> list[str]:
    return [str(one) for one in page.tree.xpath("//a/@href")]


def test_an_operator_proposes_whose_it_is_and_an_officer_agrees(site: Site) -> None:
    world = site.world
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    browser, path = operator(site), f"/ops/receipts/{entry}"
    listed = browser.get("/ops/reconciliation")
    assert path in links(listed) and "$250.00" in listed.text and offering.name in listed.text
    page = browser.get(path).text
    assert "$250.00" in page and "sandbox:txn_" in page and offering.ref in page

    asked = {"way": "pledge", "pledge": f" {pledge.ref.lower()} ", "why": WHY}
    for wrong, told in (
        ({"why": "because"}, "20 characters"), ({"pledge": "P-NOTHING"}, "no pledge with this reference"),
        ({"pledge": ""}, "no pledge with this reference"), ({"way": "mine"}, "from the list"),
    ):  # fmt: skip
        answer = browser.post(path, {**asked, **wrong})
        assert answer.status == 422 and told in answer.text, wrong
    assert world.sql("SELECT count(*) FROM proposals WHERE kind = 'receipt'") == [(0,)]
    assert browser.post(path, asked).status == 303
    ((ref, seen),) = world.sql("SELECT ref, sha256 FROM proposals WHERE kind = 'receipt'")
    waiting = browser.get(path)
    assert ref in waiting.text and not waiting.tree.xpath("//textarea")

    officer = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    page = officer.get(f"/review/proposals/{ref}").text
    ((payer,),) = world.sql(
        "SELECT i.legal_name FROM investors i JOIN pledges p ON p.investor_id = i.id WHERE p.id = :id", id=pledge.id
    )
    assert pledge.ref in page and payer in page and WHY in page
    assert "What happens when you agree" in page
    assert officer.post(f"/review/proposals/{ref}/approve", {"seen": seen}).status == 303
    assert world.pledge(pledge.id).status == "held" and standing(world) == []
    assert "dealt with already" in browser.get(path).text and path not in links(browser.get("/ops/reconciliation"))
    assert browser.post(path, asked).status == 422
    owner = world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)[0][0]
    assert site.browser(owner).get(f"/me/pledges/{pledge.ref}").status == 200


def test_an_operator_proposes_to_send_it_back_and_the_way_there_is_shown(site: Site) -> None:
    world = site.world
    offering = world.live()
    entry = wire(world, offering, AMOUNT)
    world.move_clock(days=30)
    (found,) = [one for one in listen(world) if one.kind == "R15"]
    browser = operator(site)
    for path in (f"/ops/breaks/{found.ref}", "/ops/dormant"):
        assert "/ops/reconciliation#receipts" in links(browser.get(path))
    asked = {"way": "back", "pledge": "", "why": WHY}
    assert browser.post(f"/ops/receipts/{entry}", asked).status == 303
    ((ref, seen),) = world.sql("SELECT ref, sha256 FROM proposals WHERE kind = 'receipt'")
    officer = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    assert "back to where it came from" in officer.get(f"/review/proposals/{ref}").text
    assert officer.post(f"/review/proposals/{ref}/approve", {"seen": seen}).status == 303
    world.run_jobs()
    assert listen(world) == [] and world.broken_promises() == []


def test_what_is_no_receipt_is_not_there(site: Site) -> None:
    world = site.world
    world.held(world.live())
    ((entry,),) = world.sql("SELECT id FROM journal_entries WHERE kind = 'funds_collected'")
    for number in (entry, entry + 1):
        assert operator(site).get(f"/ops/receipts/{number}").status == 404
