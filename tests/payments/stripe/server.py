"""A process that speaks Stripe's HTTP API, as far as the adapter uses it: `python -m tests.payments.stripe.server PORT`.

It keeps keys with their bodies and their first answers, also 500s; it signs events; and it can be told to drop, hang
or fail at the next call. `POST /_act/<what>` is the hand of the payer, the bank and the test.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import re
import sys
import threading
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import run_simple

from tests.payments.stripe import acts
from tests.payments.stripe.books import Books, StripeError, Thing

API_VERSION = "2026-10-28.endive"
COLLECT, PAYOUT, READ = "rk_test_collecting00000", "rk_test_payingout000000", "rk_test_onlyreading0000"
#: What only the key for paying out may touch.
PAYING = re.compile(r"/v1/(transfers|payouts)\b")
#: The socket of the request that is to be dropped.
HANGING = threading.Event()

app = Flask(__name__)
books = Books()
state: dict[str, Any] = {"faults": [], "calls": [], "down": False}
lock = threading.Lock()


def nested(form: Any) -> Thing:
    """`a[b][0]=c` as Stripe reads it."""
    found: Thing = {}
    for name, value in form.items():
        *path, last = re.findall(r"[^\[\]]+", name)
        at = found
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return found


def shown(thing: Thing, paths: list[str]) -> Thing:
    """An object as it is told: without what is ours, with what was asked for in place of ids."""
    told = {name: value for name, value in copy.deepcopy(thing).items() if not name.startswith("_")}
    told.setdefault("metadata", {})
    if told["object"] == "dispute":  # they always come whole
        told["balance_transactions"] = [shown(books.things[one], []) for one in told["balance_transactions"]]
    if told["object"] == "transfer":  # so do what took it back
        of_each = [one.removeprefix("reversals.data.") for one in paths]
        told["reversals"] = {"object": "list", "data": [shown(books.things[one], of_each) for one in told["reversals"]]}
    for path in paths:
        first = path.partition(".")[0]
        if isinstance(told.get(first), str) and told[first] in books.things:
            deeper = [one.partition(".")[2] for one in paths if one.startswith(f"{first}.")]
            told[first] = shown(books.things[told[first]], deeper)
    return told


#: What a list may be asked by; a parameter that Stripe does not know it refuses.
LISTED_BY = {"limit", "starting_after", "created", "expand"}
FILTERS = ("payment_intent", "transfer_group", "destination", "customer")


def listed(things: list[Thing], params: Thing, paths: list[str]) -> Thing:
    created = params.get("created") or {}
    kept = [
        one
        for one in things
        if one["created"] >= int(created.get("gte", 0)) and one["created"] < int(created.get("lt", 10**12))
    ]
    if unknown := params.keys() - LISTED_BY - {*FILTERS}:
        raise StripeError(
            400, "invalid_request_error", "parameter_unknown", f"Received unknown parameter: {min(unknown)}"
        )
    for name in FILTERS:
        if name in params:
            kept = [one for one in kept if one.get(name) == params[name]]
    if "starting_after" in params:
        at = next(i for i, one in enumerate(kept) if one["id"] == params["starting_after"])
        kept = kept[at + 1 :]
    limit = min(int(params.get("limit", 10)), state.get("page", 100))
    deeper = [path.removeprefix("data.") for path in paths]
    data = [shown(one, deeper) for one in kept[:limit]]
    return {"object": "list", "url": request.path, "has_more": len(kept) > limit, "data": data}


COLLECTIONS = {
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "setup_intents": "setup_intent",
    "refunds": "refund",
    "disputes": "dispute",
    "charges": "charge",
    "transfers": "transfer",
    "payouts": "payout",
    "topups": "topup",
    "balance_transactions": "balance_transaction",
    "payment_methods": "payment_method",
}


def written(path: str, params: Thing, account: str) -> Thing:
    match path.split("/"):
        case ["checkout", "sessions"]:
            return books.session(params)
        case ["checkout", "sessions", id_, "expire"]:
            return acts.expire(books, id_)
        case ["payment_intents"]:
            return books.charge_off_session(params)
        case ["payment_intents", id_, "cancel"]:
            return acts.cancel(books, id_)
        case ["customers"]:
            return books.add("cus", "customer", **params)
        case ["refunds"]:
            return books.refund(params)
        case ["transfers"]:
            return books.transfer(params)
        case ["transfers", id_, "reversals"]:
            return books.reverse(books.get(id_, "transfer"), params)
        case ["payouts"]:
            return books.payout(params, account)
        case ["topups", id_]:
            return books.mark(books.get(id_, "topup"), params)
    raise StripeError(404, "invalid_request_error", "resource_missing")


def read(path: str, params: Thing, account: str, paths: list[str]) -> Thing:
    if path == "balance":
        currencies = sorted({one["currency"] for one in books.all("balance_transaction")})
        parts = [{"amount": books.balance(one), "currency": one} for one in currencies]
        return {"object": "balance", "available": parts, "pending": [], "livemode": False}
    if path in COLLECTIONS:
        return listed(books.all(COLLECTIONS[path], account), params, paths)
    kind, _, id_ = path.rpartition("/")
    if kind not in COLLECTIONS:
        raise StripeError(404, "invalid_request_error", "resource_missing")
    return shown(books.get(id_, COLLECTIONS[kind], account), paths)


def error(status: int, type_: str, code: str, message: str) -> tuple[int, Thing]:
    return status, {"error": {"type": type_, "code": code, "message": message}}


def answered(path: str, params: Thing) -> tuple[int, Thing]:
    """One call, as Stripe answers it: keys first, then the work."""
    key, account = request.headers.get("Idempotency-Key"), request.headers.get("Stripe-Account", "")
    paths = list((params.pop("expand", None) or {}).values())
    if request.method == "GET":
        return 200, read(path, params, account, paths)
    body = hashlib.sha256(json.dumps([path, account, params, paths], sort_keys=True).encode()).hexdigest()
    if key in books.keys:
        known, status, kept = books.keys[key]
        if known != body:
            return error(400, "idempotency_error", "", "Keys for idempotent requests can only be used with…")
        return status, kept
    if fault := taken("500"):
        answer = error(500, "api_error", "", "something went wrong")
        if fault["kind"] == "500 after":
            written(path, params, account)
    else:
        try:
            answer = 200, shown(written(path, params, account), paths)
        except StripeError as refused:
            answer = error(refused.status, refused.type, refused.code, refused.message)
    if key:
        books.keys[key] = (body, *answer)
    return answer


def taken(*kinds: str) -> Thing | None:
    """The fault that was ordered for this call, once."""
    for fault in state["faults"]:
        here = request.method == fault["method"] and request.path.endswith(fault["path"])
        if here and fault["kind"].startswith(kinds):
            state["faults"].remove(fault)
            return dict(fault)
    return None


def refused() -> tuple[int, Thing] | None:
    """What is answered before any work: a bad key, a forbidden one, too many calls, a call that is under way."""
    if taken("401"):
        return error(401, "invalid_request_error", "", "Invalid API Key provided")
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if bearer not in (COLLECT, PAYOUT, READ):
        return error(401, "invalid_request_error", "", f"Invalid API Key provided: {bearer}")
    role = READ if request.method == "GET" else PAYOUT if PAYING.match(request.path) else COLLECT
    if bearer != role:
        return error(403, "invalid_request_error", "", f"The provided key '{bearer}' does not have access")
    if request.headers.get("Stripe-Version") != API_VERSION:
        return error(400, "invalid_request_error", "version", "another version")
    if taken("429"):
        return error(429, "invalid_request_error", "rate_limit", "Too many requests")
    if taken("409"):
        return error(409, "idempotency_error", "idempotency_key_in_use", "There is another in-progress request")
    return None


@app.route("/v1/<path:path>", methods=["GET", "POST"])
def api(path: str) -> Response:
    with lock:
        state["calls"].append([request.method, request.path, request.headers.get("Idempotency-Key")])
        if state["down"] or taken("drop before"):
            return dropped()
        try:
            status, told = refused() or answered(path, nested(request.values))
        except StripeError as failure:
            status, told = error(failure.status, failure.type, failure.code, failure.message)
        fault = taken("drop after", "hang after")
    if fault and fault["kind"] == "hang after":
        HANGING.wait(20)
    if fault:
        return dropped()
    made = jsonify(told)
    made.status_code = status
    return made


def dropped() -> Response:
    request.environ["werkzeug.socket"].shutdown(2)
    return Response(status=500)


def signed(payload: str, secret: str, stamp: int) -> str:
    digest = hmac.new(secret.encode(), f"{stamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


@app.post("/_act/<what>")
def act(what: str) -> Response:
    with lock:
        order = request.get_json()
        match what:
            case "reset":
                books.__init__()  # type: ignore[misc]
                state.update(faults=[], calls=[], page=100, down=False)
                told: Any = {}
            case "state":
                state.update(order)
                told = {"calls": state["calls"]}
            case "keys":
                books.keys.clear()
                told = {}
            case "event":
                payload = acts.event(books, order)
                told = {"body": payload, "header": signed(payload, order["secret"], order["stamp"])}
            case _:
                told = shown(getattr(acts, what)(books, **order), [])
    return jsonify(told)


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)  # app.run does nothing under a command of flask
