"""Begin a closing, propose it, approve it; or fail the offering. What the gateway answers is `outcomes.py`."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from app.actor import Role
from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.audit import actions as audit
from app.changes import actions as changes
from app.changes import deadlines as early_closes
from app.changes import queries as change_queries
from app.closings import allotting, queries
from app.closings.allotment import allot, draw_up
from app.closings.lifecycle import GATHERING, PAYOUT_FAILED, PROPOSED, WAITING_FOR_OFFICERS
from app.closings.models import Closing, ClosingApproval, ClosingLine
from app.compliance import actions as compliance
from app.compliance.models import CaseKind
from app.custody import queries as custody
from app.database import Transaction, new_reference
from app.errors import Refused
from app.identity import queries as identity
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.lifecycle import FAILED, LIVE
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.port import OpKind
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.pledges import refunds
from app.pledges.giving_back import give_back_held
from app.pledges.lifecycle import PROCESSING
from app.pledges.models import Pledge, StopReason
from app.pledges.queries import Held
from app.regimes import platform_policy
from app.regimes.regime import Regime

#: So many pledges the law is asked about in one transaction, for each is a decision of its own.
ASKED_AT_ONCE = 200


class Approval(StrEnum):
    COUNTED = "counted"
    EXECUTED = "executed"
    #: It is no longer what the officer saw; it was proposed anew and must be read again.
    CHANGED = "changed"


def begin(tx: Transaction, offering_id: int) -> Closing:
    """End an offering whose deadline has come: no more pledges, what is unpaid ends, what is on its way is waited for.

    Raises Refused: "not_due", "answers_awaited" (an investor still has time to answer to a change), "early_target_lost"
    (it was an early deadline, and the target is no longer met: see `changes.deadlines.resume`).
    Locks: offering, pledges, instructions, progress.
    Writes: offering, closing, pledges, instructions, messages, progress, audit. Wakes: close_offerings.
    """
    offering = offerings.lock(tx, offering_id)
    assert offering.deadline_at is not None
    if offering.status != LIVE or tx.now < offering.deadline_at:
        raise Refused("not_due", status=offering.status)
    if change_queries.awaited_in(tx.session, offering.id):
        raise Refused("answers_awaited")
    if early_closes.target_lost(tx.session, offering, tx.now):
        raise Refused("early_target_lost")
    changes.end_with(tx, offering, early_close="keep")
    offerings.move(tx, offering, "begin_closing")
    closing = Closing(
        ref=new_reference("S"),
        offering_id=offering.id,
        seq=len(queries.of_offering(tx.session, offering.id)) + 1,
        status=GATHERING,
        begun_by=tx.actor.user_id,
        begun_at=tx.now,
        gather_until=platform_policy.gather_until(tx.now),
        currency=offering.currency,
        total_minor=0,
        fee_minor=0,
        payout_attempts=0,
    )
    tx.session.add(closing)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, closing, "begin")
    offerings.stop_accepting(tx, offering)
    for pledge_id in pledge_queries.unpaid(tx.session, offering.id):
        pledge = pledges.lock(tx, pledge_id)
        if pledge.status != PROCESSING:  # who has paid in time is waited for
            pledges.stop(tx, pledge, StopReason.OFFERING_ENDED)
    tx.wake("close_offerings")
    return closing


def propose(tx: Transaction, closing_id: int, regime: Regime) -> bool:
    """Settle who is in: propose the closing to the officers, or fail the offering when its target was missed.

    While money is on its way, somebody may still cancel, or the law wants more days, nothing happens yet, and it
    returns False. One that waits for officers and has lost a pledge since is settled anew.
    Where the law measures at the sale it is asked again about each pledge, once; who may not buy any more is refunded.
    Of many pledges it is asked by some hundreds in a transaction: then True means that it has to be called again.
    Locks: offering, closing, pledges, accounts, progress. Writes: decisions, closing, lines, or see `_fail`; messages, audit.
    """
    closing = queries.closing(tx.session, closing_id)
    offering = offerings.lock(tx, closing.offering_id)
    closing = lock(tx, closing_id)
    if closing.status != GATHERING and not queries.has_lost_a_pledge(tx.session, closing):
        return False
    unpaid = pledge_queries.unpaid(tx.session, offering.id)
    if unpaid and tx.now < closing.gather_until:
        return False
    for pledge_id in unpaid:
        pledges.stop(tx, pledges.lock(tx, pledge_id), StopReason.PAID_TOO_LATE)
    assert offering.target is not None and offering.opened_at is not None
    held = _undisputed(tx, offering, pledge_queries.held(tx.session, offering.id))
    may_leave = any(pledge.cancel_until is not None and tx.now <= pledge.cancel_until for pledge in held)
    waits = may_leave or not _is_gathered(tx, offering) or allotting.waits_for_choice(tx, offering, closing, held)
    if _total(held, offering) >= offering.target and waits:
        return False
    if regime.measures_at_sale and _counting(held, offering, regime, tx.now) >= offering.target:
        if not _ask_the_law(tx, offering, regime):
            tx.wake("close_offerings")
            return True
        held = pledge_queries.held(tx.session, offering.id)
    counting = _counting(held, offering, regime, tx.now)
    if counting < offering.target:
        _fail(tx, offering, closing, held)
        return True
    verdict = regime.may_release(
        opened_on=regime.pack.day_of(offering.opened_at),
        on=regime.pack.day_of(tx.now),
        held=counting,
        target=offering.target,
    )
    if verdict.allows:
        draw_up(tx, offering, closing, held)
        _put_to_officers(tx, offering, closing, "propose")
    return verdict.allows


def _undisputed(tx: Transaction, offering: Offering, held: list[Held]) -> list[Held]:
    """Those whose money is there. What a payer's bank has meanwhile is nobody's to sell: that pledge ends."""
    disputed = refunds.disputed_in(tx.session, offering.id)
    for one in held:
        if one.id in disputed:
            pledges.stop(tx, pledges.lock(tx, one.id), StopReason.DISPUTED)
    return [one for one in held if one.id not in disputed]


def _is_gathered(tx: Transaction, offering: Offering) -> bool:
    """Whether all the money is with the custodian, and no bank can take it back without a word."""
    if custody.waits_to_clear(tx.session, offering.id):
        return False
    tx.wake("carry_money")
    return custody.standing(tx.session, offering).is_gathered


def _total(held: list[Held], offering: Offering) -> Money:
    return Money(sum(pledge.amount_minor for pledge in held), offering.currency)


def _counting(held: list[Held], offering: Offering, regime: Regime, now: datetime) -> Money:
    """The target is for others to meet, unless the platform's policy counts related parties' money, too."""
    is_counted = platform_policy.related_money_counts(regime.pack.day_of(now))
    return _total(held, offering) if is_counted else _total(held, offering) - _from_related(held, offering)


def _ask_the_law(tx: Transaction, offering: Offering, regime: Regime) -> bool:
    """Ask about held pledges that were not asked about yet, as many as one transaction should; whether that was all."""
    waiting = pledge_queries.not_asked_at_sale(tx.session, offering.id, ASKED_AT_ONCE + 1)
    for pledge_id in waiting[:ASKED_AT_ONCE]:
        pledges.may_be_sold(tx, pledge_queries.pledge(tx.session, pledge_id), offering, regime)
    return len(waiting) <= ASKED_AT_ONCE


def _from_related(held: list[Held], offering: Offering) -> Money:
    return Money(sum(pledge.amount_minor for pledge in held if pledge.related_as), offering.currency)


def _put_to_officers(tx: Transaction, offering: Offering, closing: Closing, event: str) -> None:
    """Fix what the officers approve, with where the money goes as the issuer says it now, and ask them."""
    tx.session.flush()  # the snapshot is of what is stored
    issuer = issuers.issuer(tx.session, offering.issuer_id)
    closing.snapshot_hash = snapshot_hash(tx, offering, closing)
    closing.payee_holder, closing.payee_account = issuer.payout_holder, issuer.payout_account
    closing.payee_hint = issuer.payout_hint
    audit.transition(
        tx, closing, event, total=closing.total, fee=closing.fee, payee=closing.payee_hint,
        snapshot=closing.snapshot_hash,
    )  # fmt: skip
    for officer in identity.with_role(tx.session, Role.COMPLIANCE_OFFICER):
        notifications.enqueue(
            tx, officer.id, Message.CLOSING_PROPOSED, about=closing.snapshot_hash, ref=closing.ref,
            offering=offering.name, minor=closing.total_minor, currency=closing.currency,
        )  # fmt: skip


def snapshot_hash(tx: Transaction, offering: Offering, closing: Closing) -> str:
    """What two officers must have seen alike: holders, lines, totals, target, where the money goes now, which payout."""
    issuer = issuers.issuer(tx.session, offering.issuer_id)
    payee = hashlib.sha256((issuer.payout_account or b"") + (issuer.payout_holder or "").encode()).hexdigest()
    body = {
        "closing": closing.ref,
        "lines": [
            [
                line.pledge_id,
                line.holder_name,
                line.shares,
                line.amount_minor,
                line.fee_share_minor,
                line.investor_fee_minor,
            ]
            for line in queries.lines(tx.session, closing.id)
        ],
        "total": closing.total_minor,
        "fee": closing.fee_minor,
        "investor_fee": closing.investor_fee_minor,
        "currency": closing.currency,
        "target": offering.target_minor,
        "payee": payee,
        "payout": closing.payout_attempts + 1,
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def approve(tx: Transaction, ref: str, seen_hash: str) -> Approval:
    """Take one officer's approval of the snapshot they saw; the second one releases the money.

    Raises Refused: "not_proposed", "own_closing" (began it, acts for the company, or has a pledge in it),
    "already_approved", "somebody_on_hold", "clients_money_short", "payout_frozen" (its account has just changed). Locks: offering, closing, pledges, accounts. Writes: approval, closing, pledges, entries,
    instruction, audit.
    """
    closing = queries.by_ref(tx.session, ref)
    offering = offerings.lock(tx, closing.offering_id)
    closing = lock(tx, closing.id)
    if closing.status not in WAITING_FOR_OFFICERS:
        raise Refused("not_proposed", machine=closing.lifecycle.name, status=closing.status)
    _require_independent(tx, closing, offering)
    queries.require_nothing_in_the_way(tx.session, offering, closing)
    frozen_until = issuers.issuer(tx.session, offering.issuer_id).frozen_until(tx.now)
    if frozen_until is not None:
        raise Refused("payout_frozen", until=frozen_until, zone=offering.deadline_zone)
    if queries.has_lost_a_pledge(tx.session, closing):
        tx.wake("close_offerings")  # whether the target is still met is decided there
        return Approval.CHANGED
    if _is_stale(tx, offering, closing):
        if closing.status == PROPOSED:
            draw_up(tx, offering, closing, pledge_queries.held(tx.session, offering.id))
        again = "propose" if closing.status == PROPOSED else "propose_payout"
        _put_to_officers(tx, offering, closing, again)
        return Approval.CHANGED
    if seen_hash != closing.snapshot_hash:
        return Approval.CHANGED
    if tx.session.get(ClosingApproval, (closing.id, tx.actor.user_id, closing.snapshot_hash)) is None:
        tx.session.add(
            ClosingApproval(
                closing_id=closing.id, user_id=tx.actor.user_id, snapshot_hash=closing.snapshot_hash, approved_at=tx.now
            )
        )
        tx.session.flush()  # the database counts the approvals when the closing is released
        audit.record(tx, "approve_closing", "closings", closing.id, snapshot=closing.snapshot_hash)
        if len(queries.approvals(tx.session, closing)) < queries.APPROVALS_NEEDED:
            return Approval.COUNTED
    elif len(queries.approvals(tx.session, closing)) < queries.APPROVALS_NEEDED:
        raise Refused("already_approved")
    if closing.status == PROPOSED:
        audit.transition(tx, closing, "approve", net=closing.net)
        allot(tx, offering, closing)
    else:
        audit.transition(tx, closing, "approve_payout", net=closing.net)
    instruct_payout(tx, offering, closing)
    return Approval.EXECUTED


def _is_stale(tx: Transaction, offering: Offering, closing: Closing) -> bool:
    """Whether what would be done now is no longer what was put to the officers."""
    if snapshot_hash(tx, offering, closing) != closing.snapshot_hash:
        return True
    # Once allotted, the holders are as approved, whatever they are called by now.
    return closing.status == PROPOSED and not allotting.lines_still_hold(tx, offering, closing)


def _require_independent(tx: Transaction, closing: Closing, offering: Offering) -> None:
    user_id = tx.actor.user_id
    mine = [] if user_id is None else [one.id for one in investors.acted_for(tx.session, user_id)]
    invested = (
        mine
        and tx.session.scalars(
            select(Pledge.id)
            .join(ClosingLine, ClosingLine.pledge_id == Pledge.id)
            .where(ClosingLine.closing_id == closing.id, Pledge.investor_id.in_(mine))
            .limit(1)
        ).first()
    )
    if user_id in (None, closing.begun_by, closing.payout_proposed_by) or invested:
        raise Refused("own_closing")
    if issuers.is_member(tx.session, offering.issuer_id, user_id):
        raise Refused("own_closing")


def instruct_payout(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """Ask the custodian to pay the issuer. P14. Writes: entry, instruction, closing."""
    assert offering.gateway is not None
    closing.payout_attempts += 1
    key = f"release:closing:{closing.id}:{closing.payout_attempts}"
    ledger.post(tx, entries.payout_instructed(offering.id, closing.net, key))
    payments.instruct(
        tx,
        OpKind.RELEASE,
        key,
        gateway=offering.gateway,
        amount=closing.net,
        offering_id=offering.id,
        closing_id=closing.id,
        reference=closing.ref,
        document_sha256=closing.snapshot_hash,
    )


def propose_payout(tx: Transaction, ref: str) -> None:
    """Ask the officers to approve that it be paid again, after the bank refused it and the account was mended.

    Raises Refused("illegal_move"). Locks: offering, closing. Writes: closing, messages, audit.
    """
    closing = queries.by_ref(tx.session, ref)
    offering = offerings.lock(tx, closing.offering_id)
    closing = lock(tx, closing.id)
    if closing.status != PAYOUT_FAILED:
        raise Refused("illegal_move", machine="closing", status=closing.status, event="propose_payout")
    closing.payout_proposed_by = tx.actor.user_id
    _put_to_officers(tx, offering, closing, "propose_payout")


def _fail(tx: Transaction, offering: Offering, closing: Closing, held: list[Held]) -> None:
    """The target was missed: everybody is refunded, without doing anything."""
    audit.transition(tx, closing, "abort", why="target_missed")
    offerings.move(tx, offering, "fail")
    for user_id in issuers.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, Message.OFFERING_FAILED, about=f"offering:{offering.id}", offering=offering.name,
            ref=offering.ref, minor=sum(pledge.amount_minor for pledge in held), currency=offering.currency,
            target_minor=offering.target_minor,
        )  # fmt: skip
    give_back_held(tx, offering, StopReason.OFFERING_FAILED)


def finish_refunds(tx: Transaction, offering_id: int) -> bool:
    """Call a failed offering refunded when every cent is back. Locks: offering. Writes: offering, audit."""
    offering = offerings.lock(tx, offering_id)
    if offering.status != FAILED or pledge_queries.unfinished(tx.session, offering.id):
        return False
    if payment_queries.refunds_under_way(tx.session, offering.id):  # also of money that no pledge waited for
        return False
    offerings.move(tx, offering, "finish_refunds")
    return True


def withdraw_offering(tx: Transaction, offering_id: int) -> None:
    """The issuer gives up: a live offering's investors are refunded in full.

    Raises Refused("illegal_move"). Locks: offering, case, pledges, instructions, accounts, progress.
    Writes: offering, case, pledges, instructions, entries, messages, progress, audit.
    """
    offering = offerings.lock(tx, offering_id)
    was_live = offering.status == LIVE
    offerings.move(tx, offering, "withdraw")
    changes.end_with(tx, offering, early_close="give_up")
    compliance.withdraw_case(tx, CaseKind.OFFERING, offering.id)
    approvals.withdraw(tx, ProposalKind.PUBLISH, f"offering:{offering.id}")
    if was_live:
        offerings.stop_accepting(tx, offering)
        give_everything_back(tx, offering, StopReason.OFFERING_WITHDRAWN)


def give_everything_back(tx: Transaction, offering: Offering, why: StopReason) -> None:
    """End every pledge of a locked offering by the way that its money allows. Locks, writes: see `pledges.actions.stop`."""
    give_back_held(tx, offering, why)
    for pledge_id in pledge_queries.unpaid(tx.session, offering.id):
        pledges.stop(tx, pledges.lock(tx, pledge_id), why)


def lock(tx: Transaction, closing_id: int) -> Closing:
    """Take one closing, read anew. Locks: closing, after its offering."""
    return tx.session.scalars(
        select(Closing).where(Closing.id == closing_id).with_for_update().execution_options(populate_existing=True)
    ).one()
