"""Sends what waits in the outbox, and asks about what is on its way.

Lease and commit, call with the instruction's key and no transaction open, record the answer. Whatever stops this
between two steps, the next run finds the instruction again: it looks first, and sends again with the same key only
when the gateway has nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from app.actor import SYSTEM
from app.cash import outcomes as cash_outcomes
from app.cash import queries as cash
from app.closings import outcomes as closings_outcomes
from app.closings import queries as closings
from app.database import Transaction
from app.identity import queries as identity
from app.investors import queries as investors
from app.issuers import actions as issuing
from app.issuers import queries as issuers
from app.jobs import outcomes
from app.jobs.one_by_one import one_by_one
from app.offerings import queries as offerings
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.actions import Due
from app.payments.errors import (
    Declined,
    GatewayError,
    InFlight,
    InsufficientProviderFunds,
    KeyConflict,
    Misconfigured,
    NotSent,
    RateLimited,
    Rejected,
    Unknown,
    Unsupported,
)
from app.payments.models import KEY_CONFLICT, KEY_FORGOTTEN
from app.payments.port import (
    CASH_ACCOUNTS,
    PLATFORM_ACCOUNT,
    DepositDetails,
    Method,
    Op,
    OpKind,
    Outcome,
    Payee,
    Payer,
    Ref,
)
from app.pledges import outcomes as pledges
from app.pledges import queries as pledge_queries
from app.pledges import saved, unidentified
from app.reconciliation import queries as reconciliation
from app.wiring import Platform

log = structlog.get_logger()

#: A gateway that must be read before anything is sent to it, and cannot be, is tried again after so long.
TRIED_AGAIN = timedelta(minutes=1)
#: Proven not executed: it goes back into the queue.
_LATER = (NotSent, RateLimited, InsufficientProviderFunds, Misconfigured)
#: It may have been executed: never called failed.
_UNCLEAR = (Unknown, InFlight)


class KeyForgotten(GatewayError):
    """The gateway knows nothing of it, and its key is too old to send it again."""


#: Nothing was made, and nothing will be.
_NEVER = (Declined, Rejected, KeyForgotten)
#: What an investor does with their cash account, and may begin anew.
_OF_CASH = (OpKind.COLLECT, OpKind.PAY_BACK)
#: What takes money out of a cash account that was set aside there.
_OUT_OF_CASH = (OpKind.PAY_BACK, OpKind.FROM_CASH)


def run(platform: Platform) -> int:
    """Work through what is due now; return how many instructions were handled."""
    return one_by_one(_tasks(platform))


def _tasks(platform: Platform) -> Iterator[Callable[[], int]]:
    """One at a time: a lease need only outlast one call, and a worker that dies leaves only one instruction in the dark."""
    while True:
        with platform.database.transaction(SYSTEM, "send_payments") as tx:
            batch = payments.lease(tx, 1)
            if not batch and reconciliation.not_read_in_this_life(tx.session, tried_before=tx.wall_now - TRIED_AGAIN):
                tx.wake("reconcile")
        if not batch:
            return
        yield partial(_handle, platform, batch[0])


def _handle(platform: Platform, due: Due) -> int:
    try:
        outcome = _call(platform, due)
    except GatewayError as error:
        log.warning("gateway_error", kind=type(error).__name__, code=error.code, instruction=due.id)
        with platform.database.transaction(SYSTEM, f"instruction:{due.id}") as tx:
            _note(tx, due, error)
    else:
        outcomes.apply(platform, due.id, due.kind, outcome)
    return 1


def _note(tx: Transaction, due: Due, error: GatewayError) -> None:
    if isinstance(error, _LATER):
        payments.put_back(tx, due, error.code)
    elif isinstance(error, _UNCLEAR):
        payments.lose_sight(tx, due.id, error.code)
    elif isinstance(error, KeyForgotten) and due.kind in _OUT_OF_CASH:
        payments.call_a_person(tx, due.id, error.code)  # before what may have left is free to leave again
    elif isinstance(error, _NEVER) and due.investor_id is not None and due.kind in _OF_CASH and due.ref is None:
        cash_outcomes.not_done(tx, due.id, error.code)
    elif isinstance(error, _NEVER) and due.kind in (OpKind.COLLECT, OpKind.FROM_CASH) and due.ref is None:
        pledges.not_collected(tx, due.id, error.code)
    elif isinstance(error, _NEVER) and due.kind is OpKind.SETUP and due.ref is None:
        saved.not_kept(tx, due.id, error.code)
    elif isinstance(error, (Declined, Rejected)) and due.kind is OpKind.RELEASE and due.ref is None:
        closings_outcomes.not_released(tx, due.id, error.code)
    elif isinstance(error, (Declined, Rejected)) and due.kind is OpKind.TO_ISSUER and due.ref is None:
        unidentified.not_paid(tx, due.id, error.code)
    else:
        # KeyConflict, Unsupported, a refund that is refused…: another try by itself would end the same way.
        code = KEY_CONFLICT if isinstance(error, KeyConflict) else error.code
        payments.call_a_person(tx, due.id, code or type(error).__name__)


def _call(platform: Platform, due: Due) -> Outcome:
    """The one call to the outside world, with no transaction open. Raises KeyForgotten."""
    gateway = platform.gateway_named(due.gateway)
    if due.only_ask and due.ref is not None and due.kind is not OpKind.CANCEL:
        return gateway.fetch(due.ref)
    op = Op(due.op_id, due.generation, platform.environment, due.first_sent_at)
    if due.may_have_been_sent and due.kind is not OpKind.CANCEL:
        found = gateway.find(op)
        if found is not None:
            return found
    is_harmless = due.kind is OpKind.CANCEL  # to cancel twice is to cancel once
    if not is_harmless and not gateway.caps.takes_again(due.key_age):
        with platform.database.snapshot() as view:
            if payment_queries.has_line(view.session, due.op_id):  # reconciliation asks about it by its own name
                raise Unknown("line_without_object")
        raise KeyForgotten(KEY_FORGOTTEN)
    account, page = f"offering-{due.offering_id}", f"/me/pledges/{due.reference}/returned"
    if due.investor_id is not None:
        account, page = CASH_ACCOUNTS, f"/me/cash/top-ups/{due.reference}/returned"
    match due.kind:
        case OpKind.SETUP:
            assert due.method is not None  # the database wants one
            return gateway.setup(
                op, method=due.method, payer=_payer(platform, due), reference=due.reference,
                return_url=f"{platform.settings.public_url}{page}",
            )  # fmt: skip
        case OpKind.COLLECT:
            assert due.method is not None  # the database wants one
            return gateway.collect(
                op, due.amount, method=due.method, account=account, payer=_payer(platform, due), reference=due.reference,
                return_url=f"{platform.settings.public_url}{page}", instrument=due.instrument, refused=due.refused_funding,
            )  # fmt: skip
        case OpKind.CANCEL:
            return gateway.cancel(op, _payment(platform, due))
        case OpKind.FROM_CASH:
            return gateway.move(op, due.amount, account=CASH_ACCOUNTS, to=account)
        case OpKind.REFUND | OpKind.TO_CASH if due.method is Method.CASH_ACCOUNT:
            return gateway.move(op, due.amount, account=account, to=CASH_ACCOUNTS)
        case OpKind.REFUND:
            return gateway.refund(op, _payment(platform, due), due.amount)
        case OpKind.RELEASE:
            return gateway.pay_out(
                op, due.amount, account=account, payee=_payee(platform, due), reference=due.reference,
                document_sha256=due.document_sha256 or "",
            )  # fmt: skip
        case OpKind.PAY_BACK | OpKind.TO_ISSUER:
            payee = _own_account(platform, due) if due.kind is OpKind.PAY_BACK else _issuer(platform, due)
            return gateway.pay_out(op, due.amount, account=account, payee=payee, reference=due.reference)
        case OpKind.FEE:
            return gateway.move(op, due.amount, account=account, to=PLATFORM_ACCOUNT)
        case OpKind.TOP_UP:
            return gateway.move(op, due.amount, account=PLATFORM_ACCOUNT, to=account)
        case OpKind.TO_CUSTODY | OpKind.FROM_CUSTODY:
            to = _other_end(platform, due, account)
            return gateway.pay_out(op, due.amount, account=account, payee=to.payee, reference=to.reference)
        case OpKind.ARRIVAL | OpKind.DEPOSIT:
            return gateway.expect(op, due.amount, account=account, reference=due.reference)
        case _:
            raise Unsupported(due.kind)


def _payer(platform: Platform, due: Due) -> Payer:
    with platform.database.snapshot() as view:
        investor_id = due.investor_id
        if investor_id is None:
            assert due.pledge_id is not None  # who pays is who pledged, or tops up their own account
            investor_id = pledge_queries.pledge(view.session, due.pledge_id).investor_id
        investor = investors.investor(view.session, investor_id)
        # Whoever gives a transfer back may have to ask its payer for an account; nobody else needs to write to them.
        transfers = due.method is Method.BANK_TRANSFER
        email = identity.user(view.session, investor.user_id).email if transfers else None
    return Payer(f"investor-{investor.id}", investor.legal_name, investor.country, email)


def _payment(platform: Platform, due: Due) -> Ref:
    """What a refund or a cancellation is about; if its answer never reached us, the gateway knows it by our id."""
    if due.instrument is not None:
        return due.instrument  # of two payments for one collection, the one that goes back
    if due.about_ref is not None:
        return due.about_ref
    assert due.about_op is not None  # both kinds are always about a collection
    op_id, generation = due.about_op
    found = platform.gateway_named(due.gateway).find(Op(op_id, generation, platform.environment))
    if found is None:
        raise NotSent("collection_not_there_yet")
    return found.ref


def _other_end(platform: Platform, due: Due, account: str) -> DepositDetails:
    """Where what is carried goes: the account that the other end names, or what a collector that pays only accounts which it
    knows calls that custodian's. One that it has no word for it refuses itself.
    """
    assert due.to_gateway is not None  # what is carried is carried somewhere
    to = platform.gateway_named(due.to_gateway).deposit_details(account, due.reference)
    known = platform.gateway_named(due.gateway).caps.custodian_accounts or {}
    if due.kind is not OpKind.TO_CUSTODY or due.to_gateway not in known:
        return to
    return replace(to, payee=Payee(to.payee.holder, known[due.to_gateway]))


def _payee(platform: Platform, due: Due) -> Payee:
    """Whom two officers approved, whatever the issuer has said since."""
    assert due.closing_id is not None  # a payout is always for a closing
    with platform.database.snapshot() as view:
        closing = closings.closing(view.session, due.closing_id)
    assert closing.payee_account is not None  # an offering cannot be submitted without one
    return Payee(closing.payee_holder or "", platform.vault.open(closing.payee_account))


def _issuer(platform: Platform, due: Due) -> Payee:
    """The account that two people saw, if the company has no other one by now: of that it may not know yet.

    Raises Rejected, or KeyForgotten when it may have been sent before: then a person finds out.
    """
    assert due.offering_id is not None  # what is paid is of an offering
    with platform.database.snapshot() as view:
        issuer = issuers.issuer(view.session, offerings.offering(view.session, due.offering_id).issuer_id)
    if issuing.payee_state(issuer) != due.document_sha256:
        raise KeyForgotten(KEY_FORGOTTEN) if due.may_have_been_sent else Rejected("payee_changed")
    assert issuer.payout_account is not None  # an offering cannot be submitted without one
    return Payee(issuer.payout_holder or "", platform.vault.open(issuer.payout_account))


def _own_account(platform: Platform, due: Due) -> Payee:
    """The investor's bank account as it was when they asked, whatever they have given since."""
    assert due.payee_id is not None  # the database wants one
    with platform.database.snapshot() as view:
        account = cash.payee(view.session, due.payee_id)
    return Payee(account.holder, platform.vault.open(account.account))
