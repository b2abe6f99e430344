"""What an investor does with their cash: top up, take out, say where it may be paid to and where refunds go."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.audit import actions as audit
from app.cash import queries
from app.cash.messages import tell, whom
from app.cash.models import BankAccount, CashChoice
from app.database import Transaction, new_reference
from app.errors import NotFound, Refused
from app.identity import queries as identity
from app.investors import actions as investors
from app.investors import queries as investor_queries
from app.investors.models import Investor
from app.ledger import actions as ledger
from app.ledger import cash_accounts
from app.ledger.queries import Idle
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.lifecycle import ACTION_REQUIRED
from app.payments.models import AMOUNT_DIFFERS, DEALT_WITH, Instruction
from app.payments.port import OpKind
from app.payments.ways import PaymentWay
from app.regimes import platform_policy
from app.screening import actions as screening
from app.screening import queries as screening_queries
from app.vault import Vault

SHORTEST_NUMBER, LONGEST_NUMBER = 5, 34  # ISO 13616: the longest IBAN


def top_up(
    tx: Transaction, investor_id: int, *, amount: Money, way: PaymentWay, form_key: uuid.UUID, custodian: str
) -> Instruction:
    """Ask for money into the cash account; the same form again is the same top-up.

    What another gateway than the custodian takes is carried there, and free when it has arrived (`carrying.py`).

    Nothing is paid on credit from a cash account that could not be paid on credit without it: the gateway is asked to
    decline that. Raises Refused: "cash_too_little", "cash_too_much", "unknown_currency", "form_used",
    "details_being_checked". Locks: investor. Writes: instruction, audit.
    """
    investor = investors.lock(tx, investor_id)
    key = f"cash_in:{form_key}"
    if (known := payment_queries.by_key(tx.session, key)) is not None:
        return _same(known, investor, amount)
    _require_no_hold(tx, investor)
    least, most = _limits(tx, amount.currency)
    if amount < least or amount.minor < way.caps.smallest_minor:
        raise Refused(
            "cash_too_little", field="amount", least=max(least, Money(way.caps.smallest_minor, amount.currency))
        )
    if amount > most or amount.minor > way.caps.largest_minor:
        raise Refused("cash_too_much", field="amount", most=min(most, Money(way.caps.largest_minor, amount.currency)))
    return payments.instruct(
        tx, OpKind.COLLECT, key, gateway=way.gateway, method=way.method, amount=amount, investor_id=investor.id,
        reference=new_reference("T"), refused_funding=platform_policy.credit_kinds(tx.now), caps=way.caps,
        to_gateway=None if way.gateway == custodian else custodian,
    )  # fmt: skip


def withdraw(tx: Transaction, investor_id: int, *, amount: Money, form_key: uuid.UUID, gateway: str) -> Instruction:
    """Pay free cash to the investor's own bank account; the same form again is the same withdrawal.

    `gateway` is the custodian. Raises Refused: "bank_account_missing", "bank_account_frozen", "cash_too_little" (unless
    it is everything), "cash_not_enough", "unknown_currency", "form_used", "details_being_checked".
    Locks: investor, accounts. Writes: instruction, entry, audit.
    """
    investor = investors.lock(tx, investor_id)
    key = f"cash_out:{form_key}"
    if (known := payment_queries.by_key(tx.session, key)) is not None:
        return _same(known, investor, amount)
    _require_no_hold(tx, investor)
    account = queries.bank_account(tx.session, investor.id)
    if account is None:
        raise Refused("bank_account_missing")
    if tx.now < account.usable_from:
        zone = identity.user(tx.session, investor.user_id).timezone
        raise Refused("bank_account_frozen", until=account.usable_from, zone=zone)
    least, _ = _limits(tx, amount.currency)
    free = queries.balance(tx.session, investor.id, amount.currency).free
    if amount < least and amount != free:
        raise Refused("cash_too_little", field="amount", least=least)
    require_free(free, amount, field="amount")
    asked = payments.instruct(
        tx, OpKind.PAY_BACK, key, gateway=gateway, amount=amount, investor_id=investor.id, payee_id=account.id,
        reference=new_reference("W"),
    )  # fmt: skip
    reserve(tx, investor.id, asked)
    return asked


def _same(known: Instruction, investor: Investor, amount: Money) -> Instruction:
    if (known.investor_id, known.amount) != (investor.id, amount):
        raise Refused("form_used")
    return known


def _require_no_hold(tx: Transaction, investor: Investor) -> None:
    """Who is being looked at neither brings money nor takes it away; the words tell nobody why."""
    if screening_queries.hold(tx.session, investor) is not None:
        raise Refused("details_being_checked")


def _limits(tx: Transaction, currency: str) -> tuple[Money, Money]:
    limits = platform_policy.cash_limits(currency, tx.now)
    if limits is None:
        raise Refused("unknown_currency", currency=currency)
    return limits


def require_free(free: Money, amount: Money, *, field: str) -> None:
    """Raises Refused("cash_not_enough")."""
    if amount > free:
        raise Refused("cash_not_enough", field=field, free=free)


def reserve(tx: Transaction, investor_id: int, asked: Instruction) -> None:
    """Set the money of an instruction aside, so that it is not used twice. The investor is locked, the money is free.

    Locks: accounts. Writes: entry.
    """
    ledger.post(tx, cash_accounts.cash_reserved(investor_id, asked.amount, f"cash_reserved:instruction:{asked.id}"))


def free(tx: Transaction, investor_id: int, asked: Instruction) -> None:
    """Nothing became of an instruction: its money is free again. Locks: accounts. Writes: entry."""
    ledger.post(tx, cash_accounts.cash_freed(investor_id, asked.amount, f"cash_freed:instruction:{asked.id}"))


def set_bank_account(tx: Transaction, investor_id: int, *, holder: str, account: str, vault: Vault) -> BankAccount:
    """Say which bank account is the investor's own. Another one than before waits for some days; they are told at once.

    Raises Refused: "holder_differs" (it is somebody else's), "account_number_unclear".
    Locks: investor. Writes: bank account, message, audit (without the number).
    """
    investor = investors.lock(tx, investor_id)
    number = "".join(account.split()).upper()
    if not (SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER and number.isascii() and number.isalnum()):
        raise Refused("account_number_unclear", field="account")
    if not screening.is_called(investor, holder, tx.now):
        raise Refused("holder_differs", field="holder", name=investor.legal_name)
    before = queries.bank_account(tx.session, investor.id)
    if before is not None and (before.holder, vault.open(before.account)) == (holder.strip(), number):
        return before
    days = 0 if before is None else platform_policy.cash_accounts(tx.now)["frozen_days"]
    made = BankAccount(
        investor_id=investor.id, holder=holder.strip(), account=vault.seal(number), hint=number[-4:], given_at=tx.now,
        usable_from=tx.now + timedelta(days=days),
    )  # fmt: skip
    tx.session.add(made)
    tx.session.flush()  # its id is what the message is about
    audit.record(tx, "set_bank_account", "investors", investor.id, account=made.id, hint=made.hint)
    notifications.enqueue(
        tx, investor.user_id, Message.CASH_ACCOUNT_SET, about=f"bank_account:{made.id}", hint=made.hint,
        usable_from=made.usable_from.isoformat() if days else None, whom=whom(investor),
    )  # fmt: skip
    return made


def choose_refunds(tx: Transaction, investor_id: int, *, to_cash: bool) -> None:
    """Say where refunds go from now on. Locks: investor. Writes: choice, audit."""
    investor = investors.lock(tx, investor_id)
    if queries.refunds_to_cash(tx.session, investor.id) == to_cash:
        return
    tx.session.merge(CashChoice(investor_id=investor.id, refunds_to_cash=to_cash, chosen_at=tx.now))
    audit.record(tx, "choose_refunds", "investors", investor.id, to_cash=to_cash)


def stop_unpaid(tx: Transaction, instruction_id: int) -> None:
    """Stop a top-up that nobody paid for too long; only the gateway knows whether somebody is paying this very moment.

    Locks: investor, instruction. Writes: instructions, audit.
    """
    row = _take(tx, instruction_id)
    if not payments.withdraw(tx, row) and row.status == ACTION_REQUIRED:
        payments.instruct(
            tx, OpKind.CANCEL, f"cancel:instruction:{row.id}", gateway=row.gateway, amount=row.amount,
            investor_id=row.investor_id, about_id=row.id, reference=row.reference,
        )  # fmt: skip


def settle_stray(tx: Transaction, op_id: uuid.UUID, *, keep: bool) -> None:
    """A person says what becomes of money that came otherwise than it was asked for: into the account, or back.

    Raises Refused: "stray_settled", "stray_other_currency", "stray_with_collector". Locks: investor, instruction, accounts.
    Writes: instructions, entry, message, audit.
    """
    row = _take(tx, payment_queries.by_op(tx.session, op_id).id)
    if row.kind != OpKind.COLLECT or row.code != AMOUNT_DIFFERS:
        raise Refused("stray_settled")
    assert row.investor_id is not None  # `_take` took it
    received = payment_queries.received(tx.session, row)
    if keep and received.currency != row.currency:
        raise Refused("stray_other_currency", currency=received.currency)
    if keep and row.to_gateway is not None:
        raise Refused("stray_with_collector")
    audit.record(tx, "settle_stray", "instructions", row.id, keep=keep, amount=received)
    row.code = DEALT_WITH
    if keep:
        key = f"stray_cash_identified:instruction:{row.id}"
        ledger.post(tx, cash_accounts.stray_cash_identified(row.investor_id, received, key))
        investor = investor_queries.investor(tx.session, row.investor_id)
        tell(tx, investor, row, Message.CASH_PAID_IN, amount=received)
    else:
        give_back(tx, row, received)


def give_back(tx: Transaction, row: Instruction, amount: Money) -> None:
    """Send what lies apart back to where it came from. Writes: instruction, audit."""
    payments.instruct(
        tx, OpKind.REFUND, f"refund:cash_in:{row.id}", gateway=row.gateway, amount=amount, investor_id=row.investor_id,
        about_id=row.id, reference=row.reference, to_gateway=row.to_gateway,
    )  # fmt: skip


def _take(tx: Transaction, instruction_id: int) -> Instruction:
    """The investor first, as whoever takes cash out does. Raises NotFound for what is about no cash account."""
    investor_id = payment_queries.instruction(tx.session, instruction_id).investor_id
    if investor_id is None:
        raise NotFound
    investors.lock(tx, investor_id)
    return payments.lock(tx, instruction_id)


def tell_dormant(tx: Transaction, found: Idle) -> None:
    """Tell somebody, once for each rest, that their cash has not moved for long. Writes: message."""
    investor = investor_queries.investor(tx.session, found.investor_id)
    day = platform_policy.PACK.day_of(found.since).isoformat()
    notifications.enqueue(
        tx, investor.user_id, Message.CASH_DORMANT, about=f"cash:{investor.id}:{found.currency}:{day}",
        minor=found.minor, currency=found.currency, since=day, whom=whom(investor),
    )  # fmt: skip
