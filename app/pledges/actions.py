"""What an investor does with a pledge: place it, pay it, cancel it. What the gateway answers is `outcomes.py`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from app.audit import actions as audit
from app.cash import actions as cash
from app.compliance import actions as compliance
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseKind, CaseOutcome
from app.database import Transaction, new_reference
from app.decisions import actions as decisions
from app.decisions import queries as decision_queries
from app.decisions import receipts
from app.decisions.models import Decision, Purpose
from app.decisions.receipts import Asked
from app.errors import Refused
from app.investors import actions as investors
from app.investors import spouses
from app.investors.models import Investor
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.lifecycle import CLOSING, LIVE
from app.offerings.models import Offering
from app.offerings.room import NOTHING_KEPT, KeptRoom
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.port import Method, OpKind
from app.payments.ways import Pattern, PaymentWay
from app.pledges import consents, paying_for, promises, queries, refunds
from app.pledges.consents import Said
from app.pledges.lifecycle import AUTHORISED, HELD, IN_REVIEW, PROCESSING, RESERVED
from app.pledges.messages import tell
from app.pledges.models import Pledge, StopReason
from app.pledges.seats import require_seat
from app.regimes.law_book import LawBook, cancel_until
from app.regimes.profile import Intent
from app.regimes.regime import Regime
from app.regimes.verdict import Decision as Outcome
from app.screening import actions as screening
from app.screening import queries as screening_queries
from app.screening import related
from app.switches import actions as switches
from app.switches.models import Direction


@dataclass(frozen=True, slots=True)
class Placement:
    """What came of placing a pledge: without one, the decision says why."""

    pledge: Pledge | None
    decision: Decision


def place(
    tx: Transaction,
    *,
    investor_id: int,
    offering_id: int,
    shares: int,
    form_key: uuid.UUID,
    said: Said,
    law: LawBook,
    payment_window: timedelta,
    seen_version: int | None = None,
    placed_from: str | None = None,
    paying: PaymentWay | None = None,
    kept: KeptRoom = NOTHING_KEPT,
) -> Placement:
    """Promise to buy so many whole shares; with the law's consent a place is taken and payment begins.

    `seen_version` is the offering's text, `placed_from` the country of the connection, `paying` how it is paid if that
    is known already, `kept` the room that `waitlist.actions.place` keeps for this investor. The same `form_key` again is the same pledge; a verdict other than "allow" is stored, and that is all. Raises Refused: "not_open", "text_changed",
    "switched_off", "offering_ended", "offering_full", "others_wait", "no_seat_left", "shares_not_positive", "below_minimum", "own_offering", "form_reused",
    "residence_not_served", "details_being_checked", and see `consents`. Locks: investor, spouse, offering (shared),
    progress. Writes: decision, pledge, consents, attempt, instruction, case, messages, audit.
    """
    investor = spouses.lock_both(tx, investor_id)
    if (repeated := queries.by_form_key(tx.session, form_key)) is not None:
        return _placed_before(tx, repeated, (investor_id, offering_id, shares))
    offering = _open_offering(tx, offering_id, investor, shares, seen_version, kept)
    assert offering.price is not None and offering.deadline_at is not None
    amount, smallest = offering.price.times(shares), offering.price.times(_fewest_shares(offering, kept))
    laws = law.applicable(offering.regime, investor.country, tx.now)
    consents.require(tx, laws, investor.user_id, offering.id, said)
    decision = _ask(tx, investor, offering, amount, smallest, laws, said)
    consents.require_asked(laws, decision, said, tx.now)
    if not decision.allows:
        return Placement(None, decision)
    held = screening.must_be_looked_at(tx, investor)
    referred = held or compliance.must_be_looked_at(amount, laws[0], tx, investor)
    pledge = Pledge(
        ref=new_reference("P"), form_key=form_key, investor_id=investor.id, offering_id=offering.id, shares=shares,
        amount_minor=amount.minor, fee_minor=offering.fees.investor_fee(amount).minor, currency=amount.currency, status=IN_REVIEW if referred else RESERVED,
        decision_id=decision.id, placed_at=tx.now, offering_version=offering.version,
        cancel_until=cancel_until(laws, offering.deadline_at, tx.now),
        pay_until=None if referred else tx.now + payment_window,
        related_as=related.relation(tx.session, investor, offering, tx.now.date()),
        placed_from=placed_from,
    )  # fmt: skip
    tx.session.add(pledge)
    tx.session.flush()  # all that follows refers to it
    consents.keep(tx, pledge, investor, laws, said)
    audit.begin(
        tx, pledge, "place", amount=amount, fee=pledge.fee, shares=shares, decision=decision.id, rule=decision.rule
    )
    _send_on(tx, pledge, offering, investor, laws[0], paying)
    offerings.take(tx, offering.id, shares, amount.minor, kept)
    require_seat(tx, offering)
    return Placement(pledge, decision)


def _send_on(
    tx: Transaction, pledge: Pledge, offering: Offering, investor: Investor, law: Regime, paying: PaymentWay | None
) -> None:
    """To an officer, or to the gateway; the investor is told which."""
    if referred := pledge.status == IN_REVIEW:
        _refer(tx, pledge, offering, investor)
    elif paying is not None and paying_for.plan(tx, pledge, offering, law, paying).pattern is not Pattern.SAVE:
        paying_for.begin(tx, pledge, offering, law, paying)  # what is charged later is agreed to on the payment page
    _tell_what_the_law_said(tx, pledge, offering, Message.PLEDGE_REFERRED if referred else Message.PLEDGE_PLACED)


def _ask(
    tx: Transaction, investor: Investor, offering: Offering, amount: Money, smallest: Money, laws: Sequence[Regime],
    said: Said,
) -> Decision:  # fmt: skip
    intent = Intent(
        amount, str(offering.issuer_id), offering.ref, smallest, laws[0].pack.day_of(tx.now),
        acknowledged=consents.acknowledged(laws, said, tx.now),
    )  # fmt: skip
    asked = [Asked(one, queries.history(tx.session, investor.id, one, tx.now)) for one in laws]
    return decisions.decide(tx, investor, offering.id, intent, asked)


def _placed_before(tx: Transaction, pledge: Pledge, asked: tuple[int, int, int]) -> Placement:
    if (pledge.investor_id, pledge.offering_id, pledge.shares) != asked:
        raise Refused("form_reused")
    return Placement(pledge, tx.session.get_one(Decision, pledge.decision_id))


def _open_offering(
    tx: Transaction, offering_id: int, investor: Investor, shares: int, seen_version: int | None, kept: KeptRoom
) -> Offering:
    """Read the offering while its text stays as it is: a change that is being published waits, or is waited for."""
    offering = offerings.share(tx, offering_id)
    if offering.status != LIVE:
        raise Refused("not_open", status=offering.status)
    switches.require_on(tx, Direction.IN, offering_id=offering.id)
    if seen_version not in (None, offering.version):
        raise Refused("text_changed")
    if shares < 1:
        raise Refused("shares_not_positive", field="amount")
    fewest = _fewest_shares(offering, kept)
    if shares < fewest:
        assert offering.price is not None  # a public offering has complete terms
        raise Refused("below_minimum", field="amount", minimum=offering.price.times(fewest))
    if issuers.is_member(tx.session, offering.issuer_id, investor.user_id):
        raise Refused("own_offering")
    return offering


def _fewest_shares(offering: Offering, kept: KeptRoom) -> int:
    assert offering.progress is not None  # a public offering has one
    return offering.fewest_shares(offering.progress.left_shares + kept.shares)


def _refer(tx: Transaction, pledge: Pledge, offering: Offering, investor: Investor) -> None:
    involved = [investor.user_id, *issuers.members(tx.session, offering.issuer_id)]
    compliance.refer(tx, CaseKind.PLEDGE, pledge.id, why="PLATFORM-REVIEW", involves=involved, amount=pledge.amount)


def choose_way(tx: Transaction, pledge_id: int, law: LawBook, way: PaymentWay) -> None:
    """Pay a pledge this way, now or (where that is how it fits) near the deadline; twice equals once.

    Raises Refused: "not_payable" (it does not wait for money), "method_chosen" (another way is under way),
    "method_refused", "switched_off", "cash_not_enough". Locks: investor (for their cash), offering (shared), pledge, accounts.
    Writes: instruction, entry, audit.
    """
    if way.method is Method.CASH_ACCOUNT:
        investors.lock(tx, queries.pledge(tx.session, pledge_id).investor_id)
    pledge = take(tx, pledge_id)
    if pledge.status != RESERVED:
        raise Refused("not_payable", machine=pledge.lifecycle.name, status=pledge.status)
    begun = payment_queries.collection(tx.session, pledge.id) or payment_queries.keeping(tx.session, pledge.id)
    if begun is None:
        paying_for.begin(tx, pledge, pledge.offering, law.regime(pledge.offering.regime), way)
    elif (begun.gateway, begun.method) != (way.gateway, way.method):
        raise Refused("method_chosen", field="method")


def take(tx: Transaction, pledge_id: int) -> Pledge:
    """Take one pledge and its offering, read anew, while nobody can end that: who does so holds the offering itself.

    Locks: offering (shared), pledge.
    """
    offering_id = select(Pledge.offering_id).where(Pledge.id == pledge_id).scalar_subquery()
    offering = tx.session.scalars(
        select(Offering)
        .where(Offering.id == offering_id)
        .with_for_update(read=True, of=Offering)
        .execution_options(populate_existing=True)
    ).one()
    pledge = lock(tx, pledge_id)
    set_committed_value(pledge, "offering", offering)  # nobody need read it once more
    return pledge


def lock(tx: Transaction, pledge_id: int) -> Pledge:
    """Take one pledge, read anew with its investor, for who holds its offering. Locks: pledge."""
    return tx.session.scalars(
        select(Pledge)
        .where(Pledge.id == pledge_id)
        .options(joinedload(Pledge.investor, innerjoin=True))
        .with_for_update(of=Pledge)
        .execution_options(populate_existing=True)
    ).one()


def cancel(tx: Transaction, pledge_id: int) -> Pledge:
    """The investor's own cancellation, for any reason, until the last permitted instant, be it after the deadline.

    What is not paid yet ends at once (or as soon as the gateway confirms that nothing was paid); what is held is
    refunded in full. Raises Refused("too_late_to_cancel", until=…), Refused("not_cancellable").
    Locks: offering (shared), pledge, instruction, accounts, progress. Writes: these but the offering, entry, message, audit.
    """
    pledge = take(tx, pledge_id)
    offering = pledge.offering
    # Nobody needs a right to leave a pledge that is neither paid nor promised: it is the others that the law speaks of.
    until = pledge.cancel_until if pledge.status in (AUTHORISED, PROCESSING, HELD) else None
    in_time = until is not None and tx.now_after_locks() <= until
    is_open = offering.status == LIVE or (offering.status == CLOSING and in_time)
    if pledge.status not in (IN_REVIEW, RESERVED, AUTHORISED, PROCESSING, HELD) or not is_open:
        raise Refused("not_cancellable", machine=pledge.lifecycle.name, status=pledge.status)
    if until is not None and not in_time:
        raise Refused("too_late_to_cancel", until=until, zone=offering.deadline_zone)
    stop(tx, pledge, StopReason.INVESTOR)
    return pledge


def stop(tx: Transaction, pledge: Pledge, reason: StopReason) -> None:
    """End a locked pledge before its shares, by the way that its money allows.

    One that is ending already keeps its reason, unless we only waited to hear whether it was paid in time.
    Locks: instruction, accounts, progress. Writes: pledge, instruction, entry, message, progress, audit.
    """
    waits_no_longer = reason in (StopReason.PAID_TOO_LATE, StopReason.NOT_RECONFIRMED)
    waited = waits_no_longer and pledge.stop_reason != StopReason.INVESTOR
    if pledge.status in (IN_REVIEW, RESERVED, AUTHORISED, PROCESSING, HELD) or waited:
        pledge.stop_reason = reason
    if pledge.status == IN_REVIEW:
        compliance.withdraw_case(tx, CaseKind.PLEDGE, pledge.id)
        end_unpaid(tx, pledge, "cancel")
    elif pledge.status in (RESERVED, AUTHORISED, PROCESSING):
        _stop_collecting(tx, pledge)
    elif pledge.status == HELD:
        owe_refund(tx, pledge)


def _stop_collecting(tx: Transaction, pledge: Pledge) -> None:
    collection = payment_queries.collection(tx.session, pledge.id)
    if collection is None:  # its investor has not said yet how they pay, or is charged later
        end_unpaid(tx, pledge, "cancel")
        return
    collection = payments.lock(tx, collection.id)
    if payments.withdraw(tx, collection):
        if collection.kind == OpKind.FROM_CASH:
            cash.free(tx, pledge.investor_id, collection)
        end_unpaid(tx, pledge, "cancel")
        return
    # It was sent: only the gateway knows whether the investor is paying this very moment.
    promised = promises.move(tx, pledge, "request_cancel", why=pledge.stop_reason)
    if collection.kind == OpKind.FROM_CASH:
        return  # nobody stops a custodian between two accounts: what arrives goes back
    payments.instruct(
        tx,
        OpKind.CANCEL,
        f"cancel:instruction:{collection.id}",
        gateway=collection.gateway,
        amount=pledge.to_pay,
        offering_id=pledge.offering_id,
        pledge_id=pledge.id,
        about_id=collection.id,
        reference=pledge.ref,
    )
    offerings.count(tx, pledge.offering_id, promised=-promised)


def may_be_sold(tx: Transaction, pledge: Pledge, offering: Offering, regime: Regime) -> bool:
    """Ask the law once more, at the sale; a held pledge that it forbids now is refunded.

    Only a "no" ends it: what the investor had to say was said at the pledge. Locks: pledge, accounts, progress.
    Writes: decision, pledge, entry, instruction, message, progress, audit.
    """
    pledge = lock(tx, pledge.id)
    day_of = regime.pack.day_of
    decision = decisions.decide(
        tx,
        pledge.investor,
        offering.id,
        Intent(pledge.amount, str(offering.issuer_id), offering.ref, None, day_of(tx.now), day_of(pledge.placed_at)),
        [Asked(regime, queries.history(tx.session, pledge.investor_id, regime, tx.now, selling=pledge))],
        Purpose.SALE,
    )
    pledge.sale_decision_id = decision.id
    if decision.outcome != Outcome.DENY:
        return True
    stop(tx, pledge, StopReason.NOT_LAWFUL_AT_SALE)
    return False


def end_unpaid(tx: Transaction, pledge: Pledge, event: str, returning: Money | None = None) -> None:
    """End a locked pledge that was never paid, and free its place.

    `returning` is money that came but was not what was asked: then the investor is told of that, and not that nothing
    was charged. Locks: instruction, accounts, progress. Writes: pledge, instruction, entry, message, progress, audit.
    """
    promises.forget(tx, pledge)
    promised = promises.move(tx, pledge, event, why=pledge.stop_reason)
    kind = {"cancel": Message.PLEDGE_CANCELLED, "decline": Message.PAYMENT_FAILED, "refuse": Message.PLEDGE_REFUSED}
    if returning is None:
        tell(tx, pledge, pledge.offering, kind[event])
    else:
        tell(tx, pledge, pledge.offering, Message.REFUND_DUE, amount=returning)
    minor = pledge.amount_minor
    offerings.count(tx, pledge.offering_id, taken_shares=-pledge.shares, taken=-minor, promised=-promised)


def owe_refund(tx: Transaction, pledge: Pledge) -> None:
    """What is held for a locked pledge goes back, in full; its place is free.

    Locks: accounts, progress. Writes: entry, pledge, instruction, message, progress, audit.
    """
    audit.transition(tx, pledge, "owe_refund", why=pledge.stop_reason, amount=pledge.to_pay)
    offering = pledge.offering
    way = refunds.send(tx, pledge)
    tell(tx, pledge, offering, Message.REFUND_DUE, amount=pledge.to_pay, into_cash=way is not None)
    ledger.post(tx, entries.refund_owed(
        offering.id, pledge.id, pledge.amount, f"refund_owed:pledge:{pledge.id}", investor_fee=pledge.fee,
        may_be_taken_back=pledge.clears_at is not None,
    ))  # fmt: skip
    pledge.clears_at = None
    offerings.count(tx, offering.id, taken_shares=-pledge.shares, taken=-pledge.amount_minor, held=-pledge.amount_minor)


def take_referral(tx: Transaction, ref: str) -> None:
    """Claim the case of a referred pledge to decide it.

    Raises Refused("own_case"), and see `compliance.actions.take_case`. Locks: case. Writes: case, audit.
    """
    _require_stranger(tx, queries.pledge(tx.session, compliance_queries.case(tx.session, ref).subject_id))
    compliance.take_case(tx, ref)


def _require_stranger(tx: Transaction, pledge: Pledge) -> None:
    """Nobody of the company, who joined it whenever, decides who may invest in it; the case itself cannot know."""
    if issuers.is_member(tx.session, pledge.offering.issuer_id, tx.actor.user_id):
        raise Refused("own_case")


def resolve_referral(
    tx: Transaction, ref: str, outcome: CaseOutcome, reasons: list[str], note: str, payment_window: timedelta
) -> None:
    """Take an officer's word on a referred pledge: its investor may pay now, or it ends.

    Raises Refused("investor_on_hold"), and see `compliance.actions.resolve`.
    Locks: offering (shared), pledge, case, progress. Writes: case, pledge, instruction, message, progress, audit.
    """
    if outcome is CaseOutcome.REQUEST_CHANGES:
        raise Refused("outcome_not_offered", field="outcome")
    # The pledge before its case, as whoever cancels it does.
    pledge = take(tx, compliance_queries.case(tx.session, ref).subject_id)
    _require_stranger(tx, pledge)
    if outcome is CaseOutcome.APPROVE and screening_queries.hold(tx.session, pledge.investor):
        raise Refused("investor_on_hold", field="outcome")
    case = compliance.resolve(tx, ref, outcome, reasons, note)
    if outcome is CaseOutcome.REFUSE:
        end_unpaid(tx, pledge, "refuse")
        return
    audit.transition(tx, pledge, "accept", case=case.ref)
    pledge.pay_until = tx.now + payment_window
    _tell_what_the_law_said(tx, pledge, pledge.offering, Message.PLEDGE_PLACED)


def _tell_what_the_law_said(tx: Transaction, pledge: Pledge, offering: Offering, kind: Message) -> None:
    receipt = receipts.of_decision(tx.session, decision_queries.decision(tx.session, pledge.decision_id))
    tell(tx, pledge, offering, kind, receipt=receipt.for_a_message())
