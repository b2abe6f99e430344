"""An officer classes a change that they have read, and nobody decides about their own."""

from __future__ import annotations

import pytest

from app.changes import actions as changes
from app.changes import proposals
from app.compliance.models import CaseOutcome
from app.errors import Refused
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from tests.changes.story import NOTE, Story
from tests.changes.test_proposals import refused


def test_a_change_edited_after_it_was_looked_at_must_be_looked_at_again(story: Story) -> None:
    story.tell(story="Other words.")
    ref, officer = story.propose(), story.world.officer()
    seen = story.seen(ref)
    with story.world.acting(officer) as tx:
        changes.take_case(tx, ref)
    story.tell(risks=["We may fail.", "You may wait.", "Others may be better, much better."])
    refused(story, "change_edited", lambda: story.decide(ref, seen=seen, officer=officer))
    change = story.decide(ref, officer=officer)
    assert change.seen_sha256 not in (None, seen)


def test_what_stood_there_before_is_part_of_what_was_seen(story: Story) -> None:
    """The deadline moved while the officer read: what the change does is another thing by now."""
    story.tell(story="Other words.")
    with story.world.acting(story.issuer) as tx:
        local = story.offering.deadline_at.replace(tzinfo=None, hour=15, month=6)  # type: ignore[union-attr]
        proposals.save_deadline(tx, story.offering.id, story.revision(), local, "America/New_York", story.law)
    ref = story.propose()
    seen = story.seen(ref)
    story.world.force("UPDATE offerings SET deadline_at = deadline_at + interval '1 day'")
    with pytest.raises(Refused, match="change_edited"):
        story.decide(ref, seen=seen)


def test_a_change_of_what_investors_decide_by_is_always_material(story: Story) -> None:
    story.terms(target="600")
    ref, officer = story.propose(), story.world.officer()
    with story.world.acting(officer) as tx:
        changes.take_case(tx, ref)
    said = refused(story, "always_material", lambda: story.decide(ref, material=False, officer=officer))
    assert said.facts["fields"] == ["target"]
    refused(story, "class_missing", lambda: story.decide(ref, material=None, officer=officer))
    assert story.decide(ref, officer=officer).material is True


def test_a_change_that_is_not_material_tells_and_asks_nothing(story: Story) -> None:
    pledge = story.world.held(story.offering)
    change = story.publish(material=False)
    assert story.now().disclosure["story"] == "We make it, and now we sell it."
    assert story.now().version == change.version == story.offering.version + 1
    assert story.world.sql("SELECT count(*) FROM change_answers") == [(0,)]
    assert story.world.pledge(pledge.id).cancel_until == pledge.cancel_until
    ((redline,),) = story.world.sql("SELECT facts->'redline' FROM messages WHERE kind = 'change_published'")
    assert redline == [
        {"field": "story", "kind": "text", "rows": [
            {"label": "", "pieces": [["same", "We make it"], ["added", ", and now we sell it"], ["same", "."]]}]}
    ]  # fmt: skip
    assert story.world.broken_promises() == []


def test_a_later_immaterial_change_leaves_an_earlier_question_open(story: Story) -> None:
    pledge = story.world.held(story.offering)
    asked = story.publish()
    story.publish(material=False, tagline="A thing that people need, said better.")
    assert story.answer(pledge, asked).status == "awaited"
    story.confirm(pledge, asked)
    assert story.world.broken_promises() == []


@pytest.mark.parametrize(
    ("outcome", "status"), [(CaseOutcome.REFUSE, "refused"), (CaseOutcome.REQUEST_CHANGES, "drafting")]
)
def test_a_no_has_its_reasons_and_changes_nothing(story: Story, outcome: CaseOutcome, status: str) -> None:
    story.world.held(story.offering)
    story.tell(story="Other words.")
    ref = story.propose()
    change = story.decide(ref, outcome=outcome, reasons=["unclear_terms"], note=NOTE)
    assert (change.status, change.material, story.now().version) == (status, None, story.offering.version)
    ((told,),) = story.world.sql("SELECT facts FROM messages WHERE kind = 'change_decided'")
    assert (told["outcome"], told["note"]) == (outcome.value, NOTE)
    if status == "drafting":
        story.propose()
        assert len(story.world.queue()) == 1


def test_nobody_of_the_company_decides_who_joined_it_whenever(story: Story) -> None:
    story.tell(story="Other words.")
    ref, officer = story.propose(), story.world.officer()
    with story.world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, story.offering.issuer_id), officer.user_id or 0)
    refused(story, "own_case", lambda: story.decide(ref, officer=officer))


def test_the_class_the_redline_and_what_was_seen_are_kept(story: Story) -> None:
    story.tell(story="Other words.")
    ref = story.propose()
    seen = story.seen(ref)
    change = story.decide(ref)
    assert (change.old, change.new) == ({"story": "We make it."}, {"story": "Other words."})
    assert (change.seen_sha256, change.material) == (seen, True)
    assert change.text_sha256 is not None and len(change.text_sha256) == 64
    trail = story.world.sql("SELECT event FROM audit_events WHERE subject_type = 'changes' ORDER BY id")
    assert [event for (event,) in trail] == ["begin", "edit", "propose", "publish"]
