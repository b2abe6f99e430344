"""Lets the pretend provider tell the site what happened, over HTTP, signed, as a real one would."""

from __future__ import annotations

import urllib.error
import urllib.request

from app.payments.sandbox.answers import Event
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from app.wiring import Platform

BATCH = 50
TIMEOUT_S = 10


def run(platform: Platform) -> int:
    """Deliver the events whose time has come; return how many were taken."""
    taken = 0
    for name, far_side in platform.far_sides.items():
        for event in far_side.events_to_deliver(BATCH):
            if _deliver(platform, name, event):
                far_side.confirm_delivery(event.id)
                taken += 1
    return taken


def _deliver(platform: Platform, gateway: str, event: Event) -> bool:
    body = event.body()
    with platform.database.snapshot() as view:
        stamp = view.wall_now  # when it is sent; a demo may have moved the platform's time
    request = urllib.request.Request(
        f"{platform.settings.public_url}/webhooks/{gateway}",
        data=body,
        headers={
            "Content-Type": "application/json",
            SIGNATURE_HEADER: sign(body, platform.settings.webhook_secret, stamp),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return bool(answer.status < 300)
    except (urllib.error.URLError, TimeoutError, OSError):
        return False  # the site is down or busy: the event stays and is tried again
