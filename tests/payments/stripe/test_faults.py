"""Everything that can go wrong on the way, each as one word of the port; and nothing is ever done twice."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.payments.errors import (
    GatewayError,
    InFlight,
    InsufficientProviderFunds,
    KeyConflict,
    Misconfigured,
    NotSent,
    RateLimited,
    Rejected,
    Unknown,
)
from app.payments.port import Method, Op, Outcome
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe import far as far_side
from tests.payments.stripe.far import Far, collect, op, paid, release, usd
from tests.payments.stripe.server import COLLECT, PAYOUT, READ

PAGES = "/checkout/sessions"


@pytest.fixture
def impatient(far: Far) -> StripeGateway:
    return StripeGateway(
        collect_key=COLLECT, payout_key=PAYOUT, read_key=READ, webhook_secrets=(far_side.SECRET,), livemode=False,
        api_base=far.url, timeout=(1, 1),
    )  # fmt: skip


def pages(far: Far) -> int:
    return sum(path.endswith(PAGES) for path in far.calls())


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("drop before", Unknown), ("drop after", Unknown), ("500 before", Unknown), ("500 after", Unknown),
        ("409", InFlight), ("429", RateLimited),
    ],
)  # fmt: skip
def test_each_fault_is_one_word_of_the_port_and_the_call_is_made_once(
    far: Far, stripe: StripeGateway, fault: str, expected: type[GatewayError]
) -> None:
    far.fault(fault, PAGES)
    with pytest.raises(expected):
        collect(stripe, op(), usd(100_00))
    assert pages(far) == 1


def test_an_answer_that_hangs_is_unknown(far: Far, impatient: StripeGateway) -> None:
    far.fault("hang after", PAGES)
    this = op()
    with pytest.raises(Unknown, match="no_answer"):
        collect(impatient, this, usd(100_00))
    assert impatient.find(this) is not None


def test_a_refused_connection_was_not_sent() -> None:
    nobody = far_side.gateway(Far("http://127.0.0.1:1"))
    with pytest.raises(NotSent):
        collect(nobody, op(), usd(100_00))
    with pytest.raises(Unknown):
        nobody.find(op())


def test_a_dropped_call_is_never_told_as_not_sent_or_put_off(far: Far, stripe: StripeGateway) -> None:
    """What comes after a call that was lost says nothing of it: a write is sent once."""
    faults = [{"kind": kind, "path": PAGES, "method": "POST"} for kind in ("drop after", "429")]
    far.act("state", faults=faults)
    with pytest.raises(Unknown):
        collect(stripe, op(), usd(100_00))


def test_reads_are_tried_again_by_themselves(far: Far, stripe: StripeGateway) -> None:
    ref = collect(stripe, op(), usd(100_00)).ref
    far.fault("drop before", ref.id, method="GET")
    assert stripe.fetch(ref).state == "action_required"


LOST: dict[str, tuple[str, Callable[[StripeGateway, Far, Op], Outcome]]] = {
    "collect": (PAGES, lambda stripe, far, this: collect(stripe, this, usd(100_00))),
    "refund": ("/refunds", lambda stripe, far, this: stripe.refund(this, _payment(stripe, far), usd(50_00))),
    "transfer": ("/transfers", lambda stripe, far, this: release(stripe, this, usd(50_00))),
    "payout": ("/payouts", lambda stripe, far, this: release(stripe, this, usd(50_00))),
    "own payout": ("/payouts", lambda stripe, far, this: release(stripe, this, usd(50_00), "ba_ours")),
}


def _payment(stripe: StripeGateway, far: Far) -> far_side.Ref:
    """The same one whenever it is asked for."""
    return next(line.source for line in _lines(stripe) if line.source.kind == "checkout")


def _lines(stripe: StripeGateway) -> list[far_side.Any]:
    now = datetime.now(UTC)
    return list(stripe.transactions(now - timedelta(hours=1), now + timedelta(hours=1)))


@pytest.mark.parametrize("keys_are_forgotten", [False, True])
@pytest.mark.parametrize("fault", ["drop after", "drop before", "500 after"])
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_is_found_or_sent_again_with_one_effect(
    far: Far, stripe: StripeGateway, what: str, fault: str, keys_are_forgotten: bool
) -> None:
    paid(far, stripe, usd(100_00))
    path, call = LOST[what]
    far.fault(fault, path)
    this = replace(op(), sent_at=datetime.now(UTC))
    with pytest.raises(Unknown):
        call(stripe, far, this)
    if keys_are_forgotten:
        far.act("keys")
    found = stripe.find(this) or call(stripe, far, this)
    assert stripe.find(this) == found
    moved = sum(line.amount.minor for line in _lines(stripe))
    assert moved == (100_00 if what == "collect" else 50_00)


def test_the_same_key_gives_the_same_answer_and_with_another_body_a_conflict(far: Far, stripe: StripeGateway) -> None:
    this = op()
    first = collect(stripe, this, usd(100_00))
    assert collect(stripe, this, usd(100_00)) == first
    with pytest.raises(KeyConflict):
        collect(stripe, this, usd(100_01))
    ref, _ = paid(far, stripe, usd(100_00))
    again = op()
    assert stripe.refund(again, ref, usd(10_00)) == stripe.refund(again, ref, usd(10_00))
    with pytest.raises(KeyConflict):
        stripe.refund(again, ref, usd(11_00))


@pytest.mark.scenario(11)
def test_a_stored_500_comes_again_and_finding_decides(far: Far, stripe: StripeGateway) -> None:
    this = op()
    far.fault("500 before", PAGES)
    for _ in range(2):
        with pytest.raises(Unknown):
            collect(stripe, this, usd(100_00))
    assert stripe.find(this) is None
    later = replace(this, generation=2)
    assert collect(stripe, later, usd(100_00)).state == "action_required"
    assert stripe.find(this) is None and stripe.find(later) is not None


@pytest.mark.parametrize("fault", ["drop before", "429"])
@pytest.mark.parametrize("path", ["/checkout/sessions", "/payment_intents", "/refunds", "/payouts", "/transfers"])
def test_what_cannot_be_read_is_never_called_absent(far: Far, stripe: StripeGateway, path: str, fault: str) -> None:
    far.fault(fault, path, method="GET", times=3)
    with pytest.raises(Unknown):
        stripe.find(op())


def test_it_is_found_however_many_pages_of_others_there_are(far: Far, stripe: StripeGateway) -> None:
    this = op()
    made = collect(stripe, this, usd(100_00))
    for _ in range(5):
        collect(stripe, op(), usd(100_00))
    far.act("state", page=2)
    assert stripe.find(this) == made
    assert stripe.find(op()) is None


def test_too_little_on_our_balance_is_a_word_of_its_own(far: Far, stripe: StripeGateway) -> None:
    with pytest.raises(InsufficientProviderFunds):
        release(stripe, op(), usd(1_00))
    assert stripe.find(op()) is None


WRONG = {"a key that is none": ("rk_test_anotherone00000", PAYOUT), "the other's key": (PAYOUT, COLLECT)}


@pytest.mark.scenario(44)
@pytest.mark.parametrize("keys", WRONG.values(), ids=WRONG)
def test_a_key_that_may_not_do_it_is_misconfigured(far: Far, keys: tuple[str, str]) -> None:
    collecting, paying = keys
    wrong = far_side.gateway(far, STRIPE_COLLECT_KEY=collecting, STRIPE_PAYOUT_KEY=paying)
    with pytest.raises(Misconfigured):
        collect(wrong, op(), usd(100_00))


@pytest.mark.scenario(44)
def test_each_write_uses_the_key_that_may_do_it(far: Far, stripe: StripeGateway) -> None:
    """The far side lets the one key collect and the other pay out, and neither do both."""
    ref, _ = paid(far, stripe, usd(100_00))
    stripe.refund(op(), ref, usd(10_00))
    assert release(stripe, op(), usd(50_00)).state == "pending"


@pytest.mark.scenario(45)
def test_no_secret_and_no_name_is_in_an_error_or_a_log(
    far: Far, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "rk_test_anotherone00000"
    wrong = far_side.gateway(
        far,
        STRIPE_COLLECT_KEY=key,
        STRIPE_PAYOUT_KEY="rk_test_yetanother00000",
        STRIPE_READ_KEY="rk_test_yetanother00001",
    )
    said = repr(wrong) + str(vars(wrong).get("caps", ""))
    for call in (
        lambda: collect(wrong, op(), usd(1_00)),
        lambda: collect(wrong, op(), far_side.Money(1_00, "EUR"), Method.BANK_TRANSFER),
        lambda: release(wrong, op(), usd(1_00)),
        lambda: wrong.fetch(far_side.Ref("payment", "pi_1")),
        lambda: wrong.find(op()),
    ):
        with pytest.raises((Misconfigured, Unknown)) as caught:
            call()
        said += "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    said += caplog.text + "".join(capfd.readouterr())
    for secret in (key, key[-4:], "yetanother", far_side.SECRET, "Lovelace", "ada@example.org"):
        assert secret not in said


def test_what_stripe_will_never_do_is_rejected(far: Far, stripe: StripeGateway) -> None:
    with pytest.raises(Rejected, match="amount_invalid"):
        collect(stripe, op(), usd(100_000_000))
    ref, _ = paid(far, stripe, usd(100_00))
    with pytest.raises(Rejected, match="amount_too_large"):
        stripe.refund(op(), ref, usd(100_01))
