"""Who gets how many shares, for any pledges and any room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.closings.allotments import Wish, allotments
from app.offerings.models import SCALED, OversubscriptionRule

RULES = [rule.value for rule in OversubscriptionRule]
SIZES = st.lists(st.integers(1, 500), max_size=40)


def wishes(sizes: list[int]) -> list[Wish]:
    return [Wish(number, size) for number, size in enumerate(sizes, start=1)]


@given(rule=st.sampled_from(RULES), sizes=SIZES, room=st.integers(0, 2_000), smallest=st.integers(1, 40))
def test_all_of_the_room_is_filled_and_nobody_gets_more_than_they_wish(
    rule: str, sizes: list[int], room: int, smallest: int
) -> None:
    asked = wishes(sizes)
    found = allotments(rule, asked, room, smallest=smallest)
    assert sum(found.values()) == min(room, sum(sizes))
    assert all(0 <= found[one.id] <= one.shares for one in asked)
    assert found == allotments(rule, list(reversed(asked)), room, smallest=smallest)  # in whatever order they are given


@given(rule=st.sampled_from(SCALED), sizes=SIZES, room=st.integers(0, 2_000), smallest=st.integers(1, 40))
def test_who_wishes_for_more_never_gets_less_and_equal_wishes_differ_by_a_share(
    rule: str, sizes: list[int], room: int, smallest: int
) -> None:
    asked = wishes(sizes)
    found = allotments(rule, asked, room, smallest=smallest)
    for one in asked:
        for other in asked:
            if one.shares > other.shares:
                assert found[one.id] >= found[other.id]
            if one.shares == other.shares and one.id < other.id:
                assert 0 <= found[one.id] - found[other.id] <= 1


@given(sizes=SIZES, room=st.integers(0, 2_000), smallest=st.integers(1, 40))
def test_nobody_falls_below_the_smallest_pledge_where_that_fits_for_all(
    sizes: list[int], room: int, smallest: int
) -> None:
    found = allotments("pro_rata", wishes(sizes), room, smallest=smallest)
    if sum(min(size, smallest) for size in sizes) <= room:
        assert all(found[one.id] >= min(one.shares, smallest) for one in wishes(sizes))


@given(sizes=SIZES, room=st.integers(0, 2_000))
def test_without_a_smallest_everybody_is_within_a_share_of_the_same_part(sizes: list[int], room: int) -> None:
    found, demand = allotments("pro_rata", wishes(sizes), room), sum(sizes)
    for one in wishes(sizes):
        assert abs(found[one.id] * demand - one.shares * min(room, demand)) < demand


@given(sizes=SIZES, room=st.integers(0, 2_000), more=st.integers(0, 200))
def test_first_come_takes_nothing_away_when_there_is_more_room(sizes: list[int], room: int, more: int) -> None:
    less, later = (allotments("first_come", wishes(sizes), size) for size in (room, room + more))
    assert all(less[one] <= later[one] for one in less)


@pytest.mark.parametrize(
    ("rule", "room", "smallest", "expected"),
    [
        ("first_come", 50, 1, {1: 30, 2: 20, 3: 0}),
        ("pro_rata", 50, 1, {1: 17, 2: 17, 3: 16}),  # 16⅔ each: the remainders are alike, so the lower ids
        ("pro_rata", 90, 1, {1: 30, 2: 30, 3: 30}),
        ("pro_rata", 50, 20, {1: 17, 2: 17, 3: 16}),  # sixty would be needed: the plain same part
        ("issuers_choice", 50, 1, {1: 17, 2: 17, 3: 16}),  # while nothing was chosen
    ],
)
def test_the_rules_by_hand(rule: str, room: int, smallest: int, expected: dict[int, int]) -> None:
    assert allotments(rule, wishes([30, 30, 30]), room, smallest=smallest) == expected


def test_the_smallest_comes_first_and_the_rest_is_shared() -> None:
    assert allotments("pro_rata", wishes([10, 40, 150]), 100, smallest=10) == {1: 10, 2: 22, 3: 68}


def test_a_choice_is_taken_as_it_is() -> None:
    assert allotments("issuers_choice", wishes([30, 30, 30]), 50, chosen={3: 30, 1: 5}) == {1: 5, 2: 0, 3: 30}


def test_a_choice_changes_nothing_where_everybody_fits() -> None:
    assert allotments("issuers_choice", wishes([30, 30]), 60, chosen={1: 5}) == {1: 30, 2: 30}
