"""Entities that invest: companies, partnerships, trusts and funds, each through the person who acts for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors import queries
from app.investors.models import BeneficialOwner, Entity, EntityForm, Investor, Kind
from app.regimes import platform_policy
from app.regimes.parameters import WHOLE_BPS


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody behind an entity. `share_bps` is their part in hundredths of a percent."""

    name: str
    country: str
    share_bps: int
    born_on: date | None = None


def register(
    tx: Transaction,
    user_id: int,
    *,
    legal_name: str,
    country: str,
    form: EntityForm,
    registration_number: str,
    capacity: str,
    formed_for_purchase: bool,
    owners: Sequence[Owner],
    nobody_owns_so_much: bool,
) -> Investor:
    """Make an entity for which this person acts; `screening.actions.register_entity` compares the names with lists, too.

    The same number again, by the same person, is the same entity; another person's is refused, for an entity has one
    limit. Raises Refused: "owners_missing" (none is named, nor said that there is none), "owners_contradict",
    "owner_below_share", "owners_above_whole", "date_in_future", "entity_known". Writes: investor, entity, owners, audit.
    """
    _require_owners(owners, nobody_owns_so_much, tx.now.date())
    number = "".join(registration_number.split()).upper()
    tx.one_at_a_time(f"entity:{country}:{number}")
    known = queries.entity_by_number(tx.session, country, number)
    if known is not None:
        if known.user_id != user_id:
            raise Refused("entity_known", field="registration_number")
        return known
    investor = Investor(
        user_id=user_id, kind=Kind.ENTITY, legal_name=legal_name.strip(), country=country, created_at=tx.now
    )
    tx.session.add(investor)
    tx.session.flush()  # all that follows refers to it
    tx.session.add(
        Entity(
            investor_id=investor.id, form=form.value, registered_in=country, registration_number=number,
            capacity=capacity.strip(), formed_for_purchase=formed_for_purchase,
        )
    )  # fmt: skip
    tx.session.add_all(
        BeneficialOwner(
            investor_id=investor.id, name=one.name.strip(), country=one.country, born_on=one.born_on, share_bps=one.share_bps
        )
        for one in owners
    )  # fmt: skip
    tx.session.flush()  # an owner's id is the subject of a comparison
    audit.record(tx, "register_entity", "investors", investor.id, country=country, form=form.value, owners=len(owners))
    return investor


def _require_owners(owners: Sequence[Owner], nobody_owns_so_much: bool, on: date) -> None:
    if bool(owners) == nobody_owns_so_much:
        raise Refused("owners_contradict" if owners else "owners_missing", field="nobody_owns_so_much")
    least = platform_policy.owner_share_bps(on)
    for number, one in enumerate(owners, start=1):
        if one.share_bps < least:
            raise Refused("owner_below_share", field=f"owner_{number}_share", least_bps=least)
        if one.born_on is not None and one.born_on > on:
            raise Refused("date_in_future", field=f"owner_{number}_born_on")
    if sum(one.share_bps for one in owners) > WHOLE_BPS:
        raise Refused("owners_above_whole", field="owner_1_share")
