"""What goes wrong between books and gateways, planted where it would really be: in the sandbox's own lines, or past every guard."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from app.jobs import reconcile
from app.offerings.models import Offering
from app.payments.sandbox.tables import Token
from app.reconciliation import queries
from app.reconciliation.models import Break
from tests.builders import World


def line(world: World, source: str, amount: int, kind: str = "payment", **more: Any) -> str:
    """A line in the sandbox's own account, as if somebody had acted there; returns its key here."""
    values = {"account": "", "currency": "USD", "id": f"txn_{kind}_{source}_{amount}", **more}
    world.sql(
        "INSERT INTO sandbox.transactions (id, kind, object_kind, object_id, account, amount_minor, currency, created_at)"
        " VALUES (:id, :kind, :object, :source, :account, :amount, :currency, platform_now())",
        kind=kind, object="payout" if kind.startswith("payout") else kind, source=source, amount=amount, **values,
    )  # fmt: skip
    return f"sandbox:{values['id']}"


def wire(world: World, offering: Offering, amount: int, token: Token = Token.OK) -> int:
    """Somebody pays into an offering's account without our reference; the entry that books it apart."""
    far = world.platform.sandbox
    assert far is not None
    name = f"by_hand:{uuid4()}"
    made = far.create(
        "payment", name, uuid4(), account=f"offering-{offering.id}", amount_minor=amount, currency=offering.currency,
        reference="", return_url="-",
    )  # fmt: skip
    far.pay(made, token)
    world.sql("UPDATE sandbox.objects SET key = NULL WHERE id = :id", id=made)
    world.sql("DELETE FROM sandbox.events WHERE object_id = :id", id=made)
    world.move_clock(minutes=20)
    listen(world)
    return int(world.sql("SELECT max(id) FROM journal_entries WHERE kind = 'unidentified_funds_received'")[0][0])


def listen(world: World) -> list[Break]:
    """Read the gateways and reconcile, whether it is time or not; what is open then."""
    world.sql("UPDATE gateway_readings SET read_at = read_at - interval '2 hours'")
    reconcile.run(world.platform)
    return breaks(world)


def breaks(world: World) -> list[Break]:
    with world.looking() as view:
        return queries.open_breaks(view.session)


def kinds(world: World) -> list[str]:
    return sorted(one.kind for one in breaks(world))
