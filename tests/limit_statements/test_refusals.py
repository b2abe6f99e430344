"""Whatever is wrong with a file has a name of its own, and nothing of it is stored."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.audit.verifier import canonical
from app.errors import Refused
from app.money import MOST_MINOR
from app.regimes.platform_policy import limit_statements as policy
from app.vault import Signer
from tests.builders import World
from tests.limit_statements.installations import (
    NAME,
    NORTH,
    NORTH_SECRET,
    accepted,
    changed,
    installation,
    issued,
    line,
    person,
    refusal,
    signed,
    trusting,
    with_lines,
)
from tests.servers import Server
from tests.worlds import stop_clock

STRANGER = Signer("a stranger has another key, long enough", "limit statement")


@pytest.fixture(scope="module")
def north(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared by the tests here: each one is about another person."""
    with installation(server, tmp_path_factory.mktemp("north"), SECRET_KEY=NORTH_SECRET) as world:
        yield world


@pytest.fixture(scope="module")
def here(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    trusted = f"North={NORTH.public_hex()}"
    with installation(server, tmp_path_factory.mktemp("here"), TRUSTED_INSTALLATIONS=trusted) as world:
        yield world


@pytest.fixture(autouse=True)
def begin(north: World, here: World) -> None:
    """Every test begins at the same instant."""
    stop_clock(north)
    stop_clock(here)


def code(here: World, content: bytes, **who: Any) -> str:
    found = refusal(here, person(here, **who), content)
    assert found.field == "file"
    return found.code


def test_every_single_changed_byte_is_refused(north: World, here: World) -> None:
    there, me = person(north), person(here)
    north.pledged(north.live(), 1_000, there)
    content = issued(north, there)
    chance = random.Random(3)
    before = here.contents()
    codes = set()
    for position in sorted({*range(170), *chance.sample(range(len(content)), 200), len(content) - 1}):
        flipped = bytearray(content)
        flipped[position] ^= 1 << chance.randrange(8)
        with pytest.raises(Refused) as caught:
            accepted(here, me, bytes(flipped))
        codes.add(caught.value.code)
    assert here.contents() == before
    assert {"statement_tampered", "statement_no_json"} <= codes
    accepted(here, me, content)


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda content: content + b"\n",
        lambda content: b" " + content,
        lambda content: json.dumps(json.loads(content)).encode(),
        lambda content: content.replace(b'"signature":"', b'"signature":"00'),
        lambda content: content.replace(b'{"signature"', b'{"signature":"","signature"'),
        lambda content: content[:15] + content[15:143].upper() + content[143:],
        lambda content: canonical({**json.loads(content), "signature": None}),
        lambda content: canonical({**json.loads(content), "signature": "é"}),
        lambda content: content.replace(b'"totals":{}', b'"totals":NaN'),
    ],
)
def test_the_same_words_in_other_bytes_are_refused(north: World, here: World, rewritten: Any) -> None:
    content = issued(north, person(north, name="Plain Name"))
    assert code(here, rewritten(content), name="Plain Name") == "statement_tampered"


@pytest.mark.parametrize(
    "content",
    [b"", b"no", b"\xff\xfe{}", b"{", b"[" * 200_000, b'{"a": ' + b"9" * 5_000 + b"}", "【{}】".encode(), b"%PDF-1.4"],
)
def test_what_is_no_json_is_refused(here: World, content: bytes) -> None:
    assert code(here, content) == "statement_no_json"


@pytest.mark.parametrize(
    "content",
    [
        b"[]", b"null", b"7", b'"text"', b"{}", b'{"signature":"","statement":[]}', b'{"signature":"","statement":{}}',
        b'{"signature":"","statement":{"format":"ours"}}', b'{"signature":"","statement":{"format":["a"]}}',
        b'{"more":1,"signature":"","statement":{"format":"openraise-limit-statement"}}',
    ],
)  # fmt: skip
def test_json_that_is_no_statement_is_refused(here: World, content: bytes) -> None:
    assert code(here, content) == "statement_unknown_format"


@pytest.mark.parametrize("version", [0, 2, "1", True, None, 1.0, {"a": [1]}])
def test_an_unknown_version_is_refused(north: World, here: World, version: Any) -> None:
    assert code(here, changed(issued(north, person(north)), version=version)) == "statement_unknown_version"


def test_an_installation_that_is_not_trusted_is_refused(north: World, here: World) -> None:
    body = json.loads(issued(north, person(north)))["statement"]
    theirs = {**body, "installation": {"key": STRANGER.public_hex(), "name": "North"}}
    assert code(here, signed(theirs, STRANGER)) == "statement_unknown_installation"
    assert code(here, signed(body, STRANGER)) == "statement_tampered", "North's key, a stranger's signature"
    for key in (None, [], {}, 7, body["installation"]["key"].upper()):
        odd = {**body, "installation": {"key": key, "name": "North"}}
        assert code(here, signed(odd)) == "statement_unknown_installation"


def test_an_installation_that_is_trusted_no_more_is_refused_and_what_it_stated_goes_on_counting(
    north: World, here: World
) -> None:
    there, me = person(north), person(here)
    accepted(here, me, with_lines(issued(north, there), line("2026-03-01", 50_000)))
    assert refusal(trusting(here), me, issued(north, there)).code == "statement_unknown_installation"
    assert here.place(me, here.live(), 35_900).decision.outcome == "deny"


def test_ones_own_installations_statement_is_refused(here: World) -> None:
    me = person(here)
    here.pledged(here.live(), 100, me)
    assert refusal(here, me, issued(here, me)).code == "statement_own"


def test_an_expired_one_is_refused_also_when_it_says_that_it_is_good_for_longer(north: World, here: World) -> None:
    there, me = person(north), person(here)
    content, longer = issued(north, there), changed(issued(north, there), expires_at="2031-01-01T00:00:00+00:00")
    here.move_clock(days=30, seconds=1)
    assert refusal(here, me, content).code == "statement_expired"
    assert refusal(here, me, longer).code == "statement_expired"
    here.move_clock(seconds=-1)
    accepted(here, me, content)
    sooner = changed(content, issued_at="2026-03-03T16:00:00+00:00", expires_at="2026-03-04T00:00:00+00:00")
    assert refusal(here, me, sooner).code == "statement_expired"


def test_one_from_the_future_is_refused(north: World, here: World) -> None:
    there, me = person(north), person(here)
    north.move_clock(minutes=5, seconds=1)
    assert refusal(here, me, issued(north, there)).code == "statement_from_future"
    north.move_clock(seconds=-1)
    accepted(here, me, issued(north, there))


@pytest.mark.parametrize(
    "other",
    [{"name": "Zoe O'Brien-Lacka"}, {"born_on": date(1980, 5, 18)}, {"country": "CA"}, {"name": "Somebody Else"}],
)
def test_one_about_somebody_else_is_refused(north: World, here: World, other: dict[str, Any]) -> None:
    assert code(here, issued(north, person(north)), **other) == "statement_of_another"


@pytest.mark.parametrize("name", ["ZOË  O'BRIEN-ŁĄCKA", "Ｚoë O'Brien-Łącka", "Zoe\u0308 O'Brien-Łącka"])
def test_a_name_is_the_same_in_other_letter_cases_widths_and_spaces(north: World, here: World, name: str) -> None:
    accepted(here, person(here, name=name), issued(north, person(north, name=NAME)))


def test_without_a_birth_date_nothing_is_issued_and_nothing_taken_in(north: World, here: World) -> None:
    nameless = person(north, born_on=None)
    before = north.contents()
    with pytest.raises(Refused, match="birth_date_missing"):
        issued(north, nameless)
    assert north.contents() == before
    content = changed(issued(north, person(north)), person={"born_on": None, "country": "US", "name": NAME})
    assert refusal(here, person(here, born_on=None), content).code == "birth_date_missing"
    assert code(here, content) == "statement_of_another"


def test_the_same_one_twice_and_an_older_one_are_refused(north: World, here: World) -> None:
    there, me = person(north), person(here)
    older = issued(north, there)
    north.move_clock(minutes=1)
    newer = issued(north, there)
    accepted(here, me, newer)
    assert refusal(here, me, newer).code == "statement_known"
    assert refusal(here, me, older).code == "statement_older"
    assert refusal(here, me, with_lines(newer, line("2026-03-01", 1))).code == "statement_older"


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"amount_minor": -1}, "statement_amount"), ({"amount_minor": 0}, "statement_amount"),
        ({"amount_minor": 1.5}, "statement_amount"), ({"amount_minor": "100"}, "statement_amount"),
        ({"amount_minor": True}, "statement_amount"), ({"amount_minor": None}, "statement_amount"),
        ({"amount_minor": MOST_MINOR + 1}, "statement_amount"), ({"amount_minor": 10**400}, "statement_amount"),
        ({"currency": "XXX"}, "statement_currency"), ({"currency": ["USD"]}, "statement_currency"),
        ({"currency": "EUR"}, "statement_currency"), ({"currency": None}, "statement_currency"),
        ({"day": "2025-03-02"}, "statement_line_outside"), ({"day": "2026-03-05"}, "statement_line_outside"),
        ({"day": "2026-02-30"}, "statement_malformed"), ({"day": 7}, "statement_malformed"),
        ({"day": "0000-00-00"}, "statement_malformed"), ({"status": "refunded"}, "statement_malformed"),
        ({"status": ["settled"]}, "statement_malformed"), ({"issuer": ""}, "statement_malformed"),
        ({"issuer": "A\x00B"}, "statement_malformed"), ({"issuer": "x" * 301}, "statement_malformed"),
        ({"regime": None}, "statement_malformed"), ({"reference": 5}, "statement_malformed"),
        ({"more": 1}, "statement_malformed"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_counted_is_refused(
    north: World, here: World, fields: dict[str, Any], refused: str
) -> None:
    content = issued(north, person(north))
    lines = [line("2026-03-01", 100), {**line("2026-03-01", 100), **fields}]
    assert code(here, changed(content, lines=lines, totals={"USD": 200})) == refused


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": {}}, {"lines": [[]]}, {"lines": None}, {"totals": {"USD": 1}}, {"totals": []}, {"person": []},
        {"person": {"born_on": "x", "country": "US", "name": NAME}}, {"account": ""}, {"account": 7},
        {"window": {"from": "2025-03-03"}}, {"issued_at": "2026-03-03"}, {"issued_at": "2026-03-03T15:00:00"},
        {"expires_at": "2026-03-03T15:00:00+00:00"}, {"installation": "North"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_signed_statement_that_is_none_inside_is_refused(north: World, here: World, fields: dict[str, Any]) -> None:
    assert code(here, changed(issued(north, person(north)), **fields)) == "statement_malformed"


@pytest.mark.parametrize(
    "days", [{"from": "2025-03-04", "to": "2026-03-04"}, {"from": "2025-03-03", "to": "2026-03-03"},
             {"from": "2025-03-03", "to": "2026-04-01"}],
)  # fmt: skip
def test_a_statement_that_looks_back_less_far_or_ahead_is_refused(
    north: World, here: World, days: dict[str, str]
) -> None:
    assert code(here, changed(issued(north, person(north)), window=days)) == "statement_window"


def test_too_many_lines_and_too_large_a_file_are_refused(north: World, here: World) -> None:
    content, most = issued(north, person(north)), policy(here.now())
    lines = [line("2026-03-01", 1)] * (most["most_lines"] + 1)
    assert code(here, with_lines(content, *lines)) == "statement_lines_many"
    assert code(here, b" " * (most["largest_bytes"] + 1)) == "statement_too_large"
    accepted(here, person(here), with_lines(content, *lines[1:]))


def test_before_the_platform_and_in_the_far_future_are_days_like_others(north: World, here: World) -> None:
    content = issued(north, person(north))
    for at in ("1950-01-01T00:00:00+00:00", "1900-01-01T00:00:00+14:00"):
        assert code(here, changed(content, issued_at=at)) == "statement_expired"
    for at in ("2199-12-31T23:59:59-12:00", "2199-12-31T23:59:59+00:00"):
        assert code(here, changed(content, issued_at=at, expires_at=at)) == "statement_from_future"


def test_the_database_takes_no_older_statement_and_changes_none(north: World, here: World) -> None:
    there, me = person(north), person(here)
    accepted(here, me, with_lines(issued(north, there), line("2026-03-01", 50_000)))
    copied = "investor_id, installation, installation_key, account, expires_at, accepted_at, sha256, sealed"
    for statement in (
        "UPDATE limit_statements SET account = 'x'", "DELETE FROM limit_statements",
        "UPDATE stated_purchases SET amount_minor = 1", "DELETE FROM stated_purchases", "TRUNCATE stated_purchases",
        f"INSERT INTO limit_statements ({copied}, issued_at) SELECT {copied}, issued_at - interval '1 day' FROM limit_statements",
    ):  # fmt: skip
        with pytest.raises(DBAPIError):
            here.sql(statement)
