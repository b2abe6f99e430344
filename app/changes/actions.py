"""An officer decides about a change; a material one is put to every investor, and silence ends in a refund.

What the issuer writes is `proposals.py`; how deadlines move is `deadlines.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.audit import actions as audit
from app.changes import deadlines, proposals, queries, texts
from app.changes.lifecycle import AWAITED, OPEN
from app.changes.models import Answer, Change, DeadlineMove, MoveReason
from app.compliance import actions as compliance
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseOutcome
from app.database import Transaction
from app.errors import Refused
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.models import Offering
from app.pledges import actions as pledges
from app.pledges import changes as pledge_changes
from app.pledges import queries as pledge_queries
from app.pledges.messages import tell
from app.pledges.models import Pledge, StopReason
from app.regimes import platform_policy
from app.regimes.law_book import LawBook
from app.regimes.regime import Regime
from app.waitlist import actions as waitlist

# The officer


def take_case(tx: Transaction, ref: str) -> None:
    """Claim the case of a change. Raises: see `_require_stranger`, `compliance.actions.take_case`. Writes: case, audit."""
    change = queries.change(tx.session, compliance_queries.case(tx.session, ref).subject_id)
    _require_stranger(tx, offering_queries.offering(tx.session, change.offering_id))
    compliance.take_case(tx, ref)


def _require_stranger(tx: Transaction, offering: Offering) -> None:
    """Nobody of the company, who joined it whenever, decides about it. Raises Refused("own_case")."""
    if issuers.is_member(tx.session, offering.issuer_id, tx.actor.user_id):
        raise Refused("own_case")


def decide(
    tx: Transaction, ref: str, outcome: CaseOutcome, reasons: Sequence[str], note: str, *, material: bool | None,
    seen_sha256: str, law: LawBook,
) -> Change:  # fmt: skip
    """Take the officer's word on the change that they saw: publish it with its class, ask for changes, or refuse it.

    Raises Refused: "own_case", "change_edited" (what they saw is not what would be decided on), "class_missing",
    "always_material", and see `proposals.require_possible`, `compliance.actions.resolve`.
    Locks: issuer, offering, case, pledges, progress. Writes: change, case, offering, answers, pledges, messages, audit.
    """
    change = queries.change(tx.session, compliance_queries.case(tx.session, ref).subject_id)
    offering = compliance.lock_with_issuer(tx, change.offering_id)
    tx.session.refresh(change)
    _require_stranger(tx, offering)
    if change.status in OPEN and queries.seen_hash(tx.session, change) != seen_sha256:
        raise Refused("change_edited")
    if outcome is CaseOutcome.APPROVE:
        _require_class(tx, change, material, law.regime(offering.regime))
    case = compliance.resolve(tx, ref, outcome, reasons, note)
    if outcome is CaseOutcome.REQUEST_CHANGES:
        audit.transition(tx, change, "request_changes", case=case.ref)
    else:
        change.old, change.seen_sha256 = queries.before(tx.session, change), seen_sha256
        change.decided_by, change.decided_at = tx.actor.user_id, tx.now
        if outcome is CaseOutcome.REFUSE:
            audit.transition(tx, change, "refuse", case=case.ref)
        else:
            proposals.require_possible(tx, offering, change, law.regime(offering.regime))
            _publish(tx, offering, change, bool(material), law)
    for user_id in issuers.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, Message.CHANGE_DECIDED, about=case.ref, offering=offering.name, ref=offering.ref,
            outcome=outcome.value, material=change.material, reasons=list(reasons), note=case.note,
        )  # fmt: skip
    return change


def _require_class(tx: Transaction, change: Change, material: bool | None, law: Regime) -> None:
    if material is None:
        raise Refused("class_missing", field="materiality")
    always = platform_policy.always_material(law.pack.day_of(tx.now)) & set(change.new)
    if not material and always:
        raise Refused("always_material", field="materiality", fields=sorted(always))


def _publish(tx: Transaction, offering: Offering, change: Change, material: bool, law: LawBook) -> None:
    """Give the offering its new text, from the commit of this transaction on, and tell everybody who pledged."""
    old_deadline = offering.deadline_at
    _add_documents(tx, offering, change)
    version = offerings.amend(tx, offering, **texts.columns(offering, change.new))
    text_sha256 = texts.sha256(queries.text_now(tx.session, offering))
    change.version, change.material, change.text_sha256 = version, material, text_sha256
    audit.transition(tx, change, "publish", material=material, seen=change.seen_sha256, text=text_sha256)
    tx.session.flush()  # what follows refers to it
    moved = None
    assert offering.deadline_at is not None and old_deadline is not None
    if offering.deadline_at != old_deadline:
        moved = deadlines.record_move(tx, offering, old_deadline, offering.deadline_at, MoveReason.CHANGE, change)
    if not material:
        for pledge in deadlines.follow(tx, offering, law, moved):
            _tell(tx, pledge, offering, change, law.regime(offering.regime), Message.CHANGE_PUBLISHED)
        return
    moved = deadlines.leave_time(tx, offering, law.regime(offering.regime).reconfirm_by(tx.now), change) or moved
    _ask_everybody(tx, offering, change, law, moved)


def _add_documents(tx: Transaction, offering: Offering, change: Change) -> None:
    proposed = change.new.get("documents", {})
    latest = {one.title: one for one in queries.documents(tx.session, change.id)}
    for title in proposed:
        one = latest[title]
        offerings.keep_document(
            tx, offering, title=title, filename=one.filename, media_type=one.media_type, content=one.content
        )


def _ask_everybody(
    tx: Transaction, offering: Offering, change: Change, law: LawBook, moved: DeadlineMove | None
) -> None:
    """Ask for every live pledge anew; an answer that is still awaited to an earlier change is asked for here."""
    live = pledge_queries.live(tx.session, offering.id)
    for earlier, _ in queries.awaited_from(tx.session, live).values():
        audit.transition(tx, earlier, "overtake", change=change.ref)
    tx.session.flush()  # one answer is awaited from a pledge
    for pledge_id in live:
        asked = Answer(change_id=change.id, pledge_id=pledge_id, status=AWAITED, asked_at=tx.now)
        tx.session.add(asked)
        tx.session.flush()  # its id is the subject of the trail
        audit.begin(tx, asked, "ask", change=change.ref, pledge_id=pledge_id)
    for pledge in deadlines.follow(tx, offering, law, None):
        _tell(tx, pledge, offering, change, law.regime(offering.regime), Message.CHANGE_TO_CONFIRM, moved)
    tx.wake("ask_investors")


def _tell(
    tx: Transaction, pledge: Pledge, offering: Offering, change: Change, law: Regime, kind: Message,
    moved: DeadlineMove | None = None,
) -> None:  # fmt: skip
    notifications.enqueue(
        tx, investors.investor(tx.session, pledge.investor_id).user_id, kind,
        about=queries.about(change.id, pledge.id), ref=pledge.ref, offering=offering.name, slug=offering.slug,
        minor=pledge.amount_minor, currency=pledge.currency, zone=offering.deadline_zone, law_zone=law.pack.zone,
        confirm_by=law.reconfirm_by(tx.now).isoformat(),
        redline=[field.as_plain() for field in queries.redline_of(tx.session, change)],
        old_deadline=moved.old_deadline_at.isoformat() if moved else None,
        new_deadline=moved.new_deadline_at.isoformat() if moved else None,
    )  # fmt: skip


# The investor


def confirm(tx: Transaction, pledge_id: int, change_id: int, *, locale: str, law: LawBook) -> Answer:
    """The investor goes on under the new text, until the last permitted instant.

    Raises Refused: "nothing_to_confirm" (also when a newer change asks instead), "too_late_to_confirm".
    Locks: offering (shared), pledge, answer. Writes: answer, pledge, consent, message, audit.
    """
    pledge = pledges.take(tx, pledge_id)
    answer = _awaited(tx, change_id, pledge_id)
    offering = pledge.offering
    change = queries.change(tx.session, change_id)
    if answer is None or pledge.id not in pledge_queries.live(tx.session, offering.id):
        raise Refused("nothing_to_confirm")
    now = tx.now_after_locks()
    if answer.confirm_by is not None and now > answer.confirm_by:
        raise Refused("too_late_to_confirm", until=answer.confirm_by, zone=law.regime(offering.regime).pack.zone)
    answer.answered_at = now
    audit.transition(tx, answer, "confirm", change=change.ref, text=change.text_sha256)
    assert change.version is not None and change.text_sha256 is not None  # it is published
    pledge_changes.go_on(
        tx, pledge, offering, law, version=change.version, named=f"change:{change.ref}", sha256=change.text_sha256,
        locale=locale,
    )  # fmt: skip
    tell(tx, pledge, offering, Message.CHANGE_CONFIRMED, about=queries.about(change.id, pledge.id))
    return answer


def _awaited(tx: Transaction, change_id: int, pledge_id: int) -> Answer | None:
    return tx.session.scalars(
        select(Answer)
        .where(Answer.change_id == change_id, Answer.pledge_id == pledge_id, Answer.status == AWAITED)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


# What happens by itself


def begin_clocks(tx: Transaction, change_id: int, law: LawBook) -> int:
    """Let the clock run of everybody whose notice was handed over; return how many.

    "Within five business days of receipt of the notice": receipt is when our mail was handed over, as we learn of it.
    That somebody opened the page before does not shorten their time. Mail that nobody takes would hold up everybody's
    money; after the days of the platform's policy the change, which stood on the site, counts as received.
    If the days then reach beyond the deadline, the offering is extended. Source: 17 CFR 227.304(c).
    Locks: offering, pledges, progress. Writes: answers, offering, move, pledges, messages, progress, audit.
    """
    change = queries.change(tx.session, change_id)
    offering = offerings.lock(tx, change.offering_id)
    regime = law.regime(offering.regime)
    assert change.decided_at is not None  # it is published
    untold = tx.now > platform_policy.told_by(change.decided_at, regime.pack)
    received = queries.not_begun(tx.session, change.id) if untold else queries.handed_over(tx.session, change.id)
    if not received:
        return 0
    confirm_by = regime.reconfirm_by(tx.now)
    for answer_id in received:
        answer = tx.session.get_one(Answer, answer_id, with_for_update=True)
        answer.received_at, answer.confirm_by = tx.now, confirm_by
        audit.record(tx, "receive", "change_answers", answer.id, confirm_by=confirm_by, by_mail=not untold)
    moved = deadlines.leave_time(tx, offering, confirm_by, change)
    if moved is not None:
        deadlines.follow(tx, offering, law, moved)
    return len(received)


def end_silence(tx: Transaction, answer_id: int) -> bool:
    """Cancel a pledge whose investor said nothing in time, and give everything back; who answered meanwhile is let be.

    Source: 17 CFR 227.304(c)(1). Locks: offering (shared), pledge, answer; and see `pledges.actions.stop`.
    Writes: answer, and see there.
    """
    found = tx.session.get_one(Answer, answer_id)
    pledge = pledges.take(tx, found.pledge_id)
    answer = _awaited(tx, found.change_id, found.pledge_id)
    now = tx.now_after_locks()
    if answer is None or answer.confirm_by is None or now <= answer.confirm_by:
        return False
    answer.answered_at = now
    audit.transition(tx, answer, "fall_silent", confirm_by=answer.confirm_by)
    pledges.stop(tx, pledge, StopReason.NOT_RECONFIRMED)
    return True


def end_with(tx: Transaction, offering: Offering, early_close: str) -> None:
    """What is still open about an offering ends with it, when it is locked; `early_close` is the event of an announced one.

    Locks: case, waitlist entries, progress. Writes: change, early close, case, waitlist entries, messages, progress, audit.
    """
    waitlist.end_with(tx, offering)
    change = queries.open_of(tx.session, offering.id)
    if change is not None:
        proposals.drop(tx, change)
    early = queries.early_close(tx.session, offering.id)
    if early is not None:
        audit.transition(tx, early, early_close)
