"""What changes a claimed status: claiming, proving, signing, deciding, withdrawing, and its end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date

from sqlalchemy import select

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.evidence import actions as evidence
from app.evidence.lifecycle import REJECTED
from app.evidence.models import EvidenceFile
from app.investors import queries
from app.investors.actions import lock
from app.investors.lifecycle import CLAIMED, VERIFIED
from app.investors.models import Claim, ClaimEvidence, ClaimKind, Investor, Kind
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.regimes import standing as categories
from app.regimes.parameters import Row
from app.regimes.standing import PACK, Category
from app.vault import Vault


def claim(
    tx: Transaction,
    investor: Investor,
    kind: ClaimKind,
    basis: str,
    *,
    figures: Mapping[str, str | int] | None = None,
    ticked: str | None = None,
    locale: str | None = None,
) -> Claim:
    """Claim a status that an officer decides about, or renew one that ends soon.

    `ticked` is the hash of the statement that was signed. Raises Refused: "already_claimed", "status_not_known" (the law
    of the day has no such status), "signature_is_enough". Locks: investor. Writes: claim, audit.
    """
    lock(tx, investor.id)
    category = categories.BY_ID[kind]
    row = _row(category, category.day_of(tx.now))
    if not row["officer"]:
        raise Refused("signature_is_enough", field="kind")
    _require_kind(investor, category)
    _require_not_claimed(tx, investor, category, row)
    return _claim(tx, investor, kind, basis, figures, ticked, locale)


def _row(category: Category, on: date) -> Row:
    row = category.row(on)
    if row is None:
        raise Refused("status_not_known", field="kind")
    return row


def _require_kind(investor: Investor, category: Category) -> None:
    """Some statuses are for people only."""
    if not category.is_for(is_entity=investor.kind == Kind.ENTITY):
        raise Refused("status_not_known", field="kind")


def _require_not_claimed(tx: Transaction, investor: Investor, category: Category, row: Row) -> None:
    """One that waits is enough; one that counts may be renewed from the day on which we remind of its end."""
    today = category.day_of(tx.now)
    for one in queries.claims(tx.session, investor.id):
        if one.kind != category.id or one.status not in (CLAIMED, VERIFIED):
            continue
        left = None if one.valid_until is None else (one.valid_until - today).days
        if one.status == CLAIMED or left is None or left > row["remind_days"]:
            raise Refused("already_claimed", field="kind")


def _claim(
    tx: Transaction, investor: Investor, kind: ClaimKind, basis: str, figures: Mapping[str, str | int] | None,
    ticked: str | None, locale: str | None,
) -> Claim:  # fmt: skip
    found = Claim(
        investor_id=investor.id, kind=kind.value, status=CLAIMED, basis=basis.strip(), claimed_at=tx.now,
        figures=dict(figures or {}), statement_sha256=ticked, locale=locale,
    )  # fmt: skip
    tx.session.add(found)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, found, "claim", kind=kind.value)
    return found


def statement_hash(kind: str, on: date, locale: str) -> str:
    """SHA-256 of the statement that goes with a status, in the words of the day and the language."""
    row = _row(categories.BY_ID[kind], on)
    return hashlib.sha256(PACK.words[row["statement"]].text(locale).encode()).hexdigest()


def sign(
    tx: Transaction, investor: Investor, kind: ClaimKind, figures: Mapping[str, str | int], *, ticked: str, locale: str
) -> Claim:
    """Take a statement that the law lets people sign by themselves; it counts from today and replaces an earlier one.

    Raises Refused: "status_not_known", "officer_decides", "statement_missing" (not the text of the day was ticked),
    "figures_of_statement_missing". Locks: investor. Writes: claims, audit.
    """
    lock(tx, investor.id)
    category = categories.BY_ID[kind]
    today = category.day_of(tx.now)
    row = _row(category, today)
    if row["officer"]:
        raise Refused("officer_decides", field="kind")
    _require_kind(investor, category)
    if ticked != statement_hash(kind, today, locale):
        raise Refused("statement_missing", field="statement")
    if not any(name in figures for name in (*row["amounts"], *row["counts"])):
        raise Refused("figures_of_statement_missing")
    found = _claim(tx, investor, kind, "", figures, ticked, locale)
    _verify(tx, found, category, row)
    return found


def _verify(tx: Transaction, found: Claim, category: Category, row: Row) -> None:
    """It counts from today; what it renews ends with it. Writes: claims, audit."""
    for one in queries.claims(tx.session, found.investor_id):
        if one.kind == found.kind and one.status == VERIFIED:
            audit.transition(tx, one, "expire", why="renewed")
    tx.session.flush()  # of each kind only one counts at a time
    found.given_on = category.day_of(tx.now)
    found.valid_until = categories.last_day(found.given_on, row["months"])
    audit.transition(tx, found, "verify", valid_until=found.valid_until)


def add_evidence(tx: Transaction, claim_id: int, *, filename: str, content: bytes, vault: Vault) -> EvidenceFile:
    """Hand in a file for a claim that waits. The same file again is the same evidence.

    Raises Refused: "evidence_late", "evidence_too_many", and see `evidence.inspection.inspect`. Locks: investor.
    Writes: evidence file, link, audit.
    """
    investor = lock(tx, queries.claim(tx.session, claim_id).investor_id)
    found = queries.claim(tx.session, claim_id)
    if found.status != CLAIMED:
        raise Refused("evidence_late", machine="claim", status=found.status)
    limits = PACK.in_force("evidence_limits", PACK.day_of(tx.now))
    assert limits is not None  # there is a row from the beginning
    known = queries.evidence_of(tx.session, found.id)
    sha256 = hashlib.sha256(content).hexdigest()
    for one in known:
        if one.sha256 == sha256:
            return one
    if len(known) >= limits["most_files"]:
        raise Refused("evidence_too_many", field="file", most=limits["most_files"])
    file = evidence.take_in(
        tx, investor.user_id, filename=filename, content=content, largest=limits["largest_bytes"], vault=vault
    )
    tx.session.add(ClaimEvidence(claim_id=found.id, file_id=file.id))
    audit.record(tx, "add_evidence", "claims", found.id, file=file.id)
    return file


def decide(tx: Transaction, found: Claim, *, verified: bool) -> None:
    """Write what an officer found, for who holds the investor.

    Raises Refused("evidence_missing") where the status needs some. Writes: claims, audit.
    """
    if not verified:
        audit.transition(tx, found, "reject")
        return
    category = categories.BY_ID[found.kind]
    row = _row(category, category.day_of(tx.now))
    if row["evidence"] and not any(one.status != REJECTED for one in queries.evidence_of(tx.session, found.id)):
        raise Refused("evidence_missing")
    _verify(tx, found, category, row)


def withdraw(tx: Transaction, found: Claim) -> None:
    """The investor gives a status up, for who holds the investor. Raises Refused("illegal_move"). Writes: claim, audit."""
    audit.transition(tx, found, "withdraw")


def expire(tx: Transaction, claim_id: int) -> None:
    """End a status that is past its last day, and say so. Locks: investor. Writes: claim, message, audit."""
    investor, found = _taken(tx, claim_id)
    if found.status != VERIFIED or found.valid_until is None:
        return
    if categories.BY_ID[found.kind].day_of(tx.now) > found.valid_until:
        audit.transition(tx, found, "expire", why="last_day_passed")
        _tell(tx, investor, found, Message.CLAIM_EXPIRED)


def remind(tx: Transaction, claim_id: int) -> None:
    """Tell an investor, once, that a status ends soon. Locks: investor. Writes: claim, message."""
    investor, found = _taken(tx, claim_id)
    if found.status == VERIFIED and found.reminded_at is None:
        found.reminded_at = tx.now
        _tell(tx, investor, found, Message.CLAIM_ENDS_SOON)


def _taken(tx: Transaction, claim_id: int) -> tuple[Investor, Claim]:
    """The claim, read anew, and its investor, who is locked. Locks: investor."""
    investor = lock(tx, queries.claim(tx.session, claim_id).investor_id)
    found = tx.session.scalars(
        select(Claim).where(Claim.id == claim_id).execution_options(populate_existing=True)
    ).one()
    return investor, found


def _tell(tx: Transaction, investor: Investor, found: Claim, message: Message) -> None:
    assert found.valid_until is not None
    notifications.enqueue(
        tx, investor.user_id, message, about=f"claim:{found.id}", kind=found.kind,
        valid_until=found.valid_until.isoformat(),
    )  # fmt: skip
