"""Another gateway than the sandbox says no by raising: a payment that will never be made ends its pledge at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.closings import actions as closings
from app.errors import Refused
from app.jobs import send_payments
from app.money import Money
from app.payments import actions as payments
from app.payments.errors import (
    Declined,
    GatewayError,
    InFlight,
    KeyConflict,
    Misconfigured,
    Rejected,
    Unknown,
    Unsupported,
)
from app.payments.port import Op, Outcome, Ref
from app.payments.sandbox.adapter import SandboxGateway
from tests.builders import World


class SaysNo(SandboxGateway):
    """Answers every request to collect, refund or pay out with one error; everything else works."""

    answer: GatewayError

    def collect(self, op: Op, amount: Money, **details: Any) -> Outcome:
        raise self.answer

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        raise self.answer

    def pay_out(self, op: Op, amount: Money, **details: Any) -> Outcome:
        raise self.answer


def with_gateway_that_says(world: World, answer: GatewayError) -> World:
    assert world.platform.sandbox is not None
    gateway = SaysNo(world.platform.sandbox, webhook_secret="-")
    gateway.answer = answer
    return World(replace(world.platform, gateways={gateway.name: gateway}, custodian=gateway))


def collection(world: World) -> tuple[str, str | None]:
    return world.sql("SELECT status, code FROM instructions WHERE kind = 'collect'")[0]


@pytest.mark.parametrize("answer", [Declined("insufficient_funds"), Rejected("amount_too_small")])
def test_a_payment_that_is_refused_outright_frees_its_place(world: World, answer: GatewayError) -> None:
    pledge = world.pledged(world.live())
    send_payments.run(with_gateway_that_says(world, answer).platform)
    assert collection(world) == ("failed", answer.code)
    assert world.pledge(pledge.id).status == "failed"
    assert world.sql("SELECT taken_shares, taken_minor FROM offering_progress") == [(0, 0)]
    assert world.sql("SELECT kind FROM messages WHERE kind = 'payment_failed'") == [("payment_failed",)]
    assert world.broken_promises() == []


def test_a_refusal_ends_the_request_to_stop_the_payment_too(world: World) -> None:
    """The first answer was lost, so the cancellation had to ask the gateway; there is nothing to stop after all."""
    pledge = world.pledged(world.live())
    send_payments.run(with_gateway_that_says(world, Unknown("timeout")).platform)
    world.cancel(pledge)
    assert world.pledge(pledge.id).status == "cancelling"
    world.let_backoffs_pass()
    send_payments.run(with_gateway_that_says(world, Declined("expired_card")).platform)
    assert world.pledge(pledge.id).status == "failed"
    assert world.sql("SELECT kind, status FROM instructions ORDER BY id") == [
        ("collect", "failed"), ("cancel", "cancelled"),
    ]  # fmt: skip
    assert world.broken_promises() == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (KeyConflict("key_conflict"), "review"),
        (Unsupported("no_such_method"), "review"),
        (Misconfigured("bad_credentials"), "queued"),
        (InFlight("e409"), "unknown"),
        (Unknown("timeout"), "unknown"),
    ],
)
def test_what_is_not_a_refusal_leaves_the_pledge_its_place(world: World, answer: GatewayError, status: str) -> None:
    pledge = world.pledged(world.live())
    send_payments.run(with_gateway_that_says(world, answer).platform)
    assert collection(world)[0] == status
    assert world.pledge(pledge.id).status == "reserved"
    assert world.sql("SELECT taken_shares FROM offering_progress") == [(100,)]


@pytest.mark.parametrize("answer", [Declined("closed_account"), Rejected("charge_disputed")])
def test_a_refund_that_is_refused_goes_to_a_person_and_stays_owed(world: World, answer: GatewayError) -> None:
    pledge = world.held(world.live())
    world.cancel(pledge)
    send_payments.run(with_gateway_that_says(world, answer).platform)
    assert world.sql("SELECT status, code FROM instructions WHERE kind = 'refund'") == [("review", answer.code)]
    assert world.pledge(pledge.id).status == "refund_due"
    assert [promise[:3] for promise in world.broken_promises()] == ["I21"]  # it is not forgotten

    with world.acting() as tx:
        (op_id,) = world.sql("SELECT op_id FROM instructions WHERE kind = 'refund'")[0]
        payments.try_again(tx, op_id)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert world.broken_promises() == []


@pytest.mark.parametrize("answer", [Declined("closed_account"), Rejected("no_such_payee")])
def test_a_payout_that_is_refused_is_owed_again_and_approved_anew(world: World, answer: GatewayError) -> None:
    offering = world.live(target="250")
    pledge = world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    world.approve_closing(offering)
    send_payments.run(with_gateway_that_says(world, answer).platform)
    assert world.sql("SELECT status, code FROM instructions WHERE kind = 'release'") == [("failed", answer.code)]
    (ref, status) = world.sql("SELECT ref, status FROM closings")[0]
    assert status == "payout_failed"
    assert world.sql("SELECT kind FROM messages WHERE kind LIKE 'payout_%'") == [("payout_refused",)]
    assert world.sql("SELECT rule FROM alerts") == [("PLATFORM-PAYOUT",)]
    assert world.broken_promises() == []

    with world.acting() as tx:
        closings.propose_payout(tx, ref)
    world.approve_closing(offering)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "settled"
    assert world.broken_promises() == []


@pytest.mark.parametrize("status", ["queued", "succeeded", "key_conflict"])
def test_what_may_have_been_done_is_not_sent_again_by_hand(world: World, status: str) -> None:
    pledge = world.held(world.live())
    world.cancel(pledge)
    if status == "key_conflict":
        send_payments.run(with_gateway_that_says(world, KeyConflict("other_words_of_the_gateway")).platform)
    elif status == "succeeded":
        world.run_jobs()
    (op_id,) = world.sql("SELECT op_id FROM instructions WHERE kind = 'refund'")[0]
    before = world.contents()
    with pytest.raises(Refused, match="not_to_be_repeated"), world.acting() as tx:
        payments.try_again(tx, op_id)
    assert world.contents() == before
