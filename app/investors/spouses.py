"""What links two spouses, and ends the link.

One asks and gets a code; the other, signed in to an account of their own, confirms with it. So nobody learns from the
site who has an account here, and nobody is linked without their own act.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors import queries
from app.investors.actions import lock
from app.investors.lifecycle import ASKED, LINKED
from app.investors.models import Investor, SpouseLink
from app.regimes.standing import PACK


def code_hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def lock_both(tx: Transaction, investor_id: int) -> Investor:
    """Take an investor and, where there is one, their spouse, the lower id first; return the first named.

    Whoever links or unlinks holds both rows, so the link that is seen under them stays. Locks: investors, ascending.
    """
    while True:
        link = queries.spouse_link(tx.session, investor_id)
        ids = sorted({investor_id, *(() if link is None else (link.asker_id, link.other_id or link.asker_id))})
        found = {one: lock(tx, one) for one in ids}
        again = queries.spouse_link(tx.session, investor_id)
        if again is None or {again.asker_id, again.other_id} <= set(ids):
            return found[investor_id]


def ask(tx: Transaction, investor: Investor) -> str:
    """Begin a link; return the code for the spouse. An earlier question that nobody confirmed is taken back.

    Raises Refused("spouse_linked_already", "natural_person_needed"). Locks: investor. Writes: link, audit.
    """
    investor = lock(tx, investor.id)
    _require_single(tx, investor)
    for one in queries.spouse_links(tx.session, investor.id):
        if one.status == ASKED and one.asker_id == investor.id:
            audit.transition(tx, one, "take_back")
    tx.session.flush()  # one question at a time
    code = secrets.token_hex(5).upper()
    link = SpouseLink(asker_id=investor.id, status=ASKED, code_sha256=code_hash(code), asked_at=tx.now)
    tx.session.add(link)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, link, "ask", asker=investor.id)
    return code


def _require_single(tx: Transaction, investor: Investor) -> None:
    if investor.kind != "natural":
        raise Refused("natural_person_needed")
    if queries.spouse_link(tx.session, investor.id) is not None:
        raise Refused("spouse_linked_already")


def asked_with(tx: Transaction, investor_id: int, code: str) -> SpouseLink:
    """The question that a code belongs to.

    Raises Refused("code_unknown"): unknown, used, too old, or one's own.
    """
    link = tx.session.scalars(
        select(SpouseLink).where(SpouseLink.code_sha256 == code_hash(code), SpouseLink.status == ASKED)
    ).one_or_none()
    row = PACK.in_force("spouse_link", PACK.day_of(tx.now))
    assert row is not None  # there is a row from the beginning
    if link is None or link.asker_id == investor_id or link.asked_at + timedelta(hours=row["code_hours"]) < tx.now:
        raise Refused("code_unknown", field="code")
    return link


def confirm(tx: Transaction, investor: Investor, code: str) -> SpouseLink:
    """Say yes to a spouse's question: from now on both share one limit.

    Raises Refused: see `asked_with` and `ask`. Locks: investors, ascending. Writes: link, audit.
    """
    link = asked_with(tx, investor.id, code)
    for one in sorted((link.asker_id, investor.id)):
        _require_single(tx, lock(tx, one))
    tx.session.refresh(link)
    if link.status != ASKED:
        raise Refused("code_unknown", field="code")
    link.other_id, link.linked_at = investor.id, tx.now
    audit.transition(tx, link, "confirm", asker=link.asker_id, other=investor.id)
    return link


def end(tx: Transaction, investor: Investor) -> None:
    """Either of the two ends the link; what was bought jointly goes on counting for both while the law looks back at it.

    Raises Refused("not_linked"). Locks: investors, ascending. Writes: link, audit.
    """
    lock_both(tx, investor.id)
    link = queries.spouse_link(tx.session, investor.id)
    if link is None or link.status != LINKED:
        raise Refused("not_linked")
    link.ended_at = tx.now
    audit.transition(tx, link, "end", by=investor.id)
