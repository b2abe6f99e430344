"""What the payer, the bank and the dashboard do at the pretend Stripe."""

from __future__ import annotations

import json

from tests.payments.stripe.books import DEBITS, Books, StripeError, Thing

A_DAY = 86_400


def expire(books: Books, id_: str) -> Thing:
    page = books.get(id_, "checkout.session")
    if page["status"] != "open":
        raise StripeError(400, "invalid_request_error", "checkout_session_not_open")
    page["status"] = "expired"
    return page


def cancel(books: Books, id_: str) -> Thing:
    intent = books.get(id_, "payment_intent")
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise StripeError(400, "invalid_request_error", "payment_intent_unexpected_state")
    intent["status"] = "canceled"
    return intent


def pay(books: Books, page: str, funding: str = "debit", **whose: str) -> Thing:
    """The payer goes through the page: cards are paid, debits are under way, transfers wait for the bank."""
    session = books.get(page, "checkout.session")
    if session["status"] == "expired":
        raise StripeError(400, "invalid_request_error", "checkout_session_not_open")
    type_ = session["_params"]["payment_method_types"]["0"]
    if session["mode"] == "setup":
        customer = books.add("cus", "customer")
        kept = books.add(
            "seti", "setup_intent", status="succeeded", payment_method=stored_way(books, f"pm_{type_}", funding, type_)["id"],
            customer=customer["id"], metadata=session["_intent"].get("metadata", {}), last_setup_error=None,
        )  # fmt: skip
        session.update(status="complete", setup_intent=kept["id"], customer=customer["id"])
        return session
    given = session["_intent"]
    intent = books.intent(
        session["amount_total"], session["currency"], type_, metadata=given.get("metadata", {}),
        transfer_group=given.get("transfer_group"), customer=session["customer"],
    )  # fmt: skip
    session.update(status="complete", payment_intent=intent["id"])
    if type_ == "customer_balance":
        how = {"hosted_instructions_url": "https://payments.stripe.com/bank_transfers/x"}
        action = {"type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": how}
        intent.update(status="requires_action", next_action=action)
    else:
        books.charge(intent, **whose, **({"funding": funding} if type_ == "card" else {}))
        session["payment_status"] = "unpaid" if type_ in DEBITS else "paid"
    return intent


def arrive(books: Books, intent: str) -> Thing:
    """A debit or a transfer has come."""
    found = books.get(intent, "payment_intent")
    if found["latest_charge"] is None:
        books.charge(found)
    books.succeed(found)
    return found


def arrive_in_part(books: Books, intent: str, amount: int) -> Thing:
    """A transfer came, of less than was asked: Stripe keeps it and waits for the rest."""
    found = books.get(intent, "payment_intent")
    found["amount_remaining"] = found["amount"] - amount
    return found


def bounce(books: Books, intent: str) -> Thing:
    """A debit has not come."""
    found = books.get(intent, "payment_intent")
    books.bounce(found)
    return found


def prove(books: Books, page: str, status: str) -> Thing:
    """What became of the small deposits by which a bank account is proven."""
    found = books.get(str(books.get(page, "checkout.session")["setup_intent"]), "setup_intent")
    found.update(status=status, last_setup_error={"code": "verification_failed"} if status != "succeeded" else None)
    return found


def advance(books: Books, seconds: float) -> Thing:
    """Time passes: banks answer, transfers arrive, refunds and payouts are made."""
    books.offset += int(seconds)
    waiting = [one for one in books.things.values() if one["created"] <= books.now() - A_DAY]
    for one in waiting:
        match one["object"], one.get("status"):
            case "payment_intent", "processing":
                books.succeed(one)
            case "refund", "pending" if one["balance_transaction"] or books.balance(one["currency"]) >= one["amount"]:
                settle_refund(books, one["id"])
            case "payout", "pending":
                one["status"] = "paid"
    return {"object": "nothing", "now": books.now()}


def look(books: Books, id_: str) -> Thing:
    return books.things[id_]


def known(books: Books, object_: str, account: str = "") -> Thing:
    return {"object": "list", "data": [{"id": one["id"]} for one in books.all(object_, account)]}


def refund_by_hand(books: Books, intent: str, amount: int) -> Thing:
    """Somebody refunds in the dashboard: nothing of ours is on it."""
    return books.refund({"payment_intent": intent, "amount": amount})


def payout_by_hand(books: Books, amount: int, currency: str, account: str = "", marks: Thing | None = None) -> Thing:
    """Somebody pays out in the dashboard or by a command; `marks` is what they gave for its metadata."""
    return books.payout({"amount": amount, "currency": currency, "metadata": marks or {}}, account)


def hold_refunds(books: Books) -> Thing:
    """From now on the balance is too low for any refund."""
    books.refunds_wait = True
    return {"object": "nothing"}


def settle_refund(books: Books, refund: str) -> Thing:
    found = books.get(refund, "refund")
    found["status"] = "succeeded"
    if found["balance_transaction"] is None:
        found["balance_transaction"] = books.line(found, "refund", -found["amount"])
    return found


def dispute(books: Books, intent: str) -> Thing:
    return books.dispute(intent)


def close_dispute(books: Books, dispute: str, status: str) -> Thing:
    found = books.get(dispute, "dispute")
    found["status"] = status
    if status == "won":
        found["balance_transactions"].append(
            books.line(found, "dispute_reversal", found["amount"], -1500, "adjustment")
        )
    return found


def inquire(books: Books, intent: str) -> Thing:
    """The bank only asks: no money moves."""
    charge = books.things[books.get(intent, "payment_intent")["latest_charge"]]
    charge["disputed"] = True
    return books.add(
        "dp", "dispute", amount=charge["amount"], currency=charge["currency"], charge=charge["id"],
        payment_intent=intent, status="warning_needs_response", balance_transactions=[],
    )  # fmt: skip


def fail_refund(books: Books, refund: str) -> Thing:
    found = books.get(refund, "refund")
    found.update(status="failed", failure_reason="expired_or_canceled_card")
    found["failure_balance_transaction"] = books.line(found, "refund_failure", found["amount"])
    return found


def cancel_refund(books: Books, refund: str) -> Thing:
    """The payer of a transfer did not say in 45 days where its refund goes: the money is theirs at Stripe, no line is ours."""
    found = books.get(refund, "refund")
    found["status"] = "canceled"
    return found


def settle_payout(books: Books, payout: str, status: str, account: str = "") -> Thing:
    found = books.get(payout, "payout", account)
    if status == "failed":
        books.payout_failed(found)
    found["status"] = status
    return found


def top_up(books: Books, amount: int, currency: str) -> Thing:
    made = books.add("tu", "topup", amount=amount, currency=currency, status="succeeded", metadata={})
    made["balance_transaction"] = books.line(made, "topup", amount)
    return made


def stored_way(books: Books, name: str, funding: str, type_: str = "card") -> Thing:
    means = {"fingerprint": "fp_1", **({"funding": funding} if type_ == "card" else {})}
    books.things[name] = {
        "id": name, "object": "payment_method", "_account": "", "created": 0, "type": type_, type_: means,
        "billing_details": {"name": "Ada Lovelace"},
    }  # fmt: skip
    return books.things[name]


def event(books: Books, order: Thing) -> str:
    """The body of an event, in either style."""
    frame = {"id": order.get("event_id", "evt_1"), "created": books.now(), "livemode": order.get("livemode", False)}
    about = order["about"]
    if order.get("thin"):
        related = {"id": about, "type": "thing", "url": f"/v1/things/{about}"}
        frame |= {"object": "v2.core.event", "type": f"v1.{order['type']}", "related_object": related}
        frame["context"] = order.get("account")
    else:
        frame |= {"object": "event", "type": order["type"], "data": {"object": {"id": about}}}
        if order.get("account"):
            frame["account"] = order["account"]
    return json.dumps(frame)
