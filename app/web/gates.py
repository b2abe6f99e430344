"""Whether the reader of this request may see the whole of an offering."""

from __future__ import annotations

from app.access import Permission, may
from app.compliance import gate
from app.compliance.gate import Gate
from app.database import Snapshot
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.offerings.models import Offering
from app.web.session import actor, me, platform


def closed_gate(view: Snapshot, offering: Offering) -> Gate | None:
    """What the reader lacks to see everything; None for officers, for the company's own people, and where all is open."""
    person = me()
    user_id = person.user_id if person is not None and actor().is_signed_in else None
    if may(actor(), Permission.REVIEW) or issuers.is_member(view.session, offering.issuer_id, user_id):
        return None
    investor = None if user_id is None else investors.of_user(view.session, user_id)
    return gate.closed(view.session, investor, offering.regime, two_tier=_is_two_tier(offering.regime), now=view.now)


def hidden_regimes(view: Snapshot) -> list[str]:
    """The rules here under which a search must not look into the stories."""
    return [one for one in platform().settings.regimes if gate.hides(one, two_tier=_is_two_tier(one), now=view.now)]


def _is_two_tier(regime_id: str) -> bool:
    return platform().regime(regime_id).pack.settings.get("two_tier", False) is True
