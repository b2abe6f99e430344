"""What an investor is to the company of an offering: declared by it, named in its filings, or acting for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from app.identity import queries as identity
from app.investors.models import Investor
from app.issuers import queries as issuers
from app.issuers.models import Relation
from app.offerings.models import Offering
from app.regimes import platform_policy
from app.screening import names, queries


def relation(session: Session, investor: Investor, offering: Offering, on: date) -> Relation | None:
    """None: nothing is known. Who stands behind an entity counts like the entity. A namesake counts as related: their money is counted apart, and nothing is refused."""
    if issuers.is_member(session, offering.issuer_id, investor.user_id):
        return Relation.MEMBER
    email = identity.user(session, investor.user_id).email.casefold()
    behind = [names.spellings(one.name) for one in queries.behind(session, investor)]
    policy = platform_policy.PACK.in_force("name_match", on)
    for name, address, kind in _known(session, offering):
        if address and address.casefold() == email:
            return kind
        like = max(names.likeness(one, names.spellings(name)) for one in behind)
        if policy and like >= policy["related_from_bps"] // queries.PERCENT:
            return kind
    return None


def _known(session: Session, offering: Offering) -> Iterator[tuple[str, str | None, Relation]]:
    """Those whom the company declared, then those who run it by its disclosure and the filings that it came from."""
    for party in issuers.related_parties(session, offering.issuer_id):
        yield party.name, party.email, Relation(party.relation)
    for one in offering.disclosure.get("team", []):
        yield str(one.get("name", "")), None, Relation.OFFICER
