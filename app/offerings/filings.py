"""What a filing changes: a draft is made or amended, or the filing alone is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.issuers.models import Issuer
from app.offerings import actions, queries
from app.offerings.deadlines import instant_of
from app.offerings.form_c import FormC
from app.offerings.lifecycle import EDITABLE, GIVEN_UP
from app.offerings.models import Filing, Offering
from app.regimes.regime import Regime

AMENDMENT = "C/A"
#: A filed deadline is a day; it ends with the day.
END_OF_DAY = time(23, 59)
LONGEST_NAME = 200
TERMS = ("security_type", "security_description", "share_price", "oversubscription_rule", "oversubscription_note")


class Outcome(StrEnum):
    """What came of a filing. Words in `i18n/labels.py`."""

    DRAFTED = "drafted"
    AMENDED = "amended"
    #: It amends an offering whose terms are locked.
    LOCKED = "locked"
    KEPT = "kept"
    #: Nothing of its filer is offered here.
    KEPT_ALONE = "kept_alone"
    #: It was known; its company had no member and now has one.
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Import:
    """What came of it, and the offering that it is about, if there is one."""

    outcome: Outcome
    offering: Offering | None


def import_form_c(
    tx: Transaction, filing: FormC, regime: Regime, *, fee_bps: int, owner_id: int | None = None
) -> Import:
    """Take in a filing; everything it says is kept, and what a draft then lacks is on its checklist.

    A Form C makes a draft. An amendment is written into the draft that it amends, or kept beside an offering whose
    terms are locked. A form that opens no offering is kept. `owner_id` is who acts for the company, or is to.
    Raises Refused: "filing_known", "filing_known_alone" (the same file again), "filing_without_name", and for who does
    not act for the company "issuer_known", "filing_opens_no_offering".
    Locks: issuer, offering. Writes: issuer (or uses the one with this CIK), member, offering, filing, audit.
    """
    tx.one_at_a_time("import_form_c")  # the same file sent twice at once is still one draft
    known = queries.filing_by_hash(tx.session, filing.sha256)
    if known is not None:
        return _known(tx, known, owner_id)
    issuer = issuer_queries.by_cik(tx.session, filing.cik) if filing.cik else None
    if issuer is not None:
        issuer = issuers.lock(tx, issuer.id)
    if not filing.opens_an_offering:
        return _keep(tx, filing, issuer, regime, owner_id)
    if issuer is not None:
        _require_member(tx, issuer, owner_id)
        if filing.form == AMENDMENT:
            meant = queries.meant_by(tx.session, issuer.id, regime.pack.id, filing.file_number, filed=True)
            amended = next((one for one in meant if one.status not in GIVEN_UP), None)
            if amended is not None:
                return _amend(tx, filing, amended.id, issuer, regime)
    return _draft(tx, filing, issuer, regime, fee_bps, owner_id)


def _known(tx: Transaction, known: Filing, owner_id: int | None) -> Import:
    if known.offering_id is None:
        raise Refused("filing_known_alone", field="file")
    offering = queries.offering(tx.session, known.offering_id)
    if owner_id is not None and _may_be_given(tx, offering.issuer_id):
        issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), owner_id)
        return Import(Outcome.GIVEN, offering)
    raise Refused("filing_known", field="file", offering=offering.ref)


def _may_be_given(tx: Transaction, issuer_id: int) -> bool:
    """The operator gives a company that nobody acts for to somebody; a person takes none, for filings are public."""
    return tx.actor.user_id is None and not issuer_queries.members(tx.session, issuer_id)


def _require_member(tx: Transaction, issuer: Issuer, owner_id: int | None) -> None:
    if owner_id is None or issuer_queries.is_member(tx.session, issuer.id, owner_id):
        return
    if not _may_be_given(tx, issuer.id):
        raise Refused("issuer_known", field="file", issuer=issuer.legal_name)
    issuers.add_member(tx, issuer, owner_id)


def _keep(tx: Transaction, filing: FormC, issuer: Issuer | None, regime: Regime, owner_id: int | None) -> Import:
    """Keep what opens no offering: for the operator, and for a person whose own company filed it."""
    person = tx.actor.user_id
    if person is not None and (issuer is None or not issuer_queries.is_member(tx.session, issuer.id, person)):
        raise Refused("filing_opens_no_offering", field="file", form=filing.form, issuer=filing.legal_name or "-")
    offering = None
    if issuer is not None:
        _require_member(tx, issuer, owner_id)
        meant = queries.meant_by(tx.session, issuer.id, regime.pack.id, filing.file_number, filed=False)
        offering = next(iter(meant), None)
    _store(tx, filing, offering, "keep_filing")
    return Import(Outcome.KEPT if offering else Outcome.KEPT_ALONE, offering)


def _amend(tx: Transaction, filing: FormC, offering_id: int, issuer: Issuer, regime: Regime) -> Import:
    offering = actions.lock(tx, offering_id)
    if offering.status not in EDITABLE:
        _store(tx, filing, offering, "keep_filing")
        return Import(Outcome.LOCKED, offering)
    _fill_in(tx, issuer, filing)
    _write(offering, filing, regime)
    offering.version += 1
    _store(tx, filing, offering, "amend_by_filing")
    return Import(Outcome.AMENDED, offering)


def _draft(
    tx: Transaction, filing: FormC, issuer: Issuer | None, regime: Regime, fee_bps: int, owner_id: int | None
) -> Import:
    if filing.legal_name is None:
        raise Refused("filing_without_name", field="file")
    if issuer is not None:
        _fill_in(tx, issuer, filing)
    else:
        issuer = issuers.create(tx, legal_name=filing.legal_name, country="US", cik=filing.cik, **_details(filing))
        if owner_id is not None:
            issuers.add_member(tx, issuer, owner_id)
    offering = actions.create_draft(tx, issuer, regime, name=filing.legal_name[:LONGEST_NAME], fee_bps=fee_bps)
    _write(offering, filing, regime)
    _store(tx, filing, offering, "import_filing")
    return Import(Outcome.DRAFTED, offering)


def _fill_in(tx: Transaction, issuer: Issuer, filing: FormC) -> None:
    """Fill in what is missing, unless an offering was handed in with the company as it is."""
    if queries.raising_of(tx.session, issuer.id) is None:
        issuers.fill_in(tx, issuer, **_details(filing))


def _details(filing: FormC) -> dict[str, Any]:
    """What it says of the company. Of one that is here only gaps are filled: its own words may be newer."""
    return {
        "legal_form": filing.legal_form, "jurisdiction": filing.jurisdiction, "address": filing.address,
        "incorporated_on": filing.incorporated_on, "website": filing.website, "employees": filing.employees,
    }  # fmt: skip


def _write(offering: Offering, filing: FormC, regime: Regime) -> None:
    """Write what the filing says into the draft; what it leaves out stays as it was."""
    for name in TERMS:
        if getattr(filing, name) is not None:
            setattr(offering, name, getattr(filing, name))
    target = filing.target or offering.target
    # A maximum below the target contradicts itself: it stays in the filing, and on the checklist.
    possible = [one for one in (filing.maximum, offering.maximum) if one and (target is None or one >= target)]
    offering.target_minor = target.minor if target else None
    offering.maximum_minor = possible[0].minor if possible else None
    if filing.deadline is not None and filing.deadline != _last_day(offering):
        offering.deadline_zone = regime.pack.zone
        offering.deadline_at = instant_of(datetime.combine(filing.deadline, END_OF_DAY), regime.pack.zone)
    team = _with_signers(offering.disclosure.get("team", []), filing.disclosure["team"])
    offering.disclosure = {**_merged(offering.disclosure, filing.disclosure), "team": team}


def _last_day(offering: Offering) -> date | None:
    """The day on which it ends. A filing knows no time: one that was chosen on the same day stays."""
    at = offering.deadline_at
    return None if at is None else at.astimezone(ZoneInfo(offering.deadline_zone)).date()


def _merged(before: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What is told over what was told before; what is empty takes nothing away."""
    merged = dict(before)
    for name, value in told.items():
        if isinstance(value, dict):
            merged[name] = _merged(before.get(name, {}), value)
        elif name not in before or value not in (None, "", []):
            merged[name] = value
    return merged


def _with_signers(team: list[dict[str, str]], signers: list[dict[str, str]]) -> list[dict[str, str]]:
    """Who signs, with the title that they sign with, and everybody else who was in the team before."""
    known = {one["name"] for one in team}
    signing = [one for one in signers if one["role"] or one["name"] not in known]
    named = {one["name"] for one in signing}
    return [*signing, *(one for one in team if one["name"] not in named)]


def _store(tx: Transaction, filing: FormC, offering: Offering | None, event: str) -> None:
    row = Filing(
        offering_id=offering.id if offering else None,
        form=filing.form,
        sha256=filing.sha256,
        cik=filing.cik,
        file_number=filing.file_number,
        fields=filing.fields,
        received_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()  # its id is the subject of the trail
    subject = ("offerings", offering.id) if offering else ("filings", row.id)
    audit.record(tx, event, *subject, form=filing.form, sha256=filing.sha256)
