"""The file itself: what is in it, how it is written, and what a foreign one must be to be believed. Pure functions.

A file is canonical JSON, `{"signature":"…","statement":{…}}`: the signature is Ed25519 over the bytes of the statement.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.audit.verifier import canonical
from app.errors import Refused
from app.money import EXPONENTS, MOST_MINOR, Money
from app.regimes import platform_policy
from app.regimes.calendar import months_before
from app.regimes.facts import BadFacts, day, instant
from app.regimes.registry import BUILT
from app.vault import Signer, is_signed

FORMAT, VERSION = "openraise-limit-statement", 1
MEDIA_TYPE = "application/json"
STATUSES = ("pledged", "settled")
SIGNATURE = re.compile(r"[0-9a-f]{128}")
#: Where a day begins first and where it ends last: a line's day is local to its law.
_FIRST, _LAST = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12")
LONGEST_NAME, LONGEST_CODE = 300, 100

When = TypeVar("When", date, datetime)


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is about: no more than it takes to know them again. `born_on` is None for a company."""

    name: str
    country: str
    born_on: date | None

    def is_same_as(self, other: Person) -> bool:
        """Names are compared without case, width and spacing."""
        plain = _plain(self.name) == _plain(other.name)
        return plain and (self.country, self.born_on) == (other.country, other.born_on)


@dataclass(frozen=True, slots=True)
class Line:
    """One purchase; `on` is local to its regime. What was refunded or cancelled is none."""

    on: date
    amount: Money
    regime: str
    reference: str
    issuer: str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """`key` is the public key of its installation (Ed25519, hex), `installation` what that calls itself.

    `account` tells two accounts of one person there apart, and tells nobody else anything. Both ends of `since` and
    `until` are in.
    """

    key: str
    installation: str
    account: str
    person: Person
    since: date
    until: date
    issued_at: datetime
    expires_at: datetime
    lines: tuple[Line, ...]

    @property
    def totals(self) -> dict[str, int]:
        """currency -> minor units"""
        return {currency: amount.minor for currency, amount in totals(line.amount for line in self.lines).items()}


def window(at: datetime) -> tuple[date, date]:
    """The first and the last day of a statement that is made at an instant, wherever its lines are."""
    months = platform_policy.limit_statements(at)["window_months"]
    return months_before(at.astimezone(_LAST).date(), months), at.astimezone(_FIRST).date()


def expires_at(issued_at: datetime) -> datetime:
    return issued_at + timedelta(days=platform_policy.limit_statements(issued_at)["valid_days"])


def totals(amounts: Iterable[Money]) -> dict[str, Money]:
    """currency -> sum"""
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found.get(amount.currency, Money.zero(amount.currency)) + amount
    return found


# Writing


def written(statement: Statement, signer: Signer) -> bytes:
    """The whole file, signed."""
    body = {
        "account": statement.account,
        "expires_at": statement.expires_at.astimezone(UTC).isoformat(),
        "format": FORMAT,
        "installation": {"key": statement.key, "name": statement.installation},
        "issued_at": statement.issued_at.astimezone(UTC).isoformat(),
        "lines": [_as_json(line) for line in statement.lines],
        "person": {
            "born_on": statement.person.born_on.isoformat() if statement.person.born_on else None,
            "country": statement.person.country,
            "name": statement.person.name,
        },
        "totals": statement.totals,
        "version": VERSION,
        "window": {"from": statement.since.isoformat(), "to": statement.until.isoformat()},
    }
    return canonical({"signature": signer.sign(canonical(body)).hex(), "statement": body})


def _as_json(line: Line) -> dict[str, Any]:
    return {
        "amount_minor": line.amount.minor, "currency": line.amount.currency, "day": line.on.isoformat(),
        "issuer": line.issuer, "reference": line.reference, "regime": line.regime,
        "status": STATUSES[line.is_settled],
    }  # fmt: skip


# Reading


def read(content: bytes, keys: Collection[str], now: datetime) -> Statement:
    """Read a file and believe it; `keys` are the public keys that are trusted, our own among them.

    Raises Refused at "file": "statement_too_large", "statement_no_json", "statement_unknown_format",
    "statement_unknown_version", "statement_unknown_installation", "statement_tampered", "statement_malformed",
    "statement_lines_many", and see `_require_days`, `_line`.
    """
    policy = platform_policy.limit_statements(now)
    if len(content) > policy["largest_bytes"]:
        raise _unfit("statement_too_large", largest_kb=policy["largest_bytes"] // 1000)
    body = _believed(_parsed(content), content, keys)
    if len(_list(body["lines"], "lines")) > policy["most_lines"]:
        raise _unfit("statement_lines_many", most=policy["most_lines"])
    found = _read(body)
    _require_days(found, now)
    return found


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _unfit("statement_no_json") from None
    return _fields(found, "", "signature", "statement", code="statement_unknown_format")


def _believed(file: dict[str, Any], content: bytes, keys: Collection[str]) -> dict[str, Any]:
    """The statement of a file that a trusted installation signed, byte for byte."""
    body = file["statement"]
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise _unfit("statement_unknown_format")
    if type(body.get("version")) is not int or body["version"] != VERSION:
        raise _unfit("statement_unknown_version", version=str(body.get("version"))[:20])
    body = _fields(
        body, "statement", "account", "expires_at", "format", "installation", "issued_at", "lines", "person", "totals",
        "version", "window",
    )  # fmt: skip
    installation = _fields(body["installation"], "installation", "key", "name")
    if installation["key"] not in [*keys]:  # a list: what is no text is no fault, either
        raise _unfit("statement_unknown_installation", name=str(installation["name"])[:LONGEST_CODE])
    if not _is_as_signed(file, content, installation["key"]):
        raise _unfit("statement_tampered")
    return body


def _is_as_signed(file: dict[str, Any], content: bytes, key: str) -> bool:
    signature = file["signature"]
    if not isinstance(signature, str) or not SIGNATURE.fullmatch(signature):
        return False
    try:
        is_canonical = content == canonical(file)
    except (ValueError, RecursionError):  # half a character
        return False
    return is_canonical and is_signed(key, canonical(file["statement"]), bytes.fromhex(signature))


def _read(body: dict[str, Any]) -> Statement:
    person = _fields(body["person"], "person", "born_on", "country", "name")
    days = _fields(body["window"], "window", "from", "to")
    lines = tuple(_line(line, number) for number, line in enumerate(body["lines"], 1))
    found = Statement(
        key=body["installation"]["key"],
        installation=_text(body["installation"]["name"], "installation.name", LONGEST_NAME),
        account=_text(body["account"], "account"),
        person=Person(
            _text(person["name"], "person.name", LONGEST_NAME),
            _text(person["country"], "person.country"),
            None if person["born_on"] is None else _when(day, person["born_on"], "person.born_on"),
        ),
        since=_when(day, days["from"], "window.from"),
        until=_when(day, days["to"], "window.to"),
        issued_at=_when(instant, body["issued_at"], "issued_at"),
        expires_at=_when(instant, body["expires_at"], "expires_at"),
        lines=lines,
    )
    if body["totals"] != found.totals:
        raise _malformed("totals")
    return found


def _line(value: Any, number: int) -> Line:
    """Raises Refused: "statement_amount", "statement_currency", "statement_malformed"."""
    where = f"lines[{number}]"
    line = _fields(value, where, "amount_minor", "currency", "day", "issuer", "reference", "regime", "status")
    regime, currency, minor = _text(line["regime"], f"{where}.regime"), line["currency"], line["amount_minor"]
    # A law counts in its own currency; a line in another one would be counted as something it is not.
    if currency not in [*EXPONENTS] or (regime in BUILT and currency != BUILT[regime].pack.currency):
        raise _unfit("statement_currency", line=number, currency=str(currency)[:20])
    if type(minor) is not int or not 0 < minor <= MOST_MINOR:
        raise _unfit("statement_amount", line=number)
    if line["status"] not in STATUSES:
        raise _malformed(f"{where}.status")
    return Line(
        on=_when(day, line["day"], f"{where}.day"),
        amount=Money(minor, currency),
        regime=regime,
        reference=_text(line["reference"], f"{where}.reference"),
        issuer=_text(line["issuer"], f"{where}.issuer", LONGEST_NAME),
        is_settled=line["status"] == "settled",
    )


def _require_days(statement: Statement, now: datetime) -> None:
    """It was made, is still good, and looks back as far as our own would. Our period binds where theirs is longer.

    Raises Refused: "statement_from_future", "statement_expired", "statement_window", "statement_line_outside".
    """
    issued = statement.issued_at
    if issued > now + timedelta(minutes=platform_policy.limit_statements(now)["early_minutes"]):
        raise _unfit("statement_from_future", issued_at=issued)
    if statement.expires_at <= issued:
        raise _malformed("expires_at")
    good_until = min(statement.expires_at, expires_at(issued))
    if now > good_until:
        raise _unfit("statement_expired", expired_at=good_until)
    since, until = window(issued)
    if statement.since > since or statement.until != until:
        raise _unfit("statement_window")
    for number, line in enumerate(statement.lines, 1):
        if not statement.since <= line.on <= statement.until:
            raise _unfit("statement_line_outside", line=number)


# What JSON may hold


def _unfit(code: str, **facts: Any) -> Refused:
    return Refused(code, field="file", **facts)


def _malformed(where: str) -> Refused:
    return _unfit("statement_malformed", where=where)


def _fields(value: Any, where: str, *names: str, code: str = "statement_malformed") -> dict[str, Any]:
    """An object with these very fields."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise _unfit(code, where=where)
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _malformed(where)
    return value


def _text(value: Any, where: str, longest: int = LONGEST_CODE) -> str:
    """A text that can be stored and shown on one line."""
    is_text = isinstance(value, str) and value.strip() and len(value) <= longest
    if not is_text or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        raise _malformed(where)
    return str(value)


def _when(read_as: Callable[[Any, str], When], value: Any, where: str) -> When:
    try:
        return read_as(value, where)
    except BadFacts:
        raise _malformed(where) from None


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
