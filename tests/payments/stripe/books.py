"""The far side of the tests: what Stripe would remember. Knows nothing of the adapter."""

from __future__ import annotations

import itertools
import time
from typing import Any

Thing = dict[str, Any]
FEE_PERMILLE, DISPUTE_FEE = 29, 1500
DEBITS = ("us_bank_account", "sepa_debit")
#: https://docs.stripe.com/currencies#three-decimal
THREE_DECIMALS = ("bhd", "jod", "kwd", "omr", "tnd")
#: Their refunds are answered some minutes later.
SLOW_TO_REFUND = ("alipay", "wechat_pay")


class StripeError(Exception):
    """An answer that is an error: HTTP status, type, code."""

    def __init__(self, status: int, type_: str, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.type, self.code, self.message = status, type_, code, message or f"no: {code}"


class Books:
    """Every object by its id; a list of the newest first for each kind and account."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.keys: dict[str, tuple[str, int, Thing]] = {}
        self.offset = 0
        #: Refunds wait for money on the balance.
        self.refunds_wait = False
        self._numbers = itertools.count(1)

    def now(self) -> int:
        return int(time.time()) + self.offset

    def add(self, prefix: str, object_: str, account: str = "", **fields: Any) -> Thing:
        id_ = f"{prefix}_{next(self._numbers)}"
        thing = {"id": id_, "object": object_, "created": self.now(), "livemode": False, "_account": account, **fields}
        self.things[id_] = thing
        return thing

    def get(self, id_: str, object_: str, account: str = "") -> Thing:
        thing = self.things.get(id_)
        if thing is None or thing["object"] != object_ or thing["_account"] != account:
            raise StripeError(404, "invalid_request_error", "resource_missing")
        return thing

    def all(self, object_: str, account: str = "") -> list[Thing]:
        return [
            thing
            for thing in reversed(self.things.values())
            if thing["object"] == object_ and thing["_account"] == account
        ]

    def line(self, source: Thing, category: str, amount: int, fee: int = 0, type_: str | None = None) -> str:
        made = self.add(
            "txn", "balance_transaction", source["_account"], amount=amount, fee=fee, net=amount - fee,
            currency=source["currency"], available_on=self.now() + 86_400, reporting_category=category,
            type=type_ or category, source=source["id"], status="pending",
        )  # fmt: skip
        return str(made["id"])

    def balance(self, currency: str, account: str = "") -> int:
        return sum(
            one["net"] for one in self.all("balance_transaction", account) if one["currency"] == currency
        )  # fmt: skip

    # Payments

    def session(self, params: Thing) -> Thing:
        options = params.get("payment_intent_data") or params.get("setup_intent_data") or {}
        price = (params.get("line_items") or {"0": {}})["0"].get("price_data", {})
        if params["mode"] == "payment":
            check_amount(price)
            if params["payment_method_types"]["0"] == "customer_balance" and "customer" not in params:
                raise StripeError(400, "invalid_request_error", "parameter_missing")
        made = self.add(
            "cs_test", "checkout.session", mode=params["mode"], status="open", payment_status="unpaid",
            payment_intent=None, setup_intent=None, customer=params.get("customer"), url="",
            amount_total=int(price["unit_amount"]) if price else None, currency=price.get("currency"),
            metadata=params.get("metadata", {}), client_reference_id=params.get("client_reference_id"),
            customer_email=params.get("customer_email"),
            _params=params, _intent=options,
        )  # fmt: skip
        made["url"] = f"https://checkout.stripe.com/c/pay/{made['id']}"
        return made

    def intent(self, amount: int, currency: str, type_: str, **fields: Any) -> Thing:
        return self.add(
            "pi", "payment_intent", amount=amount, amount_received=0, currency=currency,
            payment_method_types=[type_], status="processing", latest_charge=None, last_payment_error=None,
            next_action=None, **fields,
        )  # fmt: skip

    def charge(self, intent: Thing, name: str = "Ada Lovelace", **details: Any) -> Thing:
        """The payment is sent to its bank: a charge, its line, its price. What is no debit is paid with that."""
        type_ = intent["payment_method_types"][0]
        means = {"fingerprint": "fp_1", **({"funding": "debit"} if type_ == "card" else {}), **details}
        made = self.add(
            "ch", "charge", amount=intent["amount"], currency=intent["currency"], payment_intent=intent["id"],
            metadata=intent["metadata"], disputed=False, refunded=False, amount_refunded=0,
            transfer_group=intent["transfer_group"],
            billing_details={"name": name}, payment_method_details={"type": type_, type_: means},
            failure_balance_transaction=None,
        )  # fmt: skip
        fee = intent["amount"] * FEE_PERMILLE // 1000
        made["balance_transaction"] = self.line(made, "charge", intent["amount"], fee)
        intent["latest_charge"] = made["id"]
        if type_ not in DEBITS:
            self.succeed(intent)
        return made

    def succeed(self, intent: Thing) -> None:
        intent.update(status="succeeded", amount_received=intent["amount"])

    def bounce(self, intent: Thing) -> None:
        """A debit's bank did not pay: its line is taken back."""
        charge = self.things[intent["latest_charge"]]
        charge["failure_balance_transaction"] = self.line(
            charge, "charge_failure", -charge["amount"], type_="payment_failure_refund"
        )
        intent.update(status="requires_payment_method", last_payment_error={"code": "insufficient_funds"})

    def charge_off_session(self, params: Thing) -> Thing:
        check_amount({"unit_amount": params["amount"], "currency": params["currency"]})
        made = self.intent(
            int(params["amount"]), params["currency"], params["payment_method_types"]["0"],
            metadata=params["metadata"], transfer_group=params.get("transfer_group"), customer=params["customer"],
        )  # fmt: skip
        code = {"pm_needs_3ds": "authentication_required", "pm_declined": "card_declined"}.get(params["payment_method"])
        if code is not None:
            made.update(status="requires_payment_method", last_payment_error={"code": code})
            raise StripeError(402, "card_error", code)
        self.charge(made)
        return made

    def refund(self, params: Thing) -> Thing:
        intent = self.get(params["payment_intent"], "payment_intent")
        charge = self.things[intent["latest_charge"]]
        check_amount({"unit_amount": params["amount"], "currency": charge["currency"]})
        amount = int(params["amount"])
        if charge["refunded"]:
            raise StripeError(400, "invalid_request_error", "charge_already_refunded")
        if charge["amount_refunded"] + amount > charge["amount"]:
            raise StripeError(400, "invalid_request_error", "amount_too_large")
        by_transfer = charge["payment_method_details"]["type"] == "customer_balance"
        if by_transfer and not self.things[intent["customer"]].get("email"):
            raise StripeError(400, "invalid_request_error", "email_missing")  # nobody to ask for an account
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        made = self.add(
            "re", "refund", amount=amount, currency=charge["currency"], charge=charge["id"],
            payment_intent=intent["id"], status="succeeded", metadata=params.get("metadata", {}), failure_reason=None,
            failure_balance_transaction=None, balance_transaction=None,
        )  # fmt: skip
        if charge["payment_method_details"]["type"] in SLOW_TO_REFUND:
            made["status"] = "pending"
        if self.refunds_wait:
            made.update(status="pending", pending_reason="insufficient_funds")
        else:
            made["balance_transaction"] = self.line(made, "refund", -amount)
        return made

    def dispute(self, intent_id: str) -> Thing:
        """The payer's bank takes the money while it looks into it; debits are final at once."""
        intent = self.get(intent_id, "payment_intent")
        charge = self.things[intent["latest_charge"]]
        charge["disputed"] = True
        final = charge["payment_method_details"]["type"] in DEBITS
        made = self.add(
            "dp", "dispute", amount=charge["amount"], currency=charge["currency"], charge=charge["id"],
            payment_intent=intent_id, status="lost" if final else "needs_response", balance_transactions=[],
        )  # fmt: skip
        made["balance_transactions"] = [self.line(made, "dispute", -charge["amount"], DISPUTE_FEE, "adjustment")]
        return made

    # Money leaves

    def transfer(self, params: Thing) -> Thing:
        amount = int(params["amount"])
        if amount > self.balance(params["currency"]):
            raise StripeError(400, "invalid_request_error", "balance_insufficient")
        made = self.add(
            "tr", "transfer", amount=amount, currency=params["currency"], destination=params["destination"],
            transfer_group=params.get("transfer_group"), metadata=params.get("metadata", {}), reversed=False, reversals=[],
        )  # fmt: skip
        made["balance_transaction"] = self.line(made, "transfer", -amount)
        arrived = self.add("py", "charge", params["destination"], currency=params["currency"])
        self.line(arrived, "charge", amount, type_="payment")
        return made

    def reverse(self, transfer: Thing, params: Thing) -> Thing:
        """It needs the money at the destination."""
        if transfer["amount"] > self.balance(transfer["currency"], transfer["destination"]):
            raise StripeError(400, "invalid_request_error", "balance_insufficient")
        back = self.add(
            "trr", "transfer_reversal", currency=transfer["currency"], transfer=transfer["id"],
            metadata=params.get("metadata", {}),
        )  # fmt: skip
        back["balance_transaction"] = self.line(back, "transfer_reversal", transfer["amount"])
        left = self.add("pyr", "refund", transfer["destination"], currency=transfer["currency"])
        self.line(left, "refund", -transfer["amount"])
        transfer.update(reversed=True, reversals=[*transfer["reversals"], back["id"]])
        return back

    def payout(self, params: Thing, account: str) -> Thing:
        amount = int(params["amount"])
        if account == "acct_nobank":
            raise StripeError(400, "invalid_request_error", "no_account")
        if amount > self.balance(params["currency"], account):
            raise StripeError(400, "invalid_request_error", "balance_insufficient")
        descriptor = params.get("statement_descriptor")
        if descriptor is not None and not 0 < len(descriptor) <= 22:
            raise StripeError(400, "invalid_request_error", "statement_descriptor_invalid")
        made = self.add(
            "po", "payout", account, amount=amount, currency=params["currency"], status="pending", failure_code=None,
            metadata=params.get("metadata", {}), failure_balance_transaction=None,
            destination=params.get("destination"), statement_descriptor=descriptor,
        )  # fmt: skip
        made["balance_transaction"] = self.line(made, "payout", -amount)
        return made

    def mark(self, top_up: Thing, params: Thing) -> Thing:
        """Of one that is there, nothing but its marks can be changed; they are added to what is there."""
        if set(params) - {"metadata"}:
            raise StripeError(400, "invalid_request_error", "parameter_unknown")
        top_up["metadata"] = {**top_up["metadata"], **params["metadata"]}
        return top_up

    def payout_failed(self, payout: Thing) -> None:
        payout.update(status="failed", failure_code="account_closed")
        payout["failure_balance_transaction"] = self.line(payout, "payout_reversal", payout["amount"])


def check_amount(price: Thing) -> None:
    """Eight digits at most, no half cents, and of three minor digits the last is zero."""
    if not str(price["unit_amount"]).isdigit() or not 0 < int(price["unit_amount"]) <= 99_999_999:
        raise StripeError(400, "invalid_request_error", "amount_invalid")
    if price["currency"] in THREE_DECIMALS and int(price["unit_amount"]) % 10:
        raise StripeError(400, "invalid_request_error", "amount_not_a_multiple_of_ten")
