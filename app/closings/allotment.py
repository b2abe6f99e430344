"""From held pledges to shares: the lines that officers approve, their entry into the books, then into the register.

There may be very many: rows are written by the thousand, all in the caller's one transaction, so that whoever is
interrupted begins anew. Who closes holds the offering, and nobody touches its pledges without it.
"""

from __future__ import annotations

from sqlalchemy import delete

from app.audit import actions as audit
from app.closings import allotting, queries
from app.closings.models import Closing, ClosingLine
from app.database import Transaction, in_batches, insert_many
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money, split
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings.models import Offering
from app.pledges.messages import facts
from app.pledges.models import Pledge
from app.pledges.queries import Held
from app.regimes.regime import Regime
from app.share_register import actions as share_register
from app.share_register.actions import Holder


def draw_up(tx: Transaction, offering: Offering, closing: Closing, held: list[Held]) -> None:
    """Write the lines and totals that the officers will approve, by the declared rule. Writes: lines, closing."""
    held = allotting.scaled(tx.session, offering, closing, held)
    total = Money(sum(pledge.amount_minor for pledge in held), offering.currency)
    fee = offering.fees.success_fee(total, queries.closed(tx.session, offering))
    names = queries.holder_names(tx.session, offering.id)
    tx.session.execute(delete(ClosingLine).where(ClosingLine.closing_id == closing.id))
    shares_of_fee = split(fee.minor, [pledge.amount_minor for pledge in held])
    for batch in in_batches(zip(held, shares_of_fee, strict=True)):
        rows = [
            {
                "closing_id": closing.id,
                "pledge_id": pledge.id,
                "holder_name": names[pledge.id],
                "shares": pledge.shares,
                "amount_minor": pledge.amount_minor,
                "fee_share_minor": fee_share,
                "investor_fee_minor": pledge.fee_minor,
            }
            for pledge, fee_share in batch
        ]
        insert_many(tx.session, ClosingLine, rows)
    closing.total_minor, closing.fee_minor = total.minor, fee.minor
    closing.investor_fee_minor = sum(pledge.fee_minor for pledge in held)
    closing.holdback_minor = offering.fees.holdback(total, fee).minor
    closing.payout_minor = total.minor - fee.minor - closing.holdback_minor


def allot(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """Give back what is not allotted, allot every line of a released closing and earn the fees. P9, P12, P13.

    Locks: pledges, accounts, progress. Writes: pledges, entries, instructions, messages, progress, audit.
    """
    allotting.give_back_the_rest(tx, offering, closing)
    tx.session.flush()  # what follows is written past the session
    lines = queries.lines(tx.session, closing.id)
    audit.transition_many(
        tx, Pledge, "allot", {line.pledge_id: {"shares": line.shares, "closing": closing.ref} for line in lines}
    )
    ledger.post_many(
        tx,
        (
            entries.pledge_closed(
                offering.id, line.pledge_id, Money(line.amount_minor, closing.currency),
                f"close:{closing.id}:{line.pledge_id}",
            )
            for line in lines
        ),
    )  # fmt: skip
    # What every offering shares, our income, is held as briefly as can be.
    ledger.post_many(
        tx,
        (
            entries.investor_fee_earned(
                offering.id, line.pledge_id, Money(line.investor_fee_minor, closing.currency),
                f"fee:pledge:{line.pledge_id}",
            )
            for line in lines
            if line.investor_fee_minor
        ),
    )  # fmt: skip
    if closing.fee:
        ledger.post(tx, entries.platform_fee_charged(offering.id, closing.fee, f"fee:closing:{closing.id}"))
    if closing.holdback:
        ledger.post(tx, entries.holdback_kept(offering.id, closing.holdback, f"holdback:closing:{closing.id}"))


def enter(tx: Transaction, offering: Offering, closing: Closing, regime: Regime) -> None:
    """Enter the shares of a closing that was paid out, settle its pledges, and tell their investors.

    Locks: pledges. Writes: register, pledges, messages, audit.
    """
    assert offering.share_price is not None and offering.security_type is not None
    restricted_until = regime.resale_restricted_until(regime.pack.day_of(tx.now))
    number = 0
    while found := queries.next_lines(tx.session, closing.id):
        holders = [
            Holder(
                pledge.id, pledge.investor_id, line.holder_name, line.shares, line.amount_minor,
                f"{offering.ref}-{closing.seq}-{number + place:05d}",
            )
            for place, (line, pledge) in enumerate(found, start=1)
        ]  # fmt: skip
        share_register.issue(
            tx, holders, issuer_id=offering.issuer_id, offering_id=offering.id, closing_id=closing.id,
            security_type=offering.security_type, share_price=offering.share_price, currency=closing.currency,
            resale_restricted_until=restricted_until,
        )  # fmt: skip
        audit.transition_many(
            tx, Pledge, "settle", {line.pledge_id: {"shares": line.shares, "closing": closing.ref} for line, _ in found}
        )
        notifications.enqueue_many(
            tx,
            Message.SHARES_ISSUED,
            (
                (one.user_id, f"pledge:{one.id}", facts(one, offering, Money(one.amount_minor, one.currency)))
                for _, one in found
            ),
        )
        number += len(found)
