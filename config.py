"""Every setting of the platform, read once from the environment.

A missing or unsafe setting stops the start and is named: see `Settings.from_environment`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENTS = ("development", "test", "production")
SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 12
LONGEST_INSTALLATION_NAME = 60
PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")
#: What stands in keys that people type or copy from a guide, and hardly ever in a random one.
TYPED = ("change", "secret", "example", "password", "your", "qwerty", "abcdefgh", "0123456789", "1234567890")


class ConfigurationError(Exception):
    """One or more settings are missing or unsafe; the message names each of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides. Amounts of law are never here: they live in `app/regimes/*.toml`."""

    environment: str
    secret_key: str
    #: None means: start the embedded PostgreSQL in `data_dir`.
    database_url: str | None
    data_dir: Path
    host: str
    port: int
    public_url: str
    #: How many proxies stand in front of the site; only what they say about a visitor's address is believed.
    trusted_proxies: int
    #: The header in which the last of them says from which country a visitor comes, such as CF-IPCountry; None: none does.
    country_header: str | None
    #: The payment gateways, by name; and which of them holds the money (None: the first that can).
    gateways: tuple[str, ...]
    custodian: str | None
    #: Signs the events that the gateway sends us.
    webhook_secret: str
    #: None means: mail is kept in the local outbox page (development only).
    mail_url: str | None
    mail_from: str
    #: Where people write to: shown on pages, and answered by a person.
    contact: str
    #: ClamAV's daemon, clamd://host:3310, looks at files of evidence; None: they stay held, and are only downloaded.
    scanner_url: str | None
    #: Public key (Ed25519, hex) -> name, of installations whose limit statements are believed.
    trusted_installations: Mapping[str, str]
    #: The rule packs that the operator has switched on, by id.
    regimes: tuple[str, ...]
    #: Success fee on what an offering releases to its issuer, in basis points.
    platform_fee_bps: int
    #: Whether investors may keep cash here: only with a licence that allows it.
    cash_accounts: bool
    #: How long an unpaid pledge keeps its place.
    payment_window_minutes: int

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @classmethod
    def from_environment(cls, env: Mapping[str, str], root: Path) -> Settings:
        """Read the settings; `root` is the project's folder.

        Raises ConfigurationError naming every setting that is missing or unsafe.
        """
        problems: list[str] = []
        environment = env.get("OPENRAISE_ENV", "development")
        if environment not in ENVIRONMENTS:
            problems.append(f"OPENRAISE_ENV must be one of {', '.join(ENVIRONMENTS)}, not {environment!r}")
        production = environment == "production"
        data_dir = Path(env.get("DATA_DIR", str(root / "var")))
        host = env.get("HOST", "127.0.0.1")
        port = _whole_number(env, "PORT", 8000, 1, 65535, problems)
        secret_key = env.get("SECRET_KEY", "")
        if not secret_key and not production:
            secret_key = _development_secret(data_dir)
        settings = cls(
            environment=environment,
            secret_key=secret_key,
            database_url=env.get("DATABASE_URL") or None,
            data_dir=data_dir,
            host=host,
            port=port,
            public_url=env.get("PUBLIC_URL", "" if production else f"http://{host}:{port}").rstrip("/"),
            trusted_proxies=_whole_number(env, "TRUSTED_PROXIES", 0, 0, 9, problems),
            country_header=env.get("COUNTRY_HEADER") or None,
            gateways=_names(env.get("GATEWAYS", "" if production else "sandbox")),
            custodian=env.get("CUSTODIAN") or None,
            webhook_secret=env.get("WEBHOOK_SECRET", "" if production else f"whsec_{secret_key[:32]}"),
            mail_url=env.get("MAIL_URL") or None,
            mail_from=env.get("MAIL_FROM", "OpenRaise <no-reply@openraise.example>"),
            contact=env.get("CONTACT_MAIL", "help@openraise.example"),
            scanner_url=env.get("SCANNER_URL") or None,
            trusted_installations=_installations(env.get("TRUSTED_INSTALLATIONS", ""), problems),
            regimes=_names(env.get("REGIMES", "US-CF,CN-MICHOU")),
            platform_fee_bps=_whole_number(env, "PLATFORM_FEE_BPS", 500, 0, 10_000, problems),
            cash_accounts=_switch(env, "CASH_ACCOUNTS", not production, problems),
            payment_window_minutes=_whole_number(env, "PAYMENT_WINDOW_MINUTES", 30, 1, 10_080, problems),
        )
        if settings.scanner_url is not None and not settings.scanner_url.startswith("clamd://"):
            problems.append("SCANNER_URL must begin with clamd://")
        if settings.country_header is not None and settings.trusted_proxies == 0:
            problems.append("COUNTRY_HEADER needs TRUSTED_PROXIES: without a proxy anybody can write into that header")
        if production:
            problems += _unsafe_in_production(settings, env)
        if problems:
            raise ConfigurationError("The settings do not allow a start:\n- " + "\n- ".join(problems))
        return settings


def _unsafe_in_production(settings: Settings, env: Mapping[str, str]) -> list[str]:
    problems = []
    for name, value in (("SECRET_KEY", settings.secret_key), ("WEBHOOK_SECRET", settings.webhook_secret)):
        weakness = _weakness(value)
        if not value:
            problems.append(f"{name} is missing: make one with `openssl rand -hex 32`")
        elif weakness is not None:
            problems.append(f"{name} is too weak, for it {weakness}: make one with `openssl rand -hex 32`")
    others = {
        "WEBHOOK_SECRET": settings.webhook_secret,
        "DATABASE_URL": settings.database_url,
        "MAIL_URL": settings.mail_url,
    }
    for name, other in others.items():
        if settings.secret_key and settings.secret_key in (other or ""):
            problems.append(f"{name} holds SECRET_KEY: give each a key of its own")
    if settings.database_url is None:
        problems.append("DATABASE_URL is missing: the embedded database is for development")
    if not settings.public_url:
        problems.append("PUBLIC_URL is missing")
    elif not settings.public_url.startswith("https://"):
        problems.append("PUBLIC_URL must begin with https://")
    if "TRUSTED_PROXIES" not in env:
        problems.append("TRUSTED_PROXIES is missing: say how many proxies stand in front of the site, 0 for none")
    if not settings.gateways:
        problems.append("GATEWAYS is missing")
    elif {"sandbox", "sandbox_cards"} & set(settings.gateways):
        problems.append("GATEWAYS names the sandbox, which moves no real money and is refused in production")
    if settings.mail_url is None:
        problems.append("MAIL_URL is missing, for example smtp://user:password@host:587")
    if env.get("FLASK_DEBUG", "0") not in ("", "0", "false"):
        problems.append("FLASK_DEBUG must be off in production")
    return problems


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _weakness(key: str) -> str | None:
    """What a random key would never be; None for one that may be random."""
    if len(key) < SHORTEST_SECRET:
        return f"has fewer than {SHORTEST_SECRET} characters"
    if len(set(key)) < FEWEST_CHARACTERS:
        return f"has fewer than {FEWEST_CHARACTERS} different characters"
    if len({key[start : start + 4] for start in range(len(key) - 3)}) <= len(key) // 2:
        return "is a shorter text, repeated"
    if any(word in key.lower() for word in TYPED):
        return "holds words or rows of characters that people type"
    return None


def _whole_number(
    env: Mapping[str, str], name: str, default: int, lowest: int, highest: int, problems: list[str]
) -> int:
    text = env.get(name, str(default))
    if text.isascii() and text.isdigit() and lowest <= int(text) <= highest:
        return int(text)
    problems.append(f"{name} must be a whole number from {lowest} to {highest}, not {text!r}")
    return default


def _switch(env: Mapping[str, str], name: str, default: bool, problems: list[str]) -> bool:
    text = env.get(name, "") or ("on" if default else "off")
    if text not in ("on", "off"):
        problems.append(f"{name} must be on or off, not {text!r}")
    return text == "on"


def _installations(text: str, problems: list[str]) -> Mapping[str, str]:
    """`Name=key,Name=key`, as `flask statements key` prints it. Each entry that is none is named."""
    found: dict[str, str] = {}
    for entry in (part.strip() for part in text.split(",") if part.strip()):
        name, _, key = (part.strip() for part in entry.rpartition("="))
        if not 0 < len(name) <= LONGEST_INSTALLATION_NAME or not name.isprintable():
            problems.append(f"TRUSTED_INSTALLATIONS: {entry!r} needs a name before its key, NAME=KEY")
        elif not PUBLIC_KEY.fullmatch(key.lower()):
            problems.append(f"TRUSTED_INSTALLATIONS: the key of {name!r} must be 64 hex digits")
        elif key.lower() in found or name in found.values():
            problems.append(f"TRUSTED_INSTALLATIONS: {name!r} has a name or a key that another entry has")
        else:
            found[key.lower()] = name
    return found


def _development_secret(data_dir: Path) -> str:
    """A key made once for this machine, so that sessions outlive a restart."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()
