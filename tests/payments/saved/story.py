"""An offering that is open for longer than a card's money can lie at its gateway: cards are kept, and charged near the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.jobs import send_payments
from app.offerings.models import Offering
from app.payments import queries as payment_queries
from app.payments.port import Method, Ref
from app.payments.sandbox.tables import Token
from app.payments.ways import PaymentWay
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World
from tests.payments.sandbox.cards import Cards

#: From the policy: days before the deadline at which it is charged, and between two tries.
BEFORE, BETWEEN = timedelta(days=10), timedelta(days=3)


class Saved:
    """A world with both sandboxes, and what its investors do."""

    def __init__(self, world: World, **terms: Any) -> None:
        self.world = world
        self.cards = Cards.of(world)
        self.offering = world.live(regime_id="US-REGA", **{"days": 120, "target": "250", **terms})

    def way(self, method: Method = Method.CARD) -> PaymentWay:
        (found,) = (
            one
            for one in self.world.platform.ways_to_pay("USD")
            if (one.gateway, one.method) == ("sandbox_cards", method)
        )
        return found

    def chosen(self, method: Method = Method.CARD, shares: int = 100) -> Pledge:
        """A pledge whose investor chose to leave a way to pay; the gateway has its page ready."""
        pledge = self.world.pledged(self.offering, shares)
        self.choose(pledge, method)
        return self.world.pledge(pledge.id)

    def choose(self, pledge: Pledge, method: Method = Method.CARD) -> None:
        with self.world.acting() as tx:
            pledges.choose_way(tx, pledge.id, self.world.platform.law, self.way(method))
        send_payments.run(self.world.platform)

    def page(self, pledge: Pledge) -> Ref:
        """Where the investor leaves a way to pay."""
        with self.world.looking() as view:
            keeping = payment_queries.keeping(view.session, pledge.id)
        assert keeping is not None and keeping.provider_ref is not None
        return Ref.read(keeping.provider_ref)

    def promised(self, token: Token = Token.SETUP_OK, method: Method = Method.CARD, shares: int = 100) -> Pledge:
        """What is kept ends as `token` says when it is charged."""
        pledge = self.chosen(method, shares)
        self.cards.pays(self.page(pledge), token)
        return self.after_jobs(pledge)

    def after_jobs(self, pledge: Pledge) -> Pledge:
        self.world.run_jobs()
        return self.world.pledge(pledge.id)

    def at(self, moment: datetime) -> None:
        self.world.move_clock(seconds=(moment - self.world.now()).total_seconds())

    def when_due(self, pledge: Pledge) -> Pledge:
        """At the moment of its next charge, with everything done that happens by itself."""
        assert pledge.charge_at is not None
        self.at(pledge.charge_at)
        return self.after_jobs(pledge)

    # Looking

    @property
    def deadline(self) -> datetime:
        found = self.now().deadline_at
        assert found is not None
        return found

    def now(self) -> Offering:
        return self.world.offering(self.offering.id)

    def counters(self) -> tuple[int, int, int]:
        """Held, promised, taken."""
        ((held, promised, taken),) = self.world.sql(
            "SELECT held_minor, promised_minor, taken_minor FROM offering_progress WHERE offering_id = :id",
            id=self.offering.id,
        )
        return held, promised, taken

    def in_the_book(self, pledge: Pledge) -> int:
        """What the book of promises says of a pledge."""
        found = self.world.sql(
            "SELECT debits - credits FROM ledger_accounts WHERE code = '9000' AND pledge_id = :id", id=pledge.id
        )
        return int(found[0][0]) if found else 0

    def payments(self) -> list[tuple[str, int]]:
        """Every payment that was asked of the gateway, oldest first: how it stands, and minor units."""
        return [
            (status, minor)
            for status, minor in self.world.sql(
                "SELECT status, amount_minor FROM sandbox_cards.objects WHERE kind = 'payment' ORDER BY id"
            )
        ]

    def told(self, pledge: Pledge) -> list[str]:
        """The kinds of messages about a pledge, without the first, oldest first."""
        rows = self.world.sql("SELECT kind FROM messages WHERE facts->>'ref' = :ref ORDER BY id", ref=pledge.ref)
        return [kind for (kind,) in rows if kind != "pledge_placed"]
