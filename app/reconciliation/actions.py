"""Keep what differs, do at once what is safe, let go what is whole again; keep a day's comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert

from app.approvals import actions as approvals
from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import Refused
from app.ledger import actions as ledger
from app.ledger import cash_accounts, entries
from app.ledger.draft import Evidence
from app.money import Money
from app.payments.port import CASH_ACCOUNTS, Balance
from app.reconciliation import day as days
from app.reconciliation import queries
from app.reconciliation.classes import RULES, Action, Kind
from app.reconciliation.finders import FINDERS, RESOLVED_BY, Found, parameters
from app.reconciliation.lifecycle import OPEN
from app.reconciliation.models import Break, ComparedDay, GatewayBalance
from app.regimes import platform_policy
from app.switches import actions as switches
from app.switches import queries as switch_queries
from app.switches.models import Direction, Switch

#: Of one kind, so many are looked at in one run: the next run goes on.
MOST_AT_ONCE = 4_096
#: A payment that came twice is set apart before anybody asks whose the second line is.
ORDER = (Kind.TWICE, *(kind for kind in Kind if kind is not Kind.TWICE))

#: What is new, what is gone, and what has another amount by now. What a person explained stays so while it is the same.
_CHANGED = """
WITH found AS MATERIALIZED ({finder}), kept AS MATERIALIZED (
    SELECT * FROM breaks WHERE kind = :kind AND status = 'open' AND key NOT LIKE 'event:%')
SELECT found.key, found.gateway, found.offering_id, found.pledge_id, found.instruction_id, found.amount_minor,
    found.currency, found.since, kept.id AS break_id
FROM found FULL JOIN kept ON kept.key = found.key
WHERE found.key IS NULL OR kept.amount_minor <> found.amount_minor OR (kept.id IS NULL AND NOT EXISTS (
    SELECT 1 FROM breaks e WHERE e.kind = :kind AND e.key = found.key AND e.status = 'explained'
        AND e.amount_minor = found.amount_minor))
ORDER BY kept.id LIMIT :most"""

#: A payment that is not booked, and whose it can only be: by the account that it is in, or by what it was asked for.
_APART = f"""
SELECT t.amount_minor, t.fee_minor, t.currency, o.id AS offering_id, i.investor_id,
    CASE WHEN t.gateway <> o.gateway OR (o.id IS NULL AND (t.account = '' OR i.to_gateway IS NOT NULL)) THEN t.gateway ELSE ''
        END AS collector
FROM gateway_transactions t LEFT JOIN instructions i ON i.id = :instruction
LEFT JOIN offerings o ON t.account = 'offering-' || o.id OR (t.account = '' AND o.id = i.offering_id)
WHERE t.gateway = :gateway AND t.transaction_id = :transaction AND t.kind = 'payment' AND t.net_minor > 0
    AND (o.currency = t.currency OR (i.investor_id IS NOT NULL AND t.account IN ('', '{CASH_ACCOUNTS}')))
    AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.evidence = :key)"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one run of `reconcile` did."""

    opened: int
    cleared: int


def reconcile(tx: Transaction, environment: str) -> Changes:
    """Find every difference between books and gateways; keep new ones, clear those that are gone.

    At once: a pledge or a gateway's payouts are switched off, money that is nobody's is booked apart.
    Locks: accounts. Writes: breaks, switches, entries, audit.
    """
    _take_turns(tx)
    frozen = switch_queries.freeze(tx.session) is not None
    asked = {**parameters(tx.now, environment, frozen=frozen), "most": MOST_AT_ONCE}
    opened = cleared = 0
    for kind in ORDER:
        for row in tx.session.execute(text(_CHANGED.format(finder=FINDERS[kind])), {**asked, "kind": kind}).all():
            if row.break_id is None:
                _open(tx, kind, row)
                opened += 1
            elif row.key is None:
                _clear(tx, tx.session.get_one(Break, row.break_id))
                cleared += 1
            else:
                _change(tx, tx.session.get_one(Break, row.break_id), row)
        tx.session.flush()  # what was set apart is no line without an entry any more
    return Changes(opened, cleared)


def _take_turns(tx: Transaction) -> None:
    """One at a time; and with more time for a statement than a page has, for it reads whole books and holds nobody up."""
    tx.one_at_a_time("reconciliation")
    tx.session.execute(text("SET LOCAL statement_timeout = '10min'"))


def _open(tx: Transaction, kind: Kind, row: Row[Any] | Found) -> None:
    rule = RULES[kind]
    found = Break(
        ref=new_reference("B"), kind=kind, key=row.key, gateway=row.gateway, offering_id=row.offering_id,
        pledge_id=row.pledge_id, instruction_id=row.instruction_id, amount_minor=row.amount_minor, currency=row.currency,
        day=platform_policy.PACK.day_of(row.since), first_seen_at=tx.now, owner=rule.owner, action=rule.action, status=OPEN,
    )  # fmt: skip
    found.action = _act(tx, found)
    tx.session.add(found)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, found, "find", kind=kind.value, key=found.key, minor=found.amount_minor, action=found.action)


def _act(tx: Transaction, found: Break) -> Action:
    """Do at once what is safe; return what was done: a person is called where it was not."""
    match RULES[Kind(found.kind)].action:
        case Action.FREEZE_PLEDGE if found.pledge_id is not None:
            switches.set_off(tx, f"{found.kind} {found.key}", pledge_id=found.pledge_id)
        case Action.FREEZE_PAYOUTS:
            switches.set_off(tx, f"{found.kind} {found.key}", gateway=found.gateway, direction=Direction.OUT)
        case Action.SET_APART | Action.GIVE_BACK if _set_apart(tx, found):
            pass
        case Action.FREEZE_PLEDGE | Action.SET_APART | Action.GIVE_BACK:
            return Action.CALL
    return RULES[Kind(found.kind)].action


def _set_apart(tx: Transaction, found: Break) -> bool:
    """Book money that came for nobody we know apart: as an offering's, or as an investor's who tops up; False: it is no such.

    With a collector, whose one balance tells nothing, an offering is known by the instruction that the money came twice for.
    """
    asked = {"key": found.key, "gateway": found.gateway, "transaction": found.key.removeprefix(f"{found.gateway}:")}
    line = tx.session.execute(text(_APART), {**asked, "instruction": found.instruction_id}).one_or_none()
    if line is None:
        return False
    amount, fee = Money(line.amount_minor, line.currency), Money(line.fee_minor, line.currency)
    proof = Evidence(found.key, found.instruction_id)
    if line.offering_id is not None:
        return ledger.post(tx, entries.unidentified_funds_received(
            line.offering_id, amount, proof, collector=line.collector, gateway_fee=fee
        ))  # fmt: skip
    return ledger.post(tx, cash_accounts.stray_cash_received(
        line.investor_id, amount, proof, gateway=found.gateway, collector=line.collector, gateway_fee=fee
    ))  # fmt: skip


def _clear(tx: Transaction, kept: Break) -> None:
    of = {"pledge": kept.pledge_id or 0, "offering": kept.offering_id or 0, "instruction": kept.instruction_id}
    asked = {"key": kept.key, "seen": kept.first_seen_at, **of}
    kept.entry_id = tx.session.execute(text(RESOLVED_BY), asked).scalar_one()
    kept.ended_at = tx.now
    audit.transition(tx, kept, "clear", entry=kept.entry_id)


def _change(tx: Transaction, kept: Break, row: Row[Any]) -> None:
    audit.record(tx, "amount_changed", Break.__tablename__, kept.id, before=kept.amount_minor, minor=row.amount_minor)
    kept.amount_minor = row.amount_minor


def explain(tx: Transaction, ref: str, note: str) -> Break:
    """A person says why a difference is none, or how it was made good elsewhere.

    Raises NotFound, Refused: "note_too_short", "event_to_handle" (it is handled itself), "illegal_move".
    Locks: break. Writes: break, audit.
    """
    if len(note.strip()) < approvals.SHORTEST_NOTE:
        raise Refused("note_too_short", field="note", shortest=approvals.SHORTEST_NOTE)
    kept = _lock(tx, ref)
    if kept.kind == Kind.EVENT:
        raise Refused("event_to_handle", field="note")
    audit.transition(tx, kept, "explain")
    kept.ended_at, kept.explained_by, kept.note = tx.now, tx.actor.user_id, note.strip()
    return kept


def _lock(tx: Transaction, ref: str) -> Break:
    found = queries.by_ref(tx.session, ref)
    return tx.session.scalars(
        select(Break).where(Break.id == found.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def refuse_event(tx: Transaction, gateway: str) -> None:
    """Keep that a gateway sends us signed events of another environment (R16): once a day. Writes: break, audit."""
    tx.one_at_a_time("reconciliation")
    key = f"event:{gateway}:{platform_policy.PACK.day_of(tx.now)}"
    known = select(Break.id).where(Break.kind == Kind.OTHER_ENVIRONMENT, Break.key == key)
    if tx.session.scalars(known).first() is None:
        _open(tx, Kind.OTHER_ENVIRONMENT, Found(key, gateway, None, None, None, 0, None, tx.now))


def keep_balances(tx: Transaction, gateway: str, balances: Sequence[Balance]) -> None:
    """Keep what a gateway says that it holds: its last word of the day. Writes: gateway balances."""
    for one in balances:
        said = {"amount_minor": one.amount.minor, "read_at": tx.now}
        whose = {"gateway": gateway, "account": one.account, "currency": one.amount.currency}
        tx.session.execute(
            insert(GatewayBalance)
            .values(**whose, day=platform_policy.PACK.day_of(tx.now), **said)
            .on_conflict_do_update(index_elements=["gateway", "account", "currency", "day"], set_=said)
        )


def compare_day(tx: Transaction, day: date) -> int:
    """Compare every account of a day and keep what came of it; the last time counts. Returns how many are not whole.

    Writes: compared days.
    """
    _take_turns(tx)
    made = [
        {
            "day": day, "gateway": gateway, "currency": currency, "account": account,
            "opening_minor": one.books.opening, "movements": one.books.movements, "closing_minor": one.books.closing,
            "line_opening_minor": one.lines.opening, "line_movements": one.lines.movements,
            "line_closing_minor": one.lines.closing, "waiting_minor": one.waiting,
            "balance_minor": one.balance and one.balance[0], "balance_at": one.balance and one.balance[1],
            "compared_at": tx.now,
        }
        for (gateway, currency, account), one in days.compare(tx.session, day).items()
    ]  # fmt: skip
    if made:
        new = insert(ComparedDay).values(made)
        keys = ("day", "gateway", "currency", "account")
        tx.session.execute(
            new.on_conflict_do_update(
                index_elements=list(keys), set_={name: new.excluded[name] for name in made[0] if name not in keys}
            )
        )
    return sum(not one.is_whole for one in queries.compared(tx.session, day))


def thaw(tx: Transaction, environment: str, gateways: Sequence[str], why: str) -> Switch:
    """End a freeze, when every gateway was read since and nothing that it did is missing in the books.

    Raises Refused: "not_frozen", "gateways_not_read", "not_clean" (with how many lines), "reason_too_short".
    Locks: switch. Writes: switch, audit. Wakes: send_payments.
    """
    frozen = switch_queries.freeze(tx.session)
    if frozen is None:
        raise Refused("not_frozen")
    frozen = switches.lock(tx, frozen.ref)
    readings = queries.readings(tx.session)
    read = {name for name, one in readings.items() if one.read_until is not None and one.read_until >= frozen.set_at}
    if set(gateways) - read:
        raise Refused("gateways_not_read", gateway=min(set(gateways) - read))
    missing = len(queries.find(tx, Kind.NOT_BOOKED, environment)) + len(
        queries.lost_operations(tx.session, environment)
    )
    if missing:
        raise Refused("not_clean", lines=missing)
    return switches.thaw(tx, frozen, why)
