"""Anything that people, gateways, banks and time can do, in any order: Hypothesis draws it, the model knows what must be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.closings.actions import Approval
from app.errors import Refused
from app.payments.port import Method
from app.payments.sandbox.cards_tables import Step
from app.payments.sandbox.tables import Fault, Token
from tests.payments.machine.beginnings import BEGINNINGS
from tests.payments.machine.model import Promise, Sale
from tests.payments.machine.stage import INVESTORS, JOBS, OFFERINGS, OFFICERS, Stage

Answer = TypeVar("Answer")
WHICH = st.integers(0, 5)
OWN, COLLECTOR = "sandbox", "sandbox_cards"
WAYS = (
    (OWN, Method.CARD), (COLLECTOR, Method.CARD), (COLLECTOR, Method.ACH_DEBIT), (COLLECTOR, Method.BANK_TRANSFER)
)  # fmt: skip
#: What is drawn for a payer. Left out: what ends with an officer's own decision (another payer, credit beyond a limit),
#: a refund for which the balance never suffices, and a balance that is wrong on purpose.
AT_THE_CUSTODIAN = (
    Token.OK, Token.OK, Token.DECLINE, Token.DELAYED_OK, Token.DELAYED_FAIL, Token.PARTIAL_AMOUNT, Token.WRONG_CURRENCY,
    Token.REFUND_DELAYED,
)  # fmt: skip
AT_THE_COLLECTOR = (
    *AT_THE_CUSTODIAN, Token.DISPUTE_LOST_D30, Token.DISPUTE_WON, Token.INQUIRY_ONLY, Token.REFUND_FAIL_D3,
    Token.REFUND_NEEDS_BALANCE, Token.ABANDON_3DS, Token.RETURN_D5, Token.RETURN_D45,
)  # fmt: skip
STEPS = {"return": Step.RETURN, "inquiry": Step.INQUIRY, "open": Step.OPEN, "won": Step.WON, "lost": Step.LOST}
FAULTS = (Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.E500, Fault.E429, Fault.REFUSED_CONNECTION, Fault.E409)
OPERATIONS = ("payment", "refund", "cancel", "payout", "move", "any")
#: First answers, which the platform also asks for by itself. Of what comes late it hears by events only.
MAY_BE_DROPPED = (
    "payment.succeeded", "payment.processing", "payment.failed", "payment.cancelled", "refund.succeeded",
    "payout.succeeded", "move.succeeded", "arrival.succeeded",
)  # fmt: skip
MANNERS: tuple[dict[str, Any], ...] = (
    {}, {"copies": 2}, {"hold": True}, {"drop": list(MAY_BE_DROPPED)}, {"seed": 7}, {"seed": 3, "copies": 3}
)  # fmt: skip
#: So many steps without hearing everything, at least.
RESTLESS = 20
PROMISED = ("I4", "I5", "I8", "I17", "I18", "I19", "P1", "P2", "P3", "R1", "T1")
#: Waits for a person, as it is meant to, where a bank looked into a payment that was just being refunded.
FOR_A_PERSON = "I21"


class Machine(RuleBasedStateMachine):
    """One run: what was done to the stage, and the model of it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.model = stage.new_model()
        #: (closing, snapshot) -> the officers who said yes to it.
        self.said_yes: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.has_changed = False
        self.steps_since_rest = 0

    # People

    @initialize(name=st.sampled_from(BEGINNINGS))
    def begins(self, name: str) -> None:
        self.model = self.stage.begin(name)

    @rule(who=WHICH, what=WHICH, shares=st.sampled_from((20, 200, 300)), way=st.sampled_from((*WAYS, None)))
    def places(self, who: int, what: int, shares: int, way: tuple[str, Method] | None) -> None:
        sale = self.model.sales[what % len(OFFERINGS)]
        now = self.model.now
        placement, code = _attempt(
            lambda: self.stage.place(who % INVESTORS, what % len(OFFERINGS), shares, uuid4()),
            "not_open", "offering_ended", "offering_full",
        )  # fmt: skip
        if placement is None:
            is_over = now >= sale.deadline or sale.is_called_off
            assert is_over or code == "offering_full", "an open offering takes pledges"
            return
        pledge = placement.pledge
        assert pledge is not None, "the law forbids nothing here"
        self.model.promises[pledge.id] = Promise(
            pledge.id, pledge.ref, sale, shares, pledge.amount_minor, pledge.pay_until or now
        )
        if way is not None:
            self._choose(self.model.promises[pledge.id], way)

    @precondition(lambda self: any(one.method is None for one in self.model.promises.values()))
    @rule(which=WHICH, way=st.sampled_from(WAYS))
    def chooses(self, which: int, way: tuple[str, Method]) -> None:
        self._choose(_one(which, [one for one in self.model.promises.values() if one.method is None]), way)

    def _choose(self, promise: Promise, way: tuple[str, Method]) -> None:
        (found,) = (one for one in self.stage.ways if (one.gateway, one.method) == way)
        _, code = _attempt(lambda: self.stage.choose(promise.id, found), "not_payable", "method_refused")
        if not code:
            promise.is_own, promise.method = way[0] == OWN, way[1]

    def _payable(self) -> list[Promise]:
        return [one for one in self.model.promises.values() if one.method is not None and one.token is None]

    @precondition(lambda self: self._payable())
    @rule(which=WHICH, data=st.data())
    def pays(self, which: int, data: st.DataObject) -> None:
        promise = _one(which, self._payable())
        self.pay(promise, data.draw(st.sampled_from(AT_THE_CUSTODIAN if promise.is_own else AT_THE_COLLECTOR)))

    def pay(self, promise: Promise, token: Token) -> None:
        """The payer waits for the gateway's page, and goes away when there is none."""
        if self._at_the_provider(promise, "requires_action") is None:
            self.stage.run("send_payments")
        payment = self._at_the_provider(promise, "requires_action")
        if payment is not None:
            self.stage.far_sides[OWN if promise.is_own else COLLECTOR].pay(payment, token)
            promise.pays(token, self.model.now)
        self.has_changed = True

    def _at_the_provider(self, promise: Promise, status: str) -> str | None:
        schema = OWN if promise.is_own else COLLECTOR
        found = self.stage.rows(
            f"SELECT id FROM {schema}.objects WHERE reference = %s AND kind = 'payment' AND status = %s",
            promise.ref, status,
        )  # fmt: skip
        return found[0][0] if found else None

    @precondition(lambda self: self._may_leave())
    @rule(which=WHICH)
    def leaves(self, which: int) -> None:
        promise = _one(which, self._may_leave())
        _, code = _attempt(lambda: self.stage.cancel(promise.id), "not_cancellable", "too_late_to_cancel")
        if code:
            assert promise.status not in ("reserved", "processing", "held") or self._is_ending(promise), code
            return
        promise.has_left = True
        self.has_changed = True

    def _may_leave(self) -> list[Promise]:
        return [
            one
            for one in self.model.promises.values()
            if not one.has_left and one.status not in ("settled", "refunded")
        ]

    def _is_ending(self, promise: Promise) -> bool:
        """The law lets people leave until 48 hours before the deadline."""
        return promise.sale.is_called_off or self.model.now > promise.sale.deadline - timedelta(hours=48)

    # Officers

    @precondition(lambda self: any(self.model.now >= one.deadline for one in self.model.sales))
    @rule(officer=st.integers(0, OFFICERS - 1), which=WHICH, is_stale=st.sampled_from((False, False, False, True)))
    def an_officer_approves(self, officer: int, which: int, is_stale: bool) -> None:
        waiting = self._closings("proposed", "payout_proposed")
        if not waiting:
            return
        ref, offering_id, seen = _one(which, waiting)
        seen = "0" * 64 if is_stale else seen
        answer, _ = _attempt(lambda: self.stage.approve(officer, ref, seen), "already_approved", "somebody_on_hold")
        if answer is None:
            return
        self.has_changed = True
        if answer is not Approval.CHANGED:
            assert not is_stale, "it counts what nobody saw"
            self.said_yes[ref, seen].add(officer)
        if answer is Approval.EXECUTED:
            assert len(self.said_yes[ref, seen]) >= 2, "one officer alone released money"
            self._sale(offering_id).is_approved = True

    def _closings(self, *statuses: str) -> list[tuple[str, int, str]]:
        return self.stage.rows(
            "SELECT ref, offering_id, snapshot_hash FROM closings WHERE status = ANY (%s) ORDER BY id", list(statuses)
        )

    def _sale(self, offering_id: int) -> Sale:
        return next(one for one in self.model.sales if one.id == offering_id)

    @precondition(lambda self: any(one.came_back for one in self.model.sales))
    @rule(which=WHICH)
    def a_payout_is_proposed_again(self, which: int) -> None:
        failed = self._closings("payout_failed")
        if failed:
            self.stage.propose_payout(_one(which, failed)[0])
            self.has_changed = True

    @precondition(lambda self: not any(one.is_called_off for one in self.model.sales))
    @rule(which=WHICH)
    def two_officers_give_everything_back(self, which: int) -> None:
        sale = self.model.sales[which % len(self.model.sales)]
        _, code = _attempt(lambda: self.stage.call_off(sale.id), "nothing_to_refund")
        if code:
            return
        assert not sale.is_approved, "the money is the company's"
        sale.is_called_off = True
        self.has_changed = True

    @rule(which=WHICH)
    def a_person_tries_again(self, which: int) -> None:
        stopped: list[tuple[UUID]] = self.stage.rows(
            "SELECT op_id FROM instructions WHERE kind = 'refund' AND (status = 'failed'"
            " OR (status = 'review' AND provider_ref IS NULL AND code <> 'key_conflict')) ORDER BY id"
        )
        if stopped:
            self.stage.try_again(_one(which, stopped)[0])
            self.has_changed = True

    # What happens by itself

    @rule(job=st.sampled_from((*JOBS, "send_payments", "process_inbox")))
    def a_job_runs(self, job: str) -> None:
        if job == "send_payments":
            self.stage.let_backoffs_pass()
        self.has_changed |= bool(self.stage.run(job))

    @rule()
    def events_arrive(self) -> None:
        self.stage.world.deliver_events()

    @rule(gateway=st.sampled_from((OWN, COLLECTOR)), manner=st.sampled_from(MANNERS))
    def events_come_otherwise(self, gateway: str, manner: dict[str, Any]) -> None:
        self.stage.far_sides[gateway].behave(**manner)

    @rule(
        gateway=st.sampled_from((OWN, COLLECTOR)), operation=st.sampled_from(OPERATIONS),
        faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=2),
    )  # fmt: skip
    def calls_go_wrong(self, gateway: str, operation: str, faults: list[Fault]) -> None:
        self.stage.far_sides[gateway].next_fault(operation, *faults)

    @rule(kind=st.sampled_from(("payment", "refund", "payout")))
    def an_error_sticks(self, kind: str) -> None:
        self.stage.cards.provider.stick(kind)

    @rule(gateway=st.sampled_from((OWN, COLLECTOR)))
    def a_gateway_goes_down_or_comes_back(self, gateway: str) -> None:
        self.stage.far_sides[gateway].is_down ^= True

    @rule(hours=st.sampled_from((1, 3, 25, 72, 240)))
    def time_passes(self, hours: int) -> None:
        self._move_to(hours)

    @precondition(lambda self: any(self.model.now < one.deadline for one in self.model.sales))
    @rule()
    def the_next_deadline_passes(self) -> None:
        deadline = min(one.deadline for one in self.model.sales if self.model.now < one.deadline)
        self._move_to((deadline - self.model.now).total_seconds() / 3600 + 0.1)

    def _move_to(self, hours: float) -> None:
        now = self.model.now + timedelta(hours=hours)
        self.stage.move_to(now)
        self.model.move(now)
        self.has_changed = True

    # Banks

    def _with_something_to_come(self) -> list[Promise]:
        return [one for one in self.model.promises.values() if one.can_come()]

    @precondition(lambda self: self._with_something_to_come())
    @rule(which=WHICH, what=WHICH)
    def a_bank_changes_its_mind(self, which: int, what: int) -> None:
        promise = _one(which, self._with_something_to_come())
        step = _one(what, promise.can_come())
        payment = self._at_the_provider(promise, "succeeded")
        assert payment is not None, "it was charged"
        self.stage.cards.provider.happen(payment, STEPS[step])
        promise.bank_says(step)
        self.has_changed = True

    @rule(which=WHICH)
    def a_refund_comes_back(self, which: int) -> None:
        refunds = self.stage.rows(
            "SELECT r.id, r.amount_minor, p.reference FROM sandbox_cards.objects r"
            " JOIN sandbox_cards.objects p ON p.id = r.about"
            " WHERE r.kind = 'refund' AND r.status = 'succeeded' AND p.token <> %s ORDER BY r.created_at, r.id",
            Token.REFUND_FAIL_D3.value,  # these come back by themselves
        )
        if refunds:
            refund, minor, ref = _one(which, refunds)
            self.stage.cards.provider.happen(refund, Step.REFUND_FAILED)
            next(one for one in self.model.promises.values() if one.ref == ref).came_back += minor
            self.has_changed = True

    @precondition(lambda self: any(one.is_approved for one in self.model.sales))
    @rule(which=WHICH)
    def a_payout_comes_back(self, which: int) -> None:
        payouts = self.stage.rows(
            "SELECT id, account FROM sandbox.objects WHERE kind = 'payout' AND status = 'succeeded'"
            " AND about NOT LIKE 'CARDS%' ORDER BY created_at, id"
        )
        if payouts:
            payout, account = _one(which, payouts)
            self.stage.far_sides[OWN].send_back(payout)
            self._sale(int(account.removeprefix("offering-"))).came_back += 1
            self.has_changed = True

    # What must be

    @invariant()
    def nothing_contradicts_the_model(self) -> None:
        self.steps_since_rest += 1
        if not self.has_changed:
            return
        self.has_changed = False
        self.stage.far_sides_look()
        wrong = [*self.model.disagrees(self.stage.pledges()), *self.stage.broken(lambda name: name in PROMISED)]
        assert not wrong, wrong

    @precondition(lambda self: self.steps_since_rest > RESTLESS)
    @rule()
    def everything_is_heard(self) -> None:
        self.come_to_rest()

    def come_to_rest(self) -> None:
        self.steps_since_rest = 0
        self.stage.drain()
        self.has_changed = True
        self.nothing_contradicts_the_model()
        wrong = [*self.model.unsettled(self.stage.pledges()), *self.stage.cash(), *self._broken()]
        assert not wrong, wrong

    def _broken(self) -> list[str]:
        was_disputed = any(one.was_disputed for one in self.model.promises.values())
        allowed = (FOR_A_PERSON,) if was_disputed else ()
        return [one for one in self.stage.broken() if not one.startswith(allowed)]

    def teardown(self) -> None:
        self.come_to_rest()


def _attempt(act: Callable[[], Answer], *refusals: str) -> tuple[Answer | None, str]:
    """What came of an act, or the code with which it was refused; any other refusal is raised."""
    try:
        return act(), ""
    except Refused as refused:
        if refused.code not in refusals:
            raise
        return None, refused.code


def _one(which: int, found: Any) -> Any:
    return found[which % len(found)]
