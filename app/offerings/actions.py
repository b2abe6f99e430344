"""What changes an offering. What a filing changes is `filings.py`; submitting and deciding is `compliance/actions.py`."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

import filetype
from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import Refused
from app.fees.terms import FeeTerms
from app.issuers.models import Issuer
from app.ledger import actions as ledger
from app.ledger import entries
from app.offerings import queries
from app.offerings.deadlines import instant_of
from app.offerings.disclosures import SECTION_OF
from app.offerings.lifecycle import DRAFT, EDITABLE
from app.offerings.models import DocumentOpening, Offering, OfferingDocument, OfferingProgress
from app.offerings.room import NOTHING_KEPT, KeptRoom, limits
from app.offerings.terms import Terms, deadline_problem, problems
from app.regimes.regime import Regime

LARGEST_DOCUMENT_BYTES = 10_000_000
#: What may be uploaded, by what the bytes are and not by what the name says.
DOCUMENT_TYPES = {"application/pdf", "image/png", "image/jpeg"}


def create_draft(
    tx: Transaction, issuer: Issuer, regime: Regime, *, name: str, fee_bps: int, form_key: uuid.UUID | None = None
) -> Offering:
    """Begin an offering. The same form again returns the same draft.

    Raises Refused("form_used") for a form that was used for something else. Writes: offering, audit.
    """
    if form_key is not None:
        tx.one_at_a_time(str(form_key))
        known = queries.by_form_key(tx.session, form_key)
        if known is not None:
            if (known.issuer_id, known.regime, known.name) != (issuer.id, regime.pack.id, name.strip()):
                raise Refused("form_used")
            return known
    offering = Offering(
        ref=new_reference("F"),
        slug=_slug(name),
        form_key=form_key,
        issuer_id=issuer.id,
        status=DRAFT,
        regime=regime.pack.id,
        name=name.strip(),
        currency=regime.pack.currency,
        deadline_zone=regime.pack.zone,
        fees=FeeTerms.of_the_day(fee_bps, regime.pack.currency, tx.now),
        disclosure={},
        created_at=tx.now,
    )
    tx.session.add(offering)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, offering, "create_draft", issuer_id=issuer.id)
    return offering


def _slug(name: str) -> str:
    """Readable where the name has Latin letters, and always unique."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return "-".join(part for part in (readable, new_reference("x")[2:].lower()) if part)


def _begin_edit(tx: Transaction, offering_id: int, version: int, *sections: str) -> Offering:
    """Lock the draft to save some of its sections.

    Raises Refused: "terms_locked", "section_locked" (an officer asked for others), "edited_elsewhere". Locks: offering.
    """
    offering = tx.session.scalars(
        select(Offering)
        .where(Offering.id == offering_id)
        .with_for_update(of=Offering)
        .execution_options(populate_existing=True)
    ).one()
    if offering.status not in EDITABLE:
        raise Refused("terms_locked", status=offering.status)
    if not all(offering.may_edit(section) for section in sections):
        raise Refused("section_locked")
    if offering.version != version:
        raise Refused("edited_elsewhere")
    offering.version += 1
    return offering


def save_terms(tx: Transaction, offering_id: int, version: int, terms: Terms) -> Offering:
    """Save the money side of a draft. Raises Refused for the first thing that contradicts itself.

    Locks: offering. Writes: offering, audit.
    """
    offering = _begin_edit(tx, offering_id, version, "terms")
    for problem in problems(terms):
        raise problem
    offering.security_type, offering.security_description = terms.security_type, terms.security_description
    offering.share_price = terms.share_price
    offering.minimum_pledge_minor = terms.minimum_pledge.minor if terms.minimum_pledge else None
    offering.target_minor = terms.target.minor if terms.target else None
    offering.maximum_minor = terms.maximum.minor if terms.maximum else None
    offering.oversubscription_rule = terms.oversubscription_rule
    offering.oversubscription_note = terms.oversubscription_note
    audit.record(tx, "save_terms", "offerings", offering.id, version=offering.version)
    return offering


def agree_fees(tx: Transaction, offering_id: int, terms: FeeTerms) -> Offering:
    """Give a draft other fees than those of the day, as agreed with its company; it sees them before it hands it in.

    Raises Refused: "terms_locked", "fees_contradict". Locks: offering. Writes: offering, audit.
    """
    offering = lock(tx, offering_id)
    if offering.status not in EDITABLE:
        raise Refused("terms_locked", status=offering.status)
    offering.fees = terms.checked(offering.target_minor)
    offering.version += 1
    audit.record(tx, "agree_fees", "offerings", offering.id, **asdict(terms))
    return offering


def save_deadline(
    tx: Transaction, offering_id: int, version: int, local: datetime, zone: str, regime: Regime
) -> Offering:
    """Save until when it is open, as a local time in its zone.

    Raises Refused: see `deadlines.instant_of`, "deadline_past", "deadline_too_early", "deadline_too_late". Locks: offering. Writes: offering, audit.
    """
    offering = _begin_edit(tx, offering_id, version, "deadline")
    deadline_at = instant_of(local, zone)
    problem = deadline_problem(deadline_at, regime, tx.now)
    if problem is not None:
        raise problem
    offering.deadline_at, offering.deadline_zone = deadline_at, zone
    audit.record(tx, "save_deadline", "offerings", offering.id, deadline_at=deadline_at, version=offering.version)
    return offering


def save_disclosure(
    tx: Transaction, offering_id: int, version: int, *, name: str | None = None, tagline: str | None = None, **told: Any
) -> Offering:
    """Save parts of what the offering tells (see `disclosures.py`). Locks: offering. Writes: offering, audit."""
    sections = {SECTION_OF[part] for part in told} | ({"story"} if (name, tagline) != (None, None) else set())
    offering = _begin_edit(tx, offering_id, version, *sections)
    if name is not None:
        offering.name = name.strip()
    if tagline is not None:
        offering.tagline = tagline.strip()
    offering.disclosure = {**offering.disclosure, **told}
    audit.record(tx, "save_disclosure", "offerings", offering.id, parts=sorted(told), version=offering.version)
    return offering


def add_document(
    tx: Transaction, offering_id: int, version: int, *, title: str, filename: str, content: bytes
) -> OfferingDocument:
    """Add a document, or a new version of the one with this title.

    Raises Refused: see `media_type`. Locks: offering. Writes: document, audit.
    """
    return keep_document(
        tx, _begin_edit(tx, offering_id, version, "documents"), title=title, filename=filename, media_type=media_type(content),
        content=content,
    )  # fmt: skip


def media_type(content: bytes) -> str:
    """What an uploaded document is, by its bytes.

    Raises Refused: "document_empty", "document_too_large", "document_type".
    """
    if not content:
        raise Refused("document_empty", field="file")
    if len(content) > LARGEST_DOCUMENT_BYTES:
        raise Refused("document_too_large", field="file", largest_mb=LARGEST_DOCUMENT_BYTES // 1_000_000)
    found = filetype.guess_mime(content)
    if found not in DOCUMENT_TYPES:
        raise Refused("document_type", field="file")
    return str(found)


def keep_document(
    tx: Transaction, offering: Offering, *, title: str, filename: str, media_type: str, content: bytes
) -> OfferingDocument:
    """Add a checked document to a locked offering: a new version of the one with this title. Writes: document, audit."""
    latest = tx.session.execute(
        select(func.max(OfferingDocument.version)).where(
            OfferingDocument.offering_id == offering.id, OfferingDocument.title == title.strip()
        )
    ).scalar_one()
    document = OfferingDocument(
        offering_id=offering.id,
        title=title.strip(),
        filename=filename[-200:],
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        version=(latest or 0) + 1,
        added_at=tx.now,
        content=content,
    )
    tx.session.add(document)
    audit.record(tx, "add_document", "offerings", offering.id, title_version=document.version, sha256=document.sha256)
    return document


def record_opening(tx: Transaction, user_id: int, document_id: int) -> None:
    """Write down, once, that somebody opened this version of a document. Writes: opening."""
    tx.session.execute(
        insert(DocumentOpening)
        .values(user_id=user_id, document_id=document_id, opened_at=tx.now)
        .on_conflict_do_nothing()
    )


def move(tx: Transaction, offering: Offering, event: str, **facts: Any) -> None:
    """Move the offering along its table. Raises Refused("illegal_move"). Writes: offering, audit."""
    audit.transition(tx, offering, event, **facts)


def revise(tx: Transaction, offering_id: int) -> None:
    """Take an approved offering back to change it: it must then be reviewed anew.

    Raises Refused("illegal_move"). Locks: offering, proposal. Writes: offering, proposal, audit.
    """
    offering = lock(tx, offering_id)
    move(tx, offering, "revise")
    approvals.withdraw(tx, ProposalKind.PUBLISH, f"offering:{offering.id}")


def open_offering(
    tx: Transaction, offering_id: int, regime: Regime, *, gateway: str, custodian_is_qualified: bool, seats: int | None
) -> Offering:
    """Make an approved offering public and let pledges in, as two officers saw it; at most `seats` people, where it counts them.

    Raises Refused: "illegal_move" (it is not approved), "second_person_missing", "custodian_not_qualified",
    "deadline_past", "deadline_too_early" (the law wants more days), "deadline_too_late".
    Locks: offering, proposal, accounts. Writes: offering, proposal, the bill of the listing, progress, audit.
    """
    offering = lock(tx, offering_id)
    offering.lifecycle.next(offering.status, "open")  # before its terms: a draft may lack them
    if regime.needs_qualified_custodian and not custodian_is_qualified:
        raise Refused("custodian_not_qualified", regime=regime.pack.id)
    assert offering.deadline_at is not None
    problem = deadline_problem(offering.deadline_at, regime, tx.now)
    if problem is not None:
        raise problem
    seal = queries.seal(tx.session, offering.id)
    with approvals.carrying_out(tx, ProposalKind.PUBLISH, f"offering:{offering.id}", seal):
        offering.gateway = gateway
        offering.opened_at = tx.now
        audit.transition(tx, offering, "open", gateway=gateway)
    if offering.listing_fee:
        ledger.post(tx, entries.listing_fee_billed(offering.id, offering.listing_fee, f"listing:{offering.id}"))
    tx.session.add(
        OfferingProgress(
            offering_id=offering.id,
            accepting=True,
            accepts_until=offering.deadline_at,
            **limits(offering, tx.now),
            seats=seats,
            taken_shares=0,
            taken_minor=0,
            held_minor=0,
            settled_minor=0,
        )
    )
    return offering


def lock(tx: Transaction, offering_id: int) -> Offering:
    """Take the offering's row, read anew. Locks: offering."""
    return tx.session.scalars(
        select(Offering)
        .where(Offering.id == offering_id)
        .with_for_update(of=Offering)
        .execution_options(populate_existing=True)
    ).one()


def share(tx: Transaction, offering_id: int) -> Offering:
    """Read the offering anew and hold it as it is: its text and its life wait until we are done. Locks: offering (shared)."""
    return tx.session.scalars(
        select(Offering)
        .where(Offering.id == offering_id)
        .with_for_update(read=True, key_share=True, of=Offering)
        .execution_options(populate_existing=True)
    ).one()


def amend(tx: Transaction, offering: Offering, **values: Any) -> int:
    """Give a locked open offering another text, and return its new version. Locks: progress. Writes: offering, progress, audit."""
    for name, value in values.items():
        setattr(offering, name, value)
    offering.version += 1
    tx.session.execute(
        update(OfferingProgress)
        .where(OfferingProgress.offering_id == offering.id)
        .values(accepts_until=offering.deadline_at, **limits(offering, tx.now))
        .execution_options(synchronize_session=False)
    )
    audit.record(tx, "amend", "offerings", offering.id, version=offering.version, fields=sorted(values))
    return offering.version


def move_deadline(tx: Transaction, offering: Offering, deadline_at: datetime, why: str) -> None:
    """Let a locked open offering end at another instant. Locks: progress. Writes: offering, progress, audit."""
    audit.record(
        tx, "move_deadline", "offerings", offering.id, old=offering.deadline_at, deadline_at=deadline_at, why=why
    )
    offering.deadline_at = deadline_at
    tx.session.execute(
        update(OfferingProgress)
        .where(OfferingProgress.offering_id == offering.id)
        .values(accepts_until=deadline_at)
        .execution_options(synchronize_session=False)
    )


def stop_accepting(tx: Transaction, offering: Offering) -> None:
    """Let no more pledges in, from the commit of this transaction on. Locks: progress. Writes: progress."""
    tx.session.execute(
        update(OfferingProgress).where(OfferingProgress.offering_id == offering.id).values(accepting=False)
    )


def take(tx: Transaction, offering_id: int, shares: int, minor: int, kept: KeptRoom = NOTHING_KEPT) -> None:
    """Take a place for a pledge, in the room that was kept for its investor first: the last thing its transaction does.

    One statement decides the room of the book, the deadline (by the database's clock, after waiting for the row), whether a
    closing has begun, and that nobody is overtaken who waits for room. Raises Refused: "offering_full" (left_shares=…),
    "others_wait", "offering_ended". Locks: progress. Writes: progress.
    """
    more = shares - kept.shares
    taken = tx.session.execute(
        update(OfferingProgress)
        .where(
            OfferingProgress.offering_id == offering_id,
            OfferingProgress.accepting,
            OfferingProgress.accepts_until > func.platform_now(),
            OfferingProgress.taken_shares + OfferingProgress.kept_shares + more <= OfferingProgress.book_shares,
            (OfferingProgress.waiting == 0) | literal(more <= 0),
        )
        .values(
            taken_shares=OfferingProgress.taken_shares + shares,
            taken_minor=OfferingProgress.taken_minor + minor,
            kept_shares=OfferingProgress.kept_shares - kept.shares,
            kept_seats=OfferingProgress.kept_seats - kept.seats,
        )
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount == 1:  # type: ignore[attr-defined]
        return
    row = tx.session.execute(
        select(
            OfferingProgress.accepting & (OfferingProgress.accepts_until > func.platform_now()),
            OfferingProgress.waiting,
            OfferingProgress.maximum_shares
            - OfferingProgress.taken_shares
            - OfferingProgress.kept_shares
            + kept.shares,
        ).where(OfferingProgress.offering_id == offering_id)
    ).one()
    if not row[0]:
        raise Refused("offering_ended")
    if row[1]:
        raise Refused("others_wait", field="amount")
    raise Refused("offering_full", field="amount", left_shares=row[2])


def count(
    tx: Transaction, offering_id: int, *, taken_shares: int = 0, taken: int = 0, held: int = 0, settled: int = 0,
    promised: int = 0,
) -> None:  # fmt: skip
    """Add to (or take from) what the offering shows. Locks: progress, last. Writes: progress."""
    tx.session.execute(
        update(OfferingProgress)
        .where(OfferingProgress.offering_id == offering_id)
        .values(
            taken_shares=OfferingProgress.taken_shares + taken_shares,
            taken_minor=OfferingProgress.taken_minor + taken,
            held_minor=OfferingProgress.held_minor + held,
            settled_minor=OfferingProgress.settled_minor + settled,
            promised_minor=OfferingProgress.promised_minor + promised,
        )
        .execution_options(synchronize_session=False)
    )
