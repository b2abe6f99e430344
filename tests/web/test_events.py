"""What an operator sees and does about events that could not be handled."""

from __future__ import annotations

import pytest

from app.jobs import process_inbox
from app.payments import inbox
from tests.payments.test_events import about, status, tell
from tests.reconciliation.planting import listen
from tests.web.browser import Site
from tests.web.test_switches_and_breaks import operator

WHY = "Another shop on our account."


@pytest.fixture
def event(site: Site) -> int:
    """One that was tried as often as any; its number."""
    tell(site.world, "evt_stranger", about("payment", "<b>pay_1</b>"))
    for _ in range(inbox.MOST_ATTEMPTS + 1):
        process_inbox.run(site.world.platform)
        site.world.sql("UPDATE gateway_events SET next_attempt_at = clock_timestamp() - interval '1 second'")
    ((found,),) = site.world.sql("SELECT id FROM gateway_events")
    return int(found)


def test_an_operator_finds_the_event_and_has_it_tried_again(site: Site, event: int) -> None:
    (called,) = listen(site.world)
    browser = operator(site)
    assert "Events that could not be handled: 1" in browser.get("/ops").text
    assert "/ops/events" in browser.get("/ops/gateways").body.decode()
    assert f"/ops/events#event-{event}" in browser.get(f"/ops/breaks/{called.ref}").body.decode()
    page = browser.get("/ops/events")
    for said in (
        "payment.succeeded", "evt_stranger", "payment/<b>pay_1</b>", "13 times", "Nothing that we asked for has this name",
        "Did money move?", "Waits for a person",
    ):  # fmt: skip
        assert said in page.text, said
    assert page.tree.xpath("//b") == []
    assert browser.post(f"/ops/events/{event}/again").status == 303
    assert status(site.world, "evt_stranger") == ("new", 0, None)
    assert "evt_stranger" not in browser.get("/ops/events").text
    process_inbox.run(site.world.platform)
    assert "1 time" in browser.get("/ops/events").text


def test_an_operator_sets_it_aside_with_a_reason(site: Site, event: int) -> None:
    browser, path = operator(site), f"/ops/events/{event}/set-aside"
    with site.unchanged():
        page = browser.post(path, {f"event-{event}-note": "short"})
        assert page.status == 422 and "20 characters" in page.text and "short" in page.text
        assert browser.post("/ops/events/999999/set-aside", {"event-999999-note": WHY}).status == 404
        assert browser.post("/ops/events/999999/again").status == 404
    assert browser.post(path, {f"event-{event}-note": WHY}).status == 303
    assert status(site.world, "evt_stranger")[0] == "set_aside"
    assert "evt_stranger" not in browser.get("/ops/events").text
    assert site.world.broken_promises() == []
    with site.unchanged():
        assert browser.post(path, {f"event-{event}-note": WHY}).status == 422
