"""The warning that a law wants fixed at the top of pages that promote an offering."""

from __future__ import annotations

from collections.abc import Collection

from flask import g

from app.database import Snapshot
from app.investors import queries as investors
from app.web.session import actor, me, platform


def promoted(view: Snapshot, regimes: Collection[str]) -> None:
    """Say that this page promotes offerings under these regimes to its reader; the layout shows the warning."""
    person = me() if actor().is_signed_in else None
    known = [] if person is None else investors.acted_for(view.session, person.user_id)
    g.risk_warning = platform().law.risk_warning(regimes, {one.country for one in known}, view.now)
