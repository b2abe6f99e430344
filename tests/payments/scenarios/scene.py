"""What the scenarios share: an offering and its pledges, both far sides, and many people at once."""

from __future__ import annotations

from typing import Any

from app.actor import Actor
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.closings.models import Closing
from app.jobs import send_payments
from app.offerings.models import Offering
from app.payments.port import Method, OpKind, Ref
from app.payments.sandbox.provider import Provider
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.paying import choose_way
from tests.payments.sandbox.cards import Cards
from tests.web.browser import Site


class Scene:
    """The world of a module. Each scenario makes offerings of its own in it, and looks at nothing else."""

    def __init__(self, site: Site) -> None:
        self.site, self.world, self.cards = site, site.world, Cards.of(site.world)
        assert self.world.platform.sandbox is not None
        self.sandbox: Provider = self.world.platform.sandbox

    # At the sandbox: it collects and holds

    def asked(self, offering: Offering | None = None, shares: int = 100) -> Pledge:
        """A pledge whose collection waits to be sent to the sandbox."""
        pledge = self.world.pledged(offering or self.world.live(), shares)
        choose_way(self.world.platform, pledge)
        return pledge

    def leaving(self) -> Pledge:
        """A pledge whose refund waits to be sent to the sandbox."""
        pledge = self.world.held(self.world.live())
        self.world.cancel(pledge)
        return pledge

    # At the cards: they collect for the sandbox

    def regulated(self, target: str = "250", **terms: Any) -> Offering:
        """An offering that may be paid with cards and debits."""
        return self.world.live(regime_id="US-REGA", days=30, target=target, maximum="100000", **terms)

    def paid(
        self, offering: Offering, method: Method = Method.CARD, token: Token = Token.OK, shares: int = 100
    ) -> tuple[Pledge, Ref]:
        pledge = self.world.pledged(offering, shares)
        payment = self.cards.chosen(pledge, method)
        self.cards.pays(payment, token)
        self.world.run_jobs()
        return self.world.pledge(pledge.id), payment

    # Time

    def days(self, days: int) -> None:
        """So long nobody looks; then everything that is due is done."""
        self.cards.days(days)
        self.world.run_jobs()

    def day_by_day(self, days: int) -> None:
        for _ in range(days):
            self.days(1)

    def ends(self, offering: Offering) -> None:
        """The deadline passes, and what was collected is carried to the custodian."""
        self.world.pass_deadline(offering)
        self.world.run_jobs()
        for _ in range(12):
            if self.closing(offering).status != "gathering":
                return
            self.days(1)

    def settles(self, offering: Offering) -> None:
        self.ends(offering)
        self.world.approve_closing(offering)
        self.world.run_jobs()
        assert self.world.offering(offering.id).status == "settled"

    def a_day_ago(self, pledge: Pledge) -> None:
        """What is under way for a pledge was first sent so long ago that its keys are forgotten."""
        self.world.sql(
            "UPDATE instructions SET first_sent_at = first_sent_at - interval '23 hours 1 minute' WHERE pledge_id = :id",
            id=pledge.id,
        )
        self.world.let_backoffs_pass()

    def sends(self) -> None:
        """What waits is tried once more, without waiting for its turn."""
        self.world.let_backoffs_pass()
        send_payments.run(self.world.platform)

    def until_quiet(self, rounds: int = 2) -> None:
        """Every retry happens."""
        for _ in range(rounds):
            self.world.let_backoffs_pass()
            self.world.run_jobs()

    def nothing_goes_wrong_any_more(self) -> None:
        for far in self.world.platform.far_sides.values():
            far.behave()
            far.is_down = False
        for name in self.world.platform.far_sides:
            self.world.sql(f"DELETE FROM {name}.faults")
            self.world.sql(f"UPDATE {name}.events SET deliveries_left = 0")

    # Closings

    def closing(self, offering: Offering) -> Closing:
        with self.world.looking() as view:
            return closing_queries.of_offering(view.session, offering.id)[0]

    def approves(self, offering: Offering, officer: Actor) -> str:
        closing = self.closing(offering)
        with self.world.acting(officer) as tx:
            return closings.approve(tx, closing.ref, closing.snapshot_hash or "").value

    # Looking

    def status(self, pledge: Pledge) -> str:
        return self.world.pledge(pledge.id).status

    def instructions(self, pledge: Pledge, kind: OpKind) -> list[tuple[str, str | None, int]]:
        """(status, code, generation), oldest first."""
        rows = self.world.sql(
            "SELECT status, code, generation FROM instructions WHERE pledge_id = :id AND kind = :kind ORDER BY id",
            id=pledge.id, kind=kind.value,
        )  # fmt: skip
        return [(status, code, generation) for status, code, generation in rows]

    def made(self, pledge: Pledge, kind: str = "payment") -> int:
        """How many things of a kind the sandbox made for a pledge's offering."""
        made = self.world.at_the_gateway(self.world.offering(pledge.offering_id))
        return len([one for one in made if one[0] == kind])

    def entries(self, offering_id: int) -> list[str]:
        """The kinds of an offering's entries, oldest first."""
        rows = self.world.sql(
            "SELECT kind FROM journal_entries e WHERE EXISTS (SELECT 1 FROM postings p JOIN ledger_accounts a"
            " ON a.id = p.account_id WHERE p.entry_id = e.id AND a.offering_id = :id) ORDER BY id", id=offering_id,
        )  # fmt: skip
        return [kind for (kind,) in rows]

    def books(self, offering: Offering) -> dict[str, int]:
        """Code -> minor units (debits less credits) of an offering's client money, where there is something."""
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE book = 'client' AND offering_id = :id"
            " GROUP BY code HAVING sum(debits - credits) <> 0 ORDER BY code", id=offering.id,
        )  # fmt: skip
        return {code: int(net) for code, net in rows}

    def lost(self, offering: Offering) -> int:
        """What the platform itself paid for an offering's losses."""
        ((net,),) = self.world.sql(
            "SELECT coalesce(sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END), 0) FROM postings p"
            " JOIN ledger_accounts a ON a.id = p.account_id WHERE a.code = '5020' AND p.entry_id IN (SELECT q.entry_id"
            " FROM postings q JOIN ledger_accounts b ON b.id = q.account_id WHERE b.offering_id = :id)", id=offering.id,
        )  # fmt: skip
        return int(net)

    def alerts(self, pledge: Pledge) -> list[str]:
        rows = self.world.sql(
            "SELECT rule FROM alerts WHERE about LIKE :about ORDER BY id", about=f"pledge:{pledge.ref}:%"
        )
        return [rule for (rule,) in rows]
