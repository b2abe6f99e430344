"""The declared rule at work in a closing: what each line says, and what goes back. What an issuer chose: `choosing.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app.closings import queries
from app.closings.allotments import Wish, allotments
from app.closings.models import Closing
from app.database import Transaction
from app.issuers import queries as issuers
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings.models import SCALED, Offering, OversubscriptionRule
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.pledges import scaling
from app.pledges.models import StopReason
from app.pledges.queries import Held
from app.regimes import platform_policy


def waits_for_choice(tx: Transaction, offering: Offering, closing: Closing, held: Sequence[Held]) -> bool:
    """Whether the issuer declared to choose, has to, has not, and still may: then its people are asked, once.

    Writes: messages.
    """
    waits = (
        offering.oversubscription_rule == OversubscriptionRule.ISSUERS_CHOICE
        and sum(pledge.shares for pledge in held) > queries.room(tx.session, offering, closing)
        and not queries.chosen(tx.session, closing.id)
        and tx.now < platform_policy.choose_until(closing.gather_until)
    )
    if waits:
        for user_id in issuers.members(tx.session, offering.issuer_id):
            notifications.enqueue(
                tx, user_id, Message.ALLOTMENT_TO_CHOOSE, about=closing.ref, offering=offering.name, ref=offering.ref,
                until=platform_policy.choose_until(closing.gather_until).isoformat(), zone=offering.deadline_zone,
            )  # fmt: skip
    return waits


def shares_of(session: Session, offering: Offering, closing: Closing, held: Sequence[Held]) -> dict[int, int]:
    """pledge -> the shares that this closing gives it, by the declared rule; nothing for who gets none.

    A choice that does not reach the target any more, for somebody has left since, counts as none.
    """
    assert offering.oversubscription_rule is not None and offering.target_minor is not None  # it is public
    room, chosen = queries.room(session, offering, closing), queries.chosen(session, closing.id)
    reached = sum(amount_of(offering, one, chosen[one.id]).minor for one in held if chosen.get(one.id))
    found = allotments(
        offering.oversubscription_rule,
        [Wish(pledge.id, pledge.shares) for pledge in held],
        room,
        smallest=offering.fewest_shares(room),
        chosen=chosen if reached >= offering.target_minor else None,
    )
    return {pledge_id: shares for pledge_id, shares in found.items() if shares}


def amount_of(offering: Offering, pledge: Held, shares: int) -> Money:
    """What so many shares of a pledge cost: all of it, or what the price says to fewer."""
    assert offering.price is not None  # a public offering has complete terms
    return Money(pledge.amount_minor, offering.currency) if shares == pledge.shares else offering.price.times(shares)


def scaled(session: Session, offering: Offering, closing: Closing, held: Sequence[Held]) -> list[Held]:
    """The held pledges as this closing fills them: with fewer shares where they are scaled back, without who gets none."""
    shares = shares_of(session, offering, closing, held)
    found = []
    for one in held:
        amount = amount_of(offering, one, shares.get(one.id, 0))
        if shares.get(one.id) == one.shares:
            found.append(one)
        elif one.id in shares:
            fee = offering.fees.investor_fee(amount)
            found.append(replace(one, shares=shares[one.id], amount_minor=amount.minor, fee_minor=fee.minor))
    return found


def lines_still_hold(tx: Transaction, offering: Offering, closing: Closing) -> bool:
    """Whether the lines would be written alike now: the same pledges, the same shares, the same names."""
    shown = {line.pledge_id: (line.holder_name, line.shares) for line in queries.lines(tx.session, closing.id)}
    names = queries.holder_names(tx.session, offering.id)
    shares = shares_of(
        tx.session, offering, closing, pledge_queries.held(tx.session, offering.id, rolling=closing.is_rolling)
    )
    return shown == {pledge_id: (names[pledge_id], number) for pledge_id, number in shares.items()}


def give_back_the_rest(tx: Transaction, offering: Offering, closing: Closing) -> None:
    """Before the lines of a locked closing are allotted: what they do not fill goes back, wholly or in part.

    Locks: pledges, accounts, progress. Writes: see `pledges.actions.stop` and `pledges.scaling.scale_back`.
    """
    if offering.oversubscription_rule not in SCALED:
        return
    allotted = {line.pledge_id: line.shares for line in queries.lines(tx.session, closing.id)}
    for known in pledge_queries.held(tx.session, offering.id, rolling=closing.is_rolling):
        shares = allotted.get(known.id, 0)
        if shares == known.shares:
            continue
        pledge = pledges.lock(tx, known.id)
        if shares:
            scaling.scale_back(tx, pledge, offering, shares)
        else:
            pledges.stop(tx, pledge, StopReason.NOT_ALLOTTED)
