"""What an officer sees of a closing: the list that is approved, and whose approvals count."""

from __future__ import annotations

import io
import json
import zipfile

from app.actor import Role
from app.audit.verifier import MANIFEST, sha256
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.offerings.models import Offering
from tests.web.browser import Site


def proposed(site: Site, holder: str = "") -> tuple[Offering, str]:
    """An offering with one pledge that waits for two officers, and the address of its closing."""
    world = site.world
    offering = world.live(days=25, target="250")
    world.held(offering, investor=world.investor(name=holder))
    world.pass_deadline(offering)
    world.run_jobs()
    ((ref,),) = world.sql("SELECT ref FROM closings")
    return offering, f"/review/closings/{ref}"


def test_the_holders_are_shown_as_they_are_approved(site: Site) -> None:
    world = site.world
    _, path = proposed(site, "Ada Lovelace")
    world.sql("UPDATE investors SET legal_name = 'Augusta Ada King'")
    officer = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    page = officer.get(path)
    assert "Ada Lovelace" in page.text and "Augusta" not in page.text

    answer = officer.post(f"{path}/approve", {"snapshot": page.value("snapshot")})
    assert "The closing changed after you opened it" in officer.get(answer.location).notices()
    assert "Augusta Ada King" in officer.get(path).text


def test_an_approval_that_counts_no_longer_is_not_shown_as_one(site: Site) -> None:
    world = site.world
    offering, path = proposed(site)
    names = ("Ann Officer", "Bob Officer", "Cyd Officer")
    ann, bob, cyd = (world.user(Role.COMPLIANCE_OFFICER, name=name) for name in names)
    browser = site.browser(bob.id)
    world.approve_closing(offering, world.actor(ann))
    assert "Ann Officer" in browser.get(path).text and "Approvals 1 / 2" in browser.get(path).text
    with world.acting() as tx:
        identity.suspend(tx, identity_queries.user(tx.session, ann.id))
    assert "Ann Officer" not in browser.get(path).text and "Approvals 0 / 2" in browser.get(path).text

    # What released the money is told as it was.
    world.approve_closing(offering, world.actor(bob), world.actor(cyd))
    world.sql("UPDATE users SET suspended_at = now() WHERE id = :id", id=cyd.id)
    assert "Cyd Officer" in browser.get(path).text


def test_who_approved_before_an_officer_came_back_may_have_it_carried_out(site: Site) -> None:
    world = site.world
    offering, path = proposed(site)
    ann, bob = world.user(Role.COMPLIANCE_OFFICER), world.user(Role.COMPLIANCE_OFFICER)
    world.approve_closing(offering, world.actor(ann))
    world.sql("UPDATE users SET suspended_at = now() WHERE id = :id", id=ann.id)
    browser = site.browser(bob.id)
    browser.post(f"{path}/approve", {"snapshot": browser.get(path).value("snapshot")})
    assert not browser.get(path).tree.xpath("//*[@name='snapshot']")
    world.sql("UPDATE users SET suspended_at = NULL")
    answer = browser.post(f"{path}/approve", {"snapshot": browser.get(path).value("snapshot")})
    assert "Approved by two officers" in browser.get(answer.location).notices()


def test_an_officer_takes_the_bundle_for_an_examiner_and_is_told_its_hash(site: Site) -> None:
    offering, path = proposed(site)
    officer = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)
    address = f"/review/offerings/{offering.ref}/bundle"
    assert officer.get(path).tree.xpath("//form[@action=$address]", address=address)

    answer = officer.post(address)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    assert f"{offering.ref}.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        manifest = archive.read(MANIFEST)
    assert json.loads(manifest)["offering"] == offering.ref
    assert sha256(manifest) in officer.get(path).notices()
    ((subject, facts),) = site.world.sql("SELECT subject_id, facts FROM audit_events WHERE event = 'export'")
    assert (subject, facts["manifest"]) == (offering.id, sha256(manifest))


def test_there_is_no_bundle_of_nothing(site: Site) -> None:
    officer = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)
    with site.unchanged():
        assert officer.post("/review/offerings/O-NOTHING/bundle").status == 404
