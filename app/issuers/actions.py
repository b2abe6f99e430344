"""What changes a company."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import NotFound, Refused
from app.issuers import queries
from app.issuers.models import Issuer, IssuerMember, RelatedParty, Relation
from app.vault import Vault

_EMPTY: tuple[object, ...] = (None, "", {})


def enter(tx: Transaction, *, form_key: uuid.UUID, member_id: int, **details: Any) -> Issuer:
    """Enter a company by its form, for the person who acts for it; `details` are those of `change_details`.

    The same form again returns the same company. Raises Refused: "form_used" (by somebody else, or with other words),
    "date_in_future". Writes: issuer, member, audit.
    """
    tx.one_at_a_time(str(form_key))
    known = queries.by_form_key(tx.session, form_key)
    if known is None:
        issuer = create(tx, legal_name=details["legal_name"], country=details["country"], form_key=form_key)
        add_member(tx, issuer, member_id)
        change_details(tx, issuer, **details)
        return issuer
    is_same = all(getattr(known, name) == value for name, value in details.items())
    if not is_same or not queries.is_member(tx.session, known.id, member_id):
        raise Refused("form_used")
    return known


def create(tx: Transaction, *, legal_name: str, country: str, **details: Any) -> Issuer:
    """Enter a company; `details` are other columns of `Issuer`. Writes: issuer, audit."""
    issuer = Issuer(
        ref=new_reference("C"),
        legal_name=legal_name.strip(),
        country=country,
        address=details.pop("address", {}),
        created_at=tx.now,
        **details,
    )
    tx.session.add(issuer)
    tx.session.flush()  # its id is the subject of the trail
    audit.record(tx, "create_issuer", "issuers", issuer.id)
    return issuer


def add_member(tx: Transaction, issuer: Issuer, user_id: int) -> None:
    """Let a person act for the company; again changes nothing. Writes: member, audit."""
    made = tx.session.execute(
        insert(IssuerMember)
        .values(issuer_id=issuer.id, user_id=user_id, since=tx.now)
        .on_conflict_do_nothing()
        .returning(IssuerMember.user_id)
    ).one_or_none()
    if made is not None:
        audit.record(tx, "add_member", "issuers", issuer.id, user_id=user_id)


def fill_in(tx: Transaction, issuer: Issuer, **details: Any) -> None:
    """Add what is not known yet about a company; what is known stays. Writes: issuer, audit."""
    missing = {
        name: value for name, value in details.items() if value not in _EMPTY and getattr(issuer, name) in _EMPTY
    }
    for name, value in missing.items():
        setattr(issuer, name, value)
    if missing:
        audit.record(tx, "fill_in_issuer", "issuers", issuer.id, parts=sorted(missing))


def lock(tx: Transaction, issuer_id: int) -> Issuer:
    """Take the company's row, read anew; offerings and pledges may still refer to it. Locks: issuer."""
    return tx.session.scalars(
        select(Issuer)
        .where(Issuer.id == issuer_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def change_details(
    tx: Transaction,
    issuer: Issuer,
    *,
    legal_name: str,
    legal_form: str | None,
    jurisdiction: str | None,
    country: str,
    incorporated_on: date | None,
    address: dict[str, str],
    website: str | None,
    employees: int | None,
) -> None:
    """Correct what is known about a company; one that raises money is changed by `compliance.actions.change_issuer`.

    Raises Refused("date_in_future"). Writes: issuer, audit (every change, with what stood there before).
    """
    if incorporated_on is not None and incorporated_on > tx.now.date():
        raise Refused("date_in_future", field="incorporated_on")
    details = {
        "legal_name": legal_name.strip(), "legal_form": legal_form, "jurisdiction": jurisdiction, "country": country,
        "incorporated_on": incorporated_on, "address": address, "website": website, "employees": employees,
    }  # fmt: skip
    changed = {
        name: {"from": before, "to": value}
        for name, value in details.items()
        if (before := getattr(issuer, name)) != value
    }
    for name in changed:
        setattr(issuer, name, details[name])
    audit.record(tx, "change_issuer", "issuers", issuer.id, changed=changed)


def set_payout_account(tx: Transaction, issuer: Issuer, *, holder: str, account: str, vault: Vault) -> None:
    """Say where the company is paid. Writes: issuer, audit (without the number)."""
    number = "".join(account.split())
    issuer.payout_holder = holder.strip()
    issuer.payout_account = vault.seal(number)
    issuer.payout_hint = number[-4:]
    audit.record(tx, "set_payout_account", "issuers", issuer.id, hint=issuer.payout_hint)


def declare_related(
    tx: Transaction, issuer: Issuer, *, name: str, relation: Relation, email: str | None
) -> RelatedParty:
    """Say who is related to the company; the same again changes nothing. Writes: related party, audit (without the name)."""
    given = (name.strip(), relation.value, email)
    for known in queries.related_parties(tx.session, issuer.id):
        if (known.name, known.relation, known.email) == given:
            return known
    party = RelatedParty(
        issuer_id=issuer.id, name=given[0], relation=given[1], email=email, declared_at=tx.now,
        declared_by=tx.actor.user_id,
    )  # fmt: skip
    tx.session.add(party)
    tx.session.flush()  # its id is a fact of the trail
    audit.record(tx, "declare_related", "issuers", issuer.id, party=party.id, relation=relation.value)
    return party


def end_relation(tx: Transaction, issuer: Issuer, party_id: int) -> None:
    """Say that somebody is related no longer: what they pledged before stays counted apart.

    Raises NotFound. Writes: related party, audit.
    """
    party = tx.session.get(RelatedParty, party_id)
    if party is None or party.issuer_id != issuer.id or party.ended_at is not None:
        raise NotFound
    party.ended_at = tx.now
    audit.record(tx, "end_relation", "issuers", issuer.id, party=party.id)
