"""Passwords: long, not the first guess, the same however a keyboard writes them."""

from __future__ import annotations

import unicodedata

import pytest

from app.errors import Refused
from app.identity import passwords
from app.identity.passwords import KNOWN_BAD, LONGEST, LONGEST_TYPED, SHORTEST

GOOD = "correct horse battery staple"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("a short one", "password_too_short"),
        (GOOD[: SHORTEST - 1], "password_too_short"),
        ("ﬁ" * 7, "password_too_short"),  # one sign that is two letters: fourteen
        (GOOD * 20, "password_too_long"),
        ("ﷺ" * 20, "password_too_long"),  # one sign that is eighteen letters
        ("aaaaaaaaaaaaaaaaaaaa", "password_too_easy"),
        ("abcdabcdabcdabcdabcd", "password_too_easy"),
        ("ann.lee.the.first@example.test", "password_too_easy"),
        ("ANN.LEE.THE.FIRST@example.test", "password_too_easy"),
        ("Ann Lee the First", "password_too_easy"),
        *((bad, "password_too_easy") for bad in sorted(KNOWN_BAD)),
        ("PasswordPassword", "password_too_easy"),
    ],
)
def test_a_weak_password_is_refused(password: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        passwords.require_strong(password, email="ann.lee.the.first@example.test", name="Ann Lee the First")
    assert (caught.value.code, caught.value.field) == (code, "password")


@pytest.mark.parametrize(
    "password",
    [GOOD, GOOD[:SHORTEST], (GOOD * 20)[:LONGEST], "这是一个足够长的密码而且没有人会猜到", "no rules but length"],
)
def test_a_long_password_of_any_kind_is_taken(password: str) -> None:
    passwords.require_strong(password, email="a@example.test", name="Ann")


def test_a_password_is_the_same_however_the_keyboard_composed_it() -> None:
    composed = "Zürich im Frühling ist schön"
    stored = passwords.hashed(unicodedata.normalize("NFD", composed))
    assert stored.startswith("$argon2id$")
    assert passwords.matches(composed, stored)
    assert not passwords.matches(composed.lower(), stored)
    assert not passwords.matches(f"{composed} ", stored)


def test_nobody_has_a_password_and_no_hash_is_nobody() -> None:
    assert not passwords.matches("nobody has this password", None)
    assert not passwords.matches(GOOD, "not a hash")


def test_a_text_that_would_take_minutes_to_normalise_is_never_normalised() -> None:
    """Marks in the wrong order are sorted in quadratic time."""
    endless = "a" + "\u0301\u0323" * 200_000
    assert len(endless) > LONGEST_TYPED
    assert not passwords.matches(endless, passwords.hashed(GOOD))
    with pytest.raises(Refused, match="password_too_long"):
        passwords.require_strong(endless, email="a@example.test", name="Ann")
