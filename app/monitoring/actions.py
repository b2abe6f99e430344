"""Look at what happened to pledges, and raise an alert for every pattern."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import select

from app.alerts import actions as alerts
from app.alerts import queries as alert_queries
from app.alerts.models import Finding, SubjectType
from app.database import Transaction
from app.investors import queries as investors
from app.investors.models import Investor
from app.issuers import queries as issuers
from app.monitoring import queries, rules
from app.monitoring.models import MonitoringCursor
from app.monitoring.rules import Seen
from app.offerings import queries as offerings
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.regimes.parameters import WHOLE_BPS, Row

Ask = Callable[[Sequence[Seen], Row], list[Seen] | None]

#: No transaction lives longer, so no event turns up behind one that is older than this.
SETTLED_AFTER = timedelta(minutes=2)
#: What is older belongs to no pattern.
LOOK_BACK = timedelta(days=90)


def watch(tx: Transaction, limit: int) -> int:
    """Ask every rule about the investors and offerings of the next so many events; return how many are over for good.

    The youngest events are looked at again next time: an earlier one may still be on its way into the trail.
    Writes: alerts, cases, cursor, audit.
    """
    news = queries.news(tx.session, limit)
    touched = select(Pledge.investor_id, Pledge.offering_id, Pledge.paid_from)
    rows = list(tx.session.execute(touched.where(Pledge.id.in_({pledge for _, _, pledge in news}))))
    for investor_id in sorted({row.investor_id for row in rows}):
        _look_at_investor(tx, investor_id)
    for mark in sorted({row.paid_from for row in rows if row.paid_from is not None}):
        _look_at_account(tx, mark)
    for offering_id in sorted({row.offering_id for row in rows}):
        _look_at_offering(tx, offering_id)
    is_full = len(news) == limit  # then it must go on, or it would never come to the end
    settled = list(takewhile(lambda event: is_full or event[1] <= tx.now - SETTLED_AFTER, news))
    if settled:
        tx.session.merge(MonitoringCursor(id=1, event_id=settled[-1][0]))
    return len(settled)


def _look_at_investor(tx: Transaction, investor_id: int) -> None:
    investor = investors.investor(tx.session, investor_id)
    seen = queries.of_investor(tx.session, investor, tx.now - LOOK_BACK)
    threshold = None
    if seen:
        threshold = platform_policy.review_threshold(seen[-1].amount.currency, platform_policy.PACK.day_of(tx.now))
    asked: tuple[tuple[str, str, Ask], ...] = (
        (
            "PLATFORM-STRUCTURING",
            "structuring",
            lambda new, law: rules.structuring(new, threshold, law) if threshold else None,
        ),
        ("PLATFORM-VELOCITY", "velocity", rules.velocity),
        ("PLATFORM-CYCLING", "refund_cycling", rules.refund_cycling),
        ("PLATFORM-BURST", "burst", rules.burst),
        ("PLATFORM-ELSEWHERE", "elsewhere", lambda new, law: rules.elsewhere(new, investor.country, law)),
    )
    for rule, table, ask in asked:
        law = _law(tx, table)
        found = ask(_not_looked_at(tx, rule, SubjectType.INVESTOR, investor_id, seen), law) if law else None
        if found and law:
            finding = _finding(rule, SubjectType.INVESTOR, investor_id, found, law, _refs(found))
            alerts.raise_alert(tx, finding, [investor.user_id])
    _look_at_figures(tx, investor, seen)


def _look_at_figures(tx: Transaction, investor: Investor, seen: Sequence[Seen]) -> None:
    """An officer's word on a growth of figures stands, whatever is pledged on it."""
    law = _law(tx, "figures_jump")
    jumps = rules.figures_jump(queries.declared(tx.session, investor.id), seen, law) if law and seen else []
    for jump in jumps:
        assert law is not None  # without it there is no jump
        finding = _finding(
            "PLATFORM-FIGURES", SubjectType.INVESTOR, investor.id, [jump.pledge], law, str(jump.raised_by),
            about=f"figures:{jump.raised_by}", figure=jump.name, before_minor=jump.before.minor,
            after_minor=jump.after.minor,
        )  # fmt: skip
        alerts.raise_alert(tx, finding, [investor.user_id])


def _look_at_account(tx: Transaction, mark: str) -> None:
    """Of the people whom an earlier alert about this account named, none counts again."""
    law = _law(tx, "shared_account")
    seen = queries.of_account(tx.session, mark, tx.now - LOOK_BACK)
    about = f"account:{mark}"
    named = {
        one for known in alert_queries.about(tx.session, "PLATFORM-SHARED", about) for one in known.inputs["people"]
    }
    found = rules.shared_account([one for one in seen if one.investor_id not in named], law) if law else None
    if found and law:
        people = sorted({one.investor_id for one in found})
        finding = _finding(
            "PLATFORM-SHARED", SubjectType.INVESTOR, found[-1].investor_id, found, law, _refs(found), about=about,
            people=people,
        )  # fmt: skip
        involved = [investors.investor(tx.session, one).user_id for one in people]
        alerts.raise_alert(tx, finding, involved)


def _look_at_offering(tx: Transaction, offering_id: int) -> None:
    offering = offerings.offering(tx.session, offering_id)
    opened_at, target = offering.opened_at, offering.target
    assert opened_at is not None and target is not None  # nobody pledges before
    seen = queries.of_offering(tx.session, offering_id)
    involved = issuers.members(tx.session, offering.issuer_id)
    asked: tuple[tuple[str, str, Ask], ...] = (
        ("PLATFORM-FAST", "fast_fill", lambda new, law: rules.fast_fill(new, opened_at, target, law)),
        ("PLATFORM-INSIDERS", "insider_funding", lambda new, law: rules.insider_funding(new, target, law)),
    )
    for rule, table, ask in asked:
        law = _law(tx, table)
        found = ask(seen, law) if law else None
        if found and law:
            # An officer's word stands until the part of the target has grown by as much again.
            times = sum(one.amount.minor for one in found) * WHOLE_BPS // (target.minor * law["share_bps"])
            alerts.raise_alert(tx, _finding(rule, SubjectType.OFFERING, offering_id, found, law, str(times)), involved)


def _law(tx: Transaction, table: str) -> Row | None:
    return platform_policy.PACK.in_force(table, platform_policy.PACK.day_of(tx.now))


def _not_looked_at(tx: Transaction, rule: str, kind: SubjectType, subject_id: int, seen: Sequence[Seen]) -> list[Seen]:
    """Without what an earlier alert of this rule named: what an officer has looked at makes no second pattern."""
    named = {ref for one in alert_queries.earlier(tx.session, rule, kind, subject_id) for ref in one.inputs["pledges"]}
    return [one for one in seen if one.ref not in named]


def _refs(found: Sequence[Seen]) -> str:
    return " ".join(one.ref for one in found)


def _finding(
    rule: str, kind: SubjectType, subject_id: int, found: Sequence[Seen], law: Row, mark: str, *, about: str = "pattern",
    **more: Any,
) -> Finding:  # fmt: skip
    return Finding(
        rule=rule,
        subject_type=kind,
        subject_id=subject_id,
        about=about,
        fingerprint=hashlib.sha256(mark.encode()).hexdigest(),
        holds=law["holds"],
        inputs={
            "pledges": [one.ref for one in found],
            "total_minor": sum(one.amount.minor for one in found),
            "currency": found[0].amount.currency,
            "from": found[0].placed_at.isoformat(),
            "to": found[-1].placed_at.isoformat(),
            "policy": {name: value for name, value in law.values.items() if name != "holds"},
            **more,
        },
    )
