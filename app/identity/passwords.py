"""Passwords: what is long enough, how they are kept, how they are checked.

Source: NIST SP 800-63B-4 (length, no composition rules, a list of known bad ones, Unicode normalised);
OWASP ASVS 5.0 6.2.x; argon2id with the library's default cost (64 MiB, 3 passes).
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.errors import Refused

#: A password is our only factor for most people, so it must be long. Source: SP 800-63B-4, 3.1.1.2.
SHORTEST = 15
LONGEST = 256
#: Some keyboards send one letter as several marks. Beyond this nothing is normalised: that can take minutes.
LONGEST_TYPED = 4 * LONGEST
#: Long enough, and still the first thing an attacker tries.
KNOWN_BAD = frozenset(
    {
        "passwordpassword",
        "password12345678",
        "123456789012345",
        "1234567890123456",
        "qwertyuiopasdfgh",
        "letmeinletmeinletmein",
    }
)

_hasher = PasswordHasher()
#: Checked against when there is no such account, so that the answer takes as long.
_NOBODY = _hasher.hash("nobody has this password")


def normalised(password: str) -> str:
    """One form for one password, however the keyboard composed it."""
    return unicodedata.normalize("NFKC", password)


def require_strong(password: str, *, email: str, name: str) -> None:
    """Raises Refused with field="password" when it is too short, too long or too easy to guess."""
    plain = normalised(password) if len(password) <= LONGEST_TYPED else password
    if len(plain) > LONGEST:
        raise Refused("password_too_long", field="password", longest=LONGEST)
    if len(plain) < SHORTEST:
        raise Refused("password_too_short", field="password", shortest=SHORTEST, length=len(plain))
    folded = plain.casefold()
    easy = folded in KNOWN_BAD or len(set(folded)) < 5 or folded in {email.casefold(), name.casefold()}
    if easy:
        raise Refused("password_too_easy", field="password")


def hashed(password: str) -> str:
    return _hasher.hash(normalised(password))


def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; takes as long when there is no account."""
    if len(password) > LONGEST_TYPED:
        return False
    try:
        return _hasher.verify(password_hash or _NOBODY, normalised(password)) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
