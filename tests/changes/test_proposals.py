"""What an issuer may write into a change, and what is refused by name; nothing of it is public."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.changes import actions as changes
from app.changes import proposals, queries
from app.closings import actions as closings
from app.errors import NotFound, Refused
from app.money import MOST_MINOR, Money
from app.offerings import actions as offerings
from app.offerings.models import OversubscriptionRule
from tests.builders import PDF, World
from tests.changes.story import Story


def refused(story: Story, code: str, act: Any) -> Refused:
    before = story.world.contents()
    with pytest.raises(Refused) as found:
        act()
    assert found.value.code == code
    assert story.world.contents() == before
    return found.value


def save_deadline(story: Story, local: datetime, zone: str = "America/New_York") -> None:
    with story.world.acting(story.issuer) as tx:
        proposals.save_deadline(tx, story.offering.id, story.revision(), local, zone, story.law)


def test_what_is_proposed_is_not_public(story: Story) -> None:
    before = story.world.contents("changes", "audit_events", "audit_unsealed")
    story.tell(name="Another name", story="Other words.")
    story.terms(target="600", maximum="90000")
    assert story.world.contents("changes", "audit_events", "audit_unsealed") == before


def test_what_is_put_back_is_no_change(story: Story) -> None:
    story.tell(story="Other words.", risks=["We may fail."])
    story.tell(story="We make it.")
    with story.world.looking() as view:
        found = queries.open_of(view.session, story.offering.id)
    assert found is not None and set(found.new) == {"risks"}


def test_other_line_breaks_are_no_other_words(story: Story) -> None:
    story.tell(story="We make it.\r\n")
    refused(story, "nothing_changed", story.propose)


@pytest.mark.parametrize(
    ("others", "code", "field"),
    [
        ({"share_price": Decimal("3")}, "fixed_while_open", "share_price"),
        ({"security_type": "debt"}, "fixed_while_open", "security_type"),
        ({"target": "200000"}, "maximum_below_target", "maximum"),
        ({"target": "100", "maximum": "200"}, "maximum_below_taken", "maximum"),
        ({"minimum_pledge": "1"}, "minimum_below_share", "minimum_pledge"),
        ({"oversubscription_rule": OversubscriptionRule.NOT_ACCEPTED}, "maximum_needs_rule", "maximum"),
        ({"oversubscription_rule": None}, "field_missing", "oversubscription_rule"),
    ],
)
def test_terms_that_cannot_be(story: Story, others: dict[str, Any], code: str, field: str) -> None:
    story.world.pledged(story.offering, 100)  # 250 USD
    assert refused(story, code, lambda: story.terms(**others)).field == field


def test_a_maximum_may_be_lowered_to_what_is_promised_and_not_below(story: Story) -> None:
    story.world.pledged(story.offering, 300)  # 750 USD
    said = refused(story, "maximum_below_taken", lambda: story.terms(maximum="749.99"))
    assert said.facts["taken"] == Money(75_000, "USD")
    story.terms(maximum="750")


def test_a_higher_maximum_stays_within_what_the_company_may_raise(story: Story) -> None:
    assert MOST_MINOR > 500_000_001
    story.terms(maximum="5000002.50")
    refused(story, "over_offering_cap", story.propose)
    story.terms(maximum="5000000")
    story.decide(story.propose())
    progress = story.now().progress
    assert progress is not None and (progress.maximum_minor, progress.maximum_shares) == (500_000_000, 2_000_000)
    assert story.world.broken_promises() == []


def test_pledges_that_came_meanwhile_keep_their_place(story: Story) -> None:
    """The maximum is looked at again when it is published."""
    story.terms(maximum="750")
    ref = story.propose()
    story.world.held(story.offering, 400)
    officer, seen = story.world.officer(), story.seen(ref)
    with story.world.acting(officer) as tx:
        changes.take_case(tx, ref)
    refused(story, "maximum_below_taken", lambda: story.decide(ref, seen=seen, officer=officer))


def test_a_change_never_ends_an_offering_sooner(story: Story) -> None:
    deadline = story.offering.deadline_at
    assert deadline is not None
    assert refused(story, "close_early_instead", lambda: save_deadline(story, datetime(2026, 5, 2, 14, 59))).field
    refused(story, "time_skipped", lambda: save_deadline(story, datetime(2027, 3, 14, 2, 30)))
    save_deadline(story, datetime(2026, 5, 2, 15, 0))
    refused(story, "nothing_changed", story.propose)
    save_deadline(story, datetime(2026, 5, 4, 15, 0))
    story.decide(story.propose())
    assert story.now().deadline_at == deadline + timedelta(days=2)
    assert story.world.sql("SELECT reason FROM deadline_moves") == [("change",)]


def test_two_windows_do_not_write_over_each_other(story: Story) -> None:
    story.tell(story="Other words.")
    for version in (0, story.revision() + 1):
        with pytest.raises(Refused, match="edited_elsewhere"), story.world.acting(story.issuer) as tx:
            proposals.save_disclosure(tx, story.offering.id, version, story="Still others.")


def test_an_offering_that_lacks_something_is_not_published(story: Story) -> None:
    story.tell(risks=["Only one."])
    assert refused(story, "tasks_open", story.propose).facts["tasks"] == ["risks"]


@pytest.mark.parametrize("status", ["draft", "ended"])
def test_only_an_open_offering_is_changed(world: World, status: str) -> None:
    if status == "draft":
        offering, _ = world.draft()
    else:
        offering = world.live()
        world.pass_deadline(offering)
    story = Story.of(world, offering)
    refused(story, "not_changeable", lambda: story.tell(story="Other words."))


def test_a_file_becomes_public_with_its_change(story: Story) -> None:
    with story.world.acting(story.issuer) as tx:
        proposals.add_document(
            tx, story.offering.id, 0, title="Statements", filename="b.pdf", content=PDF.replace(b"1.4", b"1.5")
        )
    assert story.world.sql("SELECT version FROM offering_documents") == [(1,)]
    story.decide(story.propose())
    assert story.world.sql("SELECT version, filename FROM offering_documents ORDER BY id") == [
        (1, "a.pdf"),
        (2, "b.pdf"),
    ]
    ((old, new),) = story.world.sql("SELECT old->'documents', new->'documents' FROM changes")
    assert (old["Statements"]["version"], new["Statements"]["version"]) == (1, 2)


@pytest.mark.parametrize("content", [b"", b"<html>", b"x" * (offerings.LARGEST_DOCUMENT_BYTES + 1)])
def test_a_file_that_is_none_of_ours_is_refused(story: Story, content: bytes) -> None:
    before = story.world.contents()
    with pytest.raises(Refused, match="document_"), story.world.acting(story.issuer) as tx:
        proposals.add_document(tx, story.offering.id, 0, title="Statements", filename="b.pdf", content=content)
    assert story.world.contents() == before


def test_a_change_that_is_given_up_leaves_the_queue(story: Story) -> None:
    story.tell(story="Other words.")
    story.propose()
    with story.world.acting(story.issuer) as tx:
        proposals.withdraw(tx, story.offering.id, story.revision())
    assert story.world.queue() == [] and story.now().disclosure["story"] == "We make it."
    with pytest.raises(NotFound), story.world.acting(story.issuer) as tx:
        proposals.withdraw(tx, story.offering.id, 0)
    story.tell(story="Quite other words.")
    assert len(story.world.sql("SELECT 1 FROM changes")) == 2


def test_a_change_ends_with_its_offering(story: Story) -> None:
    story.tell(story="Other words.")
    story.propose()
    with story.world.acting(story.issuer) as tx:
        closings.withdraw_offering(tx, story.offering.id)
    assert story.world.sql("SELECT status FROM changes") == [("withdrawn",)]
    assert story.world.queue() == []


def test_a_deadline_ends_what_was_proposed(story: Story) -> None:
    story.tell(story="Other words.")
    story.propose()
    story.world.pass_deadline(story.offering)
    story.world.run_jobs()
    assert story.world.sql("SELECT status FROM changes") == [("withdrawn",)]
    assert (story.now().status, story.world.queue()) == ("refunded", [])
