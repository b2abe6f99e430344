"""What changes a company."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.approvals import actions as approvals
from app.approvals.models import Proposal, ProposalKind
from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import NotFound, Refused
from app.issuers import queries
from app.issuers.models import Issuer, IssuerMember, RelatedParty, Relation
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.regimes import platform_policy
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


def set_payout_account(tx: Transaction, issuer: Issuer, *, holder: str, account: str, vault: Vault) -> Proposal | None:
    """Say where the company is paid. The first account is set; another one is only proposed, to a second person.

    A proposal takes effect after somebody else of the company, or an officer, agreed to it and the platform's time to
    object is over. Everybody of the company is told at once.
    Raises Refused("proposal_waits") while another change waits.
    Writes: issuer or proposal and messages, audit (without the number).
    """
    number = "".join(account.split())
    sealed, hint = vault.seal(number), number[-4:]
    if issuer.payout_account is None:
        issuer.payout_holder, issuer.payout_account, issuer.payout_hint = holder.strip(), sealed, hint
        audit.record(tx, "set_payout_account", "issuers", issuer.id, hint=hint)
        return None
    members = queries.members(tx.session, issuer.id)
    proposal = approvals.propose(
        tx, ProposalKind.PAYEE, f"issuer:{issuer.id}",
        {"holder": holder.strip(), "account": sealed.hex(), "hint": hint},
        state=payee_state(issuer), also_by=members, not_before=tx.now + platform_policy.payee_cooling(tx.now),
    )  # fmt: skip
    tell_of_payee(tx, issuer, proposal, "proposed")
    return proposal


def payee_state(issuer: Issuer) -> str:
    """How the account is now, as a hash: an approval is of the change from this very one."""
    return hashlib.sha256((issuer.payout_account or b"") + (issuer.payout_holder or "").encode()).hexdigest()


def apply_payee(tx: Transaction, issuer_id: int) -> None:
    """Put an approved payout account in force, now that its day has come, and tell everybody of the company.

    For some time then nothing is released to it (`payee_change` in the platform's policy).

    Raises Refused("second_person_missing"). Locks: issuer, proposal. Writes: issuer, proposal, messages, audit.
    """
    issuer = lock(tx, issuer_id)
    with approvals.carrying_out(tx, ProposalKind.PAYEE, f"issuer:{issuer.id}", payee_state(issuer)) as proposal:
        issuer.payout_holder = proposal.payload["holder"]
        issuer.payout_account = bytes.fromhex(proposal.payload["account"])
        issuer.payout_hint = proposal.payload["hint"]
        issuer.payout_frozen_until = tx.now + platform_policy.payee_freeze(tx.now)
        audit.record(tx, "set_payout_account", "issuers", issuer.id, hint=issuer.payout_hint, proposal=proposal.ref)
    tell_of_payee(tx, issuer, proposal, "done")


def tell_of_payee(tx: Transaction, issuer: Issuer, proposal: Proposal, stage: str) -> None:
    """Tell everybody who acts for the company what became of a change of its payout account. Writes: messages."""
    for user_id in queries.members(tx.session, issuer.id):
        notifications.enqueue(
            tx, user_id, Message.PAYEE_CHANGE, about=f"{proposal.ref}:{stage}", company=issuer.legal_name,
            ref=issuer.ref, stage=stage, hint=proposal.payload["hint"], note=proposal.note,
            not_before=proposal.not_before.isoformat() if proposal.not_before else None,
        )  # fmt: skip


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
