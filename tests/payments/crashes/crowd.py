"""An offering with very many pledges, and processes that are killed in the midst of closing it, or of giving everything back.

A closing is a few transactions over all of its pledges: each is there whole, or not at all. Asking the law, and sending
refunds, are many: what was done stays done, and whoever comes next goes on behind it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.actor import Actor
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.closings.gathering import ASKED_AT_ONCE
from app.closings.models import Closing
from app.offerings.models import Offering
from tests.builders import World
from tests.payments.crashes import backlog, workers
from tests.payments.crashes.dying import End, Moment, Place
from tests.payments.crashes.rounds import ANSWER, BY_A_PERSON
from tests.payments.crashes.workers import Workers

#: Where in a transaction over all pledges: behind so many of its statements, most of which are about all of them.
MIDWAY, AT_THE_COMMIT = 15, 1_000_000
#: A worker that does nothing for so long will not do it any more.
PATIENCE_S = 1_800
TERMS = {"price": "1", "minimum_pledge": "1", "maximum": "1000000"}


@dataclass(frozen=True)
class Kill:
    """What lay there when a process was killed, of how many."""

    what: str
    done: int
    of: int


class Crowd:
    """So many held pledges of one dollar each; `target` decides whether they are enough.

    Under `law`. One that asks at the sale looks at all that an investor bought: these pledges are all of the same, so that
    is for hundreds of them, not for thousands.
    """

    def __init__(self, world: World, many: int, target: int, law: str = "US-CF") -> None:
        self.world, self.site, self.many = world, Workers(world), many
        sandbox = world.platform.sandbox
        assert sandbox is not None
        sandbox.behave(drop=["refund.succeeded"])  # to hear of each would be work, and nothing that is looked at here
        self.offering: Offering = world.live(**TERMS, target=str(target), regime_id=law)
        backlog.heap(world, many, self.offering)
        backlog.drain(world, processes=2)
        assert self.count("pledges", "status = 'held'") == many
        world.pass_deadline(self.offering)

    # The two ways in which it ends

    def close(self) -> list[Kill]:
        """A process dies while the law is asked, while shares are allotted, and while they are entered."""
        asks = self.world.platform.regime(self.offering.regime).measures_at_sale
        kills = [self._dies_asking()] if asks else []
        self.site.do(workers.recover)
        first, second = self.world.officer(), self.world.officer()
        self.world.approve_closing(self.offering, first)
        kills += [
            self._dies_inside("allotting", "allotted", workers.approve, *self._approval(second), during=BY_A_PERSON)
        ]
        self.site.do(workers.approve, *self._approval(second))
        kills += [self._dies_inside("settling", "settled", workers.job, "send_payments", during=ANSWER)]
        self.site.do(workers.recover)
        return kills

    def give_back(self) -> list[Kill]:
        """A process dies while everybody is owed their money, and twice while it is sent."""
        with self.world.acting() as tx:
            closings.begin(tx, self.offering.id)
        kills = [self._dies_inside("owing", "refund_due", workers.job, "close_offerings", during="close_offerings")]
        self.site.do(workers.job, "close_offerings")
        assert self.count("pledges", "status = 'refund_due'") == self.many
        kills += [self._dies_refunding(self.many // 3), self._dies_refunding(2 * self.many // 3)]
        self.site.do(workers.recover)
        return kills

    # Deaths

    def _dies_asking(self) -> Kill:
        """In the midst of the second few hundreds; the first stay asked, by the very same decisions."""
        asked = "SELECT id, sale_decision_id FROM pledges WHERE sale_decision_id IS NOT NULL ORDER BY id"
        self.site.do(workers.job, "close_offerings")
        before = self.world.sql(asked)
        assert len(before) == ASKED_AT_ONCE < self.many
        dies = End(Place(Moment.INSIDE, during="close_offerings"), statement=500)
        with self.site.one(workers.job, "close_offerings", end=dies) as worker:
            assert worker.ends(within_s=PATIENCE_S) is None and worker.process.exitcode == -9
        assert self.world.sql(asked) == before
        self.site.do(workers.recover)
        after = dict(self.world.sql(asked))
        assert all(after[pledge] == decision for pledge, decision in before)
        assert self.count("decisions", "purpose = 'sale'") == len(after) == self.many
        return Kill("asking the law", len(before), self.many)

    def _dies_inside(self, what: str, status: str, act: Callable[..., Any], *args: Any, during: str) -> Kill:
        """In the one transaction that does it to all, midway and right before its commit: none of it is there."""
        before = self._whole()
        for statement in MIDWAY, AT_THE_COMMIT:
            with self.site.one(act, *args, end=End(Place(Moment.INSIDE, during=during), statement=statement)) as worker:
                assert worker.ends(within_s=PATIENCE_S) is None and worker.process.exitcode == -9
            assert (self.count("pledges", f"status = '{status}'"), self._whole()) == (0, before)
            self.world.let_backoffs_pass()
        return Kill(what, 0, self.many)

    def _dies_refunding(self, at: int) -> Kill:
        """After so many refunds; none of them is sent again."""
        returned = "SELECT r.id, r.about FROM sandbox.objects r WHERE kind = 'refund' ORDER BY 1"
        self._killed_when(lambda: self.count("pledges", "status = 'refunded'") >= at, workers.job, "send_payments")
        done = self.count("pledges", "status = 'refunded'")
        assert at <= done < self.many and 0 <= len(self.world.sql(returned)) - done <= 1
        assert self.count("instructions", "kind = 'refund' AND status = 'sending'") <= 1
        assert self.world.broken_promises() == []
        return Kill("refunding", done, self.many)

    def _killed_when(self, reached: Callable[[], bool], act: Callable[..., Any], *args: Any) -> None:
        with self.site.one(act, *args) as worker:
            end = time.monotonic() + PATIENCE_S
            while not reached():
                assert time.monotonic() < end, "it never came so far"
            worker.kill()
            assert worker.ends() is None, "it was done before it could be killed"

    # Afterwards

    def closed_once(self) -> None:
        """Everybody has their shares, and the company its money, once."""
        made = [kind for kind, _, _ in self.world.at_the_gateway(self.offering)]
        assert sorted(set(made)) == ["move", "payment", "payout"]
        assert [made.count(kind) for kind in ("payment", "payout", "move")] == [self.many, 1, 1]
        assert self.count("pledges", "status = 'settled'") == self.many
        entered = self.world.sql("SELECT count(*), count(DISTINCT pledge_id), sum(shares) FROM register_entries")
        assert entered == [(self.many, self.many, self.many)]
        closed = self.world.sql("SELECT count(*) FROM journal_entries WHERE kind = 'pledge_closed'")
        assert closed == [(self.many,)] and self.world.broken_promises() == []

    def returned_once(self) -> None:
        """Everybody has their money back, once; only what was in the dark at a kill was asked for a second time."""
        made = self.world.sql(
            "SELECT count(*), count(DISTINCT about), sum(amount_minor) FROM sandbox.objects WHERE kind = 'refund'"
        )
        assert made == [(self.many, self.many, self.many * 100)]
        assert self.count("pledges", "status = 'refunded'") == self.many
        sent = "kind = 'refund' AND status = 'succeeded' AND generation = 1"
        assert self.count("instructions", sent) == self.many
        assert self.count("instructions", f"{sent} AND attempts > 1") <= 2
        assert self.count("journal_entries", "kind = 'refund_paid'") == self.many
        assert self.world.offering(self.offering.id).status == "refunded"
        assert self.world.broken_promises() == []

    # Looking

    def count(self, table: str, which: str) -> int:
        ((found,),) = self.world.sql(f"SELECT count(*) FROM {table} WHERE {which}")
        return int(found)

    def _closing(self) -> Closing:
        with self.world.looking() as view:
            return closing_queries.of_offering(view.session, self.offering.id)[0]

    def _approval(self, officer: Actor) -> tuple[Actor, str, str]:
        closing = self._closing()
        assert closing.snapshot_hash is not None
        return officer, closing.ref, closing.snapshot_hash

    def _whole(self) -> list[tuple[Any, ...]]:
        """The rows of everything that a closing writes about its pledges."""
        tables = ("journal_entries", "postings", "register_entries", "closing_lines", "messages")
        counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        sums = "(SELECT sum(debits) FROM ledger_accounts), (SELECT count(*) FROM audit_events WHERE subject_type = 'pledges')"
        return self.world.sql(f"SELECT {counts}, {sums}")
