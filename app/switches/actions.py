"""Set a switch, lift it, and refuse what one stops."""

from __future__ import annotations

from sqlalchemy import select

from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import Refused
from app.switches import queries
from app.switches.models import Direction, Switch

#: A reason says something in at least so many characters.
SHORTEST_REASON = 10


def require_on(
    tx: Transaction, direction: Direction, *, offering_id: int, gateway: str | None = None, pledge_id: int | None = None
) -> None:
    """Raises Refused("switched_off") when money may not go this way now; nothing was changed."""
    if queries.stopping(tx.session, direction, offering_id=offering_id, gateway=gateway, pledge_id=pledge_id):
        raise Refused("switched_off")


def set_off(
    tx: Transaction, why: str, *, gateway: str | None = None, direction: Direction | None = None,
    offering_id: int | None = None, pledge_id: int | None = None,
) -> Switch:  # fmt: skip
    """Switch off what matches all of this; nothing named is everything. What is off already stays as it was set.

    Raises Refused("reason_too_short"). Writes: switch, audit.
    """
    _require_reason(why)
    return _set(
        tx, why, frozen=False, gateway=gateway, direction=direction, offering_id=offering_id, pledge_id=pledge_id
    )


def freeze(tx: Transaction, why: str) -> Switch:
    """Send nothing until books and gateways are the same again. Raises Refused("reason_too_short"). Writes: switch, audit."""
    _require_reason(why)
    return _set(tx, why, frozen=True)


def _set(
    tx: Transaction, why: str, *, frozen: bool, gateway: str | None = None, direction: Direction | None = None,
    offering_id: int | None = None, pledge_id: int | None = None,
) -> Switch:  # fmt: skip
    tx.one_at_a_time("switches")
    known = tx.session.scalars(
        select(Switch).where(
            Switch.lifted_at.is_(None), Switch.gateway.is_not_distinct_from(gateway),
            Switch.direction.is_not_distinct_from(direction), Switch.offering_id.is_not_distinct_from(offering_id),
            Switch.pledge_id.is_not_distinct_from(pledge_id), Switch.frozen == frozen,
        )
    ).one_or_none()  # fmt: skip
    if known is not None:
        return known
    switch = Switch(
        ref=new_reference("K"), gateway=gateway, direction=direction, offering_id=offering_id, pledge_id=pledge_id,
        frozen=frozen, why=why.strip(), set_at=tx.now, set_by=tx.actor.name,
    )  # fmt: skip
    tx.session.add(switch)
    tx.session.flush()  # its id is the subject of the trail
    audit.record(
        tx, "switch_off", Switch.__tablename__, switch.id, gateway=gateway, direction=direction, offering=offering_id,
        pledge=pledge_id, frozen=frozen,
    )  # fmt: skip
    return switch


def require_liftable(switch: Switch, why: str) -> None:
    """Raises Refused: "reason_too_short", "switch_lifted", "switch_frozen" (it is thawed instead)."""
    if switch.frozen:
        raise Refused("switch_frozen")
    _require_reason(why)
    if not switch.is_set:
        raise Refused("switch_lifted")


def lift(tx: Transaction, ref: str, why: str) -> Switch:
    """End a switch; what waited goes on. A freeze is thawed instead, by who has compared the books.

    Raises NotFound, Refused: see `require_liftable`. Locks: switch. Writes: switch, audit. Wakes: send_payments.
    """
    switch = lock(tx, ref)
    require_liftable(switch, why)
    return _end(tx, switch, why)


def thaw(tx: Transaction, frozen: Switch, why: str) -> Switch:
    """End a locked freeze, for who has compared the books. Raises Refused("reason_too_short"). Writes, wakes: as `lift`."""
    _require_reason(why)
    return _end(tx, frozen, why)


def _end(tx: Transaction, switch: Switch, why: str) -> Switch:
    switch.lifted_at, switch.lifted_by, switch.lifted_why = tx.now, tx.actor.name, why.strip()
    audit.record(tx, "switch_on", Switch.__tablename__, switch.id)
    tx.wake("send_payments")
    return switch


def lock(tx: Transaction, ref: str) -> Switch:
    """Take one switch, read anew. Raises NotFound. Locks: switch."""
    found = queries.by_ref(tx.session, ref)
    return tx.session.scalars(
        select(Switch).where(Switch.id == found.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _require_reason(why: str) -> None:
    if len(why.strip()) < SHORTEST_REASON:
        raise Refused("reason_too_short", field="why", shortest=SHORTEST_REASON)
