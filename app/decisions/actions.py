"""Ask the law and keep its answer; keep and adopt the editions of its packs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.dialects.postgresql import insert

from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.audit import actions as audit
from app.database import Transaction
from app.decisions import queries, receipts
from app.decisions.models import Decision, Edition, Purpose
from app.decisions.receipts import Asked
from app.errors import Refused
from app.investors.models import Investor
from app.money import Money
from app.regimes.parameters import Pack
from app.regimes.profile import Intent


def decide(
    tx: Transaction,
    investor: Investor,
    offering_id: int,
    intent: Intent,
    laws: Sequence[Asked],
    purpose: Purpose = Purpose.PLEDGE,
) -> Decision:
    """Ask every law that applies on the day of the intent, and keep each answer with its facts.

    Returns the one that binds: the strictest, and of equally strict ones the one that leaves least.
    Writes: decisions, edition.
    """
    receipt = receipts.asked(tx.session, investor, laws, intent)
    packs = {law.regime.pack.id: law.regime.pack for law in laws}
    binding = None
    for one in (receipt, *receipt.others):
        kept = Decision(
            investor_id=investor.id,
            offering_id=offering_id,
            purpose=purpose,
            beside_id=binding.id if binding else None,
            regime=one.regime,
            law=one.law,
            edition_id=record(tx, packs[one.regime]).id,
            facts=one.facts,
            outcome=one.decision,
            rule=one.rule.id,
            citation=one.rule.cite,
            currency=one.currency,
            requested_minor=one.requested.minor,
            cap_minor=_minor(one.cap),
            used_minor=_minor(one.used),
            remaining_minor=_minor(one.remaining),
            largest_minor=_minor(one.largest),
            frees_on=one.frees_on,
            frees_minor=_minor(one.frees),
            numbers=one.numbers,
            decided_at=tx.now,
        )
        tx.session.add(kept)
        tx.session.flush()  # the others and the pledge refer to it
        binding = binding or kept
    assert binding is not None  # a law applies to every offering
    return binding


def _minor(amount: Money | None) -> int | None:
    return None if amount is None else amount.minor


# Editions of packs


def record(tx: Transaction, pack: Pack) -> Edition:
    """Keep the text of a pack; the first edition of a pack decides at once, a later one is put to two officers.

    Writes: edition, proposal, audit.
    """
    found = queries.edition_of(tx.session, pack.sha256)
    if found is not None:
        return found
    is_first = not queries.editions_of(tx.session, pack.id)
    made = tx.session.execute(
        insert(Edition)
        .values(
            pack=pack.id,
            sha256=pack.sha256,
            text=pack.text,
            recorded_at=tx.wall_now,
            adopted_at=tx.wall_now if is_first else None,
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
        .returning(Edition.id)
    ).scalar_one_or_none()
    found = queries.edition_of(tx.session, pack.sha256)
    assert found is not None  # ours, or somebody else's of this very moment
    if made is not None and not is_first:  # what came with the installation is no act of anybody
        audit.record(tx, "record_edition", "editions", found.id, pack=pack.id, sha256=pack.sha256)
        approvals.withdraw(tx, ProposalKind.PACK, f"pack:{pack.id}")  # of an edition that this one overtakes
        approvals.propose(
            tx, ProposalKind.PACK, f"pack:{pack.id}", {"sha256": pack.sha256},
            state=queries.adopted(tx.session).get(pack.id, ""),
        )  # fmt: skip
    return found


def record_all(tx: Transaction, packs: Iterable[Pack]) -> None:
    """Keep the text of every pack that is installed. Writes: editions, audit."""
    for pack in packs:
        record(tx, pack)


def adopt(tx: Transaction, sha256: str) -> Edition:
    """Let an edition decide from now on, as two officers agreed.

    Raises Refused: "edition_unknown", "second_person_missing". Locks: proposal. Writes: edition, proposal, audit.
    """
    found = queries.edition_of(tx.session, sha256)
    if found is None:
        raise Refused("edition_unknown")
    if found.adopted_at is None:
        with approvals.carrying_out(tx, ProposalKind.PACK, f"pack:{found.pack}") as proposal:
            if proposal.payload["sha256"] != sha256:
                raise Refused("second_person_missing")
            found.adopted_at = tx.wall_now
            audit.record(tx, "adopt_edition", "editions", found.id, pack=found.pack, sha256=found.sha256)
    return found
