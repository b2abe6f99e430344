"""The machinery of the demo: acting as somebody, moving the clock, letting the jobs run."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from app import clock, four_eyes
from app.actor import Actor, Role, command_line
from app.approvals import queries as agreements
from app.approvals.models import Proposal, ProposalKind
from app.assessments.bank import bank
from app.changes import actions as changes
from app.changes import proposals
from app.changes import queries as change_queries
from app.changes.models import Change
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome, ReviewCase
from app.database import Transaction
from app.demo import texts
from app.demo.people import CHEN, GRACE, DemoPerson
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.investors import claims
from app.investors import queries as investor_queries
from app.investors.models import Investor
from app.jobs import ask_investors, carry_money, close_offerings, expire_pledges, process_inbox, send_payments
from app.money import Money
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.models import Offering
from app.payments import inbox
from app.payments import queries as payment_queries
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from app.payments.sandbox.tables import Token
from app.payments.ways import PaymentWay
from app.pledges import actions as pledges
from app.pledges import papers
from app.pledges import queries as pledge_queries
from app.pledges.consents import Said, document_name
from app.pledges.models import Pledge
from app.regimes import standing
from app.regimes.regime import Regime
from app.wiring import Platform

JOBS = (process_inbox, send_payments, expire_pledges, ask_investors, carry_money, close_offerings)
MOST_ROUNDS = 100


class Stage:
    """Everything happens through the platform's own actions, by people who may do it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    @contextmanager
    def by(self, person: DemoPerson | None = None) -> Iterator[Transaction]:
        """One transaction in somebody's name; nobody's: the demo's own."""
        with self.platform.database.transaction(self.actor(person), "demo") as tx:
            yield tx

    def actor(self, person: DemoPerson | None) -> Actor:
        if person is None:
            return command_line("demo")
        with self.platform.database.snapshot() as view:
            user = identity_queries.by_email(view.session, person.email)
            assert user is not None  # people enter before they act
            return identity_queries.actor(user, passed_second_factor=True)

    def now(self) -> datetime:
        with self.platform.database.snapshot() as view:
            return view.now

    def set_clock(self, at: datetime) -> None:
        with self.by() as tx:
            clock.freeze(tx.session, at)

    def pass_time(self, by: timedelta) -> None:
        with self.by() as tx:
            clock.advance(tx.session, by)
        self.run_jobs()

    def run_jobs(self) -> None:
        """Let everything happen that happens by itself."""
        for _ in range(MOST_ROUNDS):
            if not self.hand_over_events() + sum(job.run(self.platform) for job in JOBS):
                return

    def hand_over_events(self) -> int:
        """What the sandbox would send over HTTP, signed and checked as there."""
        handed = 0
        for name, far_side in self.platform.far_sides.items():
            for event in far_side.events_to_deliver(100):
                body = event.body()
                with self.by() as tx:
                    headers = {SIGNATURE_HEADER: sign(body, self.platform.settings.webhook_secret, tx.wall_now)}
                    inbox.store(tx, name, self.platform.gateway_named(name).verify(body, headers, tx.wall_now))
                far_side.confirm_delivery(event.id)
                handed += 1
        return handed

    # What people do

    def enter(self, person: DemoPerson) -> None:
        """Open an account with the person's own password and second factor."""
        key = self.platform.settings.secret_key
        with self.by() as tx:
            user = identity.create_user(
                tx, email=person.email, name=person.name, password=person.password(key), locale=person.locale,
                timezone=person.timezone,
            )  # fmt: skip
            identity.mark_email_verified(tx, user)
            for role in {person.role} | ({Role.INVESTOR, Role.ISSUER} if not person.has_second_factor else set()):
                proposal = four_eyes.grant(tx, user, role)
            secret = person.totp_secret(key)
            if secret is not None:
                identity.set_second_factor(tx, user, secret, self.platform.vault)
        if proposal is not None:
            self.agree(proposal, GRACE, CHEN)

    def agree(self, proposal: Proposal, *officers: DemoPerson) -> None:
        """Officers read what was proposed and agree."""
        for officer in officers:
            with self.by(officer) as tx:
                four_eyes.approve(tx, proposal.ref, proposal.sha256)

    def investor(self, person: DemoPerson) -> Investor:
        with self.platform.database.snapshot() as view:
            user = identity_queries.by_email(view.session, person.email)
            assert user is not None
            found = investor_queries.of_user(view.session, user.id)
            assert found is not None
            return found

    def prove(self, tx: Transaction, case: ReviewCase, filename: str) -> None:
        """Hand in a file of evidence for a claimed status."""
        claims.add_evidence(tx, case.subject_id, filename=filename, content=texts.PDF, vault=self.platform.vault)

    def decide(self, case: ReviewCase, outcome: CaseOutcome, reasons: list[str] | None = None, note: str = "") -> None:
        """An officer takes a case and decides it."""
        with self.by(GRACE) as tx:
            compliance.take_case(tx, case.ref)
        with self.by(GRACE) as tx:
            if case.kind == "offering":
                compliance.resolve_offering(tx, case.ref, outcome, reasons or [], note)
            elif case.kind == "investor":
                compliance.resolve_claim(tx, case.ref, outcome, reasons or [], note)
            else:
                pledges.resolve_referral(tx, case.ref, outcome, reasons or [], note, self.platform.payment_window)

    def open(self, offering: Offering, issuer_person: DemoPerson) -> Offering:
        """Submit, approve by two officers and open a complete draft."""
        regime = self.platform.regime(offering.regime)
        with self.by(issuer_person) as tx:
            case = compliance.submit_offering(tx, offering.id, regime)
        self.decide(case, CaseOutcome.APPROVE)
        with self.platform.database.snapshot() as view:
            proposal = agreements.unfinished(view.session, ProposalKind.PUBLISH, f"offering:{offering.id}")
        assert proposal is not None  # a yes is put to a second officer
        self.agree(proposal, CHEN)
        with self.by(issuer_person) as tx:
            return compliance.open_offering(
                tx,
                offering.id,
                regime,
                gateway=self.platform.custodian.name,
                custodian_is_qualified=True,
                seats=self.platform.law.seats(offering.regime, tx.now),
            )

    def publish_change(self, offering: Offering, issuer_person: DemoPerson, reason: str, **told: Any) -> Change:
        """Propose other words for an open offering; an officer finds the change material."""
        law = self.platform.regime(offering.regime)
        with self.by(issuer_person) as tx:
            change = proposals.save_disclosure(tx, offering.id, 0, **told)
        with self.by(issuer_person) as tx:
            case = proposals.propose(tx, offering.id, change.revision, reason, law)
        with self.by(GRACE) as tx:
            changes.take_case(tx, case.ref)
            seen = change_queries.seen_hash(tx.session, change_queries.change(tx.session, case.subject_id))
        with self.by(GRACE) as tx:
            return changes.decide(
                tx, case.ref, CaseOutcome.APPROVE, [], "", material=True, seen_sha256=seen, law=self.platform.law
            )

    def confirm(self, person: DemoPerson, pledge: Pledge, change: Change) -> None:
        with self.by(person) as tx:
            changes.confirm(tx, pledge.id, change.id, locale=person.locale, law=self.platform.law)

    def pledge(self, person: DemoPerson, offering: Offering, amount: Money, token: Token | None = Token.OK) -> Pledge:
        """Pledge an amount and do on the gateway's page what `token` says; None: leave the page."""
        regime = self.platform.regime(offering.regime)
        assert offering.price is not None
        statements = regime.pack.statements_on(regime.pack.day_of(self.now()))
        with self.by(person) as tx:
            assert tx.actor.user_id is not None
            documents = offering_queries.documents(tx.session, offering.id)
            for one in documents:
                offerings.record_opening(tx, tx.actor.user_id, one.id)
            for statement in (one for one in statements if one.paper is not None):
                papers.record_opening(tx, tx.actor.user_id, statement, person.locale)
        ticked = {one.id: papers.version(one, person.locale) for one in statements if not one.asked_by}
        ticked |= {document_name(one): one.sha256 for one in documents}
        with self.by(person) as tx:
            placement = pledges.place(
                tx,
                investor_id=self.investor(person).id,
                offering_id=offering.id,
                shares=offering.price.shares_for(amount),
                form_key=uuid.uuid4(),
                said=Said(ticked, self.answers(regime), person.locale),
                law=self.platform.law,
                payment_window=self.platform.payment_window,
                paying=self._at_the_sandbox(offering.currency),
            )
        assert placement.pledge is not None, placement.decision.rule
        if token is not None:
            self.pay(placement.pledge, token)
        return placement.pledge

    def _at_the_sandbox(self, currency: str) -> PaymentWay:
        """Where the story's people pay, whatever else the site offers."""
        return next(one for one in self.platform.ways_to_pay(currency) if one.gateway == "sandbox")

    def answers(self, regime: Regime) -> dict[str, str]:
        """The right answers to the questions in the form of a pledge."""
        found = standing.questionnaire_of(regime.pack.id, regime.pack.day_of(self.now()))
        return {one.id: one.right for one in bank(found[0]).questions} if found else {}

    def pay(self, pledge: Pledge, token: Token) -> None:
        self.run_jobs()
        with self.platform.database.snapshot() as view:
            collection = payment_queries.collection(view.session, pledge.id)
            if pledge_queries.pledge(view.session, pledge.id).status == "in_review":
                return
        assert collection is not None and collection.provider_ref is not None and self.platform.sandbox is not None
        self.platform.sandbox.pay(collection.provider_ref.split("/")[1], token)
        self.run_jobs()

    def approve_closing(self, offering: Offering) -> None:
        """Two officers read and approve the same closing."""
        for officer in (GRACE, CHEN):
            with self.platform.database.snapshot() as view:
                closing = closing_queries.of_offering(view.session, offering.id)[0]
            with self.by(officer) as tx:
                closings.approve(tx, closing.ref, closing.snapshot_hash or "")
        self.run_jobs()

    def reload(self, offering: Offering) -> Offering:
        with self.platform.database.snapshot() as view:
            return offering_queries.offering(view.session, offering.id)
