"""Propose a distribution, agree to it, give it up."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.approvals import actions as approvals
from app.approvals import queries as proposals
from app.approvals.models import Proposal, ProposalKind
from app.audit import actions as audit
from app.database import Transaction, in_batches, insert_many, new_reference
from app.distributions import queries
from app.distributions.lifecycle import APPROVED, PROPOSED
from app.distributions.models import Distribution, DistributionLine
from app.errors import Refused
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import distributions as entries
from app.ledger import queries as books
from app.ledger.chart import Code
from app.ledger.draft import Evidence
from app.money import MOST_MINOR, Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.lifecycle import SETTLED
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.port import OpKind
from app.regimes import platform_policy
from app.regimes.parameters import WHOLE_BPS
from app.screening import queries as screening
from app.switches import actions as switches
from app.switches.models import Direction

#: What it is, in so many characters.
SHORTEST_WHY, LONGEST_WHY = 5, 200


def begin(
    tx: Transaction, offering_id: int, *, total: Money, record_day: date, tax_bps: int, why: str, custodian: str
) -> Proposal:
    """Put to a second person what an issuer pays to its holders.

    `custodian` is where cash accounts are. Raises Refused: "distribution_too_early", "distribution_elsewhere",
    "distribution_waits", "record_day_ahead", "reason_too_short", "nothing_to_distribute", "tax_too_high", and see `_require_may`.
    Locks: offering.
    Writes: distribution, lines, proposal, audit.
    """
    offering = offerings.lock(tx, offering_id)
    if offering.status != SETTLED:
        raise Refused("distribution_too_early")
    if offering.gateway != custodian:
        raise Refused("distribution_elsewhere")
    _require_may(tx, offering)
    if record_day > platform_policy.PACK.day_of(tx.now):
        raise Refused("record_day_ahead", field="record_day")
    if not SHORTEST_WHY <= len(why.strip()) <= LONGEST_WHY:
        raise Refused("reason_too_short", field="why", shortest=SHORTEST_WHY)
    if total.currency != offering.currency or not 0 < total.minor <= MOST_MINOR:
        raise Refused("nothing_to_distribute", field="total")
    if not 0 <= tax_bps <= WHOLE_BPS:
        raise Refused("tax_too_high", field="tax")
    _require_none_waits(tx, offering)
    found = Distribution(
        ref=new_reference("D"), offering_id=offering.id, status=PROPOSED, why=why.strip(), record_day=record_day,
        currency=total.currency, total_minor=total.minor, tax_bps=tax_bps, begun_at=tx.now, begun_by=tx.actor.user_id,
    )  # fmt: skip
    parts = queries.reckoned(tx.session, found, offering)
    if not parts:
        raise Refused("nothing_to_distribute", field="record_day")
    found.carry_minor, found.tax_minor = sum(one.carry_minor for one in parts), sum(one.tax_minor for one in parts)
    found.sha256 = queries.sha256(found, offering, parts)
    tx.session.add(found)
    tx.session.flush()  # its id is the subject of the trail
    for batch in in_batches(parts):
        insert_many(tx.session, DistributionLine, [{"distribution_id": found.id, **one._asdict()} for one in batch])
    audit.begin(tx, found, "propose", total=found.total, carry=found.carry, tax=found.tax, sha256=found.sha256)
    return approvals.propose(
        tx, ProposalKind.DISTRIBUTION, _subject(found), {"distribution": found.ref, "sha256": found.sha256},
        state=found.sha256, involves=issuers.members(tx.session, offering.issuer_id),
    )  # fmt: skip


def _require_may(tx: Transaction, offering: Offering) -> None:
    """Raises Refused: "distribution_on_hold" (the company, or one of its people), "switched_off"."""
    if screening.company_on_hold(tx.session, offering.issuer_id):
        raise Refused("distribution_on_hold")
    switches.require_on(tx, Direction.OUT, offering_id=offering.id, gateway=offering.gateway)


def _require_none_waits(tx: Transaction, offering: Offering) -> None:
    """One at a time. What nobody can agree to any more, for the register has changed since, is given up."""
    known = queries.unfinished(tx.session, offering.id)
    if known is None:
        return
    if known.status != PROPOSED or proposals.unfinished(tx.session, ProposalKind.DISTRIBUTION, _subject(known)):
        raise Refused("distribution_waits", distribution=known.ref)
    audit.transition(tx, known, "reject", why="changed")
    tx.session.flush()


def _subject(found: Distribution) -> str:
    return f"distribution:{found.id}"


# For whoever agrees


def hold(tx: Transaction, proposal: Proposal) -> Distribution:
    """Locks: offering, distribution."""
    offerings.lock(tx, queries.distribution(tx.session, proposal.subject_id).offering_id)
    return lock(tx, proposal.subject_id)


def lock(tx: Transaction, distribution_id: int) -> Distribution:
    """Take one, after its offering. Locks: distribution."""
    return tx.session.scalars(
        select(Distribution)
        .where(Distribution.id == distribution_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def state(session: Session, proposal: Proposal) -> str:
    """The hash of what the register says by now; "changed" where that is not what was written down."""
    found = queries.distribution(session, proposal.subject_id)
    if found.status != PROPOSED:
        return found.sha256
    offering = offering_queries.offering(session, found.offering_id)
    parts = queries.reckoned(session, found, offering)
    return queries.sha256(found, offering, parts) if parts == queries.kept(session, found.id) else "changed"


def company(session: Session, proposal: Proposal) -> int:
    """The company that distributes, by id."""
    found = queries.distribution(session, proposal.subject_id)
    return offering_queries.offering(session, found.offering_id).issuer_id


def approved(tx: Transaction, proposal: Proposal) -> None:
    """Two people agreed: from now on the issuer's money is waited for, and its people are told.

    Raises Refused: see `_require_may`. Locks: proposal; the distribution is held. Writes: distribution, proposal, instruction, messages, audit.
    """
    found = queries.distribution(tx.session, proposal.subject_id)
    offering = offering_queries.offering(tx.session, found.offering_id)
    assert offering.gateway is not None  # it is settled
    _require_may(tx, offering)
    with approvals.carrying_out(tx, ProposalKind.DISTRIBUTION, proposal.subject, found.sha256):
        audit.transition(tx, found, "approve", sha256=found.sha256)
        tx.session.flush()  # the database asks for what was approved
        payments.instruct(
            tx, OpKind.DEPOSIT, deposit_key(found), gateway=offering.gateway, amount=found.total,
            offering_id=offering.id, reference=found.ref,
        )  # fmt: skip
    for user_id in issuers.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, Message.DISTRIBUTION_AGREED, about=f"distribution:{found.id}", offering=offering.name,
            ref=found.ref, minor=found.total_minor, carry_minor=found.carry_minor, tax_minor=found.tax_minor,
            currency=found.currency,
        )  # fmt: skip


def rejected(tx: Transaction, proposal: Proposal) -> None:
    """Somebody said no; the distribution is held. Writes: distribution, audit."""
    audit.transition(tx, queries.distribution(tx.session, proposal.subject_id), "reject", proposal=proposal.ref)


def deposit_key(found: Distribution) -> str:
    return f"deposit:distribution:{found.id}"


def call_off(tx: Transaction, distribution_id: int, why: str) -> None:
    """The issuer does not pay in: its money is waited for no longer, and its people are told. What comes all the same lies apart.

    Raises Refused: "reason_too_short", "illegal_move". Locks: offering, distribution, instruction.
    Writes: distribution, instruction, messages, audit.
    """
    if len(why.strip()) < SHORTEST_WHY:
        raise Refused("reason_too_short", field="why", shortest=SHORTEST_WHY)
    offering = offerings.lock(tx, queries.distribution(tx.session, distribution_id).offering_id)
    found = lock(tx, distribution_id)
    _end(tx, offering, found, why.strip())


def call_off_unpaid(tx: Transaction, distribution_id: int) -> bool:
    """The same for one that the issuer had time enough to pay in; False: it is over or paid in by now.

    Locks: offering, distribution, instruction. Writes: distribution, instruction, messages, audit.
    """
    offering = offerings.lock(tx, queries.distribution(tx.session, distribution_id).offering_id)
    found = lock(tx, distribution_id)
    if found.status == APPROVED:
        _end(tx, offering, found, "not_paid_in")
        return True
    return False


def _end(tx: Transaction, offering: Offering, found: Distribution, why: str) -> None:
    audit.transition(tx, found, "call_off", why=why)
    awaited = payment_queries.by_key(tx.session, deposit_key(found))
    assert awaited is not None  # it was asked for when two people agreed
    payments.give_up(tx, payments.lock(tx, awaited.id))
    tell_called_off(tx, offering, found, None)


def tell_called_off(tx: Transaction, offering: Offering, found: Distribution, came: Money | None) -> None:
    """`came`: what was paid in, but not as agreed. Writes: messages."""
    for user_id in issuers.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, Message.DISTRIBUTION_CALLED_OFF, about=f"distribution:{found.id}:{came or ''}",
            offering=offering.name, ref=found.ref, minor=found.total_minor, currency=found.currency,
            came_minor=None if came is None else came.minor, came_currency=None if came is None else came.currency,
        )  # fmt: skip


def pay_tax(tx: Transaction, offering_id: int, line: str) -> Money:
    """Book a custodian's line ("gateway:id") of money out of an offering's account as the payment of the tax that was kept.

    Returns what is kept still. Raises Refused: "tax_line_unknown" (also of another account or currency), "bill_line_used",
    "tax_smaller". Locks: offering, accounts. Writes: entry, audit.
    """
    offering = offerings.lock(tx, offering_id)
    found = payment_queries.line(tx.session, line)
    kept = Money(
        books.balance(tx.session, Code.WITHHOLDING_TAX, offering.currency, offering_id=offering.id), offering.currency
    )
    ours = (offering.gateway, f"offering-{offering.id}", offering.currency)
    if found is None or (found.gateway, found.account, found.currency) != ours or found.net_minor >= 0:
        raise Refused("tax_line_unknown")
    if books.is_booked(tx.session, line):
        raise Refused("bill_line_used")
    paid = Money(-found.net_minor, found.currency)
    if paid > kept:
        raise Refused("tax_smaller", owed=kept)
    ledger.post(tx, entries.tax_paid(offering.id, paid, Evidence(line, None)))
    audit.record(tx, "tax_paid", "offerings", offering.id, amount=paid, line=line)
    return kept - paid
