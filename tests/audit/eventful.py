"""What happens to an offering whose bundle must hold everything."""

from __future__ import annotations

from datetime import timedelta

from app.actor import Actor
from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.changes import deadlines, proposals
from app.compliance import desk
from app.compliance.models import CaseOutcome
from app.investors.models import Investor
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.issuers.models import Relation
from app.offerings.models import Offering
from app.pledges import actions as pledges
from tests.builders import PDF, World
from tests.changes.story import Story
from tests.compliance.test_two_officers import NOTE, say
from tests.waitlist.standing_in_line import join, leave


def ask_and_refuse(world: World, offering: Offering, investor: Investor) -> None:
    """A pledge that two officers look at: one asks for more, and neither likes it."""
    world.pledged(offering, 100_000, investor)
    (ref,), officer = world.queue(), world.officer()
    with world.acting(officer) as tx:
        pledges.take_referral(tx, ref)
    with world.acting(officer) as tx:
        desk.ask(tx, ref, investor.user_id, ["source_of_funds"], NOTE)
    with world.acting(Actor(f"user:{investor.user_id}", investor.user_id)) as tx:
        desk.answer(tx, ref, "I sold a house.")
    for who in (officer, world.officer()):
        say(world, ref, CaseOutcome.REFUSE, who, take=who is not officer)


def wait_a_moment(world: World, offering: Offering) -> None:
    """Somebody wants more shares than are left, and thinks better of it."""
    leave(world, join(world, offering, offering.progress.maximum_shares if offering.progress else 1))


def change_and_hurry(world: World, offering: Offering) -> None:
    """A related party, an alert on the company, a material change with a document, an early close."""
    story = Story.of(world, offering)
    with world.acting(story.issuer) as tx:
        company = issuer_queries.issuer(tx.session, offering.issuer_id)
        issuers.declare_related(tx, company, name="Uncle", relation=Relation.FAMILY, email=None)
        alerts.raise_alert(
            tx, Finding("velocity", SubjectType.COMPANY, company.id, "", "0" * 64, False, {}), involves=[]
        )
    with world.acting(story.issuer) as tx:
        proposals.add_document(tx, offering.id, 0, title="Plan", filename="plan.pdf", content=PDF)
    change = story.publish()
    for pledge in world.pledges_of(offering):
        if pledge.status == "held":
            story.confirm(pledge, change)
    world.move_clock(days=25)
    opened = world.offering(offering.id)
    assert opened.deadline_at is not None
    with world.acting(story.issuer) as tx:
        deadlines.close_early(tx, offering.id, opened.deadline_at - timedelta(days=1), world.platform.law)
