"""Who is in the demo market. Passwords and second factors follow from this installation's secret key: no two are alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from app.actor import STAFF, Role


@dataclass(frozen=True, slots=True)
class DemoPerson:
    role: Role
    email: str
    name: str
    locale: str = "en"
    timezone: str = "America/New_York"

    @property
    def has_second_factor(self) -> bool:
        return self.role in STAFF

    def password(self, secret_key: str) -> str:
        """Four groups of five: long enough, and readable from a terminal."""
        text = base64.b32encode(_digest(secret_key, f"password:{self.email}")).decode().lower()
        return "-".join(text[i : i + 5] for i in range(0, 20, 5))

    def totp_secret(self, secret_key: str) -> str | None:
        if not self.has_second_factor:
            return None
        return base64.b32encode(_digest(secret_key, f"totp:{self.email}")[:20]).decode()


def _digest(secret_key: str, text: str) -> bytes:
    return hmac.new(secret_key.encode(), f"demo:{text}".encode(), hashlib.sha256).digest()


ALICE = DemoPerson(Role.INVESTOR, "alice@demo.example", "Alice Moreno")
BEN = DemoPerson(Role.INVESTOR, "ben@demo.example", "Ben Okafor", timezone="America/Los_Angeles")
CARLA = DemoPerson(Role.INVESTOR, "carla@demo.example", "Carla Jensen")
DEV = DemoPerson(Role.INVESTOR, "dev@demo.example", "Dev Patel")
LEAD = DemoPerson(Role.INVESTOR, "haitong@demo.example", "海通创新资本", "zh-CN", "Asia/Shanghai")
WEI = DemoPerson(Role.INVESTOR, "wei@demo.example", "张伟", "zh-CN", "Asia/Shanghai")
QUILLFEATHER = DemoPerson(Role.INVESTOR, "zoltan@demo.example", "Zoltan Quillfeather")
STEVEN = DemoPerson(Role.ISSUER, "steven@demo.example", "Steven Raack", timezone="America/Los_Angeles")
RICHARD = DemoPerson(Role.ISSUER, "richard@demo.example", "Richard Vandenberg", timezone="America/Los_Angeles")
LIN = DemoPerson(Role.ISSUER, "lin@demo.example", "林晓", "zh-CN", "Asia/Shanghai")
MAYA = DemoPerson(Role.ISSUER, "maya@demo.example", "Maya Lund")
GRACE = DemoPerson(Role.COMPLIANCE_OFFICER, "grace@demo.example", "Grace Whitfield")
CHEN = DemoPerson(Role.COMPLIANCE_OFFICER, "chen@demo.example", "陈静", "zh-CN", "Asia/Shanghai")
OMAR = DemoPerson(Role.OPERATOR, "omar@demo.example", "Omar Haddad")

PEOPLE = (ALICE, BEN, CARLA, DEV, LEAD, WEI, QUILLFEATHER, STEVEN, RICHARD, LIN, MAYA, GRACE, CHEN, OMAR)
