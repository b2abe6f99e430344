"""What needs two people, done by two people: a part of the world of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock, four_eyes
from app.actor import Actor, Role
from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.jobs import apply_proposals
from app.offerings import queries as offering_queries
from app.offerings.models import Offering

if TYPE_CHECKING:
    from tests.builders import World


class Agreeing:
    """Second people for whatever is proposed."""

    def agree(self: World, kind: ProposalKind, *people: Actor) -> None:
        """A second person (by default an officer) agrees to the latest proposal of a kind."""
        for person in people or (self.officer(),):
            ((ref, sha256),) = self.sql(
                "SELECT ref, sha256 FROM proposals WHERE kind = :kind ORDER BY id DESC LIMIT 1", kind=kind.value
            )
            with self.acting(person) as tx:
                four_eyes.approve(tx, ref, sha256)

    def seal(self: World, offering: Offering) -> None:
        """Two officers agree that it may be published as it is now, however it came to be approved."""
        subject = f"offering:{offering.id}"
        with self.acting(self.officer()) as tx:
            approvals.withdraw(tx, ProposalKind.PUBLISH, subject)
            approvals.propose(
                tx, ProposalKind.PUBLISH, subject, {"case": "R-TEST", "note": ""},
                state=offering_queries.seal(tx.session, offering.id),
            )  # fmt: skip
        self.agree(ProposalKind.PUBLISH)

    def change_payee(self: World, issuer_id: int, *, holder: str, account: str, thaw: bool = True) -> None:
        """Somebody of the company names another payout account, an officer agrees, and the time to object passes.

        With `thaw`, as if the time in which nothing is released were over, too.
        """
        with self.acting(self.actor(self.user(Role.ISSUER))) as tx:
            issuer = issuer_queries.issuer(tx.session, issuer_id)
            proposal = issuers.set_payout_account(tx, issuer, holder=holder, account=account, vault=self.platform.vault)
        assert proposal is not None and proposal.not_before is not None
        self.agree(ProposalKind.PAYEE)
        with self.acting() as tx:
            clock_before = tx.now
            clock.advance(tx.session, proposal.not_before - tx.now)
        apply_proposals.run(self.platform)
        with self.acting() as tx:
            clock.advance(tx.session, clock_before - tx.now)
        if thaw:
            self.force("UPDATE issuers SET payout_frozen_until = NULL WHERE id = :id", id=issuer_id)
