"""Compare people with the lists; a match is an alert that holds."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from app.alerts import actions as alerts
from app.alerts.lifecycle import CONFIRMED
from app.alerts.models import Finding, SubjectType
from app.compliance import actions as compliance
from app.compliance.models import ReviewCase
from app.database import Transaction
from app.errors import Refused
from app.investors import actions as investors
from app.investors import entities
from app.investors.models import Investor
from app.issuers.models import RelatedParty
from app.offerings import queries as offerings
from app.offerings.models import Offering
from app.regimes import platform_policy
from app.regimes.regime import Regime
from app.screening import names, queries
from app.screening.models import Named, Screening
from app.screening.queries import Match


def screen(tx: Transaction, person: Named) -> None:
    """Compare somebody with the lists, unless it was done since they or the lists changed.

    Who is called as before is compared only with what the lists have new. Writes: screening, alerts, cases, audit.
    """
    latest = queries.latest_import(tx.session)
    if latest is None:
        return
    fingerprint = queries.fingerprint(person)
    done = tx.session.get(Screening, (person.type, person.id))
    since = done.import_id if done is not None and done.fingerprint == fingerprint else 0
    if since >= latest:
        return
    for match in queries.matches(tx.session, person, platform_policy.PACK.day_of(tx.now), since=since):
        alerts.raise_alert(tx, _finding(person, match, fingerprint), person.involves)
    tx.session.merge(
        Screening(
            subject_type=person.type, subject_id=person.id, fingerprint=fingerprint, import_id=latest,
            screened_at=tx.now,
        )
    )  # fmt: skip


def _finding(person: Named, match: Match, fingerprint: str) -> Finding:
    listing = match.listing
    return Finding(
        rule="PLATFORM-NAME",
        subject_type=person.type,
        subject_id=person.id,
        about=f"listing:{listing.id}",
        fingerprint=hashlib.sha256(f"{fingerprint}{listing.sha256}".encode()).hexdigest(),
        holds=True,
        inputs={
            "name": person.name,
            "country": person.country,
            "born_on": person.born_on.isoformat() if person.born_on else "",
            "listed": listing.row,
            "list": listing.list_name,
            "likeness": match.likeness,
            "score": match.score,
        },
    )


def rescreen(tx: Transaction, limit: int) -> int:
    """Compare the next so many that were not compared with the newest lists; return how many.

    Writes: screenings, alerts, cases, audit.
    """
    people = queries.due(tx.session, limit)
    for person in people:
        screen(tx, person)
    return len(people)


def register(tx: Transaction, user_id: int, *, legal_name: str, country: str, born_on: date | None = None) -> Investor:
    """Make (or correct) the investor that a person is, and compare the name. Writes: investor, and see `screen`."""
    investor = investors.register(tx, user_id, legal_name=legal_name, country=country, born_on=born_on)
    screen(tx, queries.investor(investor))
    return investor


def register_entity(tx: Transaction, user_id: int, **told: Any) -> Investor:
    """Make an entity that a person acts for, and compare its name and its owners'; see `investors.entities.register`.

    Writes: investor, entity, owners, audit, and see `screen`.
    """
    investor = entities.register(tx, user_id, **told)
    for person in queries.behind(tx.session, investor):
        screen(tx, person)
    return investor


def must_be_looked_at(tx: Transaction, investor: Investor) -> bool:
    """Compare a locked investor who wants to pledge, with who stands behind it; whether an officer must say first that
    they may.

    Raises Refused("details_being_checked") for who was found to be listed: the same words that anybody might read.
    Writes: see `screen`.
    """
    for person in queries.behind(tx.session, investor):
        screen(tx, person)
    hold = queries.hold(tx.session, investor)
    if hold == CONFIRMED:
        raise Refused("details_being_checked")
    return hold is not None


def screen_related(tx: Transaction, party: RelatedParty) -> None:
    """Compare somebody whom a company declared. Writes: see `screen`."""
    for person in queries.everybody_of(tx.session, party.issuer_id):
        if (person.type, person.id) == (SubjectType.RELATED, party.id):
            screen(tx, person)


def submit_offering(tx: Transaction, offering_id: int, regime: Regime) -> ReviewCase:
    """Compare everybody of a company, and hand its offering in for review; see `compliance.submit_offering`.

    Locks: issuer, offering. Writes: offering, case, audit, and see `screen`.
    """
    case = compliance.submit_offering(tx, offering_id, regime)
    for person in queries.everybody_of(tx.session, offerings.offering(tx.session, offering_id).issuer_id):
        screen(tx, person)
    return case


def open_offering(
    tx: Transaction, offering_id: int, regime: Regime, *, gateway: str, custodian_is_qualified: bool, seats: int | None
) -> Offering:
    """Make an approved offering public, unless somebody of its company is on hold; see `compliance.open_offering`.

    Raises Refused("details_being_checked"). Locks: issuer, offering. Writes: offering, progress, audit.
    """
    issuer_id = offerings.offering(tx.session, offering_id).issuer_id
    if queries.company_on_hold(tx.session, issuer_id):
        raise Refused("details_being_checked")
    return compliance.open_offering(
        tx, offering_id, regime, gateway=gateway, custodian_is_qualified=custodian_is_qualified, seats=seats
    )


def is_called(investor: Investor, holder: str, at: datetime) -> bool:
    """Whether an account in this name is the investor's own, as names are compared."""
    policy = platform_policy.PACK.in_force("payer_differs", platform_policy.PACK.day_of(at))
    score = names.alike(investor.legal_name, holder, of_company=investor.kind == "entity")
    return policy is None or score >= policy["alert_below_bps"] // queries.PERCENT


def compare_payer(tx: Transaction, investor: Investor, paid_ref: str, payer: str | None, *, of: str = "pledge") -> None:
    """Raise an alert when the account that paid a pledge, or a top-up, bears another name. None: the gateway does not tell.

    Writes: alert, case, audit.
    """
    policy = platform_policy.PACK.in_force("payer_differs", platform_policy.PACK.day_of(tx.now))
    if payer is None or policy is None or is_called(investor, payer, tx.now):
        return
    score = names.alike(investor.legal_name, payer, of_company=investor.kind == "entity")
    finding = Finding(
        rule="PLATFORM-PAYER",
        subject_type=SubjectType.INVESTOR,
        subject_id=investor.id,
        about=f"{of}:{paid_ref}",
        fingerprint=hashlib.sha256(payer.encode()).hexdigest(),
        holds=policy["holds"],
        inputs={
            "name": investor.legal_name,
            "payer": payer,
            "score": score,
            "pledges": [paid_ref] if of == "pledge" else [],
        },
    )
    alerts.raise_alert(tx, finding, [investor.user_id])
