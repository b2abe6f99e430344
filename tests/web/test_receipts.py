"""What an operator sees and proposes about money of nobody, and what the officer sees who agrees."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.approvals.actions import SHORTEST_NOTE
from app.ledger import actions as ledger
from app.ledger import reversals
from app.ledger.draft import Evidence
from app.payments.port import Ref
from app.payments.sandbox.tables import Token
from tests.cash.collecting import line_behind
from tests.payments.test_after_the_payment import give_account
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
    assert f"At least {SHORTEST_NOTE} characters" in page
    assert "$250.00" in page and "sandbox:txn_" in page and offering.ref in page

    asked = {"way": "pledge", "pledge": f" {pledge.ref.lower()} ", "why": WHY}
    for wrong, told in (
        ({"why": "x" * (SHORTEST_NOTE - 1)}, f"{SHORTEST_NOTE} characters"), ({"pledge": "P-NOTHING"}, "no pledge with this reference"),
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
    page = officer.get(f"/review/proposals/{ref}").text
    assert "back to where it came from" in page
    assert "Return money whose sender is unknown: $250.00" in page and "Refund an investor" not in page
    assert officer.post(f"/review/proposals/{ref}/approve", {"seen": seen}).status == 303
    listed = browser.get("/ops").text
    assert "Return money whose sender is unknown" in listed and "Refund an investor" not in listed
    world.run_jobs()
    assert listen(world) == [] and world.broken_promises() == []


@pytest.mark.parametrize("owner", ["investor", "issuer"])
def test_what_came_back_of_a_loss_goes_to_who_had_borne_it_and_nowhere_else(site: Site, owner: str) -> None:
    world = site.world
    offering = world.live()
    pledge = world.held(offering)
    whose = (offering.id, pledge.id)
    with world.acting() as tx:
        owed = {"investor": reversals.loss_owed_to_investor, "issuer": reversals.loss_owed_to_issuer}[owner]
        ledger.post(tx, owed(*whose, pledge.amount, f"loss_owed_to_{owner}:sandbox:txn_1"))
        ledger.post(tx, reversals.loss_recovered(*whose, pledge.amount, Evidence("sandbox:txn_1", None)))
        alerts.raise_alert(tx, Finding(
            rule="PLATFORM-APART", subject_type=SubjectType.INVESTOR, subject_id=pledge.investor_id, about="x",
            fingerprint="x", holds=False, inputs={"pledges": [pledge.ref]},
        ), [])  # fmt: skip
    (entry,) = standing(world)
    browser, path = operator(site), f"/ops/receipts/{entry}"
    listed = browser.get("/ops/reconciliation")
    assert path in links(listed) and pledge.ref in listed.text
    page = browser.get(path)
    ((name,),) = world.sql(
        "SELECT legal_name FROM investors WHERE id = :id" if owner == "investor" else
        "SELECT legal_name FROM issuers WHERE id = :id",
        id=pledge.investor_id if owner == "investor" else offering.issuer_id,
    )  # fmt: skip
    assert pledge.ref in page.text and name in page.text and not page.tree.xpath("//*[@name='way' or @name='pledge']")
    assert "20 characters" in browser.post(path, {"why": "because"}).text
    assert browser.post(path, {"why": WHY, "way": "pledge", "pledge": pledge.ref}).status == 303
    ((ref, seen, payload),) = world.sql("SELECT ref, sha256, payload FROM proposals WHERE kind = 'receipt'")
    assert payload["pledge"] is None
    officer = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    ((case,),) = world.sql("SELECT ref FROM review_cases WHERE kind = 'alert'")
    page = officer.get(f"/review/cases/{case}")
    assert "An operator proposes where it goes" in page.text and path not in links(page)
    both = site.browser(world.user(Role.COMPLIANCE_OFFICER, Role.OPERATOR).id)
    assert path in links(both.get(f"/review/cases/{case}"))
    page = officer.get(f"/review/proposals/{ref}")
    told = {"investor": "by the payment that they made", "issuer": "payout account, which ends in"}[owner]
    assert name in page.text and told in page.text and "What happens when you agree" in page.text
    assert officer.post(f"/review/proposals/{ref}/approve", {"seen": seen}).status == 303
    kind = {"investor": "refund", "issuer": "to_issuer"}[owner]
    asked = "SELECT amount_minor FROM instructions WHERE kind = :kind"
    assert world.sql(asked, kind=kind) == [(pledge.amount_minor,)]
    assert standing(world) == [] and "dealt with already" in browser.get(path).text


def test_what_did_not_reach_its_payer_goes_to_their_own_bank_account(site: Site) -> None:
    world = site.world
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.PARTIAL_AMOUNT)
    world.run_jobs()
    ((ref, minor),) = world.sql("SELECT provider_ref, amount_minor FROM instructions WHERE kind = 'refund'")
    account = f"offering-{pledge.offering_id}"
    line_behind(world, Ref.read(ref), minor, kind="refund_failed", schema="sandbox", account=account)
    world.move_clock(minutes=20)
    listen(world)
    (entry,) = standing(world)
    browser, path = operator(site), f"/ops/receipts/{entry}"
    page = browser.get(path)
    assert "did not reach its payer" in page.text and "have not given yet" in page.text
    assert pledge.ref in page.text and not page.tree.xpath("//*[@name='way' or @name='pledge']")
    assert "no bank account" in browser.post(path, {"why": WHY}).text
    give_account(world, pledge)
    assert "bank account, which ends in 5555" in browser.get(path).text
    assert browser.post(path, {"why": WHY}).status == 303
    ((proposal, seen),) = world.sql("SELECT ref, sha256 FROM proposals WHERE kind = 'receipt'")
    officer = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    page = officer.get(f"/review/proposals/{proposal}")
    assert "bank account, which ends in 5555" in page.text and "What happens when you agree" in page.text
    assert officer.post(f"/review/proposals/{proposal}/approve", {"seen": seen}).status == 303
    assert standing(world) == [] and "dealt with already" in browser.get(path).text
    world.run_jobs()
    assert world.sql("SELECT status FROM instructions WHERE kind = 'pay_back'") == [("succeeded",)]


def test_what_is_no_receipt_is_not_there(site: Site) -> None:
    world = site.world
    world.held(world.live())
    ((entry,),) = world.sql("SELECT id FROM journal_entries WHERE kind = 'funds_collected'")
    for number in (entry, entry + 1):
        assert operator(site).get(f"/ops/receipts/{number}").status == 404


def test_who_proposed_it_takes_it_back_where_they_see_it(site: Site) -> None:
    world = site.world
    entry = wire(world, world.live(), AMOUNT)
    browser, other, path = operator(site), operator(site), f"/ops/receipts/{entry}"
    asked = {"way": "back", "pledge": "", "why": WHY}
    for seen_on in (path, "/ops"):
        assert browser.post(path, asked).status == 303
        ((ref,),) = world.sql("SELECT ref FROM proposals WHERE kind = 'receipt' AND status = 'proposed'")
        assert ref in other.get(path).text
        for page in (other.get(path), other.get("/ops")):
            assert not page.tree.xpath("//form[contains(@action, 'take-back')]"), "it is not theirs"
        with site.unchanged():
            assert other.post(f"/ops/proposals/{ref}/take-back").status == 404
        (action,) = browser.get(seen_on).tree.xpath("//form[contains(@action, 'take-back')]/@action")
        done = browser.post(action)
        assert (done.status, done.location) == (303, seen_on)
        assert "You took it back." in browser.get(seen_on).notices()
        assert browser.get(path).tree.xpath("//textarea"), "something else can be proposed"
    with site.unchanged():
        again = browser.post(f"/ops/proposals/{ref}/take-back")
    assert again.location == "/ops" and "You took it back." not in browser.get("/ops").notices()
    assert world.sql("SELECT status FROM proposals WHERE kind = 'receipt'") == [("withdrawn",)] * 2


def test_an_officer_who_made_it_takes_it_back_although_it_is_about_them(site: Site) -> None:
    """Whoever is an operator and an officer, too, sees one button, and no way to agree to it themselves."""
    world = site.world
    entry = wire(world, world.live(), AMOUNT)
    person = world.user(Role.OPERATOR, Role.COMPLIANCE_OFFICER)
    browser = site.browser(person.id)
    browser.post(f"/ops/receipts/{entry}", {"way": "back", "pledge": "", "why": WHY})
    ((ref,),) = world.sql("SELECT ref FROM proposals WHERE kind = 'receipt'")
    world.force("UPDATE proposals SET involves = ARRAY[CAST(:id AS bigint)] WHERE ref = :ref", id=person.id, ref=ref)
    page = browser.get(f"/review/proposals/{ref}")
    (action,) = page.tree.xpath("//main//aside//form/@action")
    browser.post(action)
    assert world.sql("SELECT status FROM proposals WHERE kind = 'receipt'") == [("withdrawn",)]


def test_a_switch_that_somebody_proposed_to_lift_says_so_and_can_be_left_off(site: Site) -> None:
    world = site.world
    world.officer()
    browser = operator(site)
    browser.post(
        "/ops/gateways", {"gateway": "", "direction": "out", "offering": "", "why": "Looking into what we saw"}
    )
    ((switch,),) = world.sql("SELECT ref FROM switches")
    browser.post(f"/ops/switches/{switch}/lift", {"lift-why": "Nothing was found in it"})
    page = browser.get("/ops/gateways")
    ((ref,),) = world.sql("SELECT ref FROM proposals WHERE kind = 'switch'")
    assert f"{ref} waits for a second person." in page.text and not page.tree.xpath("//*[@name='lift-why']")
    (action,) = page.tree.xpath("//form[contains(@action, 'take-back')]/@action")
    assert browser.post(action).location == "/ops/gateways"
    assert browser.get("/ops/gateways").tree.xpath("//*[@name='lift-why']")
    assert world.sql("SELECT lifted_at FROM switches") == [(None,)]
