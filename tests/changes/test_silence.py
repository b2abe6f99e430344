"""A material change asks every investor; silence ends in a refund, a word goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.errors import Refused
from tests.changes.story import Story

MICROSECOND = timedelta(microseconds=1)


def test_who_says_nothing_is_refunded_and_who_confirms_becomes_a_shareholder(story: Story) -> None:
    world = story.world
    staying, silent = world.held(story.offering, 300), world.held(story.offering, 100)
    change = story.publish()
    story.confirm(staying, change)
    confirm_by = story.answer(silent, change).confirm_by
    assert confirm_by is not None
    story.at(confirm_by + MICROSECOND)
    story.jobs()
    assert (world.pledge(staying.id).status, world.pledge(silent.id).status) == ("held", "refunded")
    assert world.pledge(silent.id).stop_reason == "not_reconfirmed"
    assert (story.answer(staying, change).status, story.answer(silent, change).status) == ("confirmed", "silent")
    assert world.pledge(staying.id).offering_version == change.version
    world.settled(story.now())
    assert world.pledge(staying.id).status == "settled"
    assert world.broken_promises() == []


def test_at_the_last_instant_a_word_counts_and_silence_does_not_yet(story: Story) -> None:
    pledge = story.world.held(story.offering)
    change = story.publish()
    confirm_by = story.answer(pledge, change).confirm_by
    assert confirm_by is not None
    story.at(confirm_by)
    story.jobs()
    assert story.answer(pledge, change).status == "awaited"
    story.confirm(pledge, change)
    assert story.answer(pledge, change).status == "confirmed"


def test_one_microsecond_later_it_is_too_late(story: Story) -> None:
    pledge = story.world.held(story.offering)
    change = story.publish()
    confirm_by = story.answer(pledge, change).confirm_by
    assert confirm_by is not None
    story.at(confirm_by + MICROSECOND)
    before = story.world.contents()
    with pytest.raises(Refused, match="too_late_to_confirm"):
        story.confirm(pledge, change)
    assert story.world.contents() == before
