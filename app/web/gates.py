"""Whether the reader of this request may see the whole of an offering."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from app.access import Permission, may
from app.compliance import gate
from app.compliance.gate import Gate
from app.database import Snapshot
from app.investors import queries as investors
from app.investors.models import Investor
from app.issuers import queries as issuers
from app.offerings.models import Offering
from app.web.session import actor, me, platform
from app.web.whom import acted_for


def closed_gate(view: Snapshot, offering: Offering) -> Gate | None:
    """What the reader lacks to see everything; None for officers, for the company's own people, and where all is open."""
    person = me()
    user_id = person.user_id if person is not None and actor().is_signed_in else None
    if may(actor(), Permission.REVIEW) or issuers.is_member(view.session, offering.issuer_id, user_id):
        return None
    known = [None] if user_id is None else _readers(view, user_id)
    gates = [
        gate.closed(view.session, one, offering.regime, two_tier=_is_two_tier(offering.regime), now=view.now)
        for one in known
    ]
    return None if None in gates else gates[0]


def _readers(view: Snapshot, user_id: int) -> Sequence[Investor | None]:
    """Whom the address names; or else everybody that this person acts for: who may see it for one, sees it."""
    if request.args.get("whom"):
        return [acted_for(view)]
    return investors.acted_for(view.session, user_id) or [None]


def hidden_regimes(view: Snapshot) -> list[str]:
    """The rules here under which a search must not look into the stories."""
    return [one for one in platform().settings.regimes if gate.hides(one, two_tier=_is_two_tier(one), now=view.now)]


def _is_two_tier(regime_id: str) -> bool:
    return platform().regime(regime_id).pack.settings.get("two_tier", False) is True
