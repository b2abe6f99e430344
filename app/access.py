"""Who may do what: one table. Every route and method names one of these permissions; an unlisted one fails the build.

A permission speaks of roles. That a pledge, a company or a case is one's own is checked where it is loaded
(`web/*/…`): what is not yours answers like what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.actor import Actor, Role


class Permission(StrEnum):
    READ_PUBLIC = "read_public"
    SIGN_UP_OR_IN = "sign_up_or_in"
    PASS_SECOND_FACTOR = "pass_second_factor"
    SIGN_OUT = "sign_out"
    KEEP_OWN_ACCOUNT = "keep_own_account"
    SEE_OWN_INVESTMENTS = "see_own_investments"
    INVEST = "invest"
    RAISE = "raise"
    REVIEW = "review"
    OPERATE = "operate"
    #: Proven by a signature, not by a session.
    TELL_EVENTS = "tell_events"
    #: The pretend provider's own page; it exists with the sandbox only.
    PAY_AT_SANDBOX = "pay_at_sandbox"
    #: The local outbox; it exists in development only.
    READ_LOCAL_OUTBOX = "read_local_outbox"


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody must be: nobody in particular, signed in, of a role, with a proven address."""

    signed_in: bool = False
    half_signed_in: bool = False
    role: Role | None = None
    verified: bool = False


ANYBODY = Grant()

GRANTS: dict[Permission, Grant] = {
    Permission.READ_PUBLIC: ANYBODY,
    Permission.SIGN_UP_OR_IN: ANYBODY,
    Permission.PASS_SECOND_FACTOR: Grant(half_signed_in=True),
    Permission.SIGN_OUT: ANYBODY,
    Permission.KEEP_OWN_ACCOUNT: Grant(signed_in=True),
    Permission.SEE_OWN_INVESTMENTS: Grant(signed_in=True, role=Role.INVESTOR),
    Permission.INVEST: Grant(signed_in=True, role=Role.INVESTOR, verified=True),
    Permission.RAISE: Grant(signed_in=True, role=Role.ISSUER, verified=True),
    Permission.REVIEW: Grant(signed_in=True, role=Role.COMPLIANCE_OFFICER),
    Permission.OPERATE: Grant(signed_in=True, role=Role.OPERATOR),
    Permission.TELL_EVENTS: ANYBODY,
    Permission.PAY_AT_SANDBOX: ANYBODY,
    Permission.READ_LOCAL_OUTBOX: ANYBODY,
}


class Lack(StrEnum):
    """What stands between somebody and a permission."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    VERIFIED_EMAIL = "verified_email"
    ROLE = "role"
    #: The second factor was passed already.
    NOTHING = "nothing"


def lacks(actor: Actor, permission: Permission) -> Lack | None:
    """What this actor lacks for the permission; None when they have it."""
    grant = GRANTS[permission]
    if grant.half_signed_in:
        if actor.is_signed_in:
            return Lack.NOTHING
        return None if actor.awaits_second_factor else Lack.SIGN_IN
    if not grant.signed_in:
        return None
    if actor.awaits_second_factor:
        return Lack.SECOND_FACTOR
    if not actor.is_signed_in:
        return Lack.SIGN_IN
    if grant.role is not None and grant.role not in actor.roles:
        return Lack.ROLE
    if grant.verified and not actor.email_is_verified:
        return Lack.VERIFIED_EMAIL
    return None


def may(actor: Actor, permission: Permission) -> bool:
    return lacks(actor, permission) is None
