"""Accounts and what proves them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.actor import Role
from app.database import Base, Document, Id, one_of


class User(Base):
    __tablename__ = "users"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    #: One field, in the person's own script.
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(String(10))
    timezone: Mapped[str] = mapped_column(String(64))
    email_verified_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    #: Sealed by the vault. Without `totp_confirmed_at` it is only offered, not in force.
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    #: The last 30-second step that was used: a code works once.
    totp_last_step: Mapped[int | None]
    created_at: Mapped[datetime]

    grants: Mapped[list[RoleGrant]] = relationship(lazy="selectin", foreign_keys="RoleGrant.user_id")

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(grant.role) for grant in self.grants)


class RoleGrant(Base):
    __tablename__ = "role_grants"
    __table_args__ = (one_of("role", Role),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime]
    granted_by: Mapped[str]


class UserSession(Base):
    """A signed-in browser. The token itself is only in the cookie; here is its SHA-256."""

    __tablename__ = "user_sessions"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    browser: Mapped[str] = mapped_column(String(200))

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True, viewonly=True)


class SignInAttempt(Base):
    """Kept for throttling only. Account and address are keyed hashes, not themselves; for codes it is `code:<user id>`."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "account_hash", "at"), Index(None, "address_hash", "at"))

    id: Mapped[Id]
    account_hash: Mapped[str] = mapped_column(String(64))
    address_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class RecoveryCode(Base):
    __tablename__ = "recovery_codes"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class FormDraft(Base):
    """What somebody had typed when their session ended; given back once, to the same person."""

    __tablename__ = "form_drafts"
    __table_args__ = (UniqueConstraint("user_id", "path"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    path: Mapped[str]
    fields: Mapped[Document]
    saved_at: Mapped[datetime]

    def as_lists(self) -> dict[str, list[str]]:
        data: dict[str, Any] = self.fields
        return {name: [str(value) for value in values] for name, values in data.items()}
