"""The one place that picks what is real: the database, the gateway, the mailer, the keys.

Everything else gets these handed over. Nobody but this module imports a gateway's adapter.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import EntryPoint, entry_points

from sqlalchemy import URL

from app import clock, embedded_postgres
from app.actor import SYSTEM
from app.cash.ways import cash_way
from app.database import Database
from app.decisions import actions as decisions
from app.decisions import queries as decision_queries
from app.errors import Refused
from app.evidence.scanner import ClamdScanner, Scanner
from app.identity.mail_tokens import MailTokens
from app.notifications.mailer import LocalOutbox, Mailer, SmtpMailer
from app.payments import ways
from app.payments.conformance.bench import Bench
from app.payments.escrow_files.adapter import FileGateway
from app.payments.escrow_files.bench import FilesBench
from app.payments.escrow_files.setup import Around, escrow_agent
from app.payments.manual_bank.setup import manual_bank
from app.payments.port import Gateway, Role
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.bench import CardsBench, SandboxBench
from app.payments.sandbox.cards_adapter import CardsGateway
from app.payments.sandbox.cards_provider import CardsProvider
from app.payments.sandbox.provider import Provider
from app.payments.ways import PaymentWay
from app.regimes.law_book import LawBook
from app.regimes.regime import Regime
from app.regimes.registry import BUILT
from app.vault import Signer, Vault
from config import ConfigurationError, Settings

#: Where packages of others offer their gateways: name -> a function that makes one from the environment.
ENTRY_POINTS = "openraise.gateways"
#: Custodians that are reached by files.
BY_FILES = {"escrow_files": escrow_agent, "manual_bank": manual_bank}
#: Where they offer what proves them: name -> a function that makes a bench from the environment.
BENCHES = "openraise.conformance"
STRIPE = "stripe"


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything an entry point needs to act."""

    settings: Settings
    database: Database
    #: Every gateway that the operator uses, by name.
    gateways: Mapping[str, Gateway]
    #: Who holds the money of offerings that open from now on.
    custodian: Gateway
    #: The far side of the sandbox, for its own pages and events; None with a real gateway.
    sandbox: Provider | None
    #: The same of "sandbox_cards", only where GATEWAYS names it.
    sandbox_cards: CardsProvider | None
    mailer: Mailer
    mail_tokens: MailTokens
    vault: Vault
    law: LawBook
    #: Signs the checkpoints of the trail.
    audit_signer: Signer
    #: Signs statements of what an investor bought here, for other installations.
    statement_signer: Signer
    #: Looks at files of evidence; None: they stay held.
    scanner: Scanner | None

    @property
    def environment(self) -> str:
        """Marks our operations at the gateway, so that a test never meets the real thing."""
        return self.settings.environment

    @property
    def payment_window(self) -> timedelta:
        return timedelta(minutes=self.settings.payment_window_minutes)

    def regime(self, regime_id: str) -> Regime:
        """The regime of something that is here already, also after the operator switched it off. Raises Refused."""
        return self.law.regime(regime_id)

    def regime_in_use(self, regime_id: str) -> Regime:
        """A regime that the operator has switched on, for something new. Raises Refused."""
        return self.law.in_use(regime_id)

    def gateway_named(self, name: str) -> Gateway:
        """The gateway that an instruction was made for. Raises Refused("gateway_unknown")."""
        if name not in self.gateways:
            raise Refused("gateway_unknown", gateway=name)
        return self.gateways[name]

    def ways_to_pay(self, currency: str) -> list[PaymentWay]:
        return ways.offered(self.gateways.values(), currency)

    def only_way_to_pay(self, currency: str) -> PaymentWay | None:
        """Where there is nothing to choose."""
        found = self.ways_to_pay(currency)
        return found[0] if len(found) == 1 else None

    @property
    def cash_way(self) -> PaymentWay | None:
        """How a pledge is paid from a cash account; None: the operator does not offer them."""
        return cash_way(self.custodian) if self.settings.cash_accounts else None

    def close(self) -> None:
        self.database.close()
        for gateway in self.gateways.values():
            if isinstance(gateway, FileGateway):
                gateway.desk.leave()
        for far_side in self.far_sides.values():
            far_side.close()

    @property
    def far_sides(self) -> Mapping[str, Provider]:
        """Every pretend provider, by the name of its gateway."""
        both = {SandboxGateway.name: self.sandbox, CardsGateway.name: self.sandbox_cards}
        return {name: provider for name, provider in both.items() if provider is not None}


def build(settings: Settings) -> Platform:
    """Put the platform together; starts or joins the embedded database where there is no DATABASE_URL.

    Raises ConfigurationError for a gateway that is not built.
    """
    for regime_id in settings.regimes:
        if regime_id not in BUILT:
            raise ConfigurationError(f"REGIMES names {regime_id!r}, which is not built")
        if not BUILT[regime_id].offers:
            raise ConfigurationError(f"REGIMES names {regime_id!r}, under which nothing is offered")
    database = Database(settings.database_url or embedded_postgres.start(settings.data_dir))
    provider = Provider(database.url)
    cards = CardsProvider(database.url) if CardsGateway.name in settings.gateways else None
    pretend: dict[str, Gateway] = {
        SandboxGateway.name: SandboxGateway(provider, webhook_secret=settings.webhook_secret)
    }
    if cards is not None:
        pretend[CardsGateway.name] = CardsGateway(cards, webhook_secret=settings.webhook_secret)
    gateways = {name: _gateway(name, settings, pretend, database.url) for name in settings.gateways}
    return Platform(
        settings=settings,
        database=database,
        gateways=gateways,
        custodian=_custodian(gateways, settings),
        sandbox=provider,
        sandbox_cards=cards,
        mailer=_mailer(settings),
        mail_tokens=MailTokens(settings.secret_key),
        vault=Vault(settings.secret_key),
        law=LawBook(settings.regimes),
        audit_signer=Signer(settings.secret_key, "audit checkpoint"),
        statement_signer=Signer(settings.secret_key, "limit statement"),
        scanner=ClamdScanner(settings.scanner_url) if settings.scanner_url else None,
    )


def _gateway(name: str, settings: Settings, pretend: Mapping[str, Gateway], database_url: URL) -> Gateway:
    """Raises ConfigurationError for one that is neither ours nor offered by an installed package, or cannot start."""
    if name in pretend:
        return pretend[name]
    if name in BY_FILES:
        return BY_FILES[name](
            Around(os.environ, database_url, settings.data_dir, _to_custodians(settings), settings.is_production)
        )
    if name == STRIPE:
        from app.payments.stripe import settings as stripe  # only where it is used: a large library comes with it

        return stripe.build(os.environ)
    offered = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in offered:
        known = ", ".join(sorted({SandboxGateway.name, CardsGateway.name, *BY_FILES, STRIPE, *offered}))
        raise ConfigurationError(f"GATEWAYS names {name!r}, which is not built; there is: {known}")
    made: Gateway = offered[name].load()(os.environ)
    return made


def _to_custodians(settings: Settings) -> Signer:
    return Signer(settings.secret_key, "instructions to custodians")


def bench(name: str, settings: Settings, url: URL, offered_at: str = "") -> Bench:
    """What a gateway is proved on; `offered_at` names a function ("package.module:name") that makes one.

    The sandbox's own stands in a schema that is taken away again; a custodian's by files wants a database that holds
    nothing else (`needs_own_database`). Raises ConfigurationError where nobody offers one.
    """
    if offered_at:
        return _loaded(EntryPoint(name, offered_at, BENCHES))
    schema, secret = f"{name}_bench_{secrets.token_hex(4)}", settings.webhook_secret
    if name == SandboxGateway.name:
        provider = Provider(url, schema)
        return SandboxBench(provider, SandboxGateway(provider, webhook_secret=secret), webhook_secret=secret)
    if name == CardsGateway.name:
        cards = CardsProvider(url, schema)
        return CardsBench(cards, CardsGateway(cards, webhook_secret=secret), webhook_secret=secret)
    if name in BY_FILES:
        return FilesBench(name, BY_FILES[name], url, _to_custodians(settings))
    offered = {point.name: point for point in entry_points(group=BENCHES)}
    if name not in offered:
        known = ", ".join(sorted({SandboxGateway.name, CardsGateway.name, *BY_FILES, *offered}))
        raise ConfigurationError(
            f"{name!r} has no bench to be proved on; there is one for: {known}. Another is named with --bench"
        )
    return _loaded(offered[name])


def needs_own_database(name: str) -> bool:
    """Whether its bench moves the clock of the database, and writes what nobody can take away again."""
    return name in BY_FILES


def _loaded(point: EntryPoint) -> Bench:
    try:
        made: Bench = point.load()(os.environ)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"{point.value} makes no bench: {error}") from None
    return made


def _custodian(gateways: Mapping[str, Gateway], settings: Settings) -> Gateway:
    """The one that CUSTODIAN names, or the first that can hold money. Raises ConfigurationError."""
    able = [one for one in gateways.values() if Role.CUSTODIAN in one.caps.roles]
    for gateway in able:
        if settings.custodian in (None, gateway.name):
            _can_be_paid(gateway, gateways.values())
            if settings.cash_accounts and not gateway.caps.moves_between:
                raise ConfigurationError(
                    f"CASH_ACCOUNTS must be off: {gateway.name}, which holds the money of offerings, moves nothing from an"
                    " investor's cash to an offering that its own lines would show"
                )
            return gateway
    raise ConfigurationError(f"CUSTODIAN must be one of {', '.join(one.name for one in able) or 'none'}: see GATEWAYS")


def _can_be_paid(custodian: Gateway, gateways: Iterable[Gateway]) -> None:
    """Raises ConfigurationError for a collector whose money could never come to the custodian."""
    for one in gateways:
        known = one.caps.custodian_accounts
        if one is not custodian and known is not None and custodian.name not in known:
            raise ConfigurationError(
                f"{one.name.upper()}_CUSTODIAN_ACCOUNTS must say which account at {one.name} is that of {custodian.name}, which"
                " holds the money of offerings: no other can be paid from there, and none of them could be closed"
            )


def _mailer(settings: Settings) -> Mailer:
    if settings.mail_url is not None:
        return SmtpMailer(settings.mail_url)
    return LocalOutbox(settings.data_dir / "outbox")


def require_true_time(platform: Platform) -> None:
    """Production runs on the true time. Raises ConfigurationError when a demo has moved the clock of this database."""
    if platform.settings.is_production:
        with platform.database.snapshot() as view:
            if not clock.is_true(view.session):
                raise ConfigurationError("the clock of this database was moved by a demo: it is not for production")


def keep_editions(platform: Platform) -> None:
    """Keep the text of every installed pack; after an upgrade, and before anything is decided."""
    with platform.database.transaction(SYSTEM) as tx:
        decisions.record_all(tx, (built.pack for built in BUILT.values()))


def follow_the_law(platform: Platform) -> None:
    """Decide by the editions that are adopted now. Asked at every job, and by the site every few seconds."""
    with platform.database.snapshot() as view:
        adopted = decision_queries.adopted(view.session)
        changed = [pack for pack, sha256 in adopted.items() if pack in BUILT and platform.law.edition(pack) != sha256]
        platform.law.adopt({pack: decision_queries.text_of(view.session, adopted[pack]) for pack in changed})
