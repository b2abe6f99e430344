"""Whole stories at Stripe, over the site's own pages: from the pledge to the shares, or back to who paid."""

from __future__ import annotations

from typing import Any

from app import clock
from app.closings import actions as closings
from app.compliance import actions as compliance
from app.jobs import reconcile
from app.offerings.models import Offering
from app.payments import queries as payments
from app.payments.models import Instruction
from app.payments.port import OpKind
from app.pledges.models import Pledge
from app.reconciliation import actions as reconciliation
from app.reconciliation import queries
from app.reconciliation.classes import Kind
from app.regimes import platform_policy
from tests.payments.stripe.far import SECRET, Far
from tests.web.browser import Site

A_DAY = 86_400


class Story:
    """The site and Stripe, and an offering whose rules let Stripe take the money. The clocks of both run, and go on together."""

    def __init__(self, site: Site, far: Far) -> None:
        self.site, self.world, self.far = site, site.world, far
        self._events = 0
        with self.world.acting() as tx:
            clock.run_true(
                tx.session
            )  # Stripe says by the true time when its money is free, and when its lines were made

    def opened(self, **terms: Any) -> None:
        world = self.world
        offering, actor, case_ref = world.submitted(**{"regime_id": "US-REGA", "days": 30, **terms})
        world.approve(case_ref)
        with world.acting(actor) as tx:
            compliance.open_offering(
                tx, offering.id, world.platform.regime(offering.regime), gateway=world.platform.custodian.name,
                custodian_is_qualified=world.platform.custodian.caps.qualified_third_party,
                seats=world.platform.law.seats(offering.regime, tx.now),
            )  # fmt: skip
        self.offering: Offering = world.offering(offering.id)

    def paid(self, shares: int = 100) -> Pledge:
        """Somebody pledges, chooses a card on the payment page, pays at Stripe, and Stripe tells."""
        pledge = self.world.pledged(self.offering, shares)
        ((user_id, name),) = self.world.sql(
            "SELECT user_id, legal_name FROM investors WHERE id = :id", id=pledge.investor_id
        )
        chosen = self.site.browser(user_id).post(f"/me/pledges/{pledge.ref}/pay", {"method": "stripe:card"})
        assert (chosen.status, chosen.location) == (303, f"/me/pledges/{pledge.ref}/pay")
        self.work()
        with self.world.looking() as view:
            collection = payments.collection(view.session, pledge.id)
        assert collection is not None and collection.provider_ref is not None
        page = collection.provider_ref.split("/")[1]
        self.far.act("pay", page=page, name=name, fingerprint=f"fp_{user_id}")
        self.tell("checkout.session.completed", page)
        assert self.world.pledge(pledge.id).status == "held"
        return self.world.pledge(pledge.id)

    def tell(self, type_: str, about: str, account: str = "", *, whole: bool = True) -> None:
        """Stripe tells, and everything happens that follows by itself; every promise holds then, if it is `whole`."""
        self._events += 1
        with self.world.looking() as view:
            stamp = int(view.wall_now.timestamp())
        told = self.far.act(
            "event",
            type=type_,
            about=about,
            secret=SECRET,
            stamp=stamp,
            event_id=f"evt_{self._events}",
            account=account,
        )
        posted = self.site.browser().send(
            "POST", "/webhooks/stripe", data=told["body"].encode(), content_type="application/json",
            headers={"Stripe-Signature": told["header"]},
        )  # fmt: skip
        assert posted.status == 204
        self.work(whole=whole)

    def work(self, *, whole: bool = True) -> None:
        self.world.let_backoffs_pass()
        self.world.run_jobs()
        broken = self.world.broken_promises()
        assert not (whole and broken), broken

    def days(self, days: int) -> None:
        """Stripe's banks, the platform and whoever else there is, one day after the other."""
        for _ in range(days):
            self.pass_time(A_DAY)
            self.work()
            self.others_act()
            self.work()
            found = self.breaks()
            assert not found, found

    def others_act(self) -> None:
        """What people do every day who are neither Stripe nor the platform's programs."""

    def pass_time(self, seconds: int) -> None:
        self.far.act("advance", seconds=seconds)
        self.world.move_clock(seconds=seconds)

    def pass_deadline(self) -> None:
        assert self.offering.deadline_at is not None
        self.pass_time(int((self.offering.deadline_at - self.world.now()).total_seconds()) + 60)
        self.work()

    def breaks(self) -> list[str]:
        """Every gateway read, everything compared: what differs, apart from what is in time."""
        platform = self.world.platform
        for gateway in platform.gateways.values():
            reconcile.read(platform, gateway)
        reconcile.settle(platform)
        with self.world.acting() as tx:
            today = platform_policy.PACK.day_of(tx.now)
            reconciliation.compare_day(tx, today)
        with self.world.looking() as view:
            days = queries.compared(view.session, today)
            wrong = [f"{one.gateway} {one.account} {one.unexplained_minor}" for one in days if not one.is_whole]
            return wrong + [
                f"{one.kind} {one.key}" for one in queries.open_breaks(view.session) if one.kind != Kind.TIMING
            ]

    def instructions(self, kind: OpKind) -> list[Instruction]:
        with self.world.looking() as view:
            rows = view.session.query(Instruction).where(Instruction.kind == kind).order_by(Instruction.id)
            return list(rows)

    def status(self, pledge: Pledge) -> str:
        return self.world.pledge(pledge.id).status

    def books(self) -> dict[str, int]:
        """Code -> minor units of client money, where there is something."""
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE book = 'client' GROUP BY code"
            " HAVING sum(debits - credits) <> 0 ORDER BY code"
        )
        return {code: int(net) for code, net in rows}

    def at_stripe(self) -> int:
        return sum(one.amount.minor for one in self.world.platform.gateways["stripe"].balances())

    def intent_of(self, pledge: Pledge) -> str:
        """Stripe's name for the payment of a pledge."""
        with self.world.looking() as view:
            collection = payments.collection(view.session, pledge.id)
        assert collection is not None
        return str(self.far.act("look", id_=str(collection.provider_ref).split("/")[1])["payment_intent"])

    def approve_anew(self) -> None:
        """A payout that failed is put to two officers once more."""
        with self.world.acting() as tx:
            closings.propose_payout(tx, self.world.sql("SELECT ref FROM closings")[0][0])
        self.world.approve_closing(self.offering)
        self.work()
