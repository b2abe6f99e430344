"""What people do in the tests of changes: an issuer proposes, an officer decides, investors answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import clock
from app.actor import Actor
from app.changes import actions as changes
from app.changes import proposals, queries
from app.changes.models import Answer, Change
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseOutcome
from app.issuers.models import IssuerMember
from app.jobs import ask_investors, send_notifications
from app.offerings.models import Offering
from app.offerings.terms import Terms
from app.pledges.models import Pledge
from tests.builders import World, usd

NOTE = "The figures on the second page do not add up."


@dataclass
class Story:
    """A world with an open offering in it, and the person who acts for its company."""

    world: World
    offering: Offering
    issuer: Actor

    @classmethod
    def of(cls, world: World, offering: Offering) -> Story:
        with world.looking() as view:
            member = view.session.scalars(
                select(IssuerMember.user_id).where(IssuerMember.issuer_id == offering.issuer_id)
            ).first()
        assert member is not None
        return cls(world, offering, Actor(f"user:{member}", member))

    @property
    def law(self) -> Any:
        return self.world.platform.regime(self.offering.regime)

    def at(self, moment: datetime) -> None:
        with self.world.acting() as tx:
            clock.freeze(tx.session, moment)

    # The issuer

    def revision(self) -> int:
        with self.world.looking() as view:
            found = queries.open_of(view.session, self.offering.id)
            return found.revision if found else 0

    def tell(self, **told: Any) -> None:
        with self.world.acting(self.issuer) as tx:
            proposals.save_disclosure(tx, self.offering.id, self.revision(), **told)

    def terms(self, **others: Any) -> None:
        """Amounts as decimal texts."""
        now = Terms.of(self.world.offering(self.offering.id))
        money = {name: usd(value) for name, value in others.items() if name in ("target", "maximum", "minimum_pledge")}
        with self.world.acting(self.issuer) as tx:
            proposals.save_terms(tx, self.offering.id, self.revision(), replace(now, **{**others, **money}))

    def propose(self, reason: str = "We found a cheaper oven.") -> str:
        """The reference of the officer's case."""
        with self.world.acting(self.issuer) as tx:
            return proposals.propose(tx, self.offering.id, self.revision(), reason, self.law).ref

    # The officer

    def seen(self, ref: str) -> str:
        with self.world.looking() as view:
            case = compliance_queries.case(view.session, ref)
            return queries.seen_hash(view.session, queries.change(view.session, case.subject_id))

    def decide(
        self, ref: str, *, material: bool | None = True, outcome: CaseOutcome = CaseOutcome.APPROVE,
        reasons: Sequence[str] = (), note: str = "", seen: str | None = None, officer: Actor | None = None,
    ) -> Change:  # fmt: skip
        officer = officer or self.world.officer()
        with self.world.acting(officer) as tx:
            if compliance_queries.case(tx.session, ref).status == "open":
                changes.take_case(tx, ref)
        with self.world.acting(officer) as tx:
            return changes.decide(
                tx,
                ref,
                outcome,
                reasons,
                note,
                material=material,
                seen_sha256=seen or self.seen(ref),
                law=self.world.platform.law,
            )

    def publish(self, *, material: bool = True, **told: Any) -> Change:
        """Propose other words and publish them; the mails go out at once."""
        self.tell(**(told or {"story": "We make it, and now we sell it."}))
        change = self.decide(self.propose(), material=material)
        self.hand_over()
        return change

    # What happens by itself

    def hand_over(self) -> None:
        """The mails are taken, and clocks begin."""
        while send_notifications.run(self.world.platform):
            pass
        ask_investors.run(self.world.platform)

    def jobs(self) -> None:
        ask_investors.run(self.world.platform)
        self.world.run_jobs()

    # The investor

    def confirm(self, pledge: Pledge, change: Change) -> None:
        with self.world.acting() as tx:
            changes.confirm(tx, pledge.id, change.id, locale="en", law=self.world.platform.law)

    def answer(self, pledge: Pledge, change: Change) -> Answer:
        with self.world.looking() as view:
            found = queries.answer(view.session, change.id, pledge.id)
        assert found is not None
        return found

    def now(self) -> Offering:
        return self.world.offering(self.offering.id)
