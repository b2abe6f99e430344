"""Events: doubled, out of order, forged, old, of another world. Each is believed once or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.actor import Role
from app.jobs import process_inbox
from app.payments.errors import BadSignature
from app.payments.port import Method
from app.payments.sandbox.answers import Event
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from app.payments.stripe import events as stripe_events
from tests.logs import logged, written
from tests.payments.scenarios.scene import Scene
from tests.racing import at_once
from tests.web.browser import Page


def told(scene: Scene, gateway: str = "sandbox") -> list[Event]:
    """What the far side would send now, oldest first."""
    return scene.world.platform.far_sides[gateway].events_to_deliver(100)


def post(
    scene: Scene, body: bytes, *, to: str = "sandbox", signed: bytes | None = None, seconds: float = 0,
    secret: str | None = None,
) -> Page:  # fmt: skip
    """Bring an event to our door, signed so many seconds from now."""
    with scene.world.looking() as view:
        stamp: datetime = view.wall_now + timedelta(seconds=seconds)
    header = sign(body if signed is None else signed, secret or scene.world.platform.settings.webhook_secret, stamp)
    return scene.site.browser().send(
        "POST", f"/webhooks/{to}", data=body, content_type="application/json", headers={SIGNATURE_HEADER: header}
    )


def body_of(event: Event, **changes: Any) -> bytes:
    return json.dumps({**json.loads(event.body()), **changes}).encode()


def kept(scene: Scene, event_id: str) -> int:
    ((number,),) = scene.world.sql("SELECT count(*) FROM gateway_events WHERE event_id = :id", id=event_id)
    return int(number)


@pytest.mark.scenario(1)
def test_an_event_that_comes_twenty_times_in_ten_threads_is_one_row_and_one_entry(scene: Scene) -> None:
    pledge = scene.asked()
    scene.world.pay(pledge)
    (event,) = told(scene)

    def twice() -> list[int]:
        return [post(scene, event.body()).status for _ in range(2)]

    assert at_once([twice] * 10) == [[204, 204]] * 10
    assert kept(scene, event.id) == 1
    at_once([lambda: process_inbox.run(scene.world.platform)] * 4)
    assert scene.status(pledge) == "held"
    assert scene.entries(pledge.offering_id) == ["funds_collected"]


@pytest.mark.scenario(2)
def test_succeeded_before_processing_before_created_ends_right_and_never_goes_back(scene: Scene) -> None:
    scene.cards.provider.hold()
    pledge, payment = scene.paid(scene.regulated(), Method.ACH_DEBIT)
    scene.cards.days(4)
    scene.cards.gateway.fetch(payment)
    scene.cards.provider.release()
    processing, succeeded = told(scene, "sandbox_cards")
    assert (processing.type, succeeded.type) == ("payment.processing", "payment.succeeded")
    created = body_of(processing, id=f"{processing.id}_created", type="payment.created")
    before = None
    for body in (succeeded.body(), processing.body(), created):
        assert post(scene, body, to="sandbox_cards").status == 204
        process_inbox.run(scene.world.platform)
        assert scene.status(pledge) == "held"
        assert scene.entries(pledge.offering_id) == ["funds_collected"]
        assert before in (None, scene.world.contents("gateway_events"))
        before = scene.world.contents("gateway_events")


@pytest.mark.scenario(3)
def test_a_forged_body_under_a_header_that_looks_right_is_refused_kept_nowhere_and_noted(scene: Scene) -> None:
    pledge = scene.asked()
    scene.world.pay(pledge)
    (event,) = told(scene)
    forged = event.body().replace(event.object_id.encode(), b"pay_of_somebody_else")
    with scene.site.unchanged(), logged() as log:
        assert post(scene, forged, signed=event.body()).status == 400
    assert [line["code"] for line in written(log, "event_refused")] == ["signature_differs"]


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(-301.5, marks=pytest.mark.scenario(4), id="S04"),
        pytest.param(86_400, marks=pytest.mark.scenario(5), id="S05"),
    ],
)
def test_a_signature_of_another_time_is_not_believed(scene: Scene, seconds: float) -> None:
    scene.world.pay(scene.asked())
    (event,) = told(scene)
    with scene.site.unchanged():
        assert post(scene, event.body(), seconds=seconds).status == 400


@pytest.mark.scenario(6)
def test_what_was_kept_a_month_ago_changes_nothing_when_it_is_sent_again(scene: Scene) -> None:
    pledge = scene.asked()
    scene.world.pay(pledge)
    (event,) = told(scene)
    assert post(scene, event.body()).status == 204
    scene.until_quiet()
    assert scene.status(pledge) == "held"
    scene.world.move_clock(days=30)
    scene.world.run_jobs()
    with scene.site.unchanged():
        assert post(scene, event.body(), seconds=-30 * 86_400).status == 400  # recorded, and played again
    scene.sandbox.replay(event.id)
    (again,) = told(scene)
    assert again.id == event.id
    with scene.site.unchanged():
        assert post(scene, again.body()).status == 204  # the far side's own hand
        assert process_inbox.run(scene.world.platform) == 0
    ((number,),) = scene.world.sql("SELECT id FROM gateway_events WHERE event_id = :id", id=event.id)
    operator = scene.site.browser(scene.world.user(Role.OPERATOR).id)
    assert operator.get("/ops/events").status == 200
    kept = ("gateway_events", "audit_events", "audit_unsealed", "procrastinate_jobs", "procrastinate_events")
    with scene.site.unchanged(*kept):
        assert operator.post(f"/ops/events/{number}/again").status == 303  # an operator's own hand
        assert process_inbox.run(scene.world.platform) == 1
    assert scene.world.sql("SELECT status, attempts FROM gateway_events WHERE id = :id", id=number) == [("done", 1)]
    acts = scene.world.sql("SELECT event FROM audit_events WHERE subject_type = 'gateway_events'")
    assert acts == [("replay",)]


def signed_by_stripe(livemode: bool, secret: str, at: datetime) -> tuple[bytes, Mapping[str, str]]:
    body = json.dumps({"id": "evt_1", "type": "payment_intent.succeeded", "livemode": livemode}).encode()
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={stamp},v1={digest}"}


@pytest.mark.scenario(7)
def test_while_one_secret_follows_another_both_are_believed_and_then_only_the_new_one(scene: Scene) -> None:
    now = scene.world.now()
    for secrets, believed in ((["old", "new"], {"old", "new"}), (["new"], {"new"})):
        found = set()
        for secret in ("old", "new", "a guess"):
            body, headers = signed_by_stripe(False, secret, now)
            try:
                stripe_events.verify(body, headers, now, secrets=secrets, livemode=False)
            except BadSignature:
                continue
            found.add(secret)
        assert found == believed


@pytest.mark.scenario(8)
def test_an_event_of_the_real_world_is_not_for_a_test_nor_the_other_way_round(scene: Scene) -> None:
    scene.world.pay(scene.asked())
    (event,) = told(scene)
    with scene.site.unchanged("breaks", "audit_events", "audit_unsealed"), logged() as log:
        assert post(scene, body_of(event, livemode=True)).status == 400
    assert [line["code"] for line in written(log, "event_refused")] == ["wrong_environment"]
    # Nothing is kept of it but that somebody has to mend where it is sent to (R16).
    assert scene.world.sql("SELECT gateway FROM breaks WHERE kind = 'R16'") == [("sandbox",)]
    now = scene.world.now()
    for livemode in (True, False):
        body, headers = signed_by_stripe(not livemode, "secret", now)
        with pytest.raises(BadSignature, match="wrong_environment"):
            stripe_events.verify(body, headers, now, secrets=["secret"], livemode=livemode)
