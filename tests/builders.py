"""Builds test data the way people do: only through actions, so that every rule holds for it, too."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select, text

from app import invariants
from app.actor import STAFF, SYSTEM, Actor, Role
from app.approvals.models import ProposalKind
from app.assessments.bank import bank
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.compliance import actions as compliance
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseOutcome
from app.compliance.queries import Filters as CaseFilters
from app.database import Snapshot, Transaction
from app.evidence.models import EvidenceFile
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.identity.models import User
from app.investors import actions as investors
from app.investors import claims
from app.investors.models import ClaimKind, Investor
from app.issuers import actions as issuers
from app.issuers.models import Issuer
from app.jobs import send_payments
from app.money import Money
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.disclosures import FINANCIALS, YEARS
from app.offerings.models import Offering, OversubscriptionRule, SecurityType
from app.offerings.terms import Terms
from app.payments import queries as payment_queries
from app.payments.sandbox.tables import Token
from app.pledges import actions as pledges
from app.pledges import papers
from app.pledges import queries as pledge_queries
from app.pledges.actions import Placement
from app.pledges.consents import Said, document_name
from app.pledges.models import Pledge
from app.regimes import standing
from app.waitlist import actions as waitlist
from app.wiring import Platform
from tests.agreeing import Agreeing
from tests.happening import PAYMENTS, Happening
from tests.keeping import Beginning, kept
from tests.paying import choose_way

PASSWORD = "correct horse battery staple"
#: Hashing is slow on purpose; checking against this one is not.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


class World(Agreeing, Happening):
    """One platform and what a test does in it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.beginning: Beginning | None = None
        self._numbers = itertools.count(1)

    # Acting and looking

    @contextmanager
    def acting(self, actor: Actor = SYSTEM) -> Iterator[Transaction]:
        with self.platform.database.transaction(actor, "test") as tx:
            yield tx

    @contextmanager
    def looking(self) -> Iterator[Snapshot]:
        with self.platform.database.snapshot() as view:
            yield view

    def now(self) -> datetime:
        with self.looking() as view:
            return view.now

    # People

    def user(self, *roles: Role, name: str = "", email: str = "") -> User:
        number = next(self._numbers)
        with self.acting() as tx:
            person = User(
                email=email or f"person{number}@example.test", name=name or f"Person {number}", password_hash=_HASH,
                locale="en", timezone="America/New_York", created_at=tx.now, email_verified_at=tx.wall_now,
            )  # fmt: skip
            tx.session.add(person)
            tx.session.flush()
            for role in set(roles) - STAFF:
                identity.grant_role(tx, person, role)
        for role in set(roles) & STAFF:  # who were there before anybody could look at it
            self.force(
                "INSERT INTO role_grants (user_id, role, granted_at, granted_by) VALUES (:id, :role, now(), 'test')",
                id=person.id, role=role.value,
            )  # fmt: skip
        return person

    def actor(self, person: User) -> Actor:
        with self.looking() as view:
            return identity_queries.actor(identity_queries.user(view.session, person.id), passed_second_factor=True)

    @kept
    def officer(self) -> Actor:
        return self.actor(self.user(Role.COMPLIANCE_OFFICER))

    @kept
    def investor(
        self,
        *,
        income: str = "200000",
        net_worth: str = "900000",
        other: str = "0",
        name: str = "",
        country: str = "US",
    ) -> Investor:
        """An investor (in the US) whose cap is 90,000 USD unless the figures say otherwise."""
        person = self.user(Role.INVESTOR, name=name)
        with self.acting(self.actor(person)) as tx:
            investor = investors.register(tx, person.id, legal_name=person.name, country=country)
            investors.declare_figures(
                tx, investor, "USD", annual_income=usd(income), net_worth=usd(net_worth), other_platform_12m=usd(other)
            )
        return investor

    # Companies and offerings

    #: The account of every company.
    payee = "US00 1111 2222"

    def issuer(self) -> tuple[Issuer, Actor]:
        person = self.user(Role.ISSUER)
        actor = self.actor(person)
        with self.acting(actor) as tx:
            issuer = issuers.create(
                tx, legal_name=f"Company {next(self._numbers)}, Inc.", country="US", legal_form="Corporation",
                jurisdiction="DE", incorporated_on=date(2020, 1, 2), address={"street1": "1 Main Street", "city": "Dover"},
            )  # fmt: skip
            issuers.add_member(tx, issuer, person.id)
            issuers.set_payout_account(
                tx, issuer, holder=issuer.legal_name, account=self.payee, vault=self.platform.vault
            )
        return issuer, actor

    @kept
    def draft(
        self, *, price: str = "2.50", target: str = "50000", maximum: str = "100000", minimum_pledge: str = "25",
        days: int = 60, regime_id: str = "US-CF", **others: Any,
    ) -> tuple[Offering, Actor]:  # fmt: skip
        """A complete draft, ready to be submitted; the amounts are in the regime's currency."""
        issuer, actor = self.issuer()
        regime = self.platform.regime(regime_id)
        with self.acting(actor) as tx:
            offering = offerings.create_draft(tx, issuer, regime, name=issuer.legal_name, fee_bps=500)
            if "fees" in others:
                offerings.agree_fees(tx, offering.id, others["fees"])
        terms = Terms(
            SecurityType.COMMON_STOCK, None, Decimal(price),
            *(Money.of(amount, regime.pack.currency) for amount in (minimum_pledge, target, maximum)),
            others.get("rule", OversubscriptionRule.FIRST_COME), None,
        )  # fmt: skip
        with self.acting(actor) as tx:
            offering = offerings.save_terms(tx, offering.id, offering.version, terms)
        local = (self.now() + timedelta(days=days)).replace(tzinfo=None)
        with self.acting(actor) as tx:
            offering = offerings.save_deadline(tx, offering.id, offering.version, local, "America/New_York", regime)
        with self.acting(actor) as tx:
            offering = offerings.save_disclosure(
                tx, offering.id, offering.version, tagline="A thing that people need", story="We make it.",
                risks=["We may fail.", "You may wait.", "Others may be better."],
                use_of_funds=[{"purpose": "Machines", "percent": 100}], team=[{"name": "Ann", "role": "CEO"}],
                financials={year: dict.fromkeys(FINANCIALS, 0) for year in YEARS}, statements_level="reviewed",
            )  # fmt: skip
        with self.acting(actor) as tx:
            offerings.add_document(tx, offering.id, offering.version, title="Statements", filename="a.pdf", content=PDF)
        return self.offering(offering.id), actor

    def offering(self, offering_id: int) -> Offering:
        with self.looking() as view:
            return offering_queries.offering(view.session, offering_id)

    @kept
    def submitted(self, **terms: Any) -> tuple[Offering, Actor, str]:
        """A submitted offering, its issuer's person, and the reference of its review case."""
        offering, actor = self.draft(**terms)
        with self.acting(actor) as tx:
            case = compliance.submit_offering(tx, offering.id, self.platform.regime(offering.regime))
        return self.offering(offering.id), actor, case.ref

    def approve(self, case_ref: str) -> None:
        """An officer takes the case of an offering and says yes, and a second one agrees that it is published."""
        officer = self.officer()
        with self.acting(officer) as tx:
            compliance.take_case(tx, case_ref)
        with self.acting(officer) as tx:
            compliance.resolve_offering(tx, case_ref, CaseOutcome.APPROVE, [], "")
        self.agree(ProposalKind.PUBLISH)

    @kept
    def live(self, **terms: Any) -> Offering:
        """An open offering: by default 40,000 shares at 2.50, target 50,000, for 60 days."""
        offering, actor, case_ref = self.submitted(**terms)
        self.approve(case_ref)
        gateway = "sandbox" if "sandbox" in self.platform.gateways else self.platform.custodian.name
        with self.acting(actor) as tx:
            compliance.open_offering(
                tx, offering.id, self.platform.regime(offering.regime), gateway=gateway, custodian_is_qualified=True,
                seats=self.platform.law.seats(offering.regime, tx.now),
            )  # fmt: skip
        return self.offering(offering.id)

    # Pledges and their money

    def ticks(self, regime_id: str = "US-CF", *asked_by: str) -> dict[str, str]:
        """Every statement of the day, and those that these rules ask for by their answer."""
        regime = self.platform.regime(regime_id)
        statements = regime.pack.statements_on(regime.pack.day_of(self.now()))
        return {one.id: papers.version(one, "en") for one in statements if one.asked_by in ("", *asked_by)}

    def said(self, offering: Offering, ticked: dict[str, str]) -> Said:
        """Everything that the form of a pledge asks for, its questions answered rightly."""
        found = standing.questionnaire_of(offering.regime, self.now().date())
        answers = {one.id: one.right for one in bank(found[0]).questions} if found else {}
        return Said(ticked, answers, "en")

    def place(self, investor: Investor, offering: Offering, shares: int, **others: Any) -> Placement:
        ticked = {**self.open_documents(investor, offering), **others.get("ticked", self.ticks(offering.regime))}
        with self.acting(Actor(f"user:{investor.user_id}", investor.user_id)) as tx:
            return waitlist.place(
                tx, investor_id=investor.id, offering_id=offering.id, shares=shares,
                form_key=others.get("form_key") or uuid.uuid4(), said=self.said(offering, ticked),
                law=others.get("law") or self.platform.law, payment_window=self.platform.payment_window,
                placed_from=others.get("placed_from"), paying=self.platform.only_way_to_pay(offering.currency),
            )  # fmt: skip

    def open_documents(self, investor: Investor, offering: Offering) -> dict[str, str]:
        """Open every document and paper, and tick the documents: name -> SHA-256, as `place` takes it."""
        regime = self.platform.regime(offering.regime)
        with self.acting() as tx:
            for statement in regime.pack.statements_on(regime.pack.day_of(tx.now)):
                if statement.paper is not None:
                    papers.record_opening(tx, investor.user_id, statement, "en")
            documents = offering_queries.documents(tx.session, offering.id)
            for one in documents:
                offerings.record_opening(tx, investor.user_id, one.id)
            return {document_name(one): one.sha256 for one in documents}

    def pledged(self, offering: Offering, shares: int = 100, investor: Investor | None = None) -> Pledge:
        placement = self.place(investor or self.investor(), offering, shares)
        assert placement.pledge is not None
        return placement.pledge

    def pay(self, pledge: Pledge, token: Token = Token.OK) -> None:
        """What the investor does: choose the way where that is not done, and pay. The site has to find out by itself."""
        choose_way(self.platform, pledge)
        send_payments.run(self.platform)
        with self.looking() as view:
            collection = payment_queries.collection(view.session, pledge.id)
        assert collection is not None and collection.provider_ref is not None and self.platform.sandbox is not None
        self.platform.sandbox.pay(collection.provider_ref.split("/")[1], token)

    @kept
    def held(self, offering: Offering, shares: int = 100, investor: Investor | None = None) -> Pledge:
        pledge = self.pledged(offering, shares, investor)
        self.pay(pledge)
        self.run_until_quiet(PAYMENTS)
        return self.pledge(pledge.id)

    def pledge(self, pledge_id: int) -> Pledge:
        with self.looking() as view:
            return pledge_queries.pledge(view.session, pledge_id)

    def pledges_of(self, offering: Offering) -> list[Pledge]:
        with self.looking() as view:
            return list(
                view.session.scalars(select(Pledge).where(Pledge.offering_id == offering.id).order_by(Pledge.id))
            )

    def cancel(self, pledge: Pledge) -> None:
        with self.acting() as tx:
            pledges.cancel(tx, pledge.id)

    # Claims and closings

    def certify(self, investor: Investor, kind: ClaimKind) -> None:
        officer = self.officer()
        with self.acting() as tx:
            case = compliance.claim_status(tx, investor, kind, "I have it in writing.")
        self.prove(case.subject_id)
        with self.acting(officer) as tx:
            compliance.take_case(tx, case.ref)
        with self.acting(officer) as tx:
            compliance.resolve_claim(tx, case.ref, CaseOutcome.APPROVE, [], "")

    def prove(self, claim_id: int, content: bytes = PDF, filename: str = "tax.pdf") -> EvidenceFile:
        """Hand in a file of evidence for a claim."""
        with self.acting() as tx:
            return claims.add_evidence(tx, claim_id, filename=filename, content=content, vault=self.platform.vault)

    def pass_deadline(self, offering: Offering) -> None:
        assert offering.deadline_at is not None
        self.move_clock(seconds=(offering.deadline_at - self.now()).total_seconds() + 60)

    def approve_closing(self, offering: Offering, *officers: Actor) -> None:
        for officer in officers or (self.officer(), self.officer()):
            with self.looking() as view:
                closing = closing_queries.of_offering(view.session, offering.id)[0]
            with self.acting(officer) as tx:
                closings.approve(tx, closing.ref, closing.snapshot_hash or "")

    @kept
    def settled(self, offering: Offering) -> None:
        """Take an offering with enough money past its deadline to its shares."""
        self.pass_deadline(offering)
        self.run_jobs()
        self.approve_closing(offering)
        self.run_jobs()

    def queue(self) -> list[str]:
        with self.looking() as view:
            return [case.ref for case in compliance_queries.waiting(view.session, CaseFilters(), 200)]

    # Behind the actions' back

    def sql(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Raw SQL, committed: what somebody with the database's password could do."""
        with self.platform.database.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def force(self, statement: str, **values: Any) -> None:
        """Raw SQL that no trigger sees: brings rows where no act could bring them."""
        with self.platform.database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            assert connection.execute(text(statement), values).rowcount > 0

    def broken_promises(self) -> list[str]:
        """The names of the invariants that do not hold."""
        with self.looking() as view:
            return [finding.name for finding in invariants.check(view.session) if not finding.holds]

    def contents(self, *leave_out: str) -> dict[str, str]:
        """A hash of every row of every table of ours: equal before and after means that nothing changed.

        But for what was opened: who places a pledge opens its documents before, in an act of its own.
        """
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        hashes = (
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
            for (name,) in tables
            if name not in (*leave_out, "document_openings", "paper_openings")
        )
        return dict(self.sql(" UNION ALL ".join(hashes)))

    def let_backoffs_pass(self) -> None:
        """Make everything that waits for its next attempt due now."""
        for table in ("instructions", "gateway_events", "messages"):
            self.sql(f"UPDATE {table} SET next_attempt_at = clock_timestamp() - interval '1 second'")

    def at_the_gateway(self, offering: Offering) -> list[tuple[str, str, int]]:
        """Everything that the provider made for an offering, oldest first: kind, status, minor units."""
        return [(kind, status, minor) for kind, status, minor in self.sql(
            "SELECT kind, status, amount_minor FROM sandbox.objects WHERE account = :account ORDER BY created_at, kind",
            account=f"offering-{offering.id}",
        )]  # fmt: skip
