"""How a top-up gets from the collector that took it to the custodian, and back again when a bank took it back; what the platform
pays in for it.

Each is carried by itself: free is only what the custodian has, so that nobody ever uses somebody else's money.
"""

from __future__ import annotations

from app.cash import queries
from app.cash.messages import tell
from app.database import Transaction
from app.investors import actions as investors
from app.investors.models import Investor
from app.ledger import actions as ledger
from app.ledger import cash_accounts, entries
from app.ledger import queries as books
from app.ledger.draft import Draft, Evidence
from app.money import Money
from app.notifications.catalog import Message
from app.payments import actions as payments
from app.payments import carrying
from app.payments import queries as payment_queries
from app.payments.lifecycle import CANCELLED, FAILED, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import OpKind, Outcome, Txn, TxnKind
from app.reconciliation.queries import PaidTwice

TAKEN_BACK = "cash_debit_returned"


def carry(tx: Transaction, top_up_id: int) -> bool:
    """Have the collector of a top-up send to the custodian what is left of it; False: it was taken back, is apart, or was sent.

    What came back is an act of its own when it is sent again, with a name of its own, so that nobody takes it for the first.
    What came back as often as the policy lets it waits for a person, who has it sent. Locks: investor, instructions.
    Writes: instruction, audit.
    """
    _, row = take(tx, top_up_id)
    kinds, before = books.kinds_of(tx.session, row.id), _sent(tx, row)
    if "cash_collected" not in kinds or TAKEN_BACK in kinds or not _are_back(tx, before):
        return False
    number = f"{len(before) + 1}" if before else ""
    asked = payments.instruct(
        tx, OpKind.TO_CUSTODY, ":".join(filter(None, (f"to_custody:cash_in:{row.id}", number))), gateway=row.gateway,
        to_gateway=row.to_gateway, amount=queries.with_collector(tx.session, row),
        investor_id=row.investor_id, about_id=row.id, reference="-".join(filter(None, (row.reference, number))),
    )  # fmt: skip
    carrying.bound(tx, asked, sum(one.status != CANCELLED for one in before))
    return True


def carry_back(tx: Transaction, sent_id: int) -> bool:
    """Have the custodian send to a collector once more what came back from there; False: it is not back, or was sent again.

    It is bounded and named as what a collector sends is, each of them about the one before. Locks: investor, instructions.
    Writes: instruction, audit.
    """
    _, sent = take(tx, sent_id)
    is_repeated = any(one.kind == OpKind.FROM_CUSTODY for one in payment_queries.about(tx.session, sent.id))
    if is_repeated or sent.status == CANCELLED or not carrying.is_back(tx.session, sent):
        return False
    first, times = sent, 1
    while (before := _about(tx, first)).kind == OpKind.FROM_CUSTODY:
        first, times = before, times + 1
    asked = payments.instruct(
        tx, OpKind.FROM_CUSTODY, f"from_custody:again:{sent.id}", gateway=sent.gateway, to_gateway=sent.to_gateway,
        amount=sent.amount, investor_id=sent.investor_id, about_id=sent.id, reference=f"{first.reference}-{times + 1}",
    )  # fmt: skip
    carrying.bound(tx, asked, times)
    return True


def _about(tx: Transaction, row: Instruction) -> Instruction:
    """What was carried, sent back, or waited for by this one."""
    assert row.about_id is not None  # whatever is carried is about something
    return payment_queries.instruction(tx.session, row.about_id)


def _are_back(tx: Transaction, sent: list[Instruction]) -> bool:
    return all(carrying.is_back(tx.session, one) for one in sent)


def _stay(tx: Transaction, sent: list[Instruction]) -> bool:
    """See that none of these leaves; False: one may be on its way, or there. Writes: instructions, audit."""
    return all(carrying.is_back(tx.session, one) or carrying.withdraw(tx, one) for one in sent)


def _sent(tx: Transaction, top_up: Instruction) -> list[Instruction]:
    """What was asked to carry a locked top-up, oldest first. Locks: these."""
    about = sorted(one.id for one in payment_queries.about(tx.session, top_up.id) if one.kind == OpKind.TO_CUSTODY)
    return [payments.lock(tx, id_) for id_ in about]


def fill_up(tx: Transaction, top_up: Instruction) -> None:
    """Have the custodian send to the collector of a locked top-up what that one lacks, since a bank took the money back there.

    What was not sent yet stays there; what is on its way comes back when it has arrived. Locks: instruction.
    Writes: instructions, audit.
    """
    stays = _stay(tx, _sent(tx, top_up))
    if not stays and not queries.has_arrived(tx.session, top_up):
        return
    net = payment_queries.net_of(tx.session, top_up, (TxnKind.RETURN, TxnKind.DISPUTE))
    if stays:
        net += queries.with_collector(tx.session, top_up)
    if net.minor < 0:
        assert top_up.to_gateway is not None  # it is with a collector
        payments.instruct(
            tx, OpKind.FROM_CUSTODY, f"from_custody:cash_in:{top_up.id}", gateway=top_up.to_gateway,
            to_gateway=top_up.gateway, amount=Money(-net.minor, net.currency), investor_id=top_up.investor_id,
            about_id=top_up.id, reference=f"{top_up.reference}-B",
        )  # fmt: skip


def carried(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to whatever carries a top-up: it was sent, it arrived, it came back. Each line counts once; one that is
    no such money stays open. What came back is over: the job carries it again, unless a bank took it.

    Locks: investor, instructions, accounts. Writes: instructions, entries, message, audit.
    """
    investor, row = take(tx, instruction_id)
    is_new = payments.record(tx, row, outcome)
    if row.status not in (SUCCEEDED, FAILED):
        return
    for line in outcome.evidence:
        proof = Evidence(f"{row.gateway}:{line.id}", row.id)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if carrying.is_price(row, line):
            _price(tx, row, line, proof)
        elif carrying.moves(row, line):
            is_new = True
            _moved(tx, investor, row, line, proof)
    if is_new and row.kind in carrying.GONE and carrying.came_back(tx, row) and row.kind == OpKind.TO_CUSTODY:
        top_up = _about(tx, row)
        if TAKEN_BACK in books.kinds_of(tx.session, top_up.id):
            fill_up(tx, payments.lock(tx, top_up.id))


def _moved(tx: Transaction, investor: Investor, row: Instruction, line: Txn, proof: Evidence) -> None:
    if row.kind == OpKind.ARRIVAL:
        _arrived(tx, investor, row, proof)
    elif line.kind == TxnKind.PAYOUT_FAILED:
        ledger.post(tx, _back(row, proof))
    else:
        ledger.post(tx, _gone(row, proof))
        assert row.to_gateway is not None  # what is carried is carried somewhere
        payments.instruct(
            tx, OpKind.ARRIVAL, f"arrival:{row.id}", gateway=row.to_gateway, amount=row.amount,
            investor_id=row.investor_id, reference=row.reference, about_id=row.id,
        )  # fmt: skip


def _price(tx: Transaction, row: Instruction, line: Txn, proof: Evidence) -> None:
    """What a gateway took for sending it is paid in; at a collector it is missing, whatever becomes of the top-up."""
    collector = row.gateway if row.kind == OpKind.TO_CUSTODY else ""
    ledger.post(tx, cash_accounts.gateway_price_taken(line.gone, proof, gateway=row.gateway, collector=collector))
    if collector:
        let_platform_pay_whole(tx, _about(tx, row), proof.transaction, line.gone)
    else:
        let_platform_pay_at(tx, row, row.gateway, proof.transaction, line.gone)


def _gone(row: Instruction, proof: Evidence) -> Draft:
    if row.kind == OpKind.TO_CUSTODY:
        return entries.custody_transfer_sent(0, row.gateway, row.amount, proof)
    return cash_accounts.cash_sent_back(row.amount, proof, gateway=row.gateway)


def _back(row: Instruction, proof: Evidence) -> Draft:
    """It is where it was."""
    if row.kind == OpKind.TO_CUSTODY:
        return entries.custody_return_received(0, row.gateway, row.amount, proof)
    return cash_accounts.cash_arrived(
        row.investor_id or 0, Money.zero(row.currency), row.amount, proof, gateway=row.gateway
    )


def _arrived(tx: Transaction, investor: Investor, row: Instruction, proof: Evidence) -> None:
    assert row.about_id is not None  # it was sent
    sent = payment_queries.instruction(tx.session, row.about_id)
    if sent.kind == OpKind.FROM_CUSTODY:
        ledger.post(tx, entries.custody_return_received(0, row.gateway, row.amount, proof))
        return
    assert sent.about_id is not None  # it was a top-up
    top_up = payment_queries.instruction(tx.session, sent.about_id)
    lost = TAKEN_BACK in books.kinds_of(tx.session, top_up.id)
    free = Money.zero(top_up.currency) if lost else top_up.amount
    ledger.post(tx, cash_accounts.cash_arrived(investor.id, free, row.amount, proof, gateway=row.gateway))
    if lost:
        fill_up(tx, top_up)
    else:
        tell(tx, investor, top_up, Message.CASH_PAID_IN)


def let_platform_pay(tx: Transaction, top_up: Instruction, line: str, owed: Money) -> None:
    """What the platform owes to investors' cash by a line ("gateway:id") it pays in at once. Writes: instruction, audit."""
    let_platform_pay_at(tx, top_up, top_up.to_gateway or top_up.gateway, line, owed)


def let_platform_pay_at(tx: Transaction, row: Instruction, custodian: str, line: str, owed: Money) -> None:
    """The same for whatever the line stands behind. Writes: instruction, audit."""
    if owed:
        payments.instruct(
            tx, OpKind.TOP_UP, f"top_up:cash:{line}", gateway=custodian, amount=owed, investor_id=row.investor_id,
            about_id=row.id, reference=row.reference,
        )  # fmt: skip


def let_platform_pay_whole(tx: Transaction, top_up: Instruction, line: str, price: Money) -> None:
    """The same for money that goes back whole: its collector lacks what it kept, so the custodian sends that on to it.

    Writes: instructions, audit.
    """
    let_platform_pay(tx, top_up, line, price)
    if price and top_up.to_gateway is not None:
        payments.instruct(
            tx, OpKind.FROM_CUSTODY, queries.sent_on_key(line), gateway=top_up.to_gateway, to_gateway=top_up.gateway,
            amount=price, investor_id=top_up.investor_id, about_id=top_up.id, reference=f"{top_up.reference}-P",
        )  # fmt: skip


def let_platform_pay_price(tx: Transaction, row: Instruction, line: str, price: Money) -> None:
    """The same for what a gateway took by a line of its own, behind a locked top-up or withdrawal. Of what is still to be carried
    the collector sends so much less; of what it sent or gives back, or has not got, all of it is missing there.

    Locks: instructions. Writes: instructions, audit.
    """
    kinds = books.kinds_of(tx.session, row.id)
    is_coming = "cash_collected" in kinds and TAKEN_BACK not in kinds
    is_enough = queries.with_collector(tx.session, row).minor > 0
    if is_coming and is_enough and _stay(tx, _sent(tx, row)):
        let_platform_pay(tx, row, line, price)
    else:
        let_platform_pay_whole(tx, row, line, price)


def give_back_twice(tx: Transaction, found: PaidTwice) -> None:
    """Send back what came a second time for a top-up and was booked apart. Locks: investor, instruction.

    Writes: instructions, audit.
    """
    _, row = take(tx, found.instruction_id)
    payments.instruct(
        tx, OpKind.REFUND, f"refund:unidentified:{found.key}", gateway=row.gateway, amount=found.amount,
        investor_id=row.investor_id, about_id=row.id, instrument=found.payment, reference=row.reference,
        to_gateway=row.to_gateway,
    )  # fmt: skip
    let_platform_pay_whole(tx, row, found.key, found.fee)


def take(tx: Transaction, instruction_id: int) -> tuple[Investor, Instruction]:
    """The investor first, as whoever takes cash out does. Locks: investor, instruction."""
    investor_id = payment_queries.instruction(tx.session, instruction_id).investor_id
    assert investor_id is not None  # it is about a cash account
    return investors.lock(tx, investor_id), payments.lock(tx, instruction_id)
