"""What an investor does before the gateway's page."""

from __future__ import annotations

from app.actor import SYSTEM
from app.payments import queries as payments
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from app.wiring import Platform


def choose_way(platform: Platform, pledge: Pledge) -> None:
    """Choose the sandbox to pay at, where that was not done with the pledge."""
    with platform.database.transaction(SYSTEM) as tx:
        if payments.collection(tx.session, pledge.id) is None:
            way = next(one for one in platform.ways_to_pay(pledge.currency) if one.gateway == "sandbox")
            pledges.choose_way(tx, pledge.id, platform.law, way)
