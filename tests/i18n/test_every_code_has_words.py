"""Features speak codes; every code has words in both languages, and no words are kept for a code that is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from inspect import getsource
from typing import Any

import pytest
import stripe

from app import invariants
from app.actor import Role
from app.alerts.lifecycle import ALERT
from app.alerts.models import SubjectType
from app.approvals.lifecycle import PROPOSAL
from app.approvals.models import ProposalKind
from app.changes.lifecycle import ANSWER, CHANGE, EARLY_CLOSE
from app.changes.texts import FIELDS
from app.closings.lifecycle import CLOSING
from app.compliance.actions import Reason
from app.compliance.lifecycle import REVIEW_CASE
from app.compliance.models import CaseKind, CaseOutcome
from app.distributions.lifecycle import DISTRIBUTION
from app.errors import Refused
from app.evidence.lifecycle import EVIDENCE
from app.i18n import gateway_words, labels
from app.i18n.locales import CHINESE, ENGLISH, LANGUAGES, Language
from app.i18n.mails import TEMPLATES
from app.i18n.words import said
from app.investors.lifecycle import CLAIM, SPOUSE_LINK
from app.investors.models import ClaimKind
from app.issuers import queries as issuers
from app.issuers.models import Relation
from app.jobs.timetable import JOBS
from app.ledger.chart import CHART, Code
from app.money import Money
from app.notifications.catalog import Message
from app.offerings.disclosures import FINANCIALS, SECTIONS, STATEMENT_LEVELS, checklist
from app.offerings.filings import Outcome
from app.offerings.lifecycle import OFFERING
from app.offerings.models import OversubscriptionRule, SecurityType
from app.payments import models
from app.payments.carrying import CAME_BACK
from app.payments.errors import GatewayError
from app.payments.lifecycle import EVENT, INSTRUCTION
from app.payments.models import RETURN_UNIDENTIFIED
from app.payments.port import FUNDING_REFUSED, Method, OpKind, TxnKind
from app.payments.sandbox.cards_provider import STICKY
from app.payments.ways import Why
from app.pledges.lifecycle import PLEDGE
from app.pledges.models import StopReason
from app.reconciliation.classes import Action, Kind
from app.reconciliation.dormant import Why as DormantWhy
from app.reconciliation.lifecycle import BREAK
from app.regimes import registry, standing
from app.regimes.parameters import Pack
from app.regimes.platform_policy import WORK
from app.state_machine import StateMachine
from app.switches.models import Direction
from app.waitlist.lifecycle import WAITLIST_ENTRY
from tests.architecture.sources import calls, name, of_app
from tests.builders import World
from tests.ledger.test_postings import TABLE as POSTINGS

MACHINES = (
    OFFERING,
    PLEDGE,
    INSTRUCTION,
    EVENT,
    CLOSING,
    REVIEW_CASE,
    CLAIM,
    SPOUSE_LINK,
    EVIDENCE,
    ALERT,
    CHANGE,
    ANSWER,
    EARLY_CLOSE,
    PROPOSAL,
    WAITLIST_ENTRY,
    BREAK,
    DISTRIBUTION,
)
LEDGER_AMOUNT = Money(100, "USD")


# Refusals


@cache
def refusals() -> tuple[tuple[str, str, frozenset[str], bool], ...]:
    """Every refusal in the code: where, its code, the facts it is given, and whether all of them can be seen there."""
    found = []
    for file in of_app():
        for call, written in calls(file):
            if written not in ("Refused", "_unfit", "_words") or not call.args:
                continue
            given = frozenset(keyword.arg for keyword in call.keywords if keyword.arg) - {"field"}
            seen = all(keyword.arg for keyword in call.keywords)
            for code in codes(call.args[0]):
                found.append((f"{name(file)}:{call.lineno}", code, given, seen))
    return tuple(found)


def codes(argument: ast.expr) -> Iterator[str]:
    """A code is written where it is raised; `_words(code)` in the forms passes one on."""
    if isinstance(argument, ast.Constant):
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from (*codes(argument.body), *codes(argument.orelse))
    else:
        assert isinstance(argument, ast.Name) and argument.id == "code", ast.unparse(argument)


def test_every_refusal_has_words_and_all_words_have_a_refusal() -> None:
    raised = {code for _, code, _, _ in refusals()}
    assert len(raised) > 60
    assert raised - set(labels.REFUSALS) == set()
    assert set(labels.REFUSALS) - raised == set()


def test_every_refusal_gives_the_facts_that_its_words_need() -> None:
    lacking = []
    for where, code, given, all_seen in refusals():
        needed = set(re.findall(r"%\((\w+)\)s", labels.REFUSALS.get(code, "")))
        if all_seen and not needed <= given:
            lacking.append((where, code, needed - given))
    assert lacking == []


def test_a_code_is_a_lower_snake_word() -> None:
    assert [code for code in labels.REFUSALS if not re.fullmatch(r"[a-z][a-z0-9_]*", code)] == []


#: A fact of each kind, to say every refusal with.
FACTS: dict[str, Any] = {
    "country": "CH",
    "suggestion": Money(127_500, "USD"), "largest": Money(127_500, "USD"), "minimum": Money(2_500, "USD"),
    "target": Money(100, "USD"), "maximum": Money(100, "USD"), "one_share": Money(250, "USD"),
    "least": Money(1_000, "USD"), "free": Money(100, "USD"), "short": Money(300, "USD"), "owed": Money(300, "USD"),
    "remaining": Money(100, "USD"), "until": datetime(2026, 11, 28, 22, tzinfo=UTC),
    "zone": "America/New_York", "earliest": date(2026, 12, 1), "latest": date(2027, 2, 1), "status": "live", "machine": "offering",
    "currency": "USD", "digits": 2, "left_shares": 1_062, "shares": 40, "seats": 49, "minutes": 3, "reason": "the law", "fewest": 3, "sum": 90,
    "largest_mb": 10, "largest_kb": 2_000, "line": 7, "taken": Money(100, "USD"), "form": "C-U", "issuer": "Acme, Inc.", "offering": "F-1",
    "found": "PDF", "begins": "acct_", "lines": 3, "most": Money(100, "USD"), "title": "Statements",
    "regime": "XX", "gateway": "none", "longest": 200, "shortest": 15, "length": 3, "time": "02:30", "later": "03:30",
    "where": "as_of", "fault": "…", "proposal": "V-1", "distribution": "D-1", "version": 2, "name": "Another Platform", "least_bps": 2_500, "topic": "How a pledge is cancelled", "why": "amount_too_small",
    "issued_at": datetime(2026, 11, 28, 22, tzinfo=UTC), "expired_at": datetime(2026, 12, 28, 22, tzinfo=UTC),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda one: one.code)
def test_every_refusal_can_be_said(language: Language) -> None:
    for code, words in labels.REFUSALS.items():
        facts = {fact: FACTS[fact] for fact in re.findall(r"%\((\w+)\)s", words)}
        if "until" in facts or "status" in facts:
            facts |= {"zone": FACTS["zone"], "machine": FACTS["machine"]}
        sentence = labels.refusal(Refused(code, **facts), language)
        assert sentence
        assert "%(" not in sentence
        assert bool(re.search(r"[\u4e00-\u9fff]", sentence)) == (language is CHINESE) or code == "law_says_no"


def test_facts_are_written_for_the_reader() -> None:
    too_large = Refused("amount_too_large", largest=Money(127_500, "USD"))
    assert labels.refusal(too_large, ENGLISH) == "Amount must be $1,275.00 or less"
    assert "US$1,275.00" in labels.refusal(too_large, CHINESE)
    late = Refused("too_late_to_cancel", until=datetime(2026, 11, 28, 22, tzinfo=UTC), zone="America/New_York")
    assert labels.refusal(late, ENGLISH) == "The time to cancel ended on Sat 28 Nov 2026, 17:00 New York."
    assert "2026年11月28日 周六 17:00（纽约时间）" in labels.refusal(late, CHINESE)
    gone = Refused("illegal_move", machine="pledge", status="held", event="cancel")
    assert labels.refusal(gone, ENGLISH) == "That is not possible any more: the status is now Held in escrow."
    assert labels.refusal(Refused("offering_full", left_shares=1_062), ENGLISH).count("1,062") == 1


# Tables of words


@pytest.mark.parametrize("machine", MACHINES, ids=lambda one: one.name)
def test_every_status_has_words(machine: StateMachine) -> None:
    assert set(labels.STATUSES[machine.name]) == set(machine.statuses)


def test_there_are_no_words_for_a_life_that_nobody_has() -> None:
    assert set(labels.STATUSES) == {machine.name for machine in MACHINES}
    assert set(labels.TONES) <= {status for machine in MACHINES for status in machine.statuses}
    assert set(labels.TONES.values()) <= {"ok", "info", "caution", "danger", "neutral"}


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (labels.ROLES, Role), (labels.PROPOSALS, ProposalKind), (labels.CASE_KINDS, CaseKind), (labels.CASE_OUTCOMES, CaseOutcome),
        (labels.REASONS, Reason), (labels.STOP_REASONS, StopReason),
        (labels.SECURITY_TYPES, SecurityType), (labels.OVERSUBSCRIPTION, OversubscriptionRule),
        (labels.METHODS, Method), (labels.METHOD_MISFITS, Why), (labels.ACCOUNTS, Code), (labels.FILING_OUTCOMES, Outcome),
        (labels.RELATIONS, Relation), (labels.ALERT_SUBJECTS, SubjectType),
        (labels.BREAKS, Kind), (labels.BREAK_ACTIONS, Action), (labels.DORMANT, DormantWhy), (labels.DIRECTIONS, Direction),
        (labels.LINE_KINDS, TxnKind),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)  # fmt: skip
def test_every_value_of_a_closed_list_has_words(table: Mapping[str, str], codes: type[StrEnum]) -> None:
    assert set(table) == {code.value for code in codes}


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (labels.SECTIONS, SECTIONS), (labels.FINANCIALS, FINANCIALS), (labels.STATEMENT_LEVELS, STATEMENT_LEVELS),
        (labels.WORK, WORK), (labels.JOBS, JOBS), (labels.BOOKS, {kind.book for kind in CHART.values()}),
        (labels.CHANGE_FIELDS, FIELDS), (labels.PURPOSES, {*OpKind, RETURN_UNIDENTIFIED}),
    ],
    ids=["sections", "financials", "statement levels", "work", "jobs", "books", "fields of a change", "purposes"],
)  # fmt: skip
def test_every_name_of_a_list_has_words(table: Mapping[str, str], codes: Any) -> None:
    assert set(table) == set(codes)


def test_every_status_of_investors_is_known_to_the_rules_and_has_a_name() -> None:
    assert {kind.value for kind in ClaimKind} == set(standing.CATEGORIES)
    for kind in ClaimKind:
        assert labels.category(kind, ENGLISH) != labels.category(kind, CHINESE)


#: Those of an event, which is refused at the door.
OF_EVENTS = {"BadSignature", "Stale"}


def errors_of_gateways() -> set[str]:
    found, left = set(), [GatewayError]
    while left:
        below = left.pop().__subclasses__()
        found |= {one.__name__ for one in below if one.__module__.startswith("app.")}
        left += below
    return found


def codes_of_gateways() -> set[str]:
    """What our own adapters, their pretend far sides and the outbox call what went wrong."""
    raised = errors_of_gateways() - OF_EVENTS | {"RemoteError"}
    found = {
        models.KEY_CONFLICT,
        models.KEY_FORGOTTEN,
        CAME_BACK,
        models.PAID_OTHERWISE,
        models.AMOUNT_DIFFERS,
        models.DEALT_WITH,
        models.KEY_FORGOTTEN,
        FUNDING_REFUSED,
        STICKY,
    }
    for file in of_app():
        if name(file).startswith(("app/payments/", "app/jobs/send_payments")):
            for call, written in calls(file):
                given = [
                    *(call.args if written in raised else ()),
                    *(one.value for one in call.keywords if one.arg == "code"),
                ]
                parts = [
                    part for one in given for part in ((one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,))
                ]
                found |= {one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        found |= {
            call.args[2].value
            for call, written in calls(file)
            if written == "call_a_person" and isinstance(call.args[2], ast.Constant)
        }
    return found


def test_every_error_and_code_of_a_gateway_has_words() -> None:
    assert set(labels.GATEWAY_ERRORS) == errors_of_gateways()
    codes = codes_of_gateways()
    assert {"account_closed", "returned", "card_declined", "refund_window_over", "key_forgotten"} <= codes
    assert codes - set(labels.GATEWAY_CODES) == set()
    told = re.search(r"failure_reason: .*?Possible values are:(.*?)\n", getsource(stripe.Refund), re.DOTALL)
    assert told is not None
    of_refunds = re.findall(r"`([a-z_]+)`", told[1])
    assert len(of_refunds) > 5 and set(of_refunds) <= set(labels.GATEWAY_CODES), "what Stripe says of refunds"


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda one: one.code)
def test_a_code_of_a_gateway_that_nobody_knows_is_a_sentence_all_the_same(language: Language) -> None:
    told = gateway_words.gateway_code("never_heard_of", language)
    assert "never_heard_of" in told and len(told) > len("never_heard_of") + 10
    assert bool(re.search(r"[\u4e00-\u9fff]", told)) == (language is CHINESE)
    assert gateway_words.gateway_failure("Unknown timeout", language) == gateway_words.gateway_code("timeout", language)
    assert gateway_words.gateway_failure("Misconfigured ", language) == said(
        language, labels.GATEWAY_ERRORS["Misconfigured"]
    )


def test_every_class_of_account_has_words() -> None:
    assert {kind.class_ for kind in CHART.values()} <= set(labels.ACCOUNT_CLASSES)


def test_every_movement_of_money_has_words() -> None:
    assert {draft.kind for _, draft, _ in POSTINGS} == set(labels.ENTRY_KINDS)


def test_every_task_of_the_checklist_has_words(world: World) -> None:
    offering, _ = world.draft()
    with world.looking() as view:
        tasks = checklist(
            offering, issuers.issuer(view.session, offering.issuer_id), 0, registry.BUILT[offering.regime], view.now
        )
    assert [task.code for task in tasks] == list(labels.TASKS)
    assert {task.section for task in tasks} == set(labels.SECTIONS)


def test_every_reason_for_a_case_has_words() -> None:
    given = {
        keyword.value.value
        for file in of_app()
        for call, written in calls(file)
        if written.endswith("refer")
        for keyword in call.keywords
        if keyword.arg == "why" and isinstance(keyword.value, ast.Constant)
    }
    assert given == set(labels.CASE_WHY)


def test_every_figure_that_a_regime_asks_for_has_words() -> None:
    asked = {figure for regime in registry.BUILT.values() for figure in regime.figures} - {"income_3y"}
    assert asked == set(labels.FIGURES)


TABLES = {
    table: words
    for table, words in vars(labels).items()
    if table.isupper() and isinstance(words, Mapping) and table not in ("STATUSES", "TONES")
}


@pytest.mark.parametrize("table", TABLES)
def test_all_words_are_told_in_both_languages(table: str) -> None:
    for code, words in TABLES[table].items():
        assert said(CHINESE, words) != words or code in ("law_says_no", "stripe"), (table, code)


def test_all_statuses_and_promises_are_told_in_both_languages() -> None:
    words = [one for statuses in labels.STATUSES.values() for one in statuses.values()] + list(invariants.INVARIANTS)
    assert [one for one in words if said(CHINESE, one) == one] == []


# Rules and messages


@pytest.mark.parametrize("pack", registry.PACKS, ids=lambda one: one.id)
def test_every_rule_and_statement_is_told_in_both_languages(pack: Pack) -> None:
    told = [*pack.rules.values(), *pack.statements]
    assert told
    for one in told:
        assert len(one.en) > 20
        assert not re.search(r"[\u4e00-\u9fff]", one.en)
        assert len(re.findall(r"[\u4e00-\u9fff]", one.zh)) > 5
    for rule in pack.rules.values():
        assert rule.cite
        assert labels.rule(rule.id, ENGLISH) == rule.en
        assert labels.rule(rule.id, CHINESE) == rule.zh
        assert labels.citation(rule.id) == rule.cite


def test_every_rule_that_a_verdict_can_name_is_in_its_pack() -> None:
    known = {rule for pack in registry.PACKS for rule in pack.rules}
    named = {
        match
        for file in of_app()
        if name(file).startswith("app/regimes/")
        for match in re.findall(r'"((?:US-CF|CN|EU|UK|PLATFORM)-[A-Z0-9a-z-]+)"', file.read_text())
    }
    assert named - set(registry.BUILT) <= known


def test_every_message_has_a_template_and_every_template_a_message() -> None:
    assert {template.stem for template in TEMPLATES.glob("*.txt")} - {"layout", "receipt"} == {
        message.value for message in Message
    }


def test_every_sentence_of_a_message_is_marked_for_translation() -> None:
    for template in TEMPLATES.glob("*.txt"):
        bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", template.read_text(), flags=re.DOTALL)
        bare = re.sub(r"/[a-z/-]+|OpenRaise", "", bare)
        assert not re.search(r"[^\W\d_]{2}", bare.replace("众启", "")), template.name
