"""Answer a test, acknowledge a warning, simulate a loss, and go the way to a first offer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.assessments import queries
from app.assessments.bank import bank
from app.assessments.models import AckKind, Acknowledgement, Attempt, GateStep, Outcome, Simulation, Step
from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors.actions import lock
from app.investors.models import Investor
from app.money import Money
from app.regimes import standing
from app.regimes.parameters import WHOLE_BPS, Row


def _row(tx: Transaction, name: str) -> Row:
    row = standing.PACK.in_force(name, standing.PACK.day_of(tx.now))
    if row is None:
        raise Refused("test_not_known")
    return row


def answer(
    tx: Transaction, investor: Investor, test: str, given: Mapping[str, str], *, form_key: uuid.UUID, locale: str
) -> Attempt:
    """Take the answers to a test; the same form again is the same try.

    Raises Refused: "test_not_known", "test_wait" (too many tries that failed), "form_used" (by somebody else).
    Locks: investor. Writes: attempt, audit.
    """
    lock(tx, investor.id)
    known = _same_form(tx, investor, form_key)
    if known is not None:
        return known
    row, questions = _row(tx, test), bank(test)
    until = queries.next_try_at(tx.session, investor.id, test, row)
    if until is not None and tx.now < until:
        raise Refused("test_wait", until=until, zone=standing.BY_ID[_category(test)].zone)
    told = questions.told(given)
    passed = questions.is_passed(told, row["pass_bps"])
    return _attempt(tx, investor, test, form_key, locale, told, Outcome.PASSED if passed else Outcome.FAILED)


def keep_answers(
    tx: Transaction, investor: Investor, test: str, given: Mapping[str, str], *, form_key: uuid.UUID, locale: str
) -> Attempt:
    """Keep the right answers to the questions in the form of a pledge, under the key of that form.

    For who holds the investor and has looked at the answers. Writes: attempt, audit.
    """
    return _attempt(tx, investor, test, form_key, locale, bank(test).told(given), Outcome.PASSED)


def refuse_to_answer(tx: Transaction, investor: Investor, test: str, *, form_key: uuid.UUID, locale: str) -> Attempt:
    """Note that somebody will not answer: the law then wants a warning (EU), or there is no offer (UK).

    Raises Refused("test_not_known", "form_used"). Locks: investor. Writes: attempt, audit.
    """
    lock(tx, investor.id)
    known = _same_form(tx, investor, form_key)
    if known is not None:
        return known
    _row(tx, test)
    return _attempt(tx, investor, test, form_key, locale, {}, Outcome.INFO_REFUSED)


def _category(test: str) -> str:
    regime = next(one for one, name in standing.PACK.settings["tests"].items() if name == test)
    return standing.of_regime(regime)[0].id


def _same_form(tx: Transaction, investor: Investor, form_key: uuid.UUID) -> Attempt | None:
    found = tx.session.scalars(select(Attempt).where(Attempt.form_key == form_key)).one_or_none()
    if found is not None and found.investor_id != investor.id:
        raise Refused("form_used")
    return found


def _attempt(
    tx: Transaction, investor: Investor, test: str, form_key: uuid.UUID, locale: str,
    given: Mapping[str, str | None], outcome: Outcome,
) -> Attempt:  # fmt: skip
    questions = bank(test)
    right = len(questions.questions) - len(questions.wrong(given))
    found = Attempt(
        investor_id=investor.id, test=test, bank_sha256=questions.sha256, locale=locale, form_key=form_key,
        answers={
            "order": [[one.id, [answer.id for answer in answers]] for one, answers in questions.shuffled(form_key)],
            "given": dict(given),
        },
        right_answers=right, asked=len(questions.questions), outcome=outcome.value, answered_at=tx.now,
    )  # fmt: skip
    tx.session.add(found)
    tx.session.flush()  # its id is the subject of the trail
    audit.record(tx, "answer_test", "test_attempts", found.id, test=test, outcome=outcome.value, right=right)
    return found


def acknowledge(
    tx: Transaction, investor: Investor, kind: AckKind, about: str, *, text_sha256: str, locale: str
) -> None:
    """Keep that a warning was read and acknowledged; once is enough. Locks: investor. Writes: acknowledgement, audit."""
    lock(tx, investor.id)
    if kind in queries.acknowledged(tx.session, investor.id, about):
        return
    tx.session.add(
        Acknowledgement(
            investor_id=investor.id, kind=kind.value, about=about, text_sha256=text_sha256, locale=locale, at=tx.now
        )
    )
    audit.record(tx, "acknowledge", "investors", investor.id, kind=kind.value, about=about)


@dataclass(frozen=True, slots=True)
class Loss:
    """What somebody has, and what of it they could bear to lose."""

    net_worth: Money
    bearable: Money

    def after(self, tenths: int) -> tuple[Money, Money]:
        """So many tenths of what is bearable are lost: the loss, and what is left of the net worth."""
        lost = Money(self.bearable.minor * tenths // 10, self.bearable.currency)
        return lost, self.net_worth - lost


def simulate(income: Money, liquid_assets: Money, commitments: Money, row: Row) -> Loss:
    """Net worth, and the part of it that the law compares; below zero nothing is bearable. Pure.

    Source: Regulation (EU) 2020/1503, Art 21(5); Delegated Regulation (EU) 2022/2114, Art 7.
    """
    worth = income + liquid_assets - commitments
    return Loss(worth, Money(max(worth.minor, 0) * row["share_bps"] // WHOLE_BPS, worth.currency))


def acknowledge_simulation(
    tx: Transaction, investor: Investor, regime_id: str, *, income: Money, liquid_assets: Money, commitments: Money
) -> Simulation:
    """Keep a simulation that its investor saw and acknowledged.

    Raises Refused("negative_amount", "test_not_known"). Locks: investor. Writes: simulation, audit.
    """
    lock(tx, investor.id)
    for field, value in (("income", income), ("liquid_assets", liquid_assets), ("commitments", commitments)):
        if value.minor < 0:
            raise Refused("negative_amount", field=field)
    row = standing.simulation_of(regime_id, standing.PACK.day_of(tx.now))
    if row is None:
        raise Refused("test_not_known")
    found = Simulation(
        investor_id=investor.id, regime=regime_id, currency=income.currency, net_annual_income_minor=income.minor,
        liquid_assets_minor=liquid_assets.minor, annual_commitments_minor=commitments.minor,
        bearable_minor=simulate(income, liquid_assets, commitments, row).bearable.minor, acknowledged_at=tx.now,
    )  # fmt: skip
    tx.session.add(found)
    tx.session.flush()  # its id is the subject of the trail
    audit.record(tx, "simulate_loss", "loss_simulations", found.id)
    return found


def ask_to_see(tx: Transaction, investor: Investor, regime_id: str) -> None:
    """Ask to see offers: the wait of somebody new begins; asking again does not begin it anew.

    Raises Refused("nothing_to_wait_for"). Locks: investor. Writes: step, audit.
    """
    lock(tx, investor.id)
    if standing.wait_of(regime_id, standing.PACK.day_of(tx.now)) is None:
        raise Refused("nothing_to_wait_for")
    if queries.way(tx.session, investor.id, regime_id).asked_at is None:
        _step(tx, investor, regime_id, Step.ASKED)


def go_on(tx: Transaction, investor: Investor, regime_id: str) -> None:
    """Go on after the wait.

    Raises Refused("wait_not_over", until=…), Refused("nothing_to_wait_for"). Locks: investor. Writes: step, audit.
    """
    lock(tx, investor.id)
    wait = standing.wait_of(regime_id, standing.PACK.day_of(tx.now))
    way = queries.way(tx.session, investor.id, regime_id)
    if wait is None or way.asked_at is None:
        raise Refused("nothing_to_wait_for")
    if tx.now < way.asked_at + wait:
        raise Refused("wait_not_over", until=way.asked_at + wait, zone=standing.of_regime(regime_id)[0].zone)
    if not way.continued:
        _step(tx, investor, regime_id, Step.CONTINUED)


def leave(tx: Transaction, investor: Investor, regime_id: str) -> None:
    """Leave instead: who comes back asks and waits anew. Locks: investor. Writes: step, audit."""
    lock(tx, investor.id)
    way = queries.way(tx.session, investor.id, regime_id)
    if way.asked_at is not None and not way.continued:
        _step(tx, investor, regime_id, Step.LEFT)


def _step(tx: Transaction, investor: Investor, regime_id: str, step: Step) -> None:
    tx.session.add(GateStep(investor_id=investor.id, regime=regime_id, step=step.value, at=tx.now))
    audit.record(tx, "gate_step", "investors", investor.id, regime=regime_id, step=step.value)
