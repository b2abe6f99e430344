"""A law whose amounts are in another currency, adopted as any edition is: no law that is built has three minor digits."""

from __future__ import annotations

from app.approvals.models import ProposalKind
from app.decisions import actions as decisions
from app.regimes.nz_cf import NzCf
from app.regimes.registry import BUILT
from app.wiring import follow_the_law
from tests.builders import World

#: It limits no investor, and does not ask who holds the money.
LAW, COUNTRY = "NZ-CF", "NZ"


def adopt(world: World, currency: str) -> None:
    text = BUILT[LAW].pack.text.replace('currency = "NZD"', f'currency = "{currency}"')
    with world.acting() as tx:
        decisions.record(tx, NzCf(text).pack)
    world.agree(ProposalKind.PACK, world.officer(), world.officer())
    follow_the_law(world.platform)
    assert world.platform.regime(LAW).pack.currency == currency
