"""The pretend Stripe as its own process, and the hand that plays payer, bank and fault."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.money import Money
from app.payments.port import Method, Op, Outcome, Payee, Payer, Ref
from app.payments.stripe.adapter import StripeGateway
from app.payments.stripe.settings import build
from tests.payments.stripe.server import COLLECT, PAYOUT, READ
from tests.processes import free_port
from tests.servers import ROOT

OLD_SECRET, SECRET = "whsec_theonethatgoes", "whsec_theonethatcomes"
#: Where Stripe is sent money to.
FUNDS = "routing 121000248, account 900012345"
ADA = Payer("investor-1", "Ada Lovelace", "DE", "ada@example.org")


class Far:
    """`POST /_act/<what>` at the process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30)

    def act(self, what: str, **order: Any) -> Any:
        answer = self._http.post(f"/_act/{what}", json=order)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, path: str, method: str = "POST", times: int = 1) -> None:
        self.act("state", faults=[{"kind": kind, "path": path, "method": method}] * times)

    def calls(self, method: str = "POST") -> list[str]:
        """The paths that were called so far."""
        return [path for verb, path, _ in self.act("state")["calls"] if verb == method]

    def close(self) -> None:
        self._http.close()


@contextmanager
def running() -> Iterator[Far]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.payments.stripe.server", str(port)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    far = Far(f"http://127.0.0.1:{port}")
    try:
        _until_it_answers(far, process)
        yield far
    finally:
        far.close()
        process.kill()
        process.wait()


def _until_it_answers(far: Far, process: subprocess.Popen[bytes]) -> None:
    while True:
        assert process.poll() is None, "the pretend Stripe ended"
        try:
            far.act("reset")
        except httpx.TransportError:
            continue
        return


def gateway(far: Far, **others: str) -> StripeGateway:
    return build(environment(far.url, **others))


def environment(url: str, **others: str) -> dict[str, str]:
    return {
        "OPENRAISE_ENV": "test",
        "STRIPE_COLLECT_KEY": COLLECT,
        "STRIPE_PAYOUT_KEY": PAYOUT,
        "STRIPE_READ_KEY": READ,
        "STRIPE_WEBHOOK_SECRETS": f"{OLD_SECRET}, {SECRET}",
        "STRIPE_API_BASE": url,
        "STRIPE_CUSTODIAN_ACCOUNTS": "sandbox=ba_sandbox, escrow_files=ba_agent",
        "STRIPE_FUNDS_PAYEE": "Stripe, for OpenRaise",
        "STRIPE_FUNDS_ACCOUNT": FUNDS,
        **others,
    }


def op(id_: UUID | None = None, generation: int = 1) -> Op:
    return Op(id_ or uuid4(), generation, "test")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def collect(
    stripe: StripeGateway, op: Op, amount: Money, method: Method = Method.CARD, instrument: Ref | None = None,
    refused: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    return stripe.collect(
        op, amount, method=method, account="offering-7", payer=ADA, reference="P-1", return_url="https://x.example/back",
        instrument=instrument, refused=refused,
    )  # fmt: skip


def paid(far: Far, stripe: StripeGateway, amount: Money, method: Method = Method.CARD, **how: str) -> tuple[Ref, str]:
    """A page that was gone through: our name for it, and Stripe's for the payment behind it."""
    ref = collect(stripe, op(), amount, method).ref
    return ref, far.act("pay", page=ref.id, **how)["id"]


def release(stripe: StripeGateway, op: Op, amount: Money, account: str = "acct_issuer") -> Outcome:
    return stripe.pay_out(op, amount, account="offering-7", payee=Payee("Issuer Inc", account), reference="R-1")
