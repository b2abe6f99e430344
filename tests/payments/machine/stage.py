"""One platform with both sandboxes, put back to its beginning before every run: quicker than a new one, and as clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg

from app import four_eyes, invariants
from app.actor import Actor
from app.approvals.models import ProposalKind
from app.closings import actions as closings
from app.closings.actions import Approval
from app.jobs import carry_money, close_offerings, expire_pledges, process_inbox, send_payments
from app.payments import actions as payments
from app.payments.sandbox.provider import Provider
from app.payments.ways import PaymentWay
from app.pledges import actions as pledges
from app.pledges.actions import Placement
from app.pledges.consents import Said
from app.regimes import platform_policy
from app.wiring import build
from tests import worlds
from tests.builders import World
from tests.conftest import NOW, TEMPLATE, settings
from tests.payments.machine import looking
from tests.payments.machine.model import Model, Sale, Seen
from tests.payments.sandbox.cards import Cards
from tests.servers import Server

#: Everything that happens by itself, by its name.
JOBS: Mapping[str, ModuleType] = {
    "send_payments": send_payments,
    "process_inbox": process_inbox,
    "carry_money": carry_money,
    "close_offerings": close_offerings,
    "expire_pledges": expire_pledges,
}
#: What each offering sells: its rules and how long it is open. The first takes money at its custodian only.
OFFERINGS = (
    {"regime_id": "US-CF", "days": 26},
    {"regime_id": "US-REGA", "days": 22},
    {"regime_id": "US-REGA", "days": 30},
)
TARGET, MAXIMUM = "500", "2000"
INVESTORS, OFFICERS = 3, 3
#: More than anything needs: rounds of the jobs, and tries of what failed for a moment.
MOST_ROUNDS, MOST_TRIES = 25, 4


class Stage:
    """What can be done on it; every act as a page or a job would do it."""

    def __init__(self, world: World) -> None:
        self.world, self.platform = world, world.platform
        self.cards = Cards.of(world)
        assert self.platform.sandbox is not None
        self.far_sides: Mapping[str, Provider] = self.platform.far_sides
        self.offerings = [world.live(target=TARGET, maximum=MAXIMUM, **one) for one in OFFERINGS]
        self.investors = [world.investor() for _ in range(INVESTORS)]
        self.officers = [world.officer() for _ in range(OFFICERS)]
        self._said = {
            (investor.id, offering.id): world.said(
                offering, {**world.open_documents(investor, offering), **world.ticks(offering.regime)}
            )
            for investor in self.investors
            for offering in self.offerings
        }
        self.ways: list[PaymentWay] = self.platform.ways_to_pay("USD")
        self.now = NOW
        url = self.platform.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True)
        self._kept: dict[str, Model] = {}

    def new_model(self) -> Model:
        return Model(
            [
                Sale(one.id, one.deadline_at, one.target.minor, one.maximum.minor)
                for one in self.offerings
                if one.deadline_at and one.target and one.maximum
            ],
            self.now,
        )

    def keep(self, name: str, model: Model) -> None:
        """From now on a run can begin here."""
        looking.keep(self._connection, name)
        self._kept[name] = deepcopy(model)

    def begin(self, name: str) -> Model:
        """As if nothing had happened since this was kept."""
        looking.bring_back(self._connection, name)
        model = deepcopy(self._kept[name])
        self.now = model.now
        for far_side in self.far_sides.values():
            far_side.is_down = False
        return model

    def close(self) -> None:
        self._connection.close()

    # People

    def place(self, investor: int, offering: int, shares: int, form_key: UUID) -> Placement:
        who, what = self.investors[investor], self.offerings[offering]
        said: Said = self._said[who.id, what.id]
        with self.world.acting(Actor(f"user:{who.user_id}", who.user_id)) as tx:
            return pledges.place(
                tx, investor_id=who.id, offering_id=what.id, shares=shares, form_key=form_key, said=said,
                law=self.platform.law, payment_window=self.platform.payment_window,
            )  # fmt: skip

    def choose(self, pledge_id: int, way: PaymentWay) -> None:
        with self.world.acting() as tx:
            pledges.choose_way(tx, pledge_id, self.platform.law, way)

    def cancel(self, pledge_id: int) -> str:
        with self.world.acting() as tx:
            return pledges.cancel(tx, pledge_id).status

    def approve(self, officer: int, closing_ref: str, seen: str) -> Approval:
        with self.world.acting(self.officers[officer]) as tx:
            return closings.approve(tx, closing_ref, seen)

    def propose_payout(self, closing_ref: str) -> None:
        with self.world.acting() as tx:
            closings.propose_payout(tx, closing_ref)

    def call_off(self, offering_id: int) -> None:
        """Two officers give everything back."""
        with self.world.acting(self.officers[0]) as tx:
            four_eyes.propose_refund(tx, offering_id, "The company asked for it in writing.")
        self.world.agree(ProposalKind.REFUND_ALL, self.officers[1])

    def try_again(self, op_id: UUID) -> None:
        with self.world.acting() as tx:
            payments.try_again(tx, op_id)

    # What happens by itself

    def move_to(self, now: datetime) -> None:
        """Time passes; the far sides look at their clocks."""
        self.now = now
        self._connection.execute("UPDATE platform_clock SET frozen_at = %s, shift = '0'", [now])
        self.far_sides_look()

    def far_sides_look(self) -> None:
        for far_side in self.far_sides.values():
            far_side.events_to_deliver(0)

    def run(self, job: str) -> int:
        return int(JOBS[job].run(self.platform))

    def let_backoffs_pass(self) -> None:
        """What waits for its next attempt makes it now; who is asked every few minutes is not asked again."""
        self._connection.execute(
            "UPDATE instructions SET next_attempt_at = clock_timestamp() - interval '1 second'"
            " WHERE status IN ('queued', 'sending', 'unknown')"
        )

    def heal(self) -> None:
        """Every outage and every fault is over, and everything that was kept back is told."""
        for far_side in self.far_sides.values():
            far_side.is_down = False
            far_side.behave()
        self._connection.execute(
            "DELETE FROM sandbox.faults; DELETE FROM sandbox_cards.faults;"
            "DELETE FROM sandbox_cards.keys WHERE kind = 'e500_sticky';"
            "UPDATE instructions SET next_attempt_at = clock_timestamp() - interval '1 second'"
            " WHERE status IN ('queued', 'sending', 'action_required', 'pending', 'unknown');"
            "UPDATE gateway_events SET next_attempt_at = clock_timestamp() - interval '1 second' WHERE status = 'new'"
        )

    def drain(self) -> None:
        """Every event is delivered, and jobs run until none of them finds anything to do.

        What a gateway has no balance for may go on waiting: the balance comes with time.
        """
        self.heal()
        for _ in range(MOST_TRIES):
            self._until_idle()
            if not self._try_at_once():
                return
        waiting = self.rows(
            "SELECT kind, status, business_key FROM instructions WHERE status IN ('sending', 'unknown')"
        )
        assert not waiting, f"never comes to rest: {waiting}"

    def _until_idle(self) -> None:
        idle = 0
        for number, act in enumerate(cycle((self._hear, *(partial(self.run, name) for name in JOBS)))):
            idle = 0 if act() else idle + 1
            if idle > len(JOBS):
                return
            assert number < MOST_ROUNDS * len(JOBS), "the jobs never come to rest"

    def _hear(self) -> int:
        return self.world.deliver_events() and self.run("process_inbox")

    def _try_at_once(self) -> int:
        """What failed for a moment is tried again; return how much of that there is."""
        rows = self.rows(
            "WITH asked AS (UPDATE instructions SET next_attempt_at = clock_timestamp() - interval '1 second'"
            "   WHERE status IN ('queued', 'sending', 'unknown') RETURNING id),"
            " told AS (UPDATE gateway_events SET next_attempt_at = clock_timestamp() - interval '1 second'"
            "   WHERE status = 'new' RETURNING event_id)"
            " SELECT (SELECT count(*) FROM asked) + (SELECT count(*) FROM told)"
        )
        return int(rows[0][0])

    # Looking

    def rows(self, statement: str, *values: object) -> list[Any]:
        return self._connection.execute(statement.encode(), values or None).fetchall()

    def pledges(self) -> dict[int, Seen]:
        return looking.pledges(self._connection)

    def cash(self) -> list[str]:
        return looking.cash(self._connection)

    def broken(self, names: Callable[[str], bool] = lambda name: True) -> list[str]:
        """The promises that do not hold, of those whose number is asked for."""
        days = str(platform_policy.settling(self.now)["grace_days"])
        asked = {
            name: query.replace(":grace_days", days)
            for name, query in invariants.INVARIANTS.items()
            if names(name.split()[0])
        }
        return looking.broken(self._connection, asked)


@contextmanager
def set_up(server: Server, folder: Path) -> Iterator[Stage]:
    name = server.create(TEMPLATE)
    platform = build(settings(server.url(name), folder, GATEWAYS="sandbox,sandbox_cards", REGIMES="US-CF,US-REGA"))
    world = World(platform)
    worlds.stop_clock(world)
    Cards.of(world)
    stage = Stage(world)
    yield stage
    stage.close()
    platform.close()
    server.drop(name)
