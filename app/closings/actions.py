"""Begin a closing, propose it, approve it; or fail the offering. What the gateway answers is `outcomes.py`."""

from __future__ import annotations

from enum import StrEnum

from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.audit import actions as audit
from app.changes import actions as changes
from app.changes import deadlines as early_closes
from app.changes import queries as change_queries
from app.closings import allotting, gathering, holding_back, queries
from app.closings.allotment import allot, draw_up
from app.closings.lifecycle import GATHERING, HOLDBACK_PROPOSED, PAYOUT_FAILED, PROPOSED, WAITING_FOR_OFFICERS
from app.closings.models import Closing, ClosingApproval
from app.closings.snapshot import put_to_officers, require_independent, snapshot_hash
from app.compliance import actions as compliance
from app.compliance.models import CaseKind
from app.custody import queries as custody
from app.database import Transaction, new_reference
from app.errors import Refused
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
from app.pledges.giving_back import give_back_held
from app.pledges.lifecycle import PROCESSING
from app.pledges.models import StopReason
from app.pledges.queries import Held
from app.regimes import platform_policy
from app.regimes.law_book import LawBook
from app.regimes.regime import Regime
from app.switches import actions as switches
from app.switches.models import Direction


class Approval(StrEnum):
    COUNTED = "counted"
    EXECUTED = "executed"
    #: It is no longer what the officer saw; it was proposed anew and must be read again.
    CHANGED = "changed"


def begin(tx: Transaction, offering_id: int) -> Closing:
    """End an offering whose deadline has come: no more pledges, what is unpaid ends, what is on its way is waited for.

    Raises Refused: "not_due", "answers_awaited" (an investor still has time to answer to a change), "early_target_lost"
    (it was an early deadline, and the target is no longer met: see `changes.deadlines.resume`). A rolling closing that is not
    released by now is part of this one. Locks: offering, closing, pledges, instructions, progress.
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
    gathering.overtake(tx, offering)
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


def propose(tx: Transaction, closing_id: int, law: LawBook) -> bool:
    """Settle who is in: propose the closing to the officers, or fail the offering when its target was missed.

    While money is on its way, somebody may still cancel, or the law wants more days, nothing happens yet, and it
    returns False. One that waits for officers and has lost a pledge since is settled anew.
    Where the law measures at the sale it is asked again about each pledge, once; who may not buy any more is refunded.
    Of many pledges it is asked by some hundreds in a transaction: then True means that it has to be called again.
    What earlier closings took counts toward the target; after them the last one takes what is left, and nothing fails.
    Locks: offering, closing, pledges, accounts, progress. Writes: decisions, closing, lines, or see `_fail`; messages, audit.
    """
    offering = offerings.lock(tx, queries.closing(tx.session, closing_id).offering_id)
    closing = queries.lock(tx, closing_id)
    regime = law.regime(offering.regime)
    if closing.status != GATHERING and not queries.has_lost_a_pledge(tx.session, closing):
        return False
    if closing.is_rolling:
        return _propose_part(tx, offering, closing, law)
    unpaid = pledge_queries.unpaid(tx.session, offering.id)
    if unpaid and tx.now < closing.gather_until:
        return False
    for pledge_id in unpaid:
        pledges.stop(tx, pledges.lock(tx, pledge_id), StopReason.PAID_TOO_LATE)
    assert offering.target is not None
    closed = queries.closed(tx.session, offering)
    held = gathering.undisputed(tx, offering, pledge_queries.held(tx.session, offering.id))
    may_leave = any(pledge.cancel_until is not None and tx.now <= pledge.cancel_until for pledge in held)
    waits = (
        may_leave or not gathering.is_gathered(tx, offering) or allotting.waits_for_choice(tx, offering, closing, held)
    )
    if closed + gathering.total(held, offering) >= offering.target and waits:
        return False
    if regime.measures_at_sale and closed + gathering.counting(held, offering, regime, tx.now) >= offering.target:
        if not gathering.ask_the_law(tx, offering, closing, regime):
            return True
        held = pledge_queries.held(tx.session, offering.id)
    if closed and not held:
        gathering.abort(tx, closing, "nothing_left")
        gathering.settle_when_done(tx, offering)
        return True
    counting = closed + gathering.counting(held, offering, regime, tx.now)
    if counting < offering.target:
        _fail(tx, offering, closing, held)
        return True
    return _release_allowed(tx, offering, closing, regime, held, counting)


def _propose_part(tx: Transaction, offering: Offering, closing: Closing, law: LawBook) -> bool:
    """The same for a rolling closing, of what its investors were told of; or it is called off, and the offering goes on."""
    regime = law.regime(offering.regime)
    if tx.now < closing.gather_until:
        return False
    held = gathering.undisputed(tx, offering, pledge_queries.held(tx.session, offering.id, rolling=True))
    held = gathering.ready(tx, offering, closing, law, held)
    if held and regime.measures_at_sale:
        if not gathering.ask_the_law(tx, offering, closing, regime):
            return True
        held = pledge_queries.held(tx.session, offering.id, rolling=True)
    counting = queries.closed(tx.session, offering) + gathering.counting(held, offering, regime, tx.now)
    assert offering.target is not None
    if not held or counting < offering.target:
        gathering.call_off(tx, offering, closing, law, "target_lost" if held else "nothing_left")
        return True
    tx.wake("carry_money")
    if not custody.has_in_escrow(tx.session, offering, sum(one.amount_minor + one.fee_minor for one in held)):
        return False
    return _release_allowed(tx, offering, closing, regime, held, counting)


def _release_allowed(
    tx: Transaction, offering: Offering, closing: Closing, regime: Regime, held: list[Held], counting: Money
) -> bool:
    """Put a closing of these pledges to the officers, if the law lets the company be paid by now."""
    assert offering.target is not None and offering.opened_at is not None
    verdict = regime.may_release(
        opened_on=regime.pack.day_of(offering.opened_at),
        on=regime.pack.day_of(tx.now),
        held=counting,
        target=offering.target,
    )
    if verdict.allows:
        draw_up(tx, offering, closing, held)
        put_to_officers(tx, offering, closing, "propose")
    return verdict.allows


def approve(tx: Transaction, ref: str, seen_hash: str) -> Approval:
    """Take one officer's approval of the snapshot they saw; the second one releases the money.

    Raises Refused: "not_proposed", "own_closing" (began it, acts for the company, or has a pledge in it),
    "already_approved", "somebody_on_hold", "clients_money_short", "holdback_disputed", "payout_frozen" (its account has
    just changed), "switched_off" (nothing is paid out now). Locks: offering, closing, pledges, accounts.
    Writes: approval, closing, pledges, entries, instruction, audit.
    """
    closing = queries.by_ref(tx.session, ref)
    offering = offerings.lock(tx, closing.offering_id)
    closing = queries.lock(tx, closing.id)
    if closing.status not in WAITING_FOR_OFFICERS:
        raise Refused("not_proposed", machine=closing.lifecycle.name, status=closing.status)
    require_independent(tx, closing, offering)
    switches.require_on(tx, Direction.OUT, offering_id=offering.id, gateway=offering.gateway)
    queries.require_nothing_in_the_way(tx.session, offering, closing)
    frozen_until = issuers.issuer(tx.session, offering.issuer_id).frozen_until(tx.now)
    if frozen_until is not None:
        raise Refused("payout_frozen", until=frozen_until, zone=offering.deadline_zone)
    if queries.has_lost_a_pledge(tx.session, closing):
        tx.wake("close_offerings")  # whether the target is still met is decided there
        return Approval.CHANGED
    if _is_stale(tx, offering, closing):
        _propose_anew(tx, offering, closing)
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
        audit.transition(tx, closing, "approve", net=closing.payout)
        allot(tx, offering, closing)
    elif closing.status == HOLDBACK_PROPOSED:
        holding_back.release(tx, offering, closing)
    else:
        audit.transition(tx, closing, "approve_payout", net=closing.payout)
    instruct_payout(tx, offering, closing)
    return Approval.EXECUTED


def _propose_anew(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """Put a closing to the officers as it is by now. Writes: lines, closing, messages, audit."""
    if closing.status == PROPOSED:
        draw_up(tx, offering, closing, pledge_queries.held(tx.session, offering.id, rolling=closing.is_rolling))
        put_to_officers(tx, offering, closing, "propose")
    elif closing.status == HOLDBACK_PROPOSED:
        holding_back.put_what_is_left(tx, offering, closing)
    else:
        put_to_officers(tx, offering, closing, "propose_payout")


def _is_stale(tx: Transaction, offering: Offering, closing: Closing) -> bool:
    """Whether what would be done now is no longer what was put to the officers."""
    if snapshot_hash(tx, offering, closing) != closing.snapshot_hash:
        return True
    if closing.status == HOLDBACK_PROPOSED:
        return queries.holdback_left(tx.session, closing) != closing.payout
    # Once allotted, the holders are as approved, whatever they are called by now.
    return closing.status == PROPOSED and not allotting.lines_still_hold(tx, offering, closing)


def instruct_payout(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """Ask the custodian to pay the issuer. P14. Writes: entry, instruction, closing."""
    assert offering.gateway is not None
    closing.payout_attempts += 1
    key = f"release:closing:{closing.id}:{closing.payout_attempts}"
    ledger.post(tx, entries.payout_instructed(offering.id, closing.payout, key))
    payments.instruct(
        tx,
        OpKind.RELEASE,
        key,
        gateway=offering.gateway,
        amount=closing.payout,
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
    closing = queries.lock(tx, closing.id)
    if closing.status != PAYOUT_FAILED:
        raise Refused("illegal_move", machine="closing", status=closing.status, event="propose_payout")
    closing.payout_proposed_by = tx.actor.user_id
    put_to_officers(tx, offering, closing, "propose_payout")


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
    """The issuer gives up: a live offering's investors are refunded in full. What was closed stays sold, and it is settled.

    Raises Refused("illegal_move"). Locks: offering, case, pledges, instructions, accounts, progress.
    Writes: offering, case, pledges, instructions, entries, messages, progress, audit.
    """
    offering = offerings.lock(tx, offering_id)
    was_live = offering.status == LIVE
    gathering.overtake(tx, offering)
    in_part = was_live and queries.is_closed_in_part(tx.session, offering.id)
    offerings.move(tx, offering, "begin_closing" if in_part else "withdraw")
    changes.end_with(tx, offering, early_close="give_up")
    compliance.withdraw_case(tx, CaseKind.OFFERING, offering.id)
    approvals.withdraw(tx, ProposalKind.PUBLISH, f"offering:{offering.id}")
    if was_live:
        offerings.stop_accepting(tx, offering)
        give_everything_back(tx, offering, StopReason.OFFERING_WITHDRAWN)
        gathering.settle_when_done(tx, offering)


def give_everything_back(tx: Transaction, offering: Offering, why: StopReason) -> None:
    """End every pledge of a locked offering by the way that its money allows. Locks, writes: see `pledges.actions.stop`."""
    give_back_held(tx, offering, why)
    for pledge_id in pledge_queries.unpaid(tx.session, offering.id):
        pledges.stop(tx, pledges.lock(tx, pledge_id), why)
