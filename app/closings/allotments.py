"""Who gets how many shares when more was pledged than is sold: a pure function of the declared rule.

Source: 17 CFR 227.201(h) and Form C: whether oversubscriptions are accepted, and how they are allocated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.offerings.models import OversubscriptionRule


@dataclass(frozen=True, slots=True)
class Wish:
    """A pledge as the rule sees it: its id, which is the order of placing, and its shares."""

    id: int
    shares: int


def allotments(
    rule: str, wishes: Sequence[Wish], room: int, *, smallest: int = 0, chosen: Mapping[int, int] | None = None
) -> dict[int, int]:
    """id -> shares, whole and never more than wished; together never more than `room`, and all of it where demand fills it.

    Where everybody fits, everybody gets all. `first_come`: in the order of the ids. `pro_rata`: the same part, rounded by
    the largest remainder, ties to the lower id; nobody below `smallest` whose wish was not, as long as that fits for all
    (each first gets that, the rest is shared by what is still wished for); where it does not fit, everybody gets the plain
    same part. `issuers_choice`: what was `chosen`, nothing where nothing was; while none was made, as pro rata.
    Who wishes for more never gets less. More room may cost somebody a share, as always with the largest remainder.
    """
    if sum(one.shares for one in wishes) <= room:
        return {one.id: one.shares for one in wishes}
    if rule == OversubscriptionRule.ISSUERS_CHOICE and chosen is not None:
        return {one.id: chosen.get(one.id, 0) for one in wishes}
    if rule not in (OversubscriptionRule.PRO_RATA, OversubscriptionRule.ISSUERS_CHOICE):
        return _first_come(wishes, room)
    first = {one.id: min(one.shares, smallest) for one in wishes}
    if sum(first.values()) > room:
        first = dict.fromkeys(first, 0)
    rest = [Wish(one.id, one.shares - first[one.id]) for one in wishes]
    more = _same_part(rest, room - sum(first.values()))
    return {one.id: first[one.id] + more[one.id] for one in wishes}


def _first_come(wishes: Sequence[Wish], room: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in sorted(wishes, key=lambda one: one.id):
        found[one.id] = min(one.shares, room)
        room -= found[one.id]
    return found


def _same_part(wishes: Sequence[Wish], room: int) -> dict[int, int]:
    """Each gets room/demand of what it wishes for, rounded down; what is left goes to the largest remainders, one each."""
    demand = sum(one.shares for one in wishes)
    if demand == 0:
        return {one.id: 0 for one in wishes}
    found = {one.id: one.shares * room // demand for one in wishes}
    left = room - sum(found.values())
    by_remainder = sorted(wishes, key=lambda one: (-(one.shares * room % demand), one.id))
    for one in by_remainder[:left]:
        found[one.id] += 1
    return found
