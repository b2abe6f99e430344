"""The account as a whole: every line of it in order, its balance, what each method can do, and the settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.money import EXPONENTS, Money
from app.payments.port import Balance, Method, MethodCaps, Ref, Role, TxnKind
from app.payments.stripe.adapter import StripeGateway
from app.payments.stripe.settings import build
from app.payments.ways import Needs, Why, plan
from config import ConfigurationError
from tests.payments.stripe.far import SECRET, Far, collect, environment, op, paid, release, usd

#: What a key for real money begins with, in two parts: no file may look as if it held one.
LIVE = "rk_" + "live_"
REAL = {"STRIPE_COLLECT_KEY": LIVE + "1", "STRIPE_PAYOUT_KEY": LIVE + "2", "STRIPE_READ_KEY": LIVE + "3"}


def test_every_line_comes_once_oldest_first_under_the_name_an_instruction_knows(
    far: Far, stripe: StripeGateway
) -> None:
    page, intent = paid(far, stripe, usd(100_00))
    refund = stripe.refund(op(), page, usd(10_00)).ref
    payout = release(stripe, op(), usd(20_00)).ref
    bank = release(stripe, op(), usd(5_00), "ba_ours").ref
    far.act("dispute", intent=intent)
    debit, other = paid(far, stripe, usd(50_00), Method.ACH_DEBIT)
    far.act("arrive", intent=other)
    far.act("dispute", intent=other)
    far.act("top_up", amount=7_00, currency="usd")
    far.act("state", page=2)
    now = datetime.now(UTC)
    lines = list(stripe.transactions(now - timedelta(days=3), now + timedelta(seconds=5)))
    assert [(line.kind, line.amount.minor) for line in lines] == [
        (TxnKind.PAYMENT, 100_00), (TxnKind.REFUND, -10_00), (TxnKind.PAYOUT, -20_00), (TxnKind.PAYOUT, -5_00),
        (TxnKind.DISPUTE, -100_00), (TxnKind.PAYMENT, 50_00), (TxnKind.RETURN, -50_00), (TxnKind.TOP_UP, 7_00),
    ]  # fmt: skip
    assert [line.source for line in lines][:-1] == [page, refund, payout, bank, page, debit, debit]
    assert all(line.net == line.amount - line.fee and line.available_at for line in lines)
    assert [line.account for line in lines] == 7 * ["offering-7"] + [""]
    known = {line.id: replace(line, source=page) for line in lines}
    for ref in (page, refund, bank, debit):
        for line in stripe.fetch(ref).evidence:
            assert known[line.id] == replace(line, source=page)
    assert stripe.balances() == [Balance("", usd(sum(line.net.minor for line in lines)))]


def test_a_line_tells_the_key_of_ours_that_its_object_was_made_with(far: Far, stripe: StripeGateway) -> None:
    """By it a line is known again after a restore, of which no row of ours knows."""
    asked, refunded, paid_out, taken = op(), op(), op(generation=2), op()
    page = collect(stripe, asked, usd(100_00)).ref
    intent = far.act("pay", page=page.id)["id"]
    stripe.refund(refunded, page, usd(10_00))
    release(stripe, paid_out, usd(20_00))
    release(stripe, taken, usd(5_00), "ba_ours")
    far.act("dispute", intent=intent)
    now = datetime.now(UTC)
    lines = list(stripe.transactions(now - timedelta(days=1), now + timedelta(seconds=5)))
    assert [line.op_key for line in lines] == [asked.key, refunded.key, paid_out.key, taken.key, ""]


def test_a_line_of_before_or_after_is_not_of_this_time(far: Far, stripe: StripeGateway) -> None:
    paid(far, stripe, usd(100_00))
    now = datetime.now(UTC)
    assert list(stripe.transactions(now - timedelta(days=9), now - timedelta(days=1))) == []
    assert list(stripe.transactions(now + timedelta(days=1), now + timedelta(days=2))) == []


def test_balances_are_kept_apart_by_currency(far: Far, stripe: StripeGateway) -> None:
    far.act("top_up", amount=500, currency="jpy")
    far.act("top_up", amount=12_340, currency="kwd")
    assert stripe.balances() == [Balance("", Money(500, "JPY")), Balance("", Money(12_340, "KWD"))]


#: method -> (reusable, confirmation, hold after arrival, refund window, reversible), in days.
EXPECTED = {
    Method.CARD: (True, "instant", 0, 180, 120),
    Method.ALIPAY: (False, "instant", 0, 90, None),
    Method.WECHAT_PAY: (False, "instant", 0, 180, None),
    Method.ACH_DEBIT: (True, "delayed", 10, 180, 60),
    Method.SEPA_DEBIT: (True, "delayed", 14, 180, 397),
    Method.BANK_TRANSFER: (False, "delayed", 0, 180, None),
}


def _days(time: timedelta | None) -> int | None:
    return None if time is None else time.days


def _row(caps: MethodCaps) -> tuple[object, ...]:
    return (
        caps.reusable_off_session, caps.confirmation, _days(caps.clearing_hold), _days(caps.refund_window),
        _days(caps.reversible_for),
    )  # fmt: skip


@pytest.mark.parametrize("method", EXPECTED)
def test_what_each_method_can_do(stripe: StripeGateway, method: Method) -> None:
    found = [caps for currency in EXPONENTS for caps in stripe.methods(currency).values() if caps.method is method]
    assert found and {_row(caps) for caps in found} == {EXPECTED[method]}
    for caps in found:
        assert (caps.funds_held_by, caps.max_hold) == ("provider_balance", timedelta(days=90))
        assert 0 < caps.smallest_minor < caps.largest_minor == 99_999_999


#: When the last refund could become due, in days -> what each method is good for.
WHEN = {
    89: {Method.CARD: "hold", Method.ALIPAY: "hold", Method.WECHAT_PAY: "hold", Method.BANK_TRANSFER: "hold"},
    91: {
        Method.CARD: "save", Method.ALIPAY: Why.REFUND_OUT_OF_TIME, Method.WECHAT_PAY: Why.HELD_TOO_LONG,
        Method.BANK_TRANSFER: Why.HELD_TOO_LONG,
    },
    181: {
        Method.CARD: "save", Method.ALIPAY: Why.REFUND_OUT_OF_TIME, Method.WECHAT_PAY: Why.REFUND_OUT_OF_TIME,
        Method.BANK_TRANSFER: Why.REFUND_OUT_OF_TIME,
    },
}  # fmt: skip


@pytest.mark.parametrize("days", WHEN)
def test_a_wallet_is_refused_when_its_last_refund_would_be_too_late_and_a_card_is_kept(
    stripe: StripeGateway, days: int
) -> None:
    now = datetime(2026, 3, 3, tzinfo=UTC)
    last = now + timedelta(days=days)
    needs = Needs(
        now,
        until=last,
        charge_from=last - timedelta(days=30),
        last_refund=last,
        qualified_holder=False,
        part_may_return=False,
    )
    found = {}
    for method, caps in {**stripe.methods("EUR"), **stripe.methods("USD")}.items():
        decided = plan(caps, Money(100_00, "USD"), needs)
        found[method] = decided.why or decided.pattern
    debits = WHEN[days][Method.CARD]
    assert found == {**WHEN[days], Method.ACH_DEBIT: debits, Method.SEPA_DEBIT: debits}


def test_where_a_qualified_third_party_must_hold_the_money_nothing_of_stripe_will_do(stripe: StripeGateway) -> None:
    now = datetime(2026, 3, 3, tzinfo=UTC)
    last = now + timedelta(days=30)
    needs = Needs(now, until=last, charge_from=now, last_refund=last, qualified_holder=True, part_may_return=False)
    why = {plan(caps, Money(100_00, "USD"), needs).why for caps in stripe.methods("USD").values()}
    assert why == {Why.HOLDER_NOT_QUALIFIED}


def test_which_methods_take_which_currency(stripe: StripeGateway) -> None:
    cards_and_wallets = {Method.CARD, Method.ALIPAY, Method.WECHAT_PAY}
    assert set(stripe.methods("USD")) == {*cards_and_wallets, Method.ACH_DEBIT, Method.BANK_TRANSFER}
    assert set(stripe.methods("EUR")) == {*cards_and_wallets, Method.SEPA_DEBIT, Method.BANK_TRANSFER}
    assert set(stripe.methods("CNY")) == cards_and_wallets
    assert set(stripe.methods("GBP")) == set(stripe.methods("JPY")) == {*cards_and_wallets, Method.BANK_TRANSFER}
    for currency in ("AUD", "CAD", "HKD", "SGD"):
        assert set(stripe.methods(currency)) == cards_and_wallets
    assert set(stripe.methods("MYR")) == set(stripe.methods("NZD")) == {Method.CARD, Method.ALIPAY}
    assert set(stripe.methods("KWD")) == {Method.CARD}
    assert stripe.methods("XXX") == {}


def test_it_collects_and_is_no_custodian(stripe: StripeGateway) -> None:
    caps = stripe.caps
    assert (caps.roles, caps.livemode, caps.pushes_events) == ({Role.COLLECTOR}, False, True)
    assert stripe.fetch is not None and caps.key_window == timedelta(hours=24)


def test_it_starts_with_its_settings() -> None:
    made = build(environment("http://127.0.0.1:1"))
    assert made.caps.custodian_accounts == {"sandbox": "ba_sandbox", "escrow_files": "ba_agent"}
    assert (made.name, made.caps.livemode) == ("stripe", False)
    assert build(environment("", **REAL, OPENRAISE_ENV="production")).caps.livemode is True


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"STRIPE_COLLECT_KEY": ""}, "STRIPE_COLLECT_KEY is missing"),
        ({"STRIPE_PAYOUT_KEY": ""}, "STRIPE_PAYOUT_KEY is missing"),
        ({"STRIPE_READ_KEY": ""}, "STRIPE_READ_KEY is missing"),
        ({"STRIPE_WEBHOOK_SECRETS": " ,"}, "STRIPE_WEBHOOK_SECRETS is missing"),
        ({"STRIPE_WEBHOOK_SECRETS": f"{SECRET},other"}, "STRIPE_WEBHOOK_SECRETS"),
        ({"STRIPE_COLLECT_KEY": "pk_test_1"}, "is no key of Stripe's"),
        ({"STRIPE_COLLECT_KEY": "rk_test_1", "STRIPE_PAYOUT_KEY": "rk_test_1"}, "must be different keys"),
        ({"STRIPE_COLLECT_KEY": "rk_test_1", "STRIPE_READ_KEY": "rk_test_1"}, "must be different keys"),
        ({"STRIPE_COLLECT_KEY": LIVE + "1"}, "must be all for tests, or all for real money"),
        ({"STRIPE_READ_KEY": LIVE + "1"}, "must be all for tests, or all for real money"),
        ({**REAL, "STRIPE_API_BASE": ""}, "for production"),
        ({"OPENRAISE_ENV": "production"}, "for production"),
        ({"STRIPE_API_BASE": "https://stripe.example"}, "STRIPE_API_BASE"),
        ({"STRIPE_API_BASE": "http://127.0.0.1.example"}, "STRIPE_API_BASE"),
        ({**REAL, "OPENRAISE_ENV": "production"}, "never with"),
        ({"STRIPE_LOG": "debug"}, "STRIPE_LOG"),
        ({"STRIPE_FUNDS_ACCOUNT": " "}, "STRIPE_FUNDS_PAYEE and STRIPE_FUNDS_ACCOUNT are missing"),
        ({"STRIPE_FUNDS_PAYEE": ""}, "STRIPE_FUNDS_PAYEE and STRIPE_FUNDS_ACCOUNT are missing"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "", "STRIPE_FUNDS_PAYEE": ""}, "STRIPE_FUNDS_PAYEE and"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "ba_1"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_PLATFORM_ACCOUNT": "acct_1"}, "STRIPE_PLATFORM_ACCOUNT"),
        ({"STRIPE_PLATFORM_ACCOUNT": "ba_agent"}, "STRIPE_PLATFORM_ACCOUNT"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "", "STRIPE_PLATFORM_ACCOUNT": "ba_1", "STRIPE_FUNDS_PAYEE": ""}, "STRIPE_FUNDS_PAYEE and"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "escrow_files="}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "escrow_files=ba_"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "escrow_files=ba_1 2"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "escrow_files=1234567"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "escrow_files=acct_1"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "a=ba_1,a=ba_2"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
        ({"STRIPE_CUSTODIAN_ACCOUNTS": "a=ba_1,b=ba_1"}, "STRIPE_CUSTODIAN_ACCOUNTS"),
    ],
)  # fmt: skip
def test_a_setting_that_is_missing_or_unsafe_is_named_and_never_told(changed: dict[str, str], named: str) -> None:
    set_ = environment("http://127.0.0.1:1", **changed)
    with pytest.raises(ConfigurationError) as caught:
        build(set_)
    assert named in str(caught.value)
    for name in (*REAL, "STRIPE_WEBHOOK_SECRETS", "STRIPE_FUNDS_ACCOUNT"):
        assert len(set_[name]) < 3 or set_[name] not in str(caught.value)


def test_the_references_are_read_as_they_are_written() -> None:
    for ref in (Ref("payout", "acct_1/po_1"), Ref("instrument", "cus_1/pm_1")):
        assert Ref.read(str(ref)) == ref
