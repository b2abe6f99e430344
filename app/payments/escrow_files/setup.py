"""The settings of a custodian by files, from the environment; each name begins with that of the gateway.

ESCROW_FILES_PAYEE, ESCROW_FILES_ACCOUNT   who receives deposits, and on which account (its own, for client money)
ESCROW_FILES_DEPOSIT_LINES                 "Bank=First Trust;Routing number=021000021", shown to payers
ESCROW_FILES_CURRENCY                      of that account; USD
ESCROW_FILES_PROFILE                       a TOML file: how its CSV statements look; else `profiles/plain.toml`
ESCROW_FILES_FOLDER                        of the files that go out and come in; else one in DATA_DIR
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL

from app.money import EXPONENTS
from app.payments.escrow_files.adapter import FileGateway, Terms
from app.payments.escrow_files.desk import Desk
from app.payments.port import GatewayCaps, Method, MethodCaps, Payee, Role, plain
from app.payments.statements import profile
from app.vault import Signer
from config import ConfigurationError

#: A wire: on the account on the third business day at worst, which is six days over a long weekend; nobody takes it back.
WIRE = replace(
    plain(Method.BANK_TRANSFER, "qualified_escrow"),
    confirmation="delayed",
    confirm_within=timedelta(days=6),
)
#: A debit by the agent: cleared after ten days, given back only after sixty, for so long its bank may take it back.
#: Source: what North Capital and its clients tell of their escrow accounts.
DEBIT = replace(
    WIRE,
    method=Method.ACH_DEBIT,
    clearing_hold=timedelta(days=10),
    refund_not_before=timedelta(days=60),
    reversible_for=timedelta(days=60),
)


@dataclass(frozen=True, slots=True)
class Around:
    """What the platform hands to a custodian by files."""

    env: Mapping[str, str]
    database: URL
    data_dir: Path
    signer: Signer
    livemode: bool


def escrow_agent(around: Around) -> FileGateway:
    """A qualified third party. Raises ConfigurationError."""
    methods = (WIRE, DEBIT) if around.env.get("ESCROW_FILES_CURRENCY", "USD") == "USD" else (WIRE,)
    return made("escrow_files", around, methods, qualified=True)


def made(name: str, around: Around, methods: tuple[MethodCaps, ...], *, qualified: bool) -> FileGateway:
    """Raises ConfigurationError."""
    env, prefix = around.env, name.upper()
    currency = env.get(f"{prefix}_CURRENCY", "USD")
    if currency not in EXPONENTS:
        raise ConfigurationError(f"{prefix}_CURRENCY: no currency {currency!r} is known")
    for needed in ("PAYEE", "ACCOUNT"):
        if not env.get(f"{prefix}_{needed}", "").strip():
            raise ConfigurationError(f"{prefix}_{needed} is missing")
    path = Path(env.get(f"{prefix}_PROFILE") or profile.PLAIN)
    try:
        form = profile.read(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{prefix}_PROFILE: {error}") from None
    lines = (part.partition("=") for part in env.get(f"{prefix}_DEPOSIT_LINES", "").split(";") if part.strip())
    terms = Terms(
        payee=Payee(env[f"{prefix}_PAYEE"].strip(), env[f"{prefix}_ACCOUNT"].strip()),
        deposit_lines=tuple((label.strip(), value.strip()) for label, _, value in lines),
        currency=currency,
        profile=form,
        folder=Path(env.get(f"{prefix}_FOLDER") or around.data_dir / name),
        caps=GatewayCaps(
            roles=frozenset(Role),
            currencies=frozenset({currency}),
            qualified_third_party=qualified,
            key_window=None,
            pushes_events=False,
            livemode=around.livemode,
        ),
        methods=methods,
    )
    return FileGateway(name, terms, Desk(around.database, name, currency, around.signer), around.signer)
