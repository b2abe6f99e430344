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
from app.payments import queries as payment_queries
from app.payments.lifecycle import CANCELLED, FAILED, REVIEW, SUCCEEDED
from app.payments.models import KEY_FORGOTTEN, PAID_OTHERWISE, Instruction
from app.payments.port import OpKind, Outcome, Txn, TxnKind
from app.reconciliation.queries import PaidTwice
from app.regimes import platform_policy

TAKEN_BACK = "cash_debit_returned"
#: The `code` of what came back from the custodian too often to be sent there by itself.
CAME_BACK = "came_back"


def carry(tx: Transaction, top_up_id: int) -> bool:
    """Have the collector of a top-up send to the custodian what is left of it; False: it was taken back, is apart, or was sent.

    What came back is an act of its own when it is sent again, with a name of its own, so that nobody takes it for the first.
    What came back as often as the policy lets it waits for a person, who has it sent. Locks: investor, instructions.
    Writes: instruction, audit.
    """
    _, row = take(tx, top_up_id)
    kinds, before = books.kinds_of(tx.session, row.id), _sent(tx, row)
    if "cash_collected" not in kinds or TAKEN_BACK in kinds or not all(_is_back(tx, one) for one in before):
        return False
    number = f"{len(before) + 1}" if before else ""
    asked = payments.instruct(
        tx, OpKind.TO_CUSTODY, ":".join(filter(None, (f"to_custody:cash_in:{row.id}", number))), gateway=row.gateway,
        to_gateway=row.to_gateway, amount=queries.with_collector(tx.session, row),
        investor_id=row.investor_id, about_id=row.id, reference="-".join(filter(None, (row.reference, number))),
    )  # fmt: skip
    times = sum(one.status != CANCELLED for one in before)
    if times >= platform_policy.cash_accounts(tx.now)["carry_times"]:
        payments.call_a_person(tx, asked.id, CAME_BACK)
    return True


def _sent(tx: Transaction, top_up: Instruction) -> list[Instruction]:
    """What was asked to carry a locked top-up, oldest first. Locks: these."""
    about = sorted(one.id for one in payment_queries.about(tx.session, top_up.id) if one.kind == OpKind.TO_CUSTODY)
    return [payments.lock(tx, id_) for id_ in about]


def _is_back(tx: Transaction, sent: Instruction) -> bool:
    """Whether the collector has it, and this one is never sent again."""
    if sent.status == FAILED:
        return sent.code == PAID_OTHERWISE
    kinds = books.kinds_of(tx.session, sent.id)
    came_back = kinds["custody_transfer_sent"] == kinds["custody_return_received"]
    return sent.status == CANCELLED or (sent.status == SUCCEEDED and came_back)


def _withdraw(tx: Transaction, sent: Instruction) -> bool:
    """Take back what waits to be sent, for a person too; False: it may be on its way. Writes: instruction, audit."""
    if sent.status == REVIEW and sent.may_be_repeated and sent.code != KEY_FORGOTTEN:
        payments.try_again(tx, sent.op_id)
        tx.session.flush()  # the database knows no shorter way
    return payments.withdraw(tx, sent)


def fill_up(tx: Transaction, top_up: Instruction) -> None:
    """Have the custodian send to the collector of a locked top-up what that one lacks, since a bank took the money back there.

    What was not sent yet stays there; what is on its way comes back when it has arrived. Locks: instruction.
    Writes: instructions, audit.
    """
    stays = all(_is_back(tx, one) or _withdraw(tx, one) for one in _sent(tx, top_up))
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
    """Take the answer to whatever carries a top-up: it was sent, it arrived, it came back. Each line counts once.

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
        is_new = True
        if line.kind == TxnKind.FEE:
            _price(tx, row, line, proof)
        elif row.kind == OpKind.ARRIVAL:
            _arrived(tx, investor, row, proof)
        elif line.kind == TxnKind.PAYOUT_FAILED:
            ledger.post(tx, _back(row, proof))
            for waiting in payment_queries.about(tx.session, row.id):
                _wait_no_longer(tx, row, payments.lock(tx, waiting.id))
        else:
            ledger.post(tx, _gone(row, proof))
            assert row.to_gateway is not None  # what is carried is carried somewhere
            payments.instruct(
                tx, OpKind.ARRIVAL, f"arrival:{row.id}", gateway=row.to_gateway, amount=row.amount,
                investor_id=row.investor_id, reference=row.reference, about_id=row.id,
            )  # fmt: skip

    if is_new and row.kind == OpKind.TO_CUSTODY:
        _came_back(tx, row)


def _price(tx: Transaction, row: Instruction, line: Txn, proof: Evidence) -> None:
    """A gateway took its price for sending as a line of its own. One for receiving is shown to a person: to make that good, too,
    might cost the same again and again.
    """
    if row.kind == OpKind.ARRIVAL or line.amount.minor >= 0:
        return
    assert row.about_id is not None  # it was a top-up
    top_up = payment_queries.instruction(tx.session, row.about_id)
    collector = row.gateway if row.kind == OpKind.TO_CUSTODY else ""
    ledger.post(tx, cash_accounts.gateway_price_taken(line.gone, proof, gateway=row.gateway, collector=collector))
    (let_platform_pay_whole if collector else let_platform_pay)(tx, top_up, proof.transaction, line.gone)


def _wait_no_longer(tx: Transaction, sent: Instruction, waiting: Instruction) -> None:
    """What came back does not arrive. To the custodian it is sent again; why it did not get to a collector a person finds out.

    Writes: instruction, audit.
    """
    if sent.kind == OpKind.FROM_CUSTODY:
        payments.call_a_person(tx, waiting.id, "never_arrives")
        return
    if waiting.may_be_repeated:
        payments.try_again(tx, waiting.op_id)
        tx.session.flush()  # the database knows no shorter way
    payments.give_up(tx, waiting)


def _came_back(tx: Transaction, sent: Instruction) -> None:
    """If the collector has again what it was to send, this one is over. The job carries it again, unless a bank took it back.

    Locks: instructions. Writes: instructions, audit.
    """
    kinds = books.kinds_of(tx.session, sent.id)
    if kinds["custody_transfer_sent"] != kinds["custody_return_received"]:
        return
    if sent.status == FAILED:
        payments.pay_otherwise(tx, sent)
    assert sent.about_id is not None  # it was a top-up
    if TAKEN_BACK in books.kinds_of(tx.session, sent.about_id):
        fill_up(tx, payments.lock(tx, sent.about_id))


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
    if owed:
        payments.instruct(
            tx, OpKind.TOP_UP, f"top_up:cash:{line}", gateway=top_up.to_gateway or top_up.gateway, amount=owed,
            investor_id=top_up.investor_id, about_id=top_up.id, reference=top_up.reference,
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
    if is_coming and is_enough and all(_is_back(tx, one) or _withdraw(tx, one) for one in _sent(tx, row)):
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
