"""What lies around a case: its evidence beside the claim, what brought it here in numbers, and who else is near."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from app.compliance import comparison
from app.compliance.comparison import Line
from app.decisions import queries as decisions
from app.i18n import amounts
from app.i18n.words import N_
from app.identity import queries as identity
from app.investors import queries as investors
from app.investors.models import Claim, Investor
from app.issuers import queries as issuers
from app.offerings import form_c
from app.offerings import queries as offerings
from app.pledges import queries as pledges
from app.regimes import platform_policy, standing
from app.web.session import reader

#: So many other pledges of an investor are shown.
PLEDGES = 10


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody or something near the case: what it is to it, its name, and where it is shown."""

    noun: str
    name: str
    href: str | None = None
    status: tuple[str, str] | None = None


def currency_of(claim: Claim) -> str:
    """The currency in which the rules of the claimed status measure."""
    return standing.BY_ID[claim.kind].currency


# Offerings


def offering_beside_filing(session: Session, offering_id: int) -> list[Line]:
    """Against the latest filing that opens an offering; none, no lines."""
    offering = offerings.offering(session, offering_id)
    filed = [one for one in offerings.filings_of(session, offering_id) if one.form in form_c.OPENING]
    if not filed:
        return []
    latest = max(filed, key=lambda one: one.id)
    filing = form_c.reread(latest.form, latest.sha256, latest.fields)
    return list(comparison.with_filing(offering, issuers.issuer(session, offering.issuer_id), filing))


def near_offering(session: Session, offering_id: int) -> Iterator[Near]:
    offering = offerings.offering(session, offering_id)
    issuer = issuers.issuer(session, offering.issuer_id)
    for name in identity.names(session, issuers.members(session, issuer.id)).values():
        yield Near(N_("Acts for the company"), name)
    for other in issuers.paid_alike(session, issuer):
        yield Near(N_("Paid to the same holder, at an account with the same end"), f"{other.legal_name} · {other.ref}")
    for one in offerings.of_issuer(session, issuer.id):
        if one.id != offering.id:
            href = url_for("public.offering", slug=one.slug) if one.opened_at else None
            yield Near(N_("Another offering of the company"), f"{one.name} · {one.ref}", href, ("offering", one.status))


# Claims and pledges


def claim_beside_account(session: Session, claim_id: int) -> list[Line]:
    investor = investors.investor(session, investors.claim(session, claim_id).investor_id)
    return list(comparison.with_account(investor, identity.user(session, investor.user_id).name))


def near_claim(session: Session, claim_id: int) -> Iterator[Near]:
    investor = investors.investor(session, investors.claim(session, claim_id).investor_id)
    yield from _behind(session, investor)
    yield from _pledges_of(session, investor)


def _behind(session: Session, investor: Investor) -> Iterator[Near]:
    """Who acts for an entity, who stands behind it, and whether it was made for the purchase."""
    entity = investors.entity(session, investor.id)
    if entity is None:
        return
    yield Near(N_("Acts for the entity"), f"{identity.user(session, investor.user_id).name} · {entity.capacity}")
    yield Near(N_("Registered"), f"{entity.registered_in} {entity.registration_number}")
    if entity.formed_for_purchase:
        yield Near(N_("Made in order to invest here"), investor.legal_name)
    for owner in investors.owners(session, investor.id):
        yield Near(
            N_("Stands behind the entity"),
            f"{owner.name} · {owner.country} · {amounts.percent(owner.share_bps, reader())}",
        )


def pledge_beside_decision(session: Session, pledge_id: int) -> list[Line]:
    pledge = pledges.pledge(session, pledge_id)
    investor = investors.investor(session, pledge.investor_id)
    decision = decisions.decision(session, pledge.decision_id)
    figures = investors.latest_figures(session, investor.id, pledge.currency)
    return [
        *comparison.with_account(investor, identity.user(session, investor.user_id).name),
        *comparison.with_decision(pledge.amount, decision, figures),
    ]


def near_pledge(session: Session, pledge_id: int) -> Iterator[Near]:
    investor = investors.investor(session, pledges.pledge(session, pledge_id).investor_id)
    yield from _behind(session, investor)
    yield from _pledges_of(session, investor, besides=pledge_id)


def _pledges_of(session: Session, investor: Investor, besides: int | None = None) -> Iterator[Near]:
    for pledge, offering in pledges.of_investor(session, investor.id)[:PLEDGES]:
        if pledge.id != besides:
            href = url_for("public.offering", slug=offering.slug)
            yield Near(
                N_("Another pledge of the investor"), f"{pledge.ref} · {offering.name}", href, ("pledge", pledge.status)
            )


def pledge_inputs(session: Session, pledge_id: int) -> list[tuple[str, object]]:
    """The numbers that brought a pledge to an officer."""
    pledge = pledges.pledge(session, pledge_id)
    return [
        (N_("Amount"), pledge.amount),
        (
            N_("From this amount on an officer looks at it"),
            platform_policy.review_threshold(pledge.currency, pledge.placed_at.date()),
        ),
    ]
