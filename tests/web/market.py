"""A market in which everything that a page can show is there once, built through actions."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

from app.actor import Actor, Role
from app.approvals.models import ProposalKind
from app.assessments import actions as assessments
from app.assessments.bank import bank
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.closings import rolling
from app.compliance import actions as compliance
from app.compliance import desk
from app.compliance.models import CaseOutcome
from app.fees.terms import FeeTerms
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.identity.models import User
from app.identity.second_factor import new_secret
from app.investors import actions as investors
from app.investors.models import ClaimKind, Investor
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.issuers.models import Relation
from app.jobs import monitor_pledges, reconcile, runner, send_notifications, send_payments
from app.money import Money
from app.offerings import actions as offerings
from app.offerings import filings, form_c
from app.offerings.disclosures import FINANCIALS, YEARS
from app.offerings.models import Offering, OversubscriptionRule, SecurityType
from app.offerings.terms import Terms
from app.payments import queries as payment_queries
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX, Token
from app.pledges import actions as pledges
from app.pledges import related, unidentified
from app.pledges.models import Pledge
from app.reconciliation import queries as reconciliation
from tests.builders import PDF
from tests.cash.keeping import ask_top_up
from tests.changes.story import Story
from tests.reconciliation.planting import line
from tests.screening.lists import cases, take_in
from tests.servers import ROOT
from tests.web.browser import Browser, Site

#: Stands on the tests' list.
LISTED = "Zoltrik Vandermoosen"
NOTE = "The figures on the second page do not add up."
#: Who looks at the site. "half" gave a password only.
ROLES = ("anonymous", "half", "investor", "issuer", "officer", "operator", "unverified")


class Market:
    """People by role, offerings by status, pledges by status, and what leads to them."""

    def __init__(self, site: Site) -> None:
        self.site, self.world = site, site.world
        self.people: dict[str, User] = {}
        self.offerings: dict[str, Offering] = {}
        self.pledges: dict[str, Pledge] = {}
        self.cases: dict[str, str] = {}
        self.closings: dict[str, str] = {}
        self.claims: dict[str, int] = {}
        self.tries: list[int] = []
        self.evidence: dict[str, int] = {}
        self.proposals: list[str] = []
        self.breaks: list[str] = []
        self.receipts: list[int] = []
        self._enter()
        self._issue()
        self._close()
        self._invest()
        self._claim()
        self._change()
        self._roll()
        self._look_into()
        self._reconcile()
        runner.run(self.world.platform, "check_books")
        send_notifications.run(self.world.platform)
        self.offerings = {status: self.world.offering(one.id) for status, one in self.offerings.items()}

    def browser(self, who: str, language: str = "en") -> Browser:
        if who == "anonymous":
            return self.site.browser(language=language)
        return self.site.browser(self.people[who].id, half=who.startswith("half"), language=language)

    def actor(self, who: str) -> Actor:
        return self.world.actor(self.people[who])

    # People

    def _enter(self) -> None:
        world, vault = self.world, self.world.platform.vault
        self.investor: Investor = world.investor(name="Ida Investor")
        with world.looking() as view:
            self.people["investor"] = identity_queries.user(view.session, self.investor.user_id)
        for who, roles in {
            "issuer": (Role.ISSUER,),
            "officer": (Role.COMPLIANCE_OFFICER,),
            "second_officer": (Role.COMPLIANCE_OFFICER,),
            "operator": (Role.OPERATOR,),
            "half": (Role.COMPLIANCE_OFFICER,),
            "half_without": (Role.OPERATOR,),
            "unverified": (Role.INVESTOR, Role.ISSUER),
            "stranger": (Role.INVESTOR, Role.ISSUER),
        }.items():
            self.people[who] = world.user(*roles, name=f"Mr {who.title()}")
        with world.acting() as tx:
            identity_queries.user(tx.session, self.people["unverified"].id).email_verified_at = None
            for who in ("half", "officer"):
                person = identity_queries.user(tx.session, self.people[who].id)
                identity.set_second_factor(tx, person, new_secret(), vault)

    # Offerings, each in another part of its life

    def _issue(self) -> None:
        world = self.world
        self.offerings["draft"], _ = world.draft()
        self.offerings["submitted"], _, self.cases["open"] = world.submitted()
        self.offerings["in_review"], _, self.cases["claimed"] = world.submitted()
        self._take(self.cases["claimed"])
        for status, outcome, reasons in (
            ("approved", CaseOutcome.APPROVE, []),
            ("changes_requested", CaseOutcome.REQUEST_CHANGES, ["unclear_terms"]),
            ("refused", CaseOutcome.REFUSE, ["not_eligible", "other"]),
        ):
            self.offerings[status], _, ref = world.submitted()
            self._decide(ref, outcome, reasons)
            self.cases[status] = ref
        self.offerings["live"] = world.live()
        self.offerings["withdrawn"] = world.live()
        with world.acting() as tx:
            closings.withdraw_offering(tx, self.offerings["withdrawn"].id)
        self._import_filing()
        self._issue_in_yuan()
        with world.acting() as tx:
            self.company = issuer_queries.issuer(tx.session, self.offerings["live"].issuer_id)
            for offering in self.offerings.values():
                issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), self.people["issuer"].id)

    def _take(self, ref: str) -> None:
        with self.world.acting(self.actor("officer")) as tx:
            compliance.take_case(tx, ref)

    def _decide(self, ref: str, outcome: CaseOutcome, reasons: list[str]) -> None:
        self._take(ref)
        with self.world.acting(self.actor("officer")) as tx:
            compliance.resolve_offering(tx, ref, outcome, reasons, NOTE)
        if outcome is CaseOutcome.APPROVE:
            self.world.agree(ProposalKind.PUBLISH, self.actor("second_officer"))

    def _import_filing(self) -> None:
        """A real Form C: every field of it is shown."""
        platform = self.world.platform
        filing = form_c.read((ROOT / "app/demo/filings/pickleball.C.xml").read_bytes())
        with self.world.acting(self.actor("issuer")) as tx:
            imported = filings.import_form_c(
                tx, filing, platform.regime("US-CF"), fee_bps=500, owner_id=self.people["issuer"].id
            )
        assert imported.offering is not None
        self.offerings["filed"] = imported.offering

    def _issue_in_yuan(self) -> None:
        """An offering under the other rules, with a lead investor and Chinese words."""
        world, regime = self.world, self.world.platform.regime("CN-MICHOU")
        company, actor = world.issuer()
        with world.acting(actor) as tx:
            offering = offerings.create_draft(tx, company, regime, name="众筹测试", fee_bps=500)
        low, high = Money.of("400000", "CNY"), Money.of("21000000", "CNY")
        terms = Terms(
            SecurityType.OTHER, "有限合伙份额", Decimal(100), low, high, high, OversubscriptionRule.NOT_ACCEPTED, "无"
        )
        with world.acting(actor) as tx:
            offering = offerings.save_terms(tx, offering.id, offering.version, terms)
        with world.acting(actor) as tx:
            local = (world.now() + timedelta(days=90)).replace(tzinfo=None)
            offering = offerings.save_deadline(tx, offering.id, offering.version, local, "Asia/Shanghai", regime)
        with world.acting(actor) as tx:
            offering = offerings.save_disclosure(
                tx, offering.id, offering.version, tagline="简介", story="**故事**", risks=["一", "二", "三"],
                use_of_funds=[{"purpose": "研发", "percent": 100}], team=[{"name": "林晓", "role": ""}],
                financials={year: dict.fromkeys(FINANCIALS, -1) for year in YEARS}, statements_level="audited",
                lead={"name": "海通", "commitment_minor": 700_000_000, "interests": "无"},
            )  # fmt: skip
        with world.acting(actor) as tx:
            offerings.add_document(tx, offering.id, offering.version, title="财务", filename="财务.pdf", content=PDF)
        with world.acting(actor) as tx:
            ref = compliance.submit_offering(tx, offering.id, regime).ref
        self._decide(ref, CaseOutcome.APPROVE, [])
        with world.acting(actor) as tx:
            compliance.open_offering(
                tx, offering.id, regime, gateway="sandbox", custodian_is_qualified=True, seats=None
            )
        self.offerings["yuan"] = world.offering(offering.id)

    # Closings, each as far as it goes

    def _close(self) -> None:
        world = self.world
        ends = {status: world.live(days=25, target="250") for status in ("settled", "proposed", "payout_failed")}
        ends["settled"] = world.live(days=25, target="250", fees=FeeTerms(500, holdback_bps=500, holdback_days=90))
        ends["refunded"] = world.live(days=25)
        kept = {status: world.held(offering, investor=self.investor) for status, offering in ends.items()}
        world.change_payee(ends["payout_failed"].issuer_id, holder="H", account=f"US00 {REFUSING_ACCOUNT_SUFFIX}")
        with world.acting() as tx:
            for offering in ends.values():
                issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), self.people["issuer"].id)
        world.pass_deadline(ends["settled"])
        world.run_jobs()
        for status in ("settled", "payout_failed"):
            world.approve_closing(ends[status])
        world.run_jobs()
        world.approve_closing(ends["proposed"], self.actor("second_officer"))
        for status, offering in ends.items():
            self.offerings[status] = world.offering(offering.id)
            self.pledges[world.pledge(kept[status].id).status] = world.pledge(kept[status].id)
            with world.looking() as view:
                self.closings[status] = closing_queries.of_offering(view.session, offering.id)[0].ref

    # Pledges, each in another part of its life

    def _invest(self) -> None:
        world, live = self.world, self.offerings["live"]

        def pledged(shares: int = 100) -> Pledge:
            return world.pledged(live, shares, self.investor)

        self.pledges["held"] = world.held(live, 100, self.investor)
        for status, token in (("failed", Token.DECLINE), ("processing", Token.DELAYED_OK)):
            self.pledges[status] = pledged()
            world.pay(self.pledges[status], token)
        world.run_jobs()
        refused = pledged(10_000)
        ref = self._case_of(refused)
        self._take(ref)
        with world.acting(self.actor("officer")) as tx:
            pledges.resolve_referral(
                tx, ref, CaseOutcome.REFUSE, ["source_of_funds"], NOTE, world.platform.payment_window
            )
        self.cases["refused_pledge"], self.pledges["refused"] = ref, refused
        self.pledges["in_review"] = pledged(10_000)
        self.cases["pledge"] = self._case_of(self.pledges["in_review"])
        self.pledges["cancelled"] = pledged()
        world.cancel(self.pledges["cancelled"])
        self.pledges["refund_due"] = world.held(live, 100, self.investor)
        self.pledges["cancelling"], self.pledges["action_required"] = pledged(), pledged()
        send_payments.run(world.platform)
        world.cancel(self.pledges["cancelling"])
        world.cancel(self.pledges["refund_due"])
        self.pledges["reserved"] = pledged()
        self.pledges = {status: world.pledge(pledge.id) for status, pledge in self.pledges.items()}
        with world.looking() as view:
            collection = payment_queries.collection(view.session, self.pledges["action_required"].id)
            paid = payment_queries.collection(view.session, self.pledges["held"].id)
        assert collection is not None and collection.provider_ref and paid is not None and paid.provider_ref
        self.top_up = ask_top_up(world, self.investor, Money(50_000, "USD")).reference
        self.payments = [one.provider_ref.split("/")[1] for one in (collection, paid)]

    def _case_of(self, pledge: Pledge) -> str:
        rows = self.world.sql("SELECT ref FROM review_cases WHERE kind = 'pledge' AND subject_id = :one", one=pledge.id)
        return str(rows[0][0])

    def _claim(self) -> None:
        world = self.world
        for kind in (ClaimKind.ACCREDITED_US, ClaimKind.CERTIFIED_CN):
            with world.acting() as tx:
                case = compliance.claim_status(tx, self.investor, kind, "It is in writing.")
            self.cases[kind.value], self.claims[kind.value] = case.ref, case.subject_id
            self.evidence[kind.value] = world.prove(case.subject_id).id
        self._take(self.cases["certified_cn"])
        right = {one.id: one.right for one in bank("eu_entry_test").questions}
        for given in ({}, right):
            with world.acting() as tx:
                found = assessments.answer(
                    tx, self.investor, "eu_entry_test", given, form_key=uuid.uuid4(), locale="en"
                )
            self.tries.append(found.id)
        with world.acting() as tx:
            investors.declare_figures(
                tx, self.investor, "CNY", financial_assets=Money.of("5000000", "CNY"),
                income_3y=[Money.of(one, "CNY") for one in ("900000", "800000", "700000")],
            )  # fmt: skip

    # What open offerings and officers bring along

    def _change(self) -> None:
        """A change that is written, one that an officer reads, and one that waits for its investor's answer."""
        world = self.world
        told = {name: Story.of(world, world.live()) for name in ("rewritten", "changing", "changed")}
        kept = world.held(told["changed"].offering, 100, self.investor)
        for name, story in told.items():
            self.offerings[name] = story.offering
            story.tell(story=f"We make it, and it is {name}.", use_of_funds=[{"purpose": "Ovens", "percent": 100}])
        self.cases["change"] = told["changing"].propose()
        self.cases["changed"] = told["changed"].propose()
        told["changed"].decide(self.cases["changed"], officer=self.actor("officer"))
        self.pledges["asked"] = world.pledge(kept.id)
        with world.acting() as tx:
            for story in told.values():
                company = issuer_queries.issuer(tx.session, story.offering.issuer_id)
                issuers.add_member(tx, company, self.people["issuer"].id)

    def _roll(self) -> None:
        """A part is to be closed while its offering goes on."""
        world = self.world
        story = Story.of(world, world.live(target="250"))
        kept = world.held(story.offering, 100, self.investor)
        law = world.platform.regime(story.offering.regime)
        with world.acting(story.issuer) as tx:
            closes_at = rolling.earliest(story.offering, law, tx.now)
            assert closes_at is not None
            closing = rolling.announce(tx, story.offering.id, closes_at, world.platform.law)
            company = issuer_queries.issuer(tx.session, story.offering.issuer_id)
            issuers.add_member(tx, company, self.people["issuer"].id)
            self.closings["rolling"] = closing.ref
        self.offerings["rolling"], self.pledges["rolling"] = story.offering, world.pledge(kept.id)

    def _look_into(self) -> None:
        """Somebody on a list, patterns, a relative, another payout account, and a question to an investor."""
        world, company = self.world, self.offerings["changing"].issuer_id
        take_in(world)
        with world.acting() as tx:
            related.declare(tx, self.company.id, name=LISTED, relation=Relation.FAMILY, email="z@example.test")
            changing = issuers.lock(tx, company)
            issuers.set_payout_account(tx, changing, holder="H", account="US00 3333", vault=world.platform.vault)
        self.waits_for_payee = changing.ref
        monitor_pledges.run(world.platform)
        self.cases |= {f"alert_{at}": ref for at, ref in enumerate(cases(world))}
        self.proposals = [ref for (ref,) in world.sql("SELECT ref FROM proposals ORDER BY id")]
        self._take(self.cases["accredited_us"])
        with world.acting(self.actor("officer")) as tx:
            desk.ask(tx, self.cases["accredited_us"], self.investor.user_id, ["missing_document"], NOTE)

    def _reconcile(self) -> None:
        """Compared with the gateway, at which somebody refunded something by hand; and money came twice of which nobody knows whose it is."""
        account = f"offering-{self.offerings['live'].id}"
        line(self.world, "by_hand", -7_000, "refund", account=account)
        for number in (1, 2):
            line(self.world, f"of_nobody_{number}", 7_000 + number, account=account)
        self.world.sql(
            "UPDATE sandbox.transactions SET created_at = created_at - interval '1 hour' WHERE object_id LIKE 'of_nobody_%'"
        )
        self.world.force(
            "INSERT INTO gateway_events (gateway, event_id, type, body, received_at, status, attempts, next_attempt_at, last_error)"
            " VALUES ('sandbox', 'evt_stranger', 'payment.succeeded', '{}', platform_now(), 'new', 1, now() + interval '1 day', 'object_unknown')"
        )
        reconcile.run(self.world.platform)
        with self.world.looking() as view:
            self.receipts = [one.entry_id for one in reconciliation.receipts(view.session)]
        with self.world.acting(self.actor("operator")) as tx:
            self.proposals.append(unidentified.propose(tx, self.receipts[0], None, NOTE).ref)
        self.breaks = [ref for (ref,) in self.world.sql("SELECT ref FROM breaks ORDER BY id")]
        self.compared_on = self.world.now().date()

    def document_of(self, offering: Offering) -> int:
        found = self.world.sql("SELECT id FROM offering_documents WHERE offering_id = :one", one=offering.id)
        return int(found[0][0])
