"""Everything that is held for an offering goes back at once: what `actions.owe_refund` does to one pledge, for very many."""

from __future__ import annotations

from sqlalchemy import func, update

from app.audit import actions as audit
from app.cash import queries as cash
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.actions import Refund
from app.pledges import paying_for, queries, refunds
from app.pledges.lifecycle import HELD
from app.pledges.messages import facts
from app.pledges.models import Pledge, StopReason
from app.pledges.queries import PlainPledge


def give_back_held(tx: Transaction, offering: Offering, why: StopReason) -> None:
    """End every held pledge of a locked offering; its money goes back in full.

    All of it or nothing: whoever is interrupted begins anew. Rows are written by the thousand; what has gone through is
    not held any more, so the next thousand are simply the first that are. Nobody else can touch these pledges meanwhile,
    for that takes the offering.
    Locks: pledges, accounts, progress. Writes: pledges, entries, instructions, messages, progress, audit.
    """
    held = (Pledge.offering_id == offering.id, Pledge.status == HELD)
    tx.session.execute(update(Pledge).where(*held).values(stop_reason=why).execution_options(synchronize_session=False))
    shares = minor = 0
    while found := queries.next_held(tx.session, offering.id):
        _owe(tx, offering, found, why)
        shares += sum(pledge.shares for pledge in found)
        minor += sum(pledge.amount_minor for pledge in found)
    if shares:
        offerings.count(tx, offering.id, taken_shares=-shares, taken=-minor, held=-minor)


def _owe(tx: Transaction, offering: Offering, found: list[PlainPledge], why: StopReason) -> None:
    audit.transition_many(
        tx, Pledge, "owe_refund", {pledge.id: {"why": why, "amount": pledge.to_pay} for pledge in found}
    )
    ids = [pledge.id for pledge in found]
    disputed = refunds.disputed_in(tx.session, offering.id)
    collections = payment_queries.collections(tx.session, ids)
    wanting = cash.wanting_cash(tx.session, [pledge.investor_id for pledge in found])
    ways = {
        pledge.id: paying_for.refund_way(offering, collections[pledge.id], tx.now, wanted=pledge.investor_id in wanting)
        for pledge in found
    }
    payments.instruct_refunds(
        tx,
        offering.id,
        [
            Refund(
                pledge.id, collections[pledge.id].id, collections[pledge.id].gateway, f"refund:pledge:{pledge.id}",
                amount=pledge.to_pay, reference=pledge.ref, method=ways[pledge.id],
            )
            for pledge in found
            if pledge.id not in disputed  # as `refunds.send` says
        ],
    )  # fmt: skip
    notifications.enqueue_many(
        tx,
        Message.REFUND_DUE,
        (
            (
                pledge.user_id, f"pledge:{pledge.id}",
                facts(
                    pledge, offering, pledge.to_pay, into_cash=ways[pledge.id] is not None,
                    not_before=payment_queries.given_back_from(collections[pledge.id], tx.now),
                ),
            )
            for pledge in found
        ),
    )  # fmt: skip
    ledger.post_many(
        tx,
        (
            entries.refund_owed(
                offering.id,
                pledge.id,
                Money(pledge.amount_minor, pledge.currency),
                f"refund_owed:pledge:{pledge.id}",
                investor_fee=Money(pledge.fee_minor, pledge.currency),
                may_be_taken_back=pledge.clears_at is not None,
            )
            for pledge in found
        ),
    )
    tx.session.execute(
        update(Pledge)
        .where(Pledge.id == func.any(ids), Pledge.clears_at.is_not(None))
        .values(clears_at=None)
        .execution_options(synchronize_session=False)
    )
