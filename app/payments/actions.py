"""Record what we ask, hand it out to be sent, record what became of it. Nothing here calls the outside world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import case, exists, select, update

from app.audit import actions as audit
from app.database import AT_ONCE, STATEMENT_BEGAN, Transaction, in_batches, insert_many
from app.errors import Mistake, Refused
from app.money import Money
from app.payments import lines, queries
from app.payments.lifecycle import ASKABLE, INSTRUCTION, QUEUED, REVIEW, SENDING
from app.payments.models import AMOUNT_DIFFERS, PAID_OTHERWISE, GatewayReading, Instruction
from app.payments.port import MONEY_IN, Method, MethodCaps, OpKind, Outcome, Ref
from app.payments.ways import returns_any_part
from app.regimes import platform_policy
from app.switches import queries as switches
from app.switches.models import Direction, Switch

#: Nobody else touches an instruction that was handed out for so long: the work of a process that died is taken over then,
#: and the timetable's next run, within half a minute. A call that takes longer meets a second one with the same key, and the
#: lock of the row: that is wasteful, and does no harm.
LEASE = timedelta(seconds=15)
#: How often we ask about one that is on its way, doubling up to the longest.
FIRST_ASK = timedelta(seconds=5)
LONGEST_ASK = timedelta(minutes=10)


def instruct(
    tx: Transaction,
    kind: OpKind,
    business_key: str,
    *,
    gateway: str,
    amount: Money,
    reference: str,
    offering_id: int | None = None,
    investor_id: int | None = None,
    payee_id: int | None = None,
    pledge_id: int | None = None,
    closing_id: int | None = None,
    about_id: int | None = None,
    document_sha256: str | None = None,
    method: Method | None = None,
    instrument: Ref | None = None,
    refused_funding: Sequence[str] = (),
    caps: MethodCaps | None = None,
    to_gateway: str | None = None,
) -> Instruction:
    """Record what the gateway is to do, for an offering or for an investor's cash account; the same business act again is
    the same instruction. `caps`: of the way to pay that a collection goes by.

    Writes: instruction, audit. Wakes: send_payments.
    """
    known = tx.session.scalars(select(Instruction).where(Instruction.business_key == business_key)).one_or_none()
    if known is not None:
        return known
    instruction = Instruction(
        kind=kind, gateway=gateway, business_key=business_key, generation=1, status=QUEUED, offering_id=offering_id,
        investor_id=investor_id, payee_id=payee_id, pledge_id=pledge_id, closing_id=closing_id, about_id=about_id,
        amount_minor=amount.minor, currency=amount.currency, reference=reference, document_sha256=document_sha256,
        method=method, instrument=None if instrument is None else str(instrument), refused_funding=list(refused_funding),
        to_gateway=to_gateway, created_at=tx.now, next_attempt_at=tx.wall_now, attempts=0,
    )  # fmt: skip
    if kind == OpKind.REFUND and about_id is not None:
        instruction.waits_until = queries.earliest_refunds(tx.session, [about_id], tx.now).get(about_id)
    if caps is not None:
        _keep(instruction, caps)
    tx.session.add(instruction)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, instruction, "instruct", kind=kind.value, amount=amount)
    tx.wake("send_payments")
    return instruction


def _keep(collection: Instruction, caps: MethodCaps) -> None:
    """What its way to pay could do when it was chosen, for as long as the payment lasts."""
    collection.clearing_hold = caps.clearing_hold or None
    collection.refund_not_before = caps.refund_not_before or None
    collection.reversible_for = caps.reversible_for
    collection.refunds_whole = not returns_any_part(caps)


@dataclass(frozen=True, slots=True)
class Refund:
    """What goes back to a pledge's investor: `about_id` is the collection that it came by."""

    pledge_id: int
    about_id: int
    gateway: str
    business_key: str
    amount: Money
    reference: str
    #: `CASH_ACCOUNT` where it goes into the investor's cash account.
    method: Method | None = None


def instruct_refunds(tx: Transaction, offering_id: int, refunds: Sequence[Refund]) -> None:
    """Record many refunds of one offering as `instruct` does one. Writes: instructions, audit. Wakes: send_payments."""
    for batch in in_batches(refunds):
        by_key = {one.business_key: one for one in batch}
        earliest = queries.earliest_refunds(tx.session, [one.about_id for one in batch], tx.now)
        rows = [
            {
                "op_id": uuid4(), "kind": OpKind.REFUND, "gateway": one.gateway, "business_key": one.business_key,
                "generation": 1, "status": QUEUED, "offering_id": offering_id, "pledge_id": one.pledge_id,
                "about_id": one.about_id, "waits_until": earliest.get(one.about_id), "method": one.method,
                "amount_minor": one.amount.minor, "currency": one.amount.currency, "reference": one.reference,
                "created_at": tx.now, "next_attempt_at": tx.wall_now, "attempts": 0,
            }
            for one in by_key.values()
        ]  # fmt: skip
        made = insert_many(tx.session, Instruction, rows, once=True, returning=("id", "business_key"))
        born = {row.id: {"kind": "refund", "amount": by_key[row.business_key].amount} for row in made}
        audit.begin_many(tx, Instruction.__tablename__, "instruct", QUEUED, born)
    tx.wake("send_payments")


@dataclass(frozen=True, slots=True)
class Due:
    """One instruction handed out, as plain values: the call happens outside every transaction.

    `only_ask`: it was sent before and answered; only its state is wanted. `may_have_been_sent`: somebody tried before
    and did not live to tell: look for it before sending. `key_age`: how long ago its key was first sent; when the gateway
    may have forgotten that, it is looked for but never sent again. `about_op` and `about_ref` name the collection that a refund or a
    cancellation is about.
    """

    id: int
    kind: OpKind
    gateway: str
    op_id: UUID
    generation: int
    amount: Money
    offering_id: int | None
    investor_id: int | None
    payee_id: int | None
    closing_id: int | None
    reference: str
    ref: Ref | None
    only_ask: bool
    may_have_been_sent: bool
    key_age: timedelta
    first_sent_at: datetime | None
    about_op: tuple[UUID, int] | None
    about_ref: Ref | None
    document_sha256: str | None
    method: Method | None
    instrument: Ref | None
    pledge_id: int | None
    refused_funding: tuple[str, ...]
    to_gateway: str | None
    attempts: int


def lease(tx: Transaction, limit: int) -> list[Due]:
    """Hand out what is due: to be sent, or to be asked about. Several workers never get the same one.

    What an operator has switched off is not handed out, nor a refund that its gateway does not make yet, nor what goes to
    a gateway whose own lines were not read for so long that this may be a restored database, or not since a standby became
    this one. Locks: instructions (skipping locked ones). Writes: instruction.
    """
    waiting = (QUEUED, SENDING, *ASKABLE)
    direction = case(
        (Instruction.kind.in_(MONEY_IN), Direction.IN.value), (Instruction.kind != OpKind.CANCEL, Direction.OUT.value)
    )
    covered = switches.covering(Instruction.gateway, direction, Instruction.offering_id, Instruction.pledge_id)
    unread = tx.wall_now - platform_policy.reconciling(tx.now).stale_after
    _end_waits(tx)
    rows = tx.session.scalars(
        select(Instruction)
        .where(
            Instruction.status.in_(waiting),
            Instruction.waits_until.is_(None),
            Instruction.next_attempt_at <= STATEMENT_BEGAN,
            ~exists().where(covered).select_from(Switch),
            ~exists().where(GatewayReading.gateway == Instruction.gateway, GatewayReading.is_too_old(unread)),
        )
        .order_by(Instruction.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return [_hand_out(tx, row) for row in rows]


def _end_waits(tx: Transaction) -> None:
    """What waited for its day is like everything else from then on: until then no run looks at it. Writes: instructions."""
    due = (
        select(Instruction.id).where(Instruction.waits_until <= tx.now).order_by(Instruction.waits_until).limit(AT_ONCE)
    )
    ids = tx.session.scalars(due.with_for_update(skip_locked=True)).all()
    if ids:
        ended = update(Instruction).where(Instruction.id.in_(ids)).values(waits_until=None)
        tx.session.execute(ended, execution_options={"synchronize_session": False})


def _hand_out(tx: Transaction, row: Instruction) -> Due:
    only_ask = row.status in ASKABLE and row.provider_ref is not None
    may_have_been_sent = row.first_sent_at is not None
    if not only_ask:
        if row.status != SENDING:
            audit.transition(tx, row, "send", attempt=row.attempts + 1)
        row.first_sent_at = row.first_sent_at or tx.wall_now
    row.attempts += 1
    row.next_attempt_at = tx.wall_now + (_backoff(row.attempts) if only_ask else LEASE)
    about = tx.session.get(Instruction, row.about_id) if row.about_id is not None else None
    return Due(
        id=row.id,
        kind=OpKind(row.kind),
        gateway=row.gateway,
        op_id=row.op_id,
        generation=row.generation,
        amount=row.amount,
        offering_id=row.offering_id,
        investor_id=row.investor_id,
        payee_id=row.payee_id,
        closing_id=row.closing_id,
        reference=row.reference,
        ref=row.ref(),
        only_ask=only_ask,
        may_have_been_sent=may_have_been_sent,
        key_age=timedelta(0) if row.first_sent_at is None else tx.wall_now - row.first_sent_at,
        first_sent_at=row.first_sent_at,
        about_op=(about.op_id, about.generation) if about else None,
        about_ref=about.ref() if about else None,
        document_sha256=row.document_sha256,
        method=None if row.method is None else Method(row.method),
        instrument=None if row.instrument is None else Ref.read(row.instrument),
        pledge_id=row.pledge_id,
        refused_funding=tuple(row.refused_funding),
        to_gateway=row.to_gateway,
        attempts=row.attempts,
    )


def _backoff(attempts: int) -> timedelta:
    return min(FIRST_ASK * int(2 ** min(attempts, 20)), LONGEST_ASK)


def lock(tx: Transaction, instruction_id: int) -> Instruction:
    """Take one instruction. Locks: instruction, after the pledge or closing it is for."""
    return tx.session.scalars(
        select(Instruction)
        .where(Instruction.id == instruction_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def put_back(tx: Transaction, due: Due, code: str) -> None:
    """This attempt was proven not executed: send it again later. Locks: instruction. Writes: instruction, audit."""
    row = lock(tx, due.id)
    if row.status != SENDING or row.attempts != due.attempts:
        return  # somebody else has it by now
    audit.transition(tx, row, "put_back", code=code)
    row.next_attempt_at = tx.wall_now + _backoff(row.attempts)
    if not due.may_have_been_sent:
        row.first_sent_at = None  # no attempt has reached the gateway: it can still be withdrawn, and no key grows old


def lose_sight(tx: Transaction, instruction_id: int, code: str) -> None:
    """We do not know whether it was executed: it is never called failed. Locks: instruction. Writes: instruction, audit."""
    row = lock(tx, instruction_id)
    if row.status == SENDING:
        audit.transition(tx, row, "lose_sight", code=code)
    row.next_attempt_at = tx.wall_now + _backoff(row.attempts)


def call_a_person(tx: Transaction, instruction_id: int, code: str) -> None:
    """Stop: only a person can say what to do. Locks: instruction. Writes: instruction, audit."""
    row = lock(tx, instruction_id)
    if INSTRUCTION.allows(row.status, "call_a_person"):
        audit.transition(tx, row, "call_a_person", why=code)
        row.code = code


def pay_otherwise(tx: Transaction, row: Instruction) -> None:
    """Another way is taken for a locked one that failed: it is never repeated. Writes: instruction, audit."""
    before, row.code = row.code, PAID_OTHERWISE
    audit.record(tx, "pay_otherwise", "instructions", row.id, after=before)


def try_again(tx: Transaction, op_id: UUID) -> None:
    """Send anew, with a new key, what the gateway did not do; a person has looked.

    Raises Refused("not_to_be_repeated") unless money that is owed waits for it and nothing was made of the last try.
    Locks: instruction. Writes: instruction, audit. Wakes: send_payments.
    """
    row = lock(tx, queries.by_op(tx.session, op_id).id)
    if not row.may_be_repeated:
        raise Refused("not_to_be_repeated", machine="instruction", status=row.status)
    audit.transition(tx, row, "try_again", after=row.code)
    row.generation += 1
    row.provider_ref = row.code = row.first_sent_at = None
    row.attempts, row.next_attempt_at = 0, tx.wall_now
    tx.wake("send_payments")


def give_up(tx: Transaction, instruction: Instruction) -> None:
    """Follow a locked one no longer, of which nothing is wanted any more: a way to pay that was to be kept, or money that was
    awaited and went back to where it had left, or that nobody sends. Writes: instruction, audit.
    """
    if instruction.kind not in (OpKind.SETUP, OpKind.ARRIVAL, OpKind.DEPOSIT):
        raise Mistake(f"instruction {instruction.id} may move money")
    if INSTRUCTION.allows(instruction.status, "cancel"):
        audit.transition(tx, instruction, "cancel", why="not_wanted")


def withdraw(tx: Transaction, instruction: Instruction) -> bool:
    """Take back one that was never sent; False when it is too late for that. Writes: instruction, audit."""
    if instruction.status != QUEUED or instruction.first_sent_at is not None:
        return False
    audit.transition(tx, instruction, "cancel", why="never_sent")
    return True


def fail(tx: Transaction, row: Instruction, code: str) -> bool:
    """The gateway refused a locked instruction for good, before anything was made; False when it is over already.

    A request to stop it has nothing left to stop. Locks: that request. Writes: instructions, audit.
    """
    if not INSTRUCTION.allows(row.status, "fail"):
        return False
    audit.transition(tx, row, "fail", code=code)
    row.code = code
    about_it = select(Instruction.id).where(Instruction.about_id == row.id, Instruction.kind == OpKind.CANCEL)
    for request_id in tx.session.scalars(about_it).all():
        request = lock(tx, request_id)
        if INSTRUCTION.allows(request.status, "cancel"):
            audit.transition(tx, request, "cancel", why="nothing_to_stop")
    return True


#: What the gateway says -> the move of the instruction.
_MOVES = {
    "action_required": "need_action",
    "pending": "wait",
    "succeeded": "succeed",
    "failed": "fail",
    "cancelled": "cancel",
}


def record(tx: Transaction, row: Instruction, outcome: Outcome) -> bool:
    """Write what became of a locked instruction; return whether its status changed.

    Success counts only with evidence, and only for exactly what we asked: another amount or currency goes to a person.
    What keeps a way to pay moves no money: there the instrument is the evidence.
    Writes: instruction, gateway transactions, audit.
    """
    row.provider_ref = str(outcome.ref)
    lines.keep(tx, row.gateway, outcome.evidence)
    if outcome.evidence and row.paid_at is None:
        row.paid_at = outcome.evidence[0].created_at
    event = _MOVES[outcome.state]
    keeps = row.kind == OpKind.SETUP
    if event == "succeed" and not (outcome.instrument if keeps else outcome.evidence):
        event = "wait"
    if outcome.state == "succeeded" and outcome.amount != row.amount and not keeps:
        event = "call_a_person"
    if not INSTRUCTION.allows(row.status, event):
        return False
    audit.transition(tx, row, event, code=outcome.code, ref=row.provider_ref)
    row.url, row.code = outcome.url, outcome.code
    if event == "call_a_person":
        row.code = AMOUNT_DIFFERS
    return True


def record_cancellation(tx: Transaction, row: Instruction, outcome: Outcome) -> None:
    """Write what became of a locked request to cancel; `outcome` is that of the payment. Writes: instruction, audit."""
    if row.kind != OpKind.CANCEL:
        raise Mistake(f"instruction {row.id} is no cancellation")
    row.provider_ref = str(outcome.ref)
    event = "succeed" if outcome.state in ("cancelled", "failed") else "fail"
    if INSTRUCTION.allows(row.status, event):
        audit.transition(tx, row, event, payment=outcome.state)
        row.code = None if event == "succeed" else f"payment_{outcome.state}"


def found_at_gateway(tx: Transaction, instruction_id: int) -> None:
    """The gateway did what we do not know to have sent, as after a restore: it counts as sent from now on. So does what a
    person was called to, and did there under our mark, or found done. Locks: instruction. Writes: instruction, audit.
    """
    row = lock(tx, instruction_id)
    if row.status == REVIEW and row.may_be_repeated:
        audit.transition(tx, row, "try_again", why="found_at_gateway")
        tx.session.flush()  # the database knows no shorter way
    if row.status == QUEUED:
        audit.transition(tx, row, "send", why="found_at_gateway")
        row.first_sent_at = row.first_sent_at or tx.wall_now
