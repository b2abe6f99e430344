"""Stripe in its place: outbox, page, event, inbox; a pledge is held once, and its money goes back once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.actor import SYSTEM
from app.jobs import process_inbox, send_payments
from app.payments import actions as payments
from app.payments import inbox, queries
from app.payments.models import Instruction
from app.payments.port import Method, OpKind
from app.pledges.models import Pledge
from app.wiring import Platform, build
from config import ConfigurationError
from tests.builders import World
from tests.conftest import NOW, settings
from tests.payments.stripe.far import SECRET, Far, environment
from tests.payments.stripe.server import COLLECT


@pytest.fixture
def platform(far: Far, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    for name, value in environment(far.url).items():
        monkeypatch.setenv(name, value)
    made = build(settings(database_url, tmp_path, GATEWAYS="sandbox,stripe"))
    with made.database.transaction(SYSTEM) as tx:
        clock.freeze(tx.session, NOW)
    yield made
    made.close()


def asked(world: World, method: Method = Method.CARD) -> Pledge:
    """A pledge that is to be paid at Stripe."""
    pledge = world.pledged(world.live())
    with world.acting() as tx:
        payments.instruct(
            tx, OpKind.COLLECT, f"collect:stripe:{pledge.id}", gateway="stripe", amount=pledge.amount,
            offering_id=pledge.offering_id, pledge_id=pledge.id, reference=pledge.ref, method=method,
        )  # fmt: skip
    return pledge


def instruction(world: World, pledge: Pledge, kind: OpKind = OpKind.COLLECT) -> Instruction:
    with world.looking() as view:
        return next(row for row in queries.of_pledge(view.session, pledge.id) if row.kind == kind)


def tell(world: World, far: Far, type_: str, about: str, event_id: str) -> None:
    """Stripe posts an event, which is checked and kept as the page for it does."""
    with world.looking() as view:
        now = view.wall_now
    found = far.act("event", type=type_, about=about, secret=SECRET, stamp=int(now.timestamp()), event_id=event_id)
    gateway = world.platform.gateways["stripe"]
    envelope = gateway.verify(found["body"].encode(), {"Stripe-Signature": found["header"]}, now)
    with world.acting() as tx:
        inbox.store(tx, "stripe", envelope)
    process_inbox.run(world.platform)


def events(world: World) -> list[tuple[str, str]]:
    return [tuple(row) for row in world.sql("SELECT event_id, status FROM gateway_events ORDER BY 1")]  # type: ignore[misc]


@pytest.mark.parametrize("fault", [None, "drop after", "drop before", "500 after", "429"])
def test_a_pledge_is_paid_at_stripe_and_its_money_goes_back(world: World, far: Far, fault: str | None) -> None:
    pledge = asked(world)
    if fault is not None:
        far.fault(fault, "/checkout/sessions")
    for _ in range(2):
        send_payments.run(world.platform)
        world.let_backoffs_pass()
    row = instruction(world, pledge)
    assert (row.status, row.provider_ref is not None) == ("action_required", True)
    page = str(row.provider_ref).split("/")[1]
    assert sum(path.endswith("/expire") for path in far.calls()) == 0

    intent = far.act("pay", page=page)["id"]
    tell(world, far, "payment_intent.succeeded", intent, "evt_1")
    assert world.pledge(pledge.id).status == "held"
    tell(world, far, "checkout.session.completed", page, "evt_2")
    tell(world, far, "customer.created", "cus_9", "evt_3")
    assert events(world) == [("evt_1", "done"), ("evt_2", "done"), ("evt_3", "ignored")]

    world.cancel(pledge)
    send_payments.run(world.platform)
    refund = instruction(world, pledge, OpKind.REFUND)
    assert (refund.status, world.pledge(pledge.id).status) == ("succeeded", "refunded")
    kept = world.sql("SELECT kind, amount_minor, fee_minor > 0 FROM gateway_transactions ORDER BY created_at, kind")
    minor = pledge.amount.minor
    assert [tuple(line) for line in kept] == [("payment", minor, True), ("refund", -minor, False)]


def test_stripe_can_write_to_who_pays_by_transfer_and_to_nobody_else(world: World, far: Far) -> None:
    """A transfer is given back only to an account that Stripe may have to ask its payer for."""
    by_card, by_transfer = asked(world), asked(world, Method.BANK_TRANSFER)
    send_payments.run(world.platform)
    pages = [str(instruction(world, one).provider_ref).split("/")[1] for one in (by_card, by_transfer)]
    told = [far.act("look", id_=page) for page in pages]
    assert [(page["customer"], page["customer_email"]) for page in told] == [(None, None), (told[1]["customer"], None)]
    ((email,),) = world.sql(
        "SELECT u.email FROM users u JOIN investors i ON i.user_id = u.id JOIN pledges p ON p.investor_id = i.id"
        " WHERE p.id = :id", id=by_transfer.id,
    )  # fmt: skip
    assert far.act("look", id_=told[1]["customer"])["email"] == email

    intent = far.act("pay", page=pages[1])["id"]
    far.act("arrive", intent=intent)
    tell(world, far, "payment_intent.succeeded", intent, "evt_1")
    world.cancel(by_transfer)
    send_payments.run(world.platform)
    assert instruction(world, by_transfer, OpKind.REFUND).status == "succeeded"


def test_wiring_builds_it_only_when_it_is_named(world: World, database_url: str, tmp_path: Path) -> None:
    assert set(world.platform.gateways) == {"sandbox", "stripe"}
    assert world.platform.custodian.name == "sandbox"
    assert {way.gateway for way in world.platform.ways_to_pay("CNY")} == {"sandbox", "stripe"}
    alone = build(settings(database_url, tmp_path))
    assert set(alone.gateways) == {"sandbox"}
    alone.close()


def test_without_its_settings_it_does_not_start(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_COLLECT_KEY", COLLECT)
    with pytest.raises(ConfigurationError, match="STRIPE_PAYOUT_KEY is missing") as caught:
        build(settings(database_url, tmp_path, GATEWAYS="sandbox,stripe"))
    assert COLLECT not in str(caught.value)


@pytest.mark.parametrize("known", ["", "manual_bank=ba_1"])
def test_where_its_money_could_never_come_to_the_custodian_nothing_starts(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    for name, value in environment("http://127.0.0.1:1", STRIPE_CUSTODIAN_ACCOUNTS=known).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=r"STRIPE_CUSTODIAN_ACCOUNTS must say .* is that of sandbox"):
        build(settings(database_url, tmp_path, GATEWAYS="sandbox,stripe"))


def test_money_for_a_custodian_that_stripe_does_not_know_waits_for_a_person(world: World, far: Far) -> None:
    """As after the operator took another custodian: the account of the new one is not that of the old one's offerings."""
    pledge = world.pledged(world.live())
    caps = world.platform.gateways["stripe"].caps
    assert caps.custodian_accounts is not None
    del caps.custodian_accounts["sandbox"]  # type: ignore[attr-defined]
    with world.acting() as tx:
        payments.instruct(
            tx, OpKind.TO_CUSTODY, "to_custody:test", gateway="stripe", amount=pledge.amount, to_gateway="sandbox",
            offering_id=pledge.offering_id, reference="O-1-T1",
        )  # fmt: skip
    send_payments.run(world.platform)
    ((status, code),) = world.sql("SELECT status, code FROM instructions WHERE kind = 'to_custody'")
    assert (status, code, far.calls()) == ("review", "payee_unknown_to_stripe", [])
