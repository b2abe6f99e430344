"""The text of an offering, field by field: what of it may change while it is open, and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.errors import Refused
from app.offerings.models import Offering, OfferingDocument
from app.offerings.terms import Terms

#: Everything that may change, in the order in which it is shown.
FIELDS = (
    "name", "tagline", "story", "security_description", "minimum_pledge", "target", "maximum", "oversubscription_rule",
    "oversubscription_note", "deadline", "risks", "use_of_funds", "team", "statements_level", "financials", "documents",
)  # fmt: skip
_DISCLOSED = ("story", "risks", "use_of_funds", "team", "statements_level", "financials")
_AMOUNTS = ("minimum_pledge", "target", "maximum")
#: What was sold is what they bought: another kind or price is another offering.
FIXED = ("security_type", "share_price")


def text_of(offering: Offering, documents: Sequence[OfferingDocument]) -> dict[str, Any]:
    """Every field that may change, as plain values: amounts in minor units, the deadline with its zone."""
    assert offering.deadline_at is not None  # a public offering has complete terms
    said: dict[str, Any] = {field: getattr(offering, field, None) for field in FIELDS}
    said |= {field: getattr(offering, f"{field}_minor") for field in _AMOUNTS}
    said |= {field: offering.disclosure.get(field) for field in _DISCLOSED}
    said["deadline"] = deadline_text(offering.deadline_at, offering.deadline_zone)
    said["documents"] = {one.title: {"version": one.version, "sha256": one.sha256} for one in documents}
    return said


def deadline_text(at: datetime, zone: str) -> dict[str, str]:
    return {"at": at.isoformat(), "zone": zone}


def terms_text(offering: Offering, terms: Terms) -> dict[str, Any]:
    """The fields of these terms.

    Raises Refused: "fixed_while_open" for what can never change, "field_missing" for what may not be left out.
    """
    for field in FIXED:
        if getattr(terms, field) != getattr(offering, field):
            raise Refused("fixed_while_open", field=field)
    for field in (*_AMOUNTS, "oversubscription_rule"):
        if getattr(terms, field) is None:
            raise Refused("field_missing", field=field)
    amounts = {field: getattr(terms, field).minor for field in _AMOUNTS}
    others = ("security_description", "oversubscription_rule", "oversubscription_note")
    return amounts | {field: getattr(terms, field) for field in others}


def columns(offering: Offering, new: Mapping[str, Any]) -> dict[str, Any]:
    """The offering's own columns with these fields in them; files are no columns."""
    found = {field: new[field] for field in new if field not in (*_DISCLOSED, *_AMOUNTS, "deadline", "documents")}
    found |= {f"{field}_minor": new[field] for field in _AMOUNTS if field in new}
    told = {field: new[field] for field in _DISCLOSED if field in new}
    if told:
        found["disclosure"] = {**offering.disclosure, **told}
    if "deadline" in new:
        found["deadline_at"] = datetime.fromisoformat(new["deadline"]["at"])
        found["deadline_zone"] = new["deadline"]["zone"]
    return found


def as_changed(offering: Offering, new: Mapping[str, Any]) -> Offering:
    """The offering as it would be: a copy that no session knows."""
    kept = {column.key: getattr(offering, column.key) for column in Offering.__table__.columns}
    return Offering(**{**kept, **columns(offering, new)})


def sha256(value: Any) -> str:
    """The hash of a text or a change: of its canonical JSON."""
    body = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(body.encode()).hexdigest()
