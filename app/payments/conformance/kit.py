"""Finds the checks, runs them on a bench, and tells for each whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import Literal
from uuid import uuid4

from app.money import EXPONENTS, Money
from app.payments.conformance.bench import Bench
from app.payments.errors import GatewayError
from app.payments.port import Gateway, Method, MethodCaps, Op, Outcome, Payer, Ref, Role

#: Where the checks stand, in the order in which they run.
SUBJECTS = ("capabilities", "collecting", "keys", "failures", "refunds", "custody", "truth", "events")
#: An amount that every gateway takes, and that shows a lost or added digit.
USUAL_MINOR = 12_345
#: What is slow at a gateway is looked at again after so long, and so often.
SLOW, LOOKS = timedelta(days=7), 4


class Broken(Exception):
    """What the adapter does is not what the port promises."""


class NotAsked(Exception):
    """The gateway does not claim to be able to do what this check is about, or its bench cannot stage it."""


class RealMoney(Exception):
    """The gateway is the real one: nothing is checked there."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    promise: str
    run: Callable[[Case], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`note` tells what was seen, or why it was not asked."""

    name: str
    result: Literal["holds", "broken", "not asked"]
    note: str = ""


@dataclass
class Case:
    """One gateway on its bench, with the words in which checks speak."""

    bench: Bench
    began_at: datetime
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def gateway(self) -> Gateway:
        return self.bench.gateway

    @property
    def account(self) -> str:
        return self.bench.accounts[0]

    @property
    def currency(self) -> str:
        """Dollars where they are taken, or else the first of two digits, or else any."""
        taken = self.gateway.caps.currencies
        return min(taken, key=lambda one: (one != "USD", EXPONENTS[one] != 2, one))

    def needs(self, role: Role) -> None:
        if role not in self.gateway.caps.roles:
            raise NotAsked(f"is no {role}")

    def method(self, currency: str) -> MethodCaps:
        """An instant method where there is one."""
        self.needs(Role.COLLECTOR)
        found = sorted(self.gateway.methods(currency).values(), key=lambda caps: caps.confirmation != "instant")
        if not found:
            raise Broken(f"no method takes {currency}, and caps.currencies has it")
        return found[0]

    def amount(self, currency: str | None = None, minor: int = USUAL_MINOR) -> Money:
        return Money(minor, currency or self.currency)

    def ask(self, op: Op, amount: Money, method: Method | None = None, reference: str = "P-1") -> Outcome:
        """Ask for money, as the platform does."""
        return self._seen(
            self.gateway.collect(
                op, amount, method=method or self.method(amount.currency).method, account=self.account, payer=PAYER,
                reference=reference, return_url="https://platform.example/returned",
            )
        )  # fmt: skip

    def paid(self, amount: Money | None = None, method: Method | None = None) -> Outcome:
        """A payment that was made. Raises Broken when it does not succeed."""
        asked = self.ask(new_op(), amount or self.amount(), method)
        self.let_pay(asked)
        outcome = self.settled(asked.ref)
        expect(outcome.state == "succeeded", f"a payment that was made is {outcome.state}")
        return outcome

    def let_pay(self, asked: Outcome) -> None:
        """The payer does their part, whatever the adapter says about it: only a line shows that nothing is left to do."""
        if asked.state != "pending" and not asked.evidence:
            self.bench.pay(asked.ref)

    def settled(self, ref: Ref) -> Outcome:
        """What became of it, after whatever is slow was over."""
        outcome = self.gateway.fetch(ref)
        for _ in range(LOOKS):
            if outcome.state == "pending":
                self.bench.advance(SLOW)
                outcome = self.gateway.fetch(ref)
        return self._seen(outcome)

    def _seen(self, outcome: Outcome) -> Outcome:
        self.outcomes.append(outcome)
        return outcome


PAYER = Payer("investor-1", "Robin Payer", "US")
_checks: list[Check] = []


def new_op() -> Op:
    return Op(uuid4(), 1, "test")


def check(run: Callable[[Case], None]) -> Callable[[Case], None]:
    """Make a function one of the checks: its name is the check's, its first line the promise."""
    _checks.append(Check(run.__name__, (run.__doc__ or "").splitlines()[0], run))
    return run


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def refuses(call: Callable[[], object], *kinds: type[GatewayError]) -> GatewayError:
    """A call must raise one of these, and nothing else."""
    names = " or ".join(kind.__name__ for kind in kinds)
    try:
        answer = call()
    except kinds as error:
        return error
    except Exception as error:
        raise Broken(f"raises {type(error).__name__}, not {names}") from None
    raise Broken(f"answers {getattr(answer, 'state', type(answer).__name__)}, and must raise {names}")


def checks() -> Sequence[Check]:
    for subject in SUBJECTS:
        import_module(f"app.payments.conformance.{subject}")
    return _checks


def run(bench: Bench) -> Iterator[Verdict]:
    """Run every check. Raises RealMoney before anything is asked of a gateway that moves it."""
    if bench.gateway.caps.livemode:
        raise RealMoney(bench.gateway.name)
    case = Case(bench, bench.now())
    for one in checks():
        yield verdict(one, case)


def verdict(one: Check, case: Case) -> Verdict:
    """Run one check."""
    try:
        one.run(case)
    except NotAsked as why:
        return Verdict(one.name, "not asked", str(why))
    except Broken as why:
        return Verdict(one.name, "broken", str(why))
    except Exception as error:  # whatever an adapter throws is a finding; its text may hold a secret, so it is not told
        return Verdict(one.name, "broken", f"raises {type(error).__name__}")
    return Verdict(one.name, "holds")
