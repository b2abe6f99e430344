"""An event is believed only when the gateway signed this very body, just now, for this kind of environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import make_url

from app.payments.errors import BadSignature, Stale
from app.payments.port import Hint, Ref
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.provider import Provider
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
from app.wiring import Platform

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
SECRET = "the secret between the two of us"
BODY = b'{"id": "evt_1", "type": "payment.succeeded", "livemode": false, "object": {"kind": "payment", "id": "pay_1"}}'


@pytest.fixture(scope="module")
def gateway() -> SandboxGateway:
    """Verifying and parsing ask nobody, so no provider answers here."""
    provider = Provider(make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    return SandboxGateway(provider, webhook_secret=SECRET)


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    return {SIGNATURE_HEADER: sign(body, secret, at)}


def test_a_signed_event_is_believed_and_names_its_object(gateway: SandboxGateway) -> None:
    envelope = gateway.verify(BODY, signed(), NOW)
    assert (envelope.event_id, envelope.type, envelope.body) == ("evt_1", "payment.succeeded", BODY)
    assert gateway.parse(envelope) == [Hint("payment.succeeded", Ref("payment", "pay_1"))]


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_stamp_within_five_minutes_is_believed(gateway: SandboxGateway, seconds: int) -> None:
    assert gateway.verify(BODY, signed(at=NOW + timedelta(seconds=seconds)), NOW).event_id == "evt_1"


@pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
def test_an_old_stamp_and_one_from_the_future_are_stale(gateway: SandboxGateway, seconds: int) -> None:
    with pytest.raises(Stale):
        gateway.verify(BODY, signed(at=NOW + timedelta(seconds=seconds)), NOW)


def _header(value: str) -> dict[str, str]:
    return {SIGNATURE_HEADER: value}


STAMP = str(int(NOW.timestamp()))
FORGED: dict[str, Callable[[], tuple[bytes, dict[str, str]]]] = {
    "no header": lambda: (BODY, {}),
    "empty header": lambda: (BODY, _header("")),
    "only a stamp": lambda: (BODY, _header(f"t={STAMP}")),
    "no stamp": lambda: (BODY, _header(signed()[SIGNATURE_HEADER].split(",")[1])),
    "another secret": lambda: (BODY, signed(secret="a guess")),
    "another body": lambda: (BODY.replace(b"pay_1", b"pay_2"), signed()),
    "another stamp": lambda: (BODY, _header(signed()[SIGNATURE_HEADER].replace(STAMP, str(int(STAMP) + 1)))),
    "a stamp in other digits": lambda: (BODY, _header("t=１７,v1=00")),
    "a stamp too long": lambda: (BODY, _header(f"t={'9' * 5000},v1=00")),
    "a negative stamp": lambda: (BODY, _header("t=-1,v1=00")),
    "letters that are not of this world": lambda: (BODY, _header(f"t={STAMP},v1=é中")),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_the_gateway_did_not_sign_is_not_believed(gateway: SandboxGateway, how: str) -> None:
    body, headers = FORGED[how]()
    with pytest.raises(BadSignature):
        gateway.verify(body, headers, NOW)


@pytest.mark.parametrize("livemode", [True, None, "false", 0])
def test_an_event_of_the_real_world_is_not_for_the_sandbox(gateway: SandboxGateway, livemode: object) -> None:
    body = json.dumps({**json.loads(BODY), "livemode": livemode}).encode()
    with pytest.raises(BadSignature, match="wrong_environment"):
        gateway.verify(body, signed(body), NOW)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b'"text"', b"\xff\xfe", b'{"livemode": false}'])
def test_a_signed_body_that_is_no_event_is_unreadable(gateway: SandboxGateway, body: bytes) -> None:
    with pytest.raises(BadSignature, match="unreadable"):
        gateway.verify(body, signed(body), NOW)


@pytest.mark.parametrize("of", [None, {}, {"kind": "payment"}, {"kind": "payment", "id": ""}])
def test_an_event_about_nothing_gives_no_hint(gateway: SandboxGateway, of: object) -> None:
    body = json.dumps({**json.loads(BODY), "object": of, "type": "balance.available"}).encode()
    assert gateway.parse(gateway.verify(body, signed(body), NOW)) == []


def test_the_provider_signs_as_the_platform_checks(platform: Platform) -> None:
    """Both sides of the sandbox know the same secret from the settings."""
    headers = signed(secret=platform.settings.webhook_secret)
    assert platform.custodian.verify(BODY, headers, NOW).event_id == "evt_1"
