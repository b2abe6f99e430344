"""Against Stripe's own test mode: only where STRIPE_TEST_KEY, a key for tests, is set."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.payments.errors import Declined, KeyConflict, Rejected
from app.payments.port import Method, Ref
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe.far import ADA, SECRET, collect, op, usd


@pytest.mark.remote
class TestStripeItself:
    """What the pretend Stripe is believed to do is what the real one does."""

    @pytest.fixture(scope="class")
    def real(self) -> StripeGateway:
        key = os.environ["STRIPE_TEST_KEY"]
        assert "_test_" in key[:8], "a key for tests only"
        return StripeGateway(collect_key=key, payout_key=key, read_key=key, webhook_secrets=(SECRET,), livemode=False)

    def test_a_page_is_made_once_found_and_closed(self, real: StripeGateway) -> None:
        this = replace(op(), sent_at=datetime.now(UTC))
        made = collect(real, this, usd(100_00))
        assert (made.state, made.amount) == ("action_required", usd(100_00))
        assert collect(real, this, usd(100_00)).ref == made.ref
        with pytest.raises(KeyConflict):
            collect(real, this, usd(100_01))
        found = real.find(this)
        assert found is not None and found.ref == made.ref
        assert real.cancel(op(), made.ref).state == "cancelled"

    def test_a_way_to_pay_is_kept_on_a_page(self, real: StripeGateway) -> None:
        asked = real.setup(
            op(), method=Method.CARD, payer=ADA, reference="P-1", return_url="https://openraise.example/back"
        )
        assert asked.state == "action_required" and real.fetch(asked.ref).state == "action_required"

    def test_what_was_never_sent_is_absent_and_what_is_not_there_is_rejected(self, real: StripeGateway) -> None:
        assert real.find(replace(op(), sent_at=datetime.now(UTC))) is None
        with pytest.raises(Rejected):
            real.fetch(Ref("payment", "pi_none"))

    def test_a_declined_card_is_declined(self, real: StripeGateway) -> None:
        with pytest.raises((Declined, Rejected)):
            collect(real, op(), usd(1_00), instrument=Ref("instrument", "cus_none/pm_card_chargeDeclined"))

    def test_the_account_can_be_read(self, real: StripeGateway) -> None:
        now = datetime.now(UTC)
        assert list(real.transactions(now - timedelta(days=2), now)) is not None
        assert all(balance.account == "" for balance in real.balances())
