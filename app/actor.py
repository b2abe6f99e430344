"""Who is acting: a person, the platform itself, or nobody in particular."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    INVESTOR = "investor"
    ISSUER = "issuer"
    COMPLIANCE_OFFICER = "compliance_officer"
    OPERATOR = "operator"


#: Roles that decide over other people's money; they sign in with a second factor.
STAFF = frozenset({Role.COMPLIANCE_OFFICER, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is what the audit trail shows; it holds no personal data."""

    name: str
    user_id: int | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)
    email_is_verified: bool = False
    #: The password was right, the second factor is still to come: until then this is nobody.
    awaits_second_factor: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.user_id is not None and not self.awaits_second_factor

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF)


ANONYMOUS = Actor("anonymous")
SYSTEM = Actor("system")


def command_line(command: str) -> Actor:
    return Actor(f"cli:{command}")
