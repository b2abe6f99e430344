"""What a change of its offering means for a pledge. Who is asked, and what silence means, is `changes/`."""

from __future__ import annotations

from collections.abc import Collection

from app.database import Transaction
from app.offerings.models import Offering
from app.pledges import queries, saved
from app.pledges.actions import lock
from app.pledges.models import Pledge, PledgeConsent
from app.regimes.law_book import LawBook, cancel_until


def follow_deadline(tx: Transaction, offering: Offering, law: LawBook, asked: Collection[int]) -> list[Pledge]:
    """Move the right to cancel, and the day of a later charge, with the deadline of a locked offering; return its live
    pledges.

    Who is asked to confirm (ids of pledges) may cancel at any time. Locks: pledges. Writes: pledges.
    """
    assert offering.deadline_at is not None  # a public offering has complete terms
    live = [lock(tx, pledge_id) for pledge_id in queries.live(tx.session, offering.id)]
    decided = queries.decided_by(tx.session, [pledge.id for pledge in live])
    for pledge in live:
        laws = [law.regime(name) for name in decided[pledge.id]]
        until = cancel_until(laws, offering.deadline_at, pledge.placed_at)
        pledge.cancel_until = None if pledge.id in asked else until
        saved.follow_deadline(tx, pledge, offering)
    return live


def go_on(
    tx: Transaction, pledge: Pledge, offering: Offering, law: LawBook, *, version: int, named: str, sha256: str,
    locale: str,
) -> None:  # fmt: skip
    """Let a locked pledge go on under a newer text of its offering, which its investor made their own.

    `named` is what the consent is kept under. Writes: pledge, consent.
    """
    assert offering.deadline_at is not None  # a public offering has complete terms
    laws = [law.regime(name) for name in queries.decided_by(tx.session, [pledge.id])[pledge.id]]
    pledge.offering_version = version
    pledge.cancel_until = cancel_until(laws, offering.deadline_at, tx.now)
    tx.session.add(
        PledgeConsent(pledge_id=pledge.id, statement=named, text_sha256=sha256, locale=locale, ticked_at=tx.now)
    )
