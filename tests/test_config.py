"""Settings are read once; what is missing or unsafe stops the start by its name."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from app.wiring import build
from config import ConfigurationError, Settings

SAFE = {
    "OPENRAISE_ENV": "production",
    "SECRET_KEY": "kJ8#mQ2$vL9@xR4!wN7%zT1^cB6&yH3*",
    "WEBHOOK_SECRET": "pD5!sG8@fK2#hL9$jM4%nB7^vC1&xZ6*",
    "DATABASE_URL": "postgresql://app@db.internal/openraise",
    "PUBLIC_URL": "https://raise.example",
    "TRUSTED_PROXIES": "1",
    "GATEWAYS": "stripe",
    "MAIL_URL": "smtp://user:secret@mail.example:587",
}


def read(tmp_path: Path, **changes: str | None) -> Settings:
    env = {**SAFE, **changes}
    return Settings.from_environment({name: value for name, value in env.items() if value is not None}, tmp_path)


def test_safe_production_settings_are_taken(tmp_path: Path) -> None:
    assert read(tmp_path).is_production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("WEBHOOK_SECRET", None),
        ("WEBHOOK_SECRET", "short"),
        ("DATABASE_URL", None),
        ("PUBLIC_URL", None),
        ("PUBLIC_URL", "http://raise.example"),
        ("TRUSTED_PROXIES", None),
        ("TRUSTED_PROXIES", ""),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "10.0.0.1"),
        ("GATEWAYS", None),
        ("GATEWAYS", "sandbox"),
        ("GATEWAYS", "stripe,sandbox_cards"),
        ("MAIL_URL", None),
        ("FLASK_DEBUG", "1"),
        ("FLASK_DEBUG", "true"),
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "-80"),
        ("PORT", "８０００"),
        ("PLATFORM_FEE_BPS", "10001"),
        ("PAYMENT_WINDOW_MINUTES", "0"),
        ("PAYMENT_WINDOW_MINUTES", ""),
        ("CASH_ACCOUNTS", "yes"),
        ("OPENRAISE_ENV", "staging"),
        ("TRUSTED_INSTALLATIONS", "North"),
        ("TRUSTED_INSTALLATIONS", "North="),
        ("TRUSTED_INSTALLATIONS", f"={'ab' * 32}"),
        ("TRUSTED_INSTALLATIONS", f"{'N' * 61}={'ab' * 32}"),
        ("TRUSTED_INSTALLATIONS", f"No\u202erth={'ab' * 32}"),
        ("TRUSTED_INSTALLATIONS", f"North={'ab' * 31}"),
        ("TRUSTED_INSTALLATIONS", f"North={'ab' * 33}"),
        ("TRUSTED_INSTALLATIONS", f"North={'xy' * 32}"),
        ("TRUSTED_INSTALLATIONS", f"North={'ab' * 32},South={'AB' * 32}"),
        ("TRUSTED_INSTALLATIONS", f"North={'ab' * 32},North={'cd' * 32}"),
    ],
)
def test_an_unsafe_setting_stops_the_start_by_name(tmp_path: Path, name: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read(tmp_path, **{name: value})


def test_trusted_installations_are_read_and_a_bad_one_is_named_by_itself(tmp_path: Path) -> None:
    one, other = "ab" * 32, "cd" * 32
    found = read(tmp_path, TRUSTED_INSTALLATIONS=f"North & Co = {one.upper()} , a=b={other},").trusted_installations
    assert found == {one: "North & Co", other: "a=b"}
    assert read(tmp_path).trusted_installations == {}
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, TRUSTED_INSTALLATIONS=f"North={one},South=short")
    assert "'South'" in str(caught.value) and "North" not in str(caught.value)


WEAK_KEYS = {
    "short": "kJ8#mQ2$vL9@xR4!wN7%zT1^cB6&yH3",
    "one character": "a" * 64,
    "few characters": "0110100110010110" * 3 + "abcdefg",
    "three characters repeated": "abc" * 12,
    "twelve characters repeated": "Tr0ub4dor&3x" * 4,
    "repeated, and cut off": ("Tr0ub4dor&3x-KlmPq" * 3)[:-4],
    "repeated, with a head and a tail": ">>" + "Tr0ub4dor&3x" * 4 + "<<",
    "half of it again": "9f86d081884c7d659a2feaa0c55ad015" * 2,
    "to be changed": "CHANGE-ME-before-you-go-live-1029384756",
    "of a guide": "put-Your-key-here-1f7b9c3d5e2a4680bdqz",
    "an example": "example_key_3k5j7h9g1f2d4s6a8p0oiuytrewq",
    "called a secret": "my-Super-Secret-key-for-openraise-2026",
    "a password": "correct-horse-PASSWORD-battery-staple",
    "the alphabet": "abcdefghijklmnopqrstuvwxyz012345",
    "the digits": "raise-0123456789-money-!$%&/()=?-now",
}


@pytest.mark.parametrize("name", ["SECRET_KEY", "WEBHOOK_SECRET"])
@pytest.mark.parametrize("key", WEAK_KEYS.values(), ids=WEAK_KEYS)
def test_a_key_that_is_not_random_stops_the_start(tmp_path: Path, name: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is too weak.*openssl rand -hex 32") as caught:
        read(tmp_path, **{name: key})
    assert key not in str(caught.value)


def test_a_key_that_was_made_by_a_machine_is_taken(tmp_path: Path) -> None:
    chance = random.Random(20260303)
    for _ in range(200):
        secret, webhook = chance.randbytes(32), chance.randbytes(chance.randrange(32, 65))
        assert read(tmp_path, SECRET_KEY=secret.hex(), WEBHOOK_SECRET=f"whsec_{webhook.hex()}").is_production
        for encoded in (base64.b64encode, base64.urlsafe_b64encode, base64.b85encode, base64.b32encode):
            assert read(tmp_path, SECRET_KEY=encoded(secret).decode(), WEBHOOK_SECRET=webhook.hex()).is_production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_SECRET", SAFE["SECRET_KEY"]),
        ("WEBHOOK_SECRET", f"whsec_{SAFE['SECRET_KEY']}"),
        ("DATABASE_URL", f"postgresql://app:{SAFE['SECRET_KEY']}@db.internal/openraise"),
        ("MAIL_URL", f"smtp://user:{SAFE['SECRET_KEY']}@mail.example:587"),
    ],
)
def test_one_key_does_not_open_two_doors(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} holds SECRET_KEY"):
        read(tmp_path, **{name: value})


def test_no_proxy_is_trusted_unless_production_says_so(tmp_path: Path) -> None:
    assert Settings.from_environment({}, tmp_path).trusted_proxies == 0
    assert [read(tmp_path, TRUSTED_PROXIES=number).trusted_proxies for number in ("0", "2")] == [0, 2]


def test_a_visitors_country_is_believed_from_a_proxy_only(tmp_path: Path) -> None:
    assert read(tmp_path).country_header is None
    assert read(tmp_path, COUNTRY_HEADER="CF-IPCountry").country_header == "CF-IPCountry"
    with pytest.raises(ConfigurationError, match="COUNTRY_HEADER needs TRUSTED_PROXIES"):
        read(tmp_path, COUNTRY_HEADER="CF-IPCountry", TRUSTED_PROXIES="0")


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, SECRET_KEY=None, DATABASE_URL=None, MAIL_URL=None)
    assert all(name in str(caught.value) for name in ("SECRET_KEY", "DATABASE_URL", "MAIL_URL"))


def test_development_makes_a_key_once_and_keeps_it(tmp_path: Path) -> None:
    first = Settings.from_environment({}, tmp_path)
    again = Settings.from_environment({}, tmp_path)
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) == 64
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


def test_cash_accounts_are_offered_only_where_the_operator_says_so_or_nothing_is_real(tmp_path: Path) -> None:
    assert read(tmp_path).cash_accounts is False
    assert read(tmp_path, CASH_ACCOUNTS="on").cash_accounts is True
    assert Settings.from_environment({"DATA_DIR": str(tmp_path)}, tmp_path).cash_accounts is True


def test_a_problem_never_shows_a_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, SECRET_KEY="hunter2", WEBHOOK_SECRET="hunter3")
    assert "hunter" not in str(caught.value)


def test_what_an_operator_sets_is_taken(tmp_path: Path) -> None:
    settings = read(
        tmp_path, PORT="8443", PUBLIC_URL="https://raise.example/", REGIMES=" US-CF , ,CN-MICHOU",
        PLATFORM_FEE_BPS="0", PAYMENT_WINDOW_MINUTES="45", DATA_DIR=str(tmp_path / "data"),
    )  # fmt: skip
    assert (settings.port, settings.public_url, settings.regimes) == (
        8443,
        "https://raise.example",
        ("US-CF", "CN-MICHOU"),
    )
    assert (settings.platform_fee_bps, settings.payment_window_minutes) == (0, 45)
    assert settings.data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "value"),
    [("GATEWAYS", "nobody"), ("REGIMES", "US-CF,XX-LAW"), ("REGIMES", "us-cf"), ("REGIMES", "CN-LAW")],
)
def test_what_is_not_built_stops_the_start_by_name(tmp_path: Path, name: str, value: str) -> None:
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://nowhere.invalid/none", name: value}
    with pytest.raises(ConfigurationError, match=name):
        build(Settings.from_environment(env, tmp_path))
