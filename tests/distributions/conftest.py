"""An offering that is settled, and an issuer that pays its holders."""

from __future__ import annotations

import pytest

from app.actor import Actor, Role
from app.approvals.models import ProposalKind
from app.distributions import actions, queries
from app.distributions.models import Distribution
from app.distributions.snapshot import Part
from app.fees.terms import FeeTerms
from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.money import Money
from app.offerings.models import Offering
from app.regimes import platform_policy
from tests.builders import World
from tests.keeping import kept

#: Ten percent of what goes beyond what a holder paid in, two percent on top of a pledge.
TERMS = FeeTerms(500, investor_bps=200, investor_most_minor=700, carry_bps=1_000)


class Payer:
    """What the issuer, an operator and an officer do, and what can be seen of it."""

    def __init__(self, world: World) -> None:
        self.world = world

    @kept
    def sold(self, *shares: int, fees: FeeTerms = TERMS) -> Offering:
        """A settled offering with a holder for each of these numbers of shares, at 2.50."""
        offering = self.world.live(target="250", fees=fees)
        for number in shares:
            self.world.held(offering, number)
        self.world.settled(offering)
        self.world.run_jobs()
        return self.world.offering(offering.id)

    def propose(self, offering: Offering, minor: int, tax_bps: int = 0, by: Actor | None = None) -> Distribution:
        with self.world.acting(by or self.world.actor(self.world.user(Role.OPERATOR))) as tx:
            made = actions.begin(
                tx, offering.id, total=Money(minor, "USD"), record_day=platform_policy.PACK.day_of(tx.now), tax_bps=tax_bps,
                why="Dividend of the year", custodian="sandbox",
            )  # fmt: skip
            return queries.distribution(tx.session, made.subject_id)

    def agree(self) -> None:
        self.world.agree(ProposalKind.DISTRIBUTION)

    def send(self) -> None:
        """The money is an hour on its way to the custodian, and everything happens that can."""
        self.world.run_jobs()
        self.world.move_clock(hours=2)
        for _ in range(3):
            self.world.let_backoffs_pass()
            self.world.run_jobs()

    def distribute(self, offering: Offering, minor: int, tax_bps: int = 0) -> Distribution:
        """From the proposal to the holders' cash."""
        found = self.propose(offering, minor, tax_bps)
        self.agree()
        self.send()
        return self.now(found)

    def now(self, found: Distribution) -> Distribution:
        with self.world.looking() as view:
            return queries.distribution(view.session, found.id)

    def latest(self, offering: Offering) -> Distribution:
        with self.world.looking() as view:
            return queries.of_offering(view.session, offering.id)[0]

    def parts(self, found: Distribution) -> list[Part]:
        with self.world.looking() as view:
            return queries.kept(view.session, found.id)

    def balance(self, code: Code, **whose: int) -> int:
        with self.world.looking() as view:
            return ledger.balance(view.session, code, "USD", **whose)


@pytest.fixture
def payer(world: World) -> Payer:
    return Payer(world)
