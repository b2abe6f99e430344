"""An offering in a currency of its own: pledged, paid by wire, scaled back, closed and paid out, with a bank that writes files."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from app.compliance import actions as compliance
from app.fees.terms import FeeTerms
from app.i18n import mails
from app.i18n.locales import LANGUAGES
from app.identity import queries as identity_queries
from app.money import Money
from app.notifications.models import QueuedMessage
from app.offerings.models import Offering, OversubscriptionRule
from app.payments.escrow_files.adapter import FileGateway
from app.payments.models import Instruction
from app.pledges.models import Pledge
from tests.payments.currencies.edition import COUNTRY, LAW, adopt
from tests.payments.files.statements import camt, csv, entry, row
from tests.web.browser import Browser, Site
from tests.web.test_pledge_form import after_reading, filled

#: What people wish for. Of 81 shares that are sold they get 31, 28 and 22.
WISHES = (41, 37, 29)


@dataclass(frozen=True)
class Terms:
    """What is typed about an offering; `price` is finer than the currency, the two last ones are no amounts of it."""

    currency: str
    price: str
    least: str
    target: str
    maximum: str
    #: Of an investor's fee, in minor units.
    fee_most: int
    typed: str
    too_fine: str
    too_fine_least: str


class Story:
    def __init__(self, site: Site, terms: Terms) -> None:
        self.site, self.world, self.terms = site, site.world, terms
        adopt(self.world, terms.currency)
        custodian = self.world.platform.custodian
        assert isinstance(custodian, FileGateway)
        self._custodian, self._balance = custodian, Money.zero(terms.currency)

    # The company

    def opened(self) -> Offering:
        """A draft whose terms its company types, and then everybody's yes."""
        world, terms = self.world, self.terms
        fees = FeeTerms(success_bps=333, investor_bps=275, investor_most_minor=terms.fee_most)
        draft, actor = world.draft(
            regime_id=LAW, price=terms.price, minimum_pledge=terms.least, target=terms.target, maximum=terms.maximum, fees=fees
        )  # fmt: skip
        self.issuer = self.site.browser(actor.user_id)
        self.form = f"/issuer/offerings/{draft.ref}/edit/terms"
        saved = self.issuer.post(self.form, self.typed(draft))
        assert saved.status == 303, saved.text
        with world.acting(actor) as tx:
            case = compliance.submit_offering(tx, draft.id, world.platform.regime(LAW))
        world.approve(case.ref)
        with world.acting(actor) as tx:
            compliance.open_offering(
                tx,
                draft.id,
                world.platform.regime(LAW),
                gateway="escrow_files",
                custodian_is_qualified=True,
                seats=None,
            )
        self.offering = world.offering(draft.id)
        return self.offering

    def typed(self, draft: Offering, **others: str) -> dict[str, str]:
        terms = self.terms
        return {
            "security_type": "common_stock", "share_price": terms.price, "minimum_pledge": terms.least,
            "target": terms.target, "maximum": terms.maximum, "version": str(draft.version),
            "oversubscription_rule": OversubscriptionRule.PRO_RATA.value, **others,
        }  # fmt: skip

    # Investors

    def investor(self) -> Browser:
        """Somebody who has told who they are."""
        investor = self.world.investor(country=COUNTRY)
        browser = self.site.browser(investor.user_id)
        told = {"legal_name": investor.legal_name, "country": COUNTRY, "born_on": ""}
        assert browser.post(f"/me/figures/{LAW}", told).status == 303
        return browser

    def pledged(self, browser: Browser, typed: str) -> str:
        """On the site, from the amount to the reference of the pledge; what the last form says is kept in `said`."""
        asked = browser.post(f"/offerings/{self.offering.slug}/pledge", {"amount": typed})
        assert asked.status == 303, asked.text
        page = after_reading(browser, asked.location)
        self.said = page.text
        placed = browser.post(page.tree.xpath("//main//form/@action")[0], filled(page))
        assert placed.status == 303, placed.text
        return str(placed.location).split("/")[3]

    def pledges(self) -> list[Pledge]:
        return self.world.pledges_of(self.offering)

    # The bank

    def wires_come(self) -> None:
        """Everybody pays, and the bank writes it as CSV."""
        rows = [
            row(self._plain(one.to_pay), one.ref, day=self._today(), currency=self.terms.currency)
            for one in self.pledges()
        ]
        opening, self._balance = self._balance, sum((one.to_pay for one in self.pledges()), self._balance)
        self.statement = csv(*rows, opening=self._plain(opening), closing=self._plain(self._balance))
        self._take(self.statement)

    def bank_pays(self) -> list[tuple[str, int]]:
        """The bank pays what it was asked to, and writes that as camt.053, until nothing is asked any more."""
        paid = []
        while waiting := self._waiting():
            entries, opening = [], self._balance
            for one in waiting:
                name = str(one.provider_ref).split("/")[1]
                self._balance -= one.amount
                entries.append(
                    entry(
                        self._plain(one.amount), "DBIT", ref=f"B-{name}", text=name, day=self._today(),
                        currency=self.terms.currency,
                    )
                )  # fmt: skip
                paid.append((one.kind, one.amount_minor))
            self._take(
                camt(
                    *entries,
                    opening=self._plain(opening),
                    closing=self._plain(self._balance),
                    currency=self.terms.currency,
                )
            )
        return paid

    def _waiting(self) -> list[Instruction]:
        with self.world.looking() as view:
            rows = select(Instruction).where(Instruction.status == "pending").order_by(Instruction.id)
            return list(view.session.scalars(rows))

    def _take(self, statement: bytes) -> None:
        self._custodian.import_statement(statement)
        self.work()

    def _today(self) -> str:
        return self.world.now().date().isoformat()

    def _plain(self, amount: Money) -> str:
        return f"{Decimal(amount.amount):f}"

    @property
    def at_the_bank(self) -> Money:
        return self._balance

    # Time

    def work(self) -> None:
        self.world.let_backoffs_pass()
        self.world.run_jobs()
        assert self.world.broken_promises() == []

    def closed(self) -> None:
        """The deadline passes and two officers agree."""
        self.world.pass_deadline(self.offering)
        self.work()
        self.world.approve_closing(self.offering)
        self.work()

    # Looking

    def mails(self, language: str) -> str:
        """Every message so far, its spaces made single."""
        found = []
        with self.world.looking() as view:
            for one in view.session.scalars(select(QueuedMessage).order_by(QueuedMessage.id)):
                person = identity_queries.user(view.session, one.user_id)
                found += mails.words(one, person, LANGUAGES[language], public_url="http://localhost", link=None)
        return " ".join(" ".join(found).split())

    def books(self) -> dict[str, int]:
        """Code -> minor units (debits less credits), where there is something."""
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE currency = :currency GROUP BY code"
            " HAVING sum(debits - credits) <> 0 ORDER BY code", currency=self.terms.currency,
        )  # fmt: skip
        return {code: int(net) for code, net in rows}
