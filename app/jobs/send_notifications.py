"""Sends queued messages, each in its reader's language."""

from __future__ import annotations

from email.message import EmailMessage

import structlog

from app.actor import SYSTEM
from app.i18n import mails
from app.identity import queries as identity
from app.identity.mail_tokens import LIFETIMES
from app.identity.models import User
from app.notifications import actions as notifications
from app.notifications.models import QueuedMessage
from app.wiring import Platform

log = structlog.get_logger()

BATCH = 50
_LINKS = {"verify_email": "/verify-email", "reset_password": "/reset-password"}


def run(platform: Platform) -> int:
    """Send what waits; return how many messages were tried."""
    with platform.database.transaction(SYSTEM, "send_notifications") as tx:
        batch = notifications.lease(tx, BATCH)
    for message in batch:
        _send(platform, message)
    return len(batch)


def _send(platform: Platform, message: QueuedMessage) -> None:
    with platform.database.snapshot() as view:
        person = identity.user(view.session, message.user_id)
    try:
        platform.mailer.send(_written(platform, message, person))
    except Exception as error:
        log.warning("message_not_sent", message=message.id, kind=message.kind, error=type(error).__name__)
        with platform.database.transaction(SYSTEM, "send_notifications") as tx:
            notifications.mark_failed(tx, message.id, f"{type(error).__name__}: {error}")
        return
    with platform.database.transaction(SYSTEM, "send_notifications") as tx:
        notifications.mark_sent(tx, message.id)


def _written(platform: Platform, message: QueuedMessage, person: User) -> EmailMessage:
    settings, link = platform.settings, None
    if message.kind in LIFETIMES:
        token = platform.mail_tokens.make(message.kind, person)
        link = f"{settings.public_url}{_LINKS[message.kind]}/{token}"
    return mails.write(message, person, sender=settings.mail_from, public_url=settings.public_url, link=link)
