"""What a closing may use: held, cleared, undisputed, with the custodian, lawful to this day. And what becomes of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from app.audit import actions as audit
from app.changes import queries as change_queries
from app.closings import queries
from app.closings.models import Closing, ClosingLine
from app.custody import queries as custody
from app.database import Transaction
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.lifecycle import CLOSING
from app.offerings.models import Offering
from app.pledges import actions as pledges
from app.pledges import changes as pledge_changes
from app.pledges import queries as pledge_queries
from app.pledges import refunds
from app.pledges.models import Pledge, StopReason
from app.pledges.queries import Held
from app.regimes import platform_policy
from app.regimes.law_book import LawBook
from app.regimes.regime import Regime

#: So many pledges the law is asked about in one transaction, for each is a decision of its own.
ASKED_AT_ONCE = 200


def undisputed(tx: Transaction, offering: Offering, held: list[Held]) -> list[Held]:
    """Those whose money is there. What a payer's bank has meanwhile is nobody's to sell: that pledge ends."""
    disputed = refunds.disputed_in(tx.session, offering.id)
    for one in held:
        if one.id in disputed:
            pledges.stop(tx, pledges.lock(tx, one.id), StopReason.DISPUTED)
    return [one for one in held if one.id not in disputed]


def is_gathered(tx: Transaction, offering: Offering) -> bool:
    """Whether all the money is with the custodian and free there, and no bank can take it back without a word.

    Wakes: carry_money.
    """
    if custody.waits_to_clear(tx.session, offering.id) or custody.waits_to_be_free(tx.session, offering, tx.now):
        return False
    tx.wake("carry_money")
    return custody.standing(tx.session, offering).is_gathered


def total(held: Iterable[Held], offering: Offering) -> Money:
    return Money(sum(pledge.amount_minor for pledge in held), offering.currency)


def counting(held: list[Held], offering: Offering, regime: Regime, now: datetime) -> Money:
    """The target is for others to meet, unless the platform's policy counts related parties' money, too."""
    if platform_policy.related_money_counts(regime.pack.day_of(now)):
        return total(held, offering)
    return total((pledge for pledge in held if not pledge.related_as), offering)


def ask_the_law(tx: Transaction, offering: Offering, closing: Closing, regime: Regime) -> bool:
    """Ask about pledges of a closing that were not asked about yet, as many as one transaction should; whether that was
    all. Wakes: close_offerings.
    """
    waiting = pledge_queries.not_asked_at_sale(tx.session, offering.id, ASKED_AT_ONCE + 1, rolling=closing.is_rolling)
    for pledge_id in waiting[:ASKED_AT_ONCE]:
        pledges.may_be_sold(tx, pledge_queries.pledge(tx.session, pledge_id), offering, regime)
    if len(waiting) > ASKED_AT_ONCE:
        tx.wake("close_offerings")
    return len(waiting) <= ASKED_AT_ONCE


def ready(tx: Transaction, offering: Offering, closing: Closing, law: LawBook, held: list[Held]) -> list[Held]:
    """Those that a rolling closing takes. Who may still cancel or has to answer to a change, and whose bank may still take
    the money back, waits for the deadline as before, and is told so.

    Locks: pledges. Writes: pledges, messages.
    """
    awaited = set(change_queries.awaited_in(tx.session, offering.id))
    later = {
        one.id for one in held
        if one.clears_at is not None or one.cancel_until is None or tx.now <= one.cancel_until or one.id in awaited
    }  # fmt: skip
    leave_out(tx, offering, closing, law, later, "not_ready")
    return [one for one in held if one.id not in later]


def leave_out(
    tx: Transaction, offering: Offering, closing: Closing, law: LawBook, pledge_ids: Iterable[int], why: str
) -> None:
    """These pledges wait for the deadline again, with the right to cancel that goes with it. Locks: pledges.
    Writes: pledges, messages.
    """
    assert offering.deadline_at is not None  # a public offering has complete terms
    asked = set(change_queries.awaited_in(tx.session, offering.id))
    told = {"offering": offering.name, "zone": offering.deadline_zone, "deadline": offering.deadline_at.isoformat()}
    notifications.enqueue_many(
        tx,
        Message.ROLLING_CALLED_OFF,
        (
            (user_id, f"{closing.ref}:{pledge.ref}", {**told, **about(pledge), "reason": why})
            for user_id, pledge in pledge_changes.close_at(tx, offering, law, pledge_ids, None, asked)
        ),
    )


def about(pledge: Pledge) -> dict[str, Any]:
    """What a message says of a pledge that a rolling closing takes, or does not."""
    until = pledge.cancel_until.isoformat() if pledge.cancel_until else None
    return {"ref": pledge.ref, "minor": pledge.amount_minor, "currency": pledge.currency, "cancel_until": until}


def abort(tx: Transaction, closing: Closing, why: str) -> None:
    """End a locked closing before its release; its pledges are free for another one. Writes: closing, lines, audit."""
    tx.session.execute(delete(ClosingLine).where(ClosingLine.closing_id == closing.id))
    audit.transition(tx, closing, "abort", why=why)
    tx.session.flush()  # another one may begin


def call_off(tx: Transaction, offering: Offering, closing: Closing, law: LawBook, why: str) -> None:
    """A locked rolling closing does not take place; the offering goes on. Locks: pledges. Writes: see `leave_out`, `abort`."""
    told = pledge_queries.held(tx.session, offering.id, rolling=True)
    abort(tx, closing, why)
    leave_out(tx, offering, closing, law, [one.id for one in told], why)


def overtake(tx: Transaction, offering: Offering) -> None:
    """A locked offering ends: what was announced of a rolling closing and is not released is part of that.

    Locks: closing, pledges. Writes: closing, lines, pledges, audit.
    """
    announced = queries.announced(tx.session, offering.id)
    if announced is not None:
        abort(tx, queries.lock(tx, announced.id), "offering_ended")
        pledge_changes.forget_closing(tx, offering)


def settle_when_done(tx: Transaction, offering: Offering, **facts: str) -> None:
    """Call a locked offering settled that has ended, when the shares of all its closings are given. Writes: offering, audit."""
    tx.session.flush()
    if offering.status == CLOSING and not queries.unsettled(tx.session, offering.id):
        offerings.move(tx, offering, "settle", **facts)
