"""What two people decide about money that lies apart.

What nobody was known to own is for a pledge, or goes back to where it came from. What came back of a loss on a pledge
(`recoveries.py`) goes to who had borne it: the investor, by the payment that their bank has taken from them once more, or the
company, on its payout account. What no pledge had wanted, and did not reach its payer again, goes to their own bank account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.approvals import actions as approvals
from app.approvals.models import Proposal, ProposalKind
from app.cash import queries as cash
from app.cash.models import BankAccount
from app.database import Transaction
from app.errors import NotFound, Refused
from app.issuers import actions as issuing
from app.issuers import queries as issuers
from app.issuers.models import Issuer
from app.ledger import actions as ledger
from app.ledger import entries, reversals
from app.ledger.draft import Evidence
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import lines
from app.payments import queries as payment_queries
from app.payments.lifecycle import ACTION_REQUIRED, FAILED, QUEUED
from app.payments.models import Instruction
from app.payments.port import Method, OpKind, Outcome, Ref, TxnKind
from app.pledges import outcomes, queries, refunds, taken_back
from app.pledges.actions import take
from app.pledges.lifecycle import AUTHORISED, RESERVED
from app.pledges.messages import tell
from app.pledges.models import Pledge
from app.reconciliation import queries as reconciliation
from app.reconciliation.queries import Receipt
from app.screening import queries as screening
from app.switches import actions as switches
from app.switches.models import Direction

#: Of a receipt whose `owner` is known.
ISSUER, PAYER = "issuer", "payer"


def propose(tx: Transaction, entry_id: int, pledge_ref: str | None, why: str) -> Proposal:
    """Put to a second person what becomes of a receipt: it is for the pledge, or (None) goes back to where it came from, or
    to who had borne the loss that it came back of.

    Raises NotFound, Refused: "reason_too_short", "own_case", "proposal_waits", and see `pledge_of`, `_require`.
    Writes: proposal, audit.
    """
    receipt = reconciliation.receipt(tx.session, entry_id)
    if len(why.strip()) < approvals.SHORTEST_NOTE:
        raise Refused("reason_too_short", field="why", shortest=approvals.SHORTEST_NOTE)
    pledge = pledge_of(tx.session, receipt, pledge_ref)
    _require(tx, receipt, pledge)
    issuer_id = offering_queries.offering(tx.session, receipt.offering_id).issuer_id
    about = pledge or _lost_on(tx.session, receipt)
    involved = [*issuers.members(tx.session, issuer_id), *([about.investor.user_id] if about else [])]
    if tx.actor.user_id in involved:
        raise Refused("own_case")
    payload = {"receipt": receipt.key, "pledge": pledge_ref, "why": why.strip()}
    subject, state = f"receipt:{entry_id}", _payee(tx.session, receipt)
    return approvals.propose(tx, ProposalKind.RECEIPT, subject, payload, state=state, involves=involved)


def pledge_of(session: Session, receipt: Receipt, ref: str | None) -> Pledge | None:
    """The pledge that somebody named, of the receipt's offering.

    Raises Refused("pledge_unknown"), for any where it is known whose the money is.
    """
    if ref is None:
        return None
    if receipt.owner:
        raise Refused("pledge_unknown", field="pledge")
    try:
        pledge = queries.by_ref(session, ref)
    except NotFound:
        raise Refused("pledge_unknown", field="pledge") from None
    if pledge.offering_id != receipt.offering_id:
        raise Refused("pledge_unknown", field="pledge")
    return pledge


def _lost_on(session: Session, receipt: Receipt) -> Pledge | None:
    """The pledge of the loss that it came back of, or that did not want it."""
    return None if receipt.pledge_ref is None else queries.by_ref(session, receipt.pledge_ref)


def _payee(session: Session, receipt: Receipt) -> str:
    """What two people agree to beside the receipt itself: the account of the company or the payer, where it is paid to one."""
    if receipt.owner == PAYER:
        account = _account(session, receipt)
        return "" if account is None else f"bank_account:{account.id}"
    if receipt.owner != ISSUER:
        return ""
    return issuing.payee_state(_issuer(session, receipt))


def _account(session: Session, receipt: Receipt) -> BankAccount | None:
    """The bank account of the payer, unless it is the one that did not take this money before."""
    pledge = _lost_on(session, receipt)
    assert pledge is not None  # its payer is known by it
    account = cash.bank_account(session, pledge.investor_id)
    again = f"{_key(receipt)}:"
    tried = (
        row.payee_id for row in payment_queries.of_pledge(session, pledge.id)
        if row.provider_ref == receipt.source or f"{row.business_key}:".startswith(again)
    )  # fmt: skip
    return None if account is None or account.id in tried else account


def _key(receipt: Receipt) -> str:
    """What sending a receipt to a person is called by."""
    return f"refund:unidentified:{receipt.key}"


def _issuer(session: Session, receipt: Receipt) -> Issuer:
    return issuers.issuer(session, offering_queries.offering(session, receipt.offering_id).issuer_id)


def obstacle(session: Session, receipt: Receipt, pledge: Pledge | None) -> Refused | None:
    """Why a receipt cannot be the payment of this pledge, or (None) go where it belongs; None: it can."""
    if receipt.is_dealt_with:
        return Refused("receipt_dealt_with")
    lost_on = _lost_on(session, receipt)
    if receipt.may_have_left or (lost_on is not None and refunds.disputed(session, lost_on)):
        return Refused("receipt_unclear")
    if pledge is None:
        return None
    if pledge.status not in (RESERVED, AUTHORISED):
        return Refused("pledge_not_waiting", field="pledge", machine=pledge.lifecycle.name, status=pledge.status)
    if pledge.to_pay != receipt.amount:
        return Refused("receipt_other_amount", field="pledge", owed=pledge.to_pay, taken=receipt.amount)
    begun = payment_queries.collection(session, pledge.id)
    if begun is not None and not (_is_unsent(begun) or _waits_for_payer(begun, receipt)):
        return Refused("payment_under_way", field="pledge")
    return None


def _is_unsent(row: Instruction) -> bool:
    return row.kind == OpKind.COLLECT and row.status == QUEUED and row.first_sent_at is None


def _waits_for_payer(row: Instruction, receipt: Receipt) -> bool:
    return row.kind == OpKind.COLLECT and row.status == ACTION_REQUIRED and row.gateway == receipt.gateway


def _require(tx: Transaction, receipt: Receipt, pledge: Pledge | None) -> None:
    """Raises Refused: "switched_off", for what is the company's "payout_frozen", "receipt_company_on_hold", for what goes to its
    payer's account "receipt_without_account", and see `obstacle`.
    """
    if (why_not := obstacle(tx.session, receipt, pledge)) is not None:
        raise why_not
    way, about = (Direction.OUT, _lost_on(tx.session, receipt)) if pledge is None else (Direction.IN, pledge)
    pledge_id = None if about is None else about.id
    offering = offering_queries.offering(tx.session, receipt.offering_id)
    gateway = offering.gateway if receipt.owner in (ISSUER, PAYER) else receipt.gateway
    switches.require_on(tx, way, offering_id=receipt.offering_id, gateway=gateway, pledge_id=pledge_id)
    if receipt.owner == ISSUER:
        until = _issuer(tx.session, receipt).frozen_until(tx.now)
        if until is not None:
            raise Refused("payout_frozen", until=until, zone=offering.deadline_zone)
        if screening.company_on_hold(tx.session, offering.issuer_id):
            raise Refused("receipt_company_on_hold")
    if receipt.owner == PAYER:
        account = _account(tx.session, receipt)
        if account is None or account.usable_from > tx.now:
            raise Refused("receipt_without_account")


# For its page, and for whoever agrees


@dataclass(frozen=True, slots=True)
class Owner:
    """Who had borne a loss, or paid what nobody wanted, and so gets what came back: by the payment of their pledge, or (`hint`)
    on an account.
    """

    name: str
    hint: str | None


def owner_of(session: Session, receipt: Receipt) -> Owner | None:
    """None: nobody is known to own it."""
    if receipt.owner == ISSUER:
        issuer = _issuer(session, receipt)
        return Owner(issuer.legal_name, issuer.payout_hint)
    lost_on = _lost_on(session, receipt)
    account = _account(session, receipt) if receipt.owner == PAYER else None
    return None if lost_on is None else Owner(lost_on.investor.legal_name, None if account is None else account.hint)


def subject(session: Session, proposal: Proposal) -> tuple[Receipt, Pledge | None]:
    """The receipt that a proposal is about, and the pledge that it is to be for."""
    receipt = reconciliation.receipt(session, proposal.subject_id)
    return receipt, pledge_of(session, receipt, proposal.payload["pledge"])


def state(session: Session, proposal: Proposal) -> str:
    """The code of what stands against it by now; as long as nothing does, the company's account where it goes there, or ""."""
    receipt, pledge = subject(session, proposal)
    why_not = obstacle(session, receipt, pledge)
    return _payee(session, receipt) if why_not is None else why_not.code


def company(session: Session, proposal: Proposal) -> int:
    """The company of its offering, by id."""
    receipt = reconciliation.receipt(session, proposal.subject_id)
    return offering_queries.offering(session, receipt.offering_id).issuer_id


def hold_offering(tx: Transaction, proposal: Proposal) -> None:
    """What comes before the proposal in the order of locks. Locks: offering (shared)."""
    offerings.share(tx, reconciliation.receipt(tx.session, proposal.subject_id).offering_id)


def carry_out(tx: Transaction, proposal: Proposal) -> None:
    """Do what two people agreed to, for who holds the offering.

    Raises Refused: "second_person_missing", and see `_require`. Locks: proposal, pledge, instruction,
    accounts, progress. Writes: proposal, pledge, instructions, entry, message, progress, audit.
    """
    with approvals.carrying_out(tx, ProposalKind.RECEIPT, proposal.subject):
        tx.one_at_a_time(proposal.subject)
        receipt, pledge = subject(tx.session, proposal)
        if pledge is None:
            _require(tx, receipt, None)
            _send_back(tx, receipt)
        else:
            pledge = take(tx, pledge.id)
            _require(tx, receipt, pledge)
            _give(tx, receipt, pledge)


def _give(tx: Transaction, receipt: Receipt, pledge: Pledge) -> None:
    """Let the receipt be the payment that a locked pledge waits for."""
    row = _collection(tx, receipt, pledge)
    line = payment_queries.txn(tx.session, receipt.key)
    paid = Outcome("succeeded", Ref.read(receipt.source), receipt.amount, evidence=(line,))
    payments.record(tx, row, paid)
    outcomes.fund(tx, pledge, row, paid, is_apart=True)


def _collection(tx: Transaction, receipt: Receipt, pledge: Pledge) -> Instruction:
    """The collection that the receipt answers: the one that waits for its payer, or a new one that is never sent.

    What waits for the payer at the gateway is stopped there; if it is paid all the same, `outcomes` sends that back.
    """
    begun = payment_queries.collection(tx.session, pledge.id)
    if begun is not None:
        begun = payments.lock(tx, begun.id)
        if _waits_for_payer(begun, receipt):
            payments.instruct(
                tx, OpKind.CANCEL, f"cancel:instruction:{begun.id}", gateway=begun.gateway, amount=pledge.to_pay,
                offering_id=pledge.offering_id, pledge_id=pledge.id, about_id=begun.id, instrument=begun.ref(),
                reference=pledge.ref,
            )  # fmt: skip
            return begun
        if not payments.withdraw(tx, begun):  # it was sent meanwhile
            raise Refused("payment_under_way", field="pledge")
    made = payments.instruct(
        tx, OpKind.COLLECT, f"collect:pledge:{pledge.id}:receipt:{receipt.entry_id}", gateway=receipt.gateway,
        method=Method.BANK_TRANSFER, amount=pledge.to_pay, offering_id=pledge.offering_id, pledge_id=pledge.id,
        reference=pledge.ref,
    )  # fmt: skip
    payments.found_at_gateway(tx, made.id)
    return made


def _send_back(tx: Transaction, receipt: Receipt) -> None:
    offering = offering_queries.offering(tx.session, receipt.offering_id)
    again = f":{receipt.came_back + 1}" if receipt.came_back else ""
    lost_on = _lost_on(tx.session, receipt)
    if lost_on is not None:
        _pay_owner(tx, receipt, offering, lost_on, again)
        return
    payments.instruct(
        tx, OpKind.REFUND, f"{_key(receipt)}{again}", gateway=receipt.gateway, amount=receipt.amount,
        offering_id=offering.id, instrument=Ref.read(receipt.source), reference=offering.ref,
    )  # fmt: skip


def _pay_owner(tx: Transaction, receipt: Receipt, offering: Offering, pledge: Pledge, again: str) -> None:
    """What came back of a loss goes to who had borne it; what no pledge wanted, to who had paid it."""
    if receipt.owner == PAYER:
        _pay_payer(tx, receipt, offering, pledge, again)
    elif receipt.owner == ISSUER:
        assert offering.gateway is not None  # what was lost was held for a public offering
        payments.instruct(
            tx, OpKind.TO_ISSUER, f"to_issuer:{receipt.key}{again}", gateway=offering.gateway, amount=receipt.amount,
            offering_id=offering.id, pledge_id=pledge.id, reference=offering.ref,
            document_sha256=_payee(tx.session, receipt),
        )  # fmt: skip
    else:
        paid = payment_queries.collection(tx.session, pledge.id)
        assert paid is not None  # what came back was paid
        payments.instruct(
            tx, OpKind.REFUND, f"{_key(receipt)}{again}", gateway=paid.gateway, amount=receipt.amount,
            offering_id=offering.id, pledge_id=pledge.id, about_id=paid.id, reference=pledge.ref,
        )  # fmt: skip
        tell(
            tx, pledge, offering, Message.REFUND_DUE, amount=receipt.amount, about=f"receipt:{receipt.entry_id}{again}"
        )
    tx.wake("carry_money")  # it may lie elsewhere than it leaves from


def _pay_payer(tx: Transaction, receipt: Receipt, offering: Offering, pledge: Pledge, again: str) -> None:
    """What was refused before is never sent again. Locks: instructions. Writes: instructions, audit."""
    account = _account(tx.session, receipt)
    assert account is not None and offering.gateway is not None  # see `_require`
    for row in payment_queries.of_pledge(tx.session, pledge.id):
        if f"{row.business_key}:".startswith(f"{_key(receipt)}:"):
            row = payments.lock(tx, row.id)
            if row.status == FAILED:
                payments.pay_otherwise(tx, row)
            elif row.may_be_repeated:
                refunds.take_back(tx, row)
    payments.instruct(
        tx, OpKind.PAY_BACK, f"{_key(receipt)}{again}", gateway=offering.gateway, amount=receipt.amount,
        offering_id=offering.id, pledge_id=pledge.id, payee_id=account.id, reference=pledge.ref,
    )  # fmt: skip


def returned(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to sending a receipt back, or paying it to the company whose it is. What comes back lies apart as
    before, and waits for a person again.

    Locks: offering (shared), instruction, accounts. Writes: instruction, entries, audit.
    """
    asked = payment_queries.instruction(tx.session, instruction_id)
    assert asked.offering_id is not None  # it came for an offering
    offering = offerings.share(tx, asked.offering_id)
    row = payments.lock(tx, instruction_id)
    payments.record(tx, row, outcome)
    collector = outcomes.collector(offering, row)
    for line in outcomes.not_booked(tx, row, outcome):
        proof = Evidence(f"{row.gateway}:{line.id}", row.id)
        if line.kind == TxnKind.REFUND:
            left = taken_back.away_from(tx.session, offering, row.gateway, row.amount)
            ledger.post(tx, entries.unidentified_funds_returned(offering.id, row.amount, proof, collector=left))
        elif line.kind == TxnKind.PAYOUT:
            ledger.post(tx, reversals.loss_repaid_to_issuer(offering.id, row.amount, proof))
        elif lines.is_price(line):
            taken_back.book_price(tx, offering, row, line)
        elif line.kind in (TxnKind.REFUND_FAILED, TxnKind.PAYOUT_FAILED):
            ledger.post(tx, entries.unidentified_funds_received(offering.id, line.amount, proof, collector=collector))


def not_paid(tx: Transaction, instruction_id: int, code: str) -> None:
    """The company is never paid so: what is its own lies apart as before, and waits for a person again.

    Locks: instruction. Writes: instruction, audit.
    """
    payments.fail(tx, payments.lock(tx, instruction_id), code)


def returned_by_hand(tx: Transaction, gateway: str, outcome: Outcome) -> bool:
    """Book that somebody sent a receipt back at the gateway itself. False: it is not exactly one that stands.

    Locks: accounts. Writes: entry.
    """
    if outcome.state != "succeeded" or len(outcome.evidence) != 1:
        return False
    line, paid = outcome.evidence[0], (gateway, str(outcome.about))
    for one in reconciliation.receipts(tx.session):
        if one.owner or ((one.gateway, one.source), one.amount) != (paid, line.gone):
            continue
        tx.one_at_a_time(f"receipt:{one.entry_id}")
        if reconciliation.receipt(tx.session, one.entry_id).is_dealt_with:
            return False
        offering = offering_queries.offering(tx.session, one.offering_id)
        collector = taken_back.away_from(tx.session, offering, gateway, line.gone)
        proof = Evidence(f"{gateway}:{line.id}", None)
        draft = entries.unidentified_funds_returned(offering.id, line.gone, proof, collector=collector)
        return ledger.post(tx, replace(draft, key=f"unidentified_funds_returned:{one.key}"))  # known by what it returns
    return False
