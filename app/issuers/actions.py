"""What changes a company."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import Refused
from app.issuers.models import Issuer, IssuerMember
from app.vault import Vault


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
    """Correct what is known about a company. Raises Refused("date_in_future"). Writes: issuer, audit."""
    if incorporated_on is not None and incorporated_on > tx.now.date():
        raise Refused("date_in_future", field="incorporated_on")
    issuer.legal_name = legal_name.strip()
    issuer.legal_form, issuer.jurisdiction, issuer.country = legal_form, jurisdiction, country
    issuer.incorporated_on, issuer.address = incorporated_on, address
    issuer.website, issuer.employees = website, employees
    audit.record(tx, "change_issuer", "issuers", issuer.id)


def set_payout_account(tx: Transaction, issuer: Issuer, *, holder: str, account: str, vault: Vault) -> None:
    """Say where the company is paid. Writes: issuer, audit (without the number)."""
    number = "".join(account.split())
    issuer.payout_holder = holder.strip()
    issuer.payout_account = vault.seal(number)
    issuer.payout_hint = number[-4:]
    audit.record(tx, "set_payout_account", "issuers", issuer.id, hint=issuer.payout_hint)
