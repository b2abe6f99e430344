"""What a change of its offering means for a pledge. Who is asked, and what silence means, is `changes/`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sqlalchemy import select, update

from app.database import Transaction, in_batches
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges import queries, saved
from app.pledges.actions import lock
from app.pledges.lifecycle import HELD
from app.pledges.models import Pledge, PledgeConsent
from app.regimes.law_book import LawBook, cancel_until


def follow_deadline(tx: Transaction, offering: Offering, law: LawBook, asked: Collection[int]) -> list[Pledge]:
    """Move the right to cancel, and the day of a later charge, with the deadline of a locked offering; return its live
    pledges.

    Who is asked to confirm (ids of pledges) may cancel at any time. Locks: pledges. Writes: pledges.
    """
    live = [lock(tx, pledge_id) for pledge_id in queries.live(tx.session, offering.id)]
    decided = queries.decided_by(tx.session, [pledge.id for pledge in live])
    for pledge in live:
        laws = [law.regime(name) for name in decided[pledge.id]]
        until = cancel_until(laws, _ends_at(pledge, offering), pledge.placed_at)
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
    laws = [law.regime(name) for name in queries.decided_by(tx.session, [pledge.id])[pledge.id]]
    pledge.offering_version = version
    pledge.cancel_until = cancel_until(laws, _ends_at(pledge, offering), tx.now)
    tx.session.add(
        PledgeConsent(pledge_id=pledge.id, statement=named, text_sha256=sha256, locale=locale, ticked_at=tx.now)
    )


def _ends_at(pledge: Pledge, offering: Offering) -> datetime:
    """What the right to cancel is measured from: the closing that its investor was told of, or the deadline."""
    assert offering.deadline_at is not None  # a public offering has complete terms
    return min(pledge.closes_at or offering.deadline_at, offering.deadline_at)


def close_at(
    tx: Transaction,
    offering: Offering,
    law: LawBook,
    pledge_ids: Iterable[int],
    closes_at: datetime | None,
    asked: Collection[int] = (),
) -> Iterator[tuple[int, Pledge]]:
    """Have these pledges of a locked offering end at a rolling closing, or (None) at the deadline as before, and their
    right to cancel with them; each comes back with the person whom it is told to.

    Who is asked to confirm a change (ids of pledges) may cancel at any time. Locks: pledges. Writes: pledges.
    """
    for ids in in_batches(sorted(pledge_ids)):
        rows = select(Investor.user_id, Pledge).join(Investor, Investor.id == Pledge.investor_id)
        found = tx.session.execute(
            rows.where(Pledge.id.in_(ids))
            .order_by(Pledge.id)
            .with_for_update(of=Pledge)
            .execution_options(populate_existing=True)
        ).all()
        decided = queries.decided_by(tx.session, ids)
        for user_id, pledge in found:
            pledge.closes_at, pledge.sale_decision_id = (
                closes_at,
                None,
            )  # the law is asked for the closing that takes it
            laws = [law.regime(name) for name in decided[pledge.id]]
            until = cancel_until(laws, _ends_at(pledge, offering), pledge.placed_at)
            pledge.cancel_until = None if pledge.id in asked else until
            yield user_id, pledge


def forget_closing(tx: Transaction, offering: Offering) -> None:
    """The deadline of a locked offering has come: what was told of a rolling closing of it counts no more.

    Rights to cancel stay as they were told. Writes: pledges.
    """
    tx.session.execute(
        update(Pledge)
        .where(Pledge.offering_id == offering.id, Pledge.status == HELD, Pledge.closes_at.is_not(None))
        .values(closes_at=None, sale_decision_id=None)
    )
