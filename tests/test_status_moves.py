"""The database knows the same lives as the code: it refuses every move that no table has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError

from app.alerts.models import Alert
from app.approvals.models import Proposal
from app.audit.actions import Subject
from app.changes.models import Answer, Change, EarlyClose
from app.closings.models import Closing
from app.compliance.models import ReviewCase
from app.distributions.models import Distribution
from app.evidence.models import EvidenceFile
from app.investors.models import Claim, SpouseLink
from app.offerings.models import Offering
from app.payments.models import GatewayEvent, Instruction
from app.pledges.models import Pledge
from app.reconciliation.models import Break
from app.waitlist.models import WaitlistEntry
from tests.builders import World

SUBJECTS: tuple[type[Subject], ...] = (
    Offering, Pledge, Instruction, Closing, ReviewCase, Claim, Alert, Change, Answer, EarlyClose,
    SpouseLink, EvidenceFile, Proposal, WaitlistEntry, Break, Distribution,
    GatewayEvent,
)  # fmt: skip


def moves(subject: type[Subject]) -> Iterator[str]:
    """As the trigger is told them; a status that stays is no move."""
    machine = subject.lifecycle
    yield from (f">{status}" for status in machine.initial)
    for move in machine.moves:
        yield from (f"{source}>{move.target}" for source in move.sources if source != move.target)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda one: one.__tablename__)
def test_the_database_allows_exactly_the_moves_of_the_table(world: World, subject: type[Subject]) -> None:
    ((arguments,),) = world.sql(
        "SELECT tgargs FROM pg_trigger WHERE tgname = 'moves' AND tgrelid = CAST(:table AS regclass)",
        table=subject.__tablename__,
    )
    allowed = bytes(arguments).decode().rstrip("\0").split("\0")
    assert sorted(allowed) == sorted(set(moves(subject))), "make the trigger anew in a migration"


def test_every_life_is_guarded(world: World) -> None:
    guarded = world.sql("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'moves'")
    assert {table for (table,) in guarded} == {subject.__tablename__ for subject in SUBJECTS}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pledges SET status = 'settled'",
        "UPDATE offerings SET status = 'settled'",
        "UPDATE instructions SET status = 'pending'",
        "UPDATE review_cases SET status = 'open'",
        "INSERT INTO closings (ref, offering_id, seq, status, begun_at, gather_until, currency, total_minor, fee_minor,"
        " payout_attempts) SELECT 'S-X', id, 1, 'done', now(), now(), 'USD', 0, 0, 0 FROM offerings",
        "INSERT INTO claims (investor_id, kind, status, basis, claimed_at, figures)"
        " SELECT id, 'accredited_us', 'verified', '-', now(), '{}' FROM investors",
    ],
    ids=lambda statement: " ".join(statement.split()[:3]),
)
def test_a_status_that_jumps_is_refused(world: World, statement: str) -> None:
    world.held(world.live())
    before = world.contents()
    with pytest.raises(IntegrityError, match="may not go from"):
        world.sql(statement)
    assert world.contents() == before


def test_a_status_that_stays_is_no_move(world: World) -> None:
    world.held(world.live())
    world.sql("UPDATE pledges SET status = status")
