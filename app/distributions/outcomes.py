"""What the custodian's answers mean for a distribution: the issuer has paid in; the holders have their parts."""

from __future__ import annotations

from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.audit import actions as audit
from app.database import Transaction
from app.distributions import actions, queries
from app.distributions.lifecycle import APPROVED
from app.distributions.models import Distribution
from app.distributions.snapshot import Part
from app.investors import actions as investors
from app.investors.models import Investor, Kind
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import distributions as books
from app.ledger import entries
from app.ledger.draft import Evidence
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import carrying
from app.payments import queries as payment_queries
from app.payments.lifecycle import REVIEW, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import Method, OpKind, Outcome
from app.screening import queries as screening

#: Why a person has to send the holders' parts.
ON_HOLD = "company_on_hold"


def arrived(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer about the issuer's money. It is there: each part is owed, our carry is charged, and what is the
    holders' is sent to their cash accounts; by a person, where the company is on hold by now. What came otherwise than agreed, or
    when nobody waited for it any more, lies apart.

    Locks: investors, offering, distribution, instruction, accounts.
    Writes: instructions, entries, distribution, messages, alert, case, audit. Wakes: carry_money.
    """
    _, offering, found, row, parts = _take(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if row.status != SUCCEEDED:
        _set_apart(tx, offering, found, row, outcome)
    if not changed or row.status != SUCCEEDED:
        return
    ledger.post(tx, books.distribution_received(offering.id, row.amount, _proof(row, outcome)))
    ledger.post_many(
        tx,
        (
            books.distribution_declared(
                offering.id, one.investor_id, Money(one.net_minor, found.currency), Money(one.tax_minor, found.currency),
                f"distribution_declared:{found.id}:{one.investor_id}",
            )
            for one in parts
            if one.gross_minor > one.carry_minor
        ),
    )  # fmt: skip
    if found.carry:
        ledger.post(tx, books.carry_charged(offering.id, found.carry, f"carry_charged:distribution:{found.id}"))
        tx.wake("carry_money")
    audit.transition(tx, found, "fund", total=found.total)
    tx.session.flush()  # the database lets the parts be carried only now
    if found.net:
        asked = payments.instruct(
            tx, OpKind.TO_CASH, f"to_cash:distribution:{found.id}", gateway=row.gateway, method=Method.CASH_ACCOUNT,
            amount=found.net, offering_id=offering.id, reference=found.ref,
        )  # fmt: skip
        if screening.company_on_hold(tx.session, offering.issuer_id):
            payments.call_a_person(tx, asked.id, ON_HOLD)
    else:
        audit.transition(tx, found, "pay")


def _set_apart(tx: Transaction, offering: Offering, found: Distribution, row: Instruction, outcome: Outcome) -> None:
    """P7. Two people have it sent back; with it the distribution is over. Writes: entries, instruction, distribution, messages,
    alert, case, audit.
    """
    for line in outcome.evidence if outcome.state == "succeeded" else ():
        proof = Evidence(f"{row.gateway}:{line.id}", None)  # nobody's, as what nothing here asked for
        if line.amount.minor <= 0 or not carrying.moves(row, line):
            continue
        if not ledger.post(tx, entries.unidentified_funds_received(
            offering.id, line.amount, proof, gateway_fee=line.fee
        )):  # fmt: skip
            continue
        if row.status == REVIEW:
            payments.pay_otherwise(tx, row)
        if found.status == APPROVED:
            audit.transition(tx, found, "call_off", why="other_amount", amount=line.amount)
        actions.tell_called_off(tx, offering, found, line.amount)
        finding = Finding(
            rule="PLATFORM-DEPOSIT", subject_type=SubjectType.COMPANY, subject_id=offering.issuer_id,
            about=f"distribution:{found.ref}:{line.id}", fingerprint=f"{found.ref}:{line.id}"[:64], holds=False,
            inputs={"total_minor": line.amount.minor, "currency": line.amount.currency},
        )  # fmt: skip
        alerts.raise_alert(tx, finding, issuers.members(tx.session, offering.issuer_id))


def paid(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to the move into the cash accounts: everybody has their part at once, and is told.

    Locks: investors, offering, distribution, instruction, accounts. Writes: instruction, entry, distribution, messages, audit.
    """
    holders, offering, found, row, parts = _take(tx, instruction_id)
    if not payments.record(tx, row, outcome) or row.status != SUCCEEDED:
        return
    nets = {one.investor_id: one.net_minor for one in parts if one.net_minor}
    ledger.post(tx, books.distribution_paid(offering.id, nets, row.amount, _proof(row, outcome), gateway=row.gateway))
    audit.transition(tx, found, "pay", net=found.net)
    notifications.enqueue_many(
        tx,
        Message.DISTRIBUTION_PAID,
        (
            (
                holders[one.investor_id].user_id, f"distribution:{found.id}:{one.investor_id}",
                {
                    "offering": offering.name, "why": found.why, "ref": found.ref, "currency": found.currency,
                    "shares": one.shares, "gross_minor": one.gross_minor, "carry_minor": one.carry_minor,
                    "tax_minor": one.tax_minor, "minor": one.net_minor,
                    "whom": one.investor_id if holders[one.investor_id].kind == Kind.ENTITY else None,
                },
            )
            for one in parts
            if one.gross_minor
        ),
    )  # fmt: skip


def _take(
    tx: Transaction, instruction_id: int
) -> tuple[dict[int, Investor], Offering, Distribution, Instruction, list[Part]]:
    """All that is about to change, in the order of locks: who does anything with their cash meanwhile waits."""
    asked = payment_queries.instruction(tx.session, instruction_id)
    distribution_id = int(asked.business_key.rpartition(":")[2])
    parts = queries.kept(tx.session, distribution_id)  # written once, before anybody agreed
    holders = {one.id: one for one in investors.lock_many(tx, [part.investor_id for part in parts])}
    assert asked.offering_id is not None  # what is distributed is of an offering
    offering = offerings.lock(tx, asked.offering_id)
    found = actions.lock(tx, distribution_id)
    return holders, offering, found, payments.lock(tx, instruction_id), parts


def _proof(row: Instruction, outcome: Outcome) -> Evidence:
    """The line of the money itself, whatever else stands beside it."""
    line = next(one for one in outcome.evidence if carrying.moves(row, one))
    return Evidence(f"{row.gateway}:{line.id}", row.id)
