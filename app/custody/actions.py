"""The next step for an offering's money: call it free, pay in what is missing, carry it there or back, sweep what is ours."""

from __future__ import annotations

from collections.abc import Mapping

from app.custody import queries
from app.custody.queries import Standing
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import entries
from app.money import Money
from app.offerings import actions as offerings
from app.offerings.lifecycle import LIVE
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import carrying
from app.payments.models import Instruction
from app.payments.port import OpKind
from app.pledges import actions as pledges

#: Lines that are called free in one transaction.
BATCH = 500


def take_next_step(tx: Transaction, offering_id: int) -> int:
    """Do for an offering's money what can be done now; return how many things were done.

    Locks: offering, pledges, instructions, accounts. Writes: entries, pledges, instructions, audit. Wakes: send_payments.
    """
    offering = offerings.lock(tx, offering_id)
    if offering.gateway is None:
        return 0
    done = _clear(tx, offering) + _call_free(tx, offering) + _cover(tx, offering)
    standing = queries.standing(tx.session, offering)
    if standing.is_moving and _take_back(tx, offering, standing):
        done, standing = done + 1, queries.standing(tx.session, offering)
    if standing.is_moving:
        return done
    return done + (_top_up(tx, offering, standing) or _carry(tx, offering, standing) or _sweep(tx, offering, standing))


def _clear(tx: Transaction, offering: Offering) -> int:
    """P4."""
    cleared = [pledges.lock(tx, pledge_id) for pledge_id in queries.cleared(tx.session, offering.id, tx.now)]
    for pledge in cleared:
        pledge.clears_at = None
    return ledger.post_many(
        tx, (entries.funds_cleared(offering.id, one.id, one.amount, f"cleared:{one.id}") for one in cleared)
    )


def _call_free(tx: Transaction, offering: Offering) -> int:
    """P5."""
    found = queries.come_free(tx.session, offering.id, tx.now, BATCH)
    return ledger.post_many(
        tx,
        (
            entries.funds_available(offering.id, gateway, Money(minor, offering.currency), f"available:{evidence}")
            for gateway, evidence, minor in found
        ),
    )


def _take_back(tx: Transaction, offering: Offering, standing: Standing) -> bool:
    """Give up what was never sent, and is more by now than there is where it was to leave from: what a bank took meanwhile
    would keep it, and everything after it, waiting for ever.
    """
    there: dict[str, Mapping[str, int]] = {
        OpKind.TO_CUSTODY: standing.free,
        OpKind.FROM_CUSTODY: {offering.gateway or "": standing.escrow},
    }
    return any(
        carrying.withdraw(tx, payments.lock(tx, row.id))
        for row in queries.moving(tx.session, offering.id)
        if row.kind in there and row.amount_minor > there[row.kind].get(row.gateway, 0)
    )


def _top_up(tx: Transaction, offering: Offering, standing: Standing) -> int:
    """What gateways kept is paid in when the offering ends or a part is closed, or when what goes back lacks it."""
    assert offering.gateway is not None
    lacks = any(standing.spare(name) < 0 for name in standing.collectors) or standing.escrow_lacks
    if not standing.platform_owes or (offering.status == LIVE and not (lacks or standing.is_closing)):
        return 0
    _instruct(tx, offering, OpKind.TOP_UP, offering.gateway, standing.platform_owes)
    return 1


def _carry(tx: Transaction, offering: Offering, standing: Standing) -> int:
    """One sum at a time. What came back waits, as the policy says, and holds up no other collector's meanwhile."""
    assert offering.gateway is not None
    for name in standing.collectors:
        spare = standing.spare(name)
        wanted = standing.is_closing or standing.to_sweep > 0 or standing.escrow_lacks
        if spare > 0 and wanted and name != offering.gateway:
            done = _send(tx, offering, OpKind.TO_CUSTODY, name, offering.gateway, spare)
        elif spare < 0 and name != offering.gateway and queries.has_in_escrow(tx.session, offering, -spare):
            done = _send(tx, offering, OpKind.FROM_CUSTODY, offering.gateway, name, -spare)
        else:
            done = 0
        if done:
            return done
    return 0


def _cover(tx: Transaction, offering: Offering) -> int:
    """What left the account at the custodian beyond what was in escrow, as far as there is more by now."""
    lacks = -queries.standing(tx.session, offering).spare(offering.gateway or "")
    minor = min(lacks, queries.left_in_escrow(tx.session, offering)) if lacks > 0 else 0
    if minor <= 0:
        return 0
    key = f"overdraft_covered:{offering.id}:{lacks}:{tx.now.isoformat()}"
    amount = Money(minor, offering.currency)
    return int(ledger.post(tx, entries.overdraft_covered(offering.id, offering.gateway or "", amount, key)))


def _sweep(tx: Transaction, offering: Offering, standing: Standing) -> int:
    """P17: carry, and what came back of losses that the platform had borne, leaves escrow as its fee does (`closings.outcomes`), which is
    asked for when a closing settles.
    """
    if standing.to_sweep <= 0 or not queries.has_in_escrow(tx.session, offering, 0):
        return 0
    assert offering.gateway is not None
    _instruct(tx, offering, OpKind.FEE, offering.gateway, standing.to_sweep)
    return 1


def _send(tx: Transaction, offering: Offering, kind: OpKind, gateway: str, to_gateway: str, minor: int) -> int:
    """Ask for it, unless what was sent so came back a short while ago. What comes back again and again waits for a person."""
    back = queries.came_back(tx.session, offering.id, kind, gateway, to_gateway)
    if back and back[0].created_at > carrying.again_from(tx.now):
        return 0
    asked = _instruct(tx, offering, kind, gateway, minor, to_gateway=to_gateway)
    carrying.bound(tx, asked, len(back))
    return 1


def _instruct(
    tx: Transaction, offering: Offering, kind: OpKind, gateway: str, minor: int, *, to_gateway: str | None = None
) -> Instruction:
    number = queries.moved_before(tx.session, offering.id, kind) + 1
    return payments.instruct(
        tx, kind, f"{kind}:{offering.id}:{number}", gateway=gateway, amount=Money(minor, offering.currency),
        offering_id=offering.id, reference=f"{offering.ref}-{kind.value[0].upper()}{number}", to_gateway=to_gateway,
    )  # fmt: skip
