"""The addresses that each kind of person looks at, in a market in which everything is there once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from app.regimes import registry
from tests.web.market import Market

STANDING = (
    "/me/status", "/me/status/new/certified_cn", "/me/status/new/hnw_uk", "/me/spouse", "/me/tests/eu_entry_test",
    "/me/tests/uk_appropriateness", "/me/simulation/EU-ECSPR", "/me/first-offer/UK-COBS", "/me/entities/new",
)  # fmt: skip
CASH = ("", "/top-up", "/withdraw", "/bank-account")
PAPERS = ("risk_disclosure", "service_agreement", "qualified_investor_declaration", "business_rules", "investor_rules")
SECTIONS = ("terms", "deadline", "story", "risks", "funds", "team", "financials", "documents")
CHANGES = ("change", "close-early", "close-part")
CHANGING = ("live", "rewritten", "changing", "changed", "rolling")
EXPLAINING = ("/how-it-works", "/fees", "/how-we-test", "/accessibility", "/two-minutes")
PUBLIC = ("live", "changed", "yuan", "settled", "proposed", "payout_failed", "refunded", "withdrawn")


def anonymous(market: Market) -> Iterator[str]:
    offerings = market.offerings
    yield from ("/", "/offerings", "/offerings?status=past", "/offerings?q=nothing+has+this+name")
    yield from (*EXPLAINING, *(f"/rules/CN-MICHOU/papers/{one}" for one in PAPERS))
    yield from ("/rules", "/sign-up", "/sign-in", "/check-mail", "/check-mail?email=a@b.example", "/dev/outbox")
    yield from ("/forgot-password", "/reset-password/old", "/verify-email/old", "/no-such-page")
    yield from (f"/offerings/{offerings[status].slug}" for status in PUBLIC)
    yield from (f"/sandbox/checkout/{one}" for one in market.payments)


def investor(market: Market) -> Iterator[str]:
    live, pledges = market.offerings["live"], market.pledges
    yield from ("/me", "/me/holdings", "/me/limits", "/me/figures/US-CF", "/me/figures/CN-MICHOU", "/review")
    yield from (*(f"/me/cash{one}" for one in CASH), f"/me/cash/top-ups/{market.top_up}", *STANDING)
    yield from (f"/me/status/claims/{one}" for one in market.claims.values())
    yield from (f"/me/tests/tries/{one}" for one in market.tries)
    yield from (f"/me/pledges/{pledge.ref}" for pledge in pledges.values())
    yield from (f"/me/pledges/{pledges[status].ref}/pay" for status in ("reserved", "action_required"))
    yield from (
        f"/me/pledges/{pledges[status].ref}/returned" for status in ("reserved", "action_required", "processing")
    )
    yield from (f"/me/pledges/{pledges[status].ref}/cancel" for status in ("reserved", "held"))
    for shares in (100, 39_000):
        yield f"/offerings/{live.slug}/pledge"
        yield f"/offerings/{live.slug}/pledge/confirm?shares={shares}&asked=255"
    yield f"/me/questions/{market.cases['accredited_us']}"
    yield f"/offerings/{live.slug}/waitlist"


def stranger(market: Market) -> Iterator[str]:
    yield from ("/me", "/me/holdings", "/me/limits", "/me/status", "/me/figures/US-CF", "/me/figures/CN-MICHOU")
    yield from ("/issuer", "/issuer/offerings/new", "/account/second-factor")


def unverified(market: Market) -> Iterator[str]:
    yield from ("/verify-first", "/me/limits", "/me/status", "/account", "/account/security")


def issuer(market: Market) -> Iterator[str]:
    offerings, company = market.offerings, market.company.ref
    yield from ("/issuer", "/issuer/companies/new", f"/issuer/companies/{company}", "/issuer/offerings/new")
    yield from (f"/issuer/companies/{company}/{page}" for page in ("payout", "related"))
    yield f"/issuer/companies/{market.waits_for_payee}/payout"
    for status in CHANGING:
        yield from (f"/issuer/offerings/{offerings[status].ref}/{page}" for page in CHANGES)
    yield from (f"/issuer/offerings/{offerings['rewritten'].ref}/change/{section}" for section in SECTIONS)
    yield from (f"/issuer/offerings/{offering.ref}" for offering in offerings.values())
    yield f"/issuer/offerings/{offerings['live'].ref}/waitlist"
    yield from (f"/issuer/offerings/{offerings[status].ref}/distributions" for status in ("live", "settled"))
    yield from (f"/issuer/offerings/{offerings[status].ref}/withdraw" for status in ("draft", "live"))
    for status in ("draft", "filed"):
        yield from (f"/issuer/offerings/{offerings[status].ref}/edit/{section}" for section in SECTIONS)


def officer(market: Market) -> Iterator[str]:
    yield from ("/review", "/review?status=resolved", "/review?kind=pledge", "/review?kind=investor")
    yield from (f"/review/cases/{ref}" for ref in market.cases.values())
    yield from (f"/review/closings/{ref}" for ref in market.closings.values())
    yield f"/review/cases/{market.cases['certified_cn']}/evidence/{market.evidence['certified_cn']}"
    yield from ("/review/rules", *(f"/review/rules/{pack.id}" for pack in registry.PACKS))
    yield from (f"/review/rules/{law}/{page}" for law in registry.BUILT for page in ("try", "what-if"))
    yield from ("/account", "/account/security")
    yield from (f"/review/proposals/{ref}" for ref in market.proposals)
    yield f"/review/offerings/{market.offerings['live'].ref}/give-back"


def operator(market: Market) -> Iterator[str]:
    yield from ("/ops", "/ops/jobs", "/ops/books", "/ops/cash", "/ops/reconciliation", "/ops/dormant", "/ops/gateways")
    yield from ("/ops/events", "/ops/ledger", "/ops/ledger?code=1100", "/ops/ledger/entries/1")
    yield f"/ops/reconciliation/{market.compared_on}"
    yield from (f"/ops/breaks/{ref}" for ref in market.breaks)
    yield from (f"/ops/receipts/{entry}" for entry in market.receipts)


def half(market: Market) -> Iterator[str]:
    yield "/second-factor"


LOOKED_AT: Mapping[str, Callable[[Market], Iterator[str]]] = {
    "anonymous": anonymous, "investor": investor, "stranger": stranger, "unverified": unverified, "issuer": issuer,
    "officer": officer, "operator": operator, "half": half, "half_without": half,
}  # fmt: skip
WHO = tuple(LOOKED_AT)


def pages(market: Market, who: str) -> Iterator[str]:
    """The addresses that somebody looks at."""
    return LOOKED_AT[who](market)
