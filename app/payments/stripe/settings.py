"""What an operator sets for Stripe, and what of it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from app.payments.port import Payee
from app.payments.stripe.adapter import StripeGateway
from app.payments.stripe.payouts import OWN_BANK
from config import ConfigurationError

#: One for each role: taking money, paying out, looking.
KEYS = ("STRIPE_COLLECT_KEY", "STRIPE_PAYOUT_KEY", "STRIPE_READ_KEY")
#: Kinds of keys: restricted ones, and the secret key, which may do everything.
_KEYS = ("rk", "sk")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def build(environment: Mapping[str, str]) -> StripeGateway:
    """Read the keys (`KEYS`), STRIPE_WEBHOOK_SECRETS, STRIPE_CUSTODIAN_ACCOUNTS, STRIPE_FUNDS_PAYEE, STRIPE_FUNDS_ACCOUNT,
    STRIPE_PLATFORM_ACCOUNT and, in tests, STRIPE_API_BASE.

    Raises ConfigurationError naming everything that is missing or unsafe, never a value.
    """
    problems: list[str] = []
    production = environment.get("OPENRAISE_ENV") == "production"
    keys = {name: environment.get(name, "").strip() for name in KEYS}
    for name, key in keys.items():
        if not key:
            problems.append(f"{name} is missing")
        elif not key.startswith(tuple(f"{kind}_{mode}_" for kind in _KEYS for mode in ("test", "live"))):
            problems.append(
                f"{name} is no key of Stripe's: it begins with rk_test_ or, for real money, with rk_ and live_"
            )
    modes = {"_live_" in key[:8] for key in keys.values()}
    livemode = modes == {True}
    if len(modes) > 1:
        problems.append("Stripe's keys must be all for tests, or all for real money")
    elif all(keys.values()) and livemode is not production:
        problems.append("Stripe's keys for real money are for production, and only they are")
    given = [key for key in keys.values() if key]
    if len(set(given)) < len(given):
        problems.append(
            f"{', '.join(KEYS)} must be different keys: what collects cannot pay out, what reads can do neither"
        )
    secrets = [one.strip() for one in environment.get("STRIPE_WEBHOOK_SECRETS", "").split(",") if one.strip()]
    if not secrets or not all(one.startswith("whsec_") for one in secrets):
        problems.append(
            "STRIPE_WEBHOOK_SECRETS is missing: what signs events, whsec_…, two while one follows the other"
        )
    api_base = environment.get("STRIPE_API_BASE") or None
    if api_base is not None and (True in modes or urlsplit(api_base).hostname not in _LOOPBACK):
        problems.append("STRIPE_API_BASE is for tests: on this machine only, and never with keys for real money")
    custodians = _custodians(environment.get("STRIPE_CUSTODIAN_ACCOUNTS", ""), problems)
    funds = Payee(*(environment.get(f"STRIPE_FUNDS_{part}", "").strip() for part in ("PAYEE", "ACCOUNT")))
    platform_account = environment.get("STRIPE_PLATFORM_ACCOUNT", "").strip()
    if platform_account and (not _is_account(platform_account) or platform_account in custodians.values()):
        problems.append(
            f"STRIPE_PLATFORM_ACCOUNT is the platform's own bank account at Stripe, {OWN_BANK}…, and no custodian's"
        )
    if not (funds.holder and funds.account) and (custodians or platform_account or funds.holder or funds.account):
        problems.append(
            "STRIPE_FUNDS_PAYEE and STRIPE_FUNDS_ACCOUNT are missing: where Stripe is sent what it is to refund, and what the"
            " platform pays in"
        )
    if environment.get("STRIPE_LOG"):
        problems.append("STRIPE_LOG must not be set: it prints whole requests")
    if problems:
        raise ConfigurationError("The settings for Stripe do not allow a start:\n- " + "\n- ".join(problems))
    return StripeGateway(
        collect_key=keys["STRIPE_COLLECT_KEY"], payout_key=keys["STRIPE_PAYOUT_KEY"], read_key=keys["STRIPE_READ_KEY"],
        webhook_secrets=secrets, livemode=livemode, api_base=api_base, custodian_accounts=custodians,
        funds=funds if funds.account else None, platform_account=platform_account or None,
    )  # fmt: skip


def _custodians(text: str, problems: list[str]) -> dict[str, str]:
    """ "escrow_files=ba_…,manual_bank=ba_…": each by its own name, so that another one's money never goes there."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    found = {name.strip(): account.strip() for name, _, account in pairs}
    apart = len(found) == len(set(found.values())) == len(pairs)
    if not apart or not all(name and _is_account(account) for name, account in found.items()):
        problems.append(
            f"STRIPE_CUSTODIAN_ACCOUNTS is to be like escrow_files={OWN_BANK}…: the name of a gateway, and its bank account at"
            " Stripe; several with commas, each once"
        )
    return found


def _is_account(text: str) -> bool:
    """One without an id behind its prefix, or with blanks, would be refused at the first payout only."""
    rest = text.removeprefix(OWN_BANK)
    return rest != text and rest.isascii() and rest.replace("_", "").isalnum()
