"""One story for every way that a pledge can end: over HTTP, with the site, two workers and the sandbox as processes."""

from __future__ import annotations

from sqlalchemy import text

from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.offerings.models import Offering
from tests.builders import World
from tests.processes import Site
from tests.stories.journeys import (
    by_ref,
    investor_with_money_held,
    officer,
    pay,
    pledge,
    shows,
    signed_in,
)
from tests.visitor import Visitor


def escrow(world: World, offering: Offering) -> int:
    with world.looking() as view:
        return ledger.balance(view.session, Code.ESCROW_CASH, "USD", offering_id=offering.id)


def through_review(world: World, site: Site) -> tuple[Offering, Visitor]:
    """A complete draft, handed in, read by two officers and opened by its company, all on the site."""
    draft, actor = world.draft()
    assert actor.user_id is not None
    issuer = signed_in(world, site, actor.user_id)
    issuer.go(f"/issuer/offerings/{draft.ref}").submit("/submit")
    assert "Submitted" in issuer.text
    reader = officer(world, site).go("/review")
    case = reader.page.xpath("//main//a[contains(@href, '/review/cases/')]/@href")[-1]
    reader.go(case).submit("/take")
    reader.submit(outcome="approve").submit(outcome="approve")
    second = officer(world, site).go("/review")
    second.go(second.page.xpath("//main//a[contains(@href, '/review/proposals/')]/@href")[-1]).submit("/approve")
    issuer.go(f"/issuer/offerings/{draft.ref}").submit("/open")
    offering = world.offering(draft.id)
    assert offering.status == "live", issuer.text
    return offering, issuer


def test_a_pledge_becomes_shares(world: World, site: Site) -> None:
    offering, issuer = through_review(world, site)
    investors = [investor_with_money_held(world, site, offering, "20,000") for _ in range(3)]
    stranger = Visitor(site.url).go(f"/offerings/{offering.slug}")
    assert "$60,000.00" in stranger.text
    assert escrow(world, offering) == 6_000_000

    world.pass_deadline(offering)
    site.until(
        "a closing is proposed",
        lambda: "Waiting for two approvals" in issuer.go(f"/issuer/offerings/{offering.ref}").text,
    )
    for reader in (officer(world, site), officer(world, site)):
        reader.go("/review")
        reader.go(reader.page.xpath("//a[contains(@href, '/review/closings/')]/@href")[0]).submit("/approve")

    for visitor, ref, _ in investors:
        shows(visitor, site, ref, "8,000 shares stand in the register in your name")
        assert offering.name in visitor.go("/me/holdings").text
    assert world.offering(offering.id).status == "settled"
    site.until("the fee has left escrow", lambda: escrow(world, offering) == 0)
    with world.looking() as view:
        assert ledger.balance(view.session, Code.PLATFORM_CASH, "USD") == 300_000
    assert "$60,000.00" in stranger.go(f"/offerings/{offering.slug}").text


def test_a_failed_raise_is_refunded(world: World, site: Site) -> None:
    offering = world.live()
    investors = [investor_with_money_held(world, site, offering, "250") for _ in range(2)]
    unpaid = signed_in(world, site, world.investor().user_id)
    unpaid_ref = pledge(unpaid, offering, "500")

    world.pass_deadline(offering)

    for visitor, ref, _ in investors:
        shows(visitor, site, ref, "We returned $250.00 in full")
    shows(unpaid, site, unpaid_ref, "This pledge is over. Nothing was charged.")
    site.until("everybody is refunded", lambda: world.offering(offering.id).status == "refunded")
    assert escrow(world, offering) == 0
    assert "The target was missed" in Visitor(site.url).go(f"/offerings/{offering.slug}").text


def test_a_cancelled_pledge_is_refunded(world: World, site: Site) -> None:
    offering = world.live()
    visitor, ref, _ = investor_with_money_held(world, site, offering, "1,000")
    assert world.offering(offering.id).progress.held_minor == 100_000

    visitor.go(f"/me/pledges/{ref}/cancel").submit("/cancel")
    assert "We are returning your money" in visitor.text

    shows(visitor, site, ref, "We returned $1,000.00 in full")
    assert escrow(world, offering) == 0
    progress = world.offering(offering.id).progress
    assert (progress.held_minor, progress.taken_shares) == (0, 0)


def test_a_declined_payment_frees_its_place(world: World, site: Site) -> None:
    offering = world.live(target="100", maximum="100", minimum_pledge="100")
    first, second = (signed_in(world, site, world.investor().user_id) for _ in range(2))
    ref = pledge(first, offering, "100")
    second.go(f"/offerings/{offering.slug}/pledge").submit(amount="100")
    assert second.status == 422
    assert "Fewer shares are left than you asked for: 0." in second.text

    pay(first, site, ref, "decline")
    shows(first, site, ref, "The payment did not go through. Nothing was charged")

    other = pledge(second, offering, "100")
    pay(second, site, other)
    shows(second, site, other, "Held in escrow")
    assert escrow(world, offering) == 10_000


def state(world: World, offering: Offering) -> list[object]:
    """Everything that the story's money has left behind."""
    tables = ("pledges", "instructions", "offering_progress")
    with world.looking() as view:
        # How often we asked, and when we ask next, may differ.
        rows = "SELECT to_jsonb(t) - 'attempts' - 'next_attempt_at' FROM {} t WHERE offering_id = :one ORDER BY 1"
        kept = [
            list(view.session.execute(text(rows.format(table)), {"one": offering.id}).scalars()) for table in tables
        ]
        entries = text(
            "SELECT e.key, p.side, p.amount_minor FROM journal_entries e JOIN postings p ON p.entry_id = e.id"
            " JOIN ledger_accounts a ON a.id = p.account_id WHERE a.offering_id = :one ORDER BY 1, 2"
        )
        return [*kept, [tuple(row) for row in view.session.execute(entries, {"one": offering.id})]]


def ask_now(world: World, offering: Offering) -> None:
    """The questions about what is on its way are asked ever more rarely; let the next one be due."""
    due = text("UPDATE instructions SET next_attempt_at = now() WHERE offering_id = :one")
    with world.acting() as tx:
        tx.session.execute(due, {"one": offering.id})


def test_a_late_and_a_doubled_webhook_change_nothing(world: World, site: Site) -> None:
    offering, sandbox = world.live(), world.platform.sandbox
    assert sandbox is not None
    sandbox.behave(hold=True, copies=3)
    visitor = signed_in(world, site, world.investor().user_id)
    ref = pledge(visitor, offering, "1,000")
    pay(visitor, site, ref)
    ask_now(world, offering)  # without any event the site finds out by asking
    shows(visitor, site, ref, "Held in escrow")
    visitor.go(f"/me/pledges/{ref}/cancel").submit("/cancel")
    ask_now(world, offering)
    shows(visitor, site, ref, "We returned $1,000.00 in full")
    before = state(world, offering)
    assert by_ref(world, ref).status == "refunded"

    sandbox.behave()  # now the word of the payment comes, three times, long after the refund

    def all_told() -> bool:
        with world.looking() as view:
            waiting = view.session.execute(text("SELECT count(*) FROM sandbox.events WHERE deliveries_left > 0"))
            unread = view.session.execute(text("SELECT count(*) FROM gateway_events WHERE status = 'new'"))
            return not waiting.scalar_one() and not unread.scalar_one()

    site.until("every event was told and handled", all_told)
    with world.looking() as view:
        told = text(
            "SELECT g.type FROM gateway_events g JOIN sandbox.events e ON e.id = g.event_id WHERE e.object_id IN"
            " (SELECT split_part(provider_ref, '/', 2) FROM instructions WHERE offering_id = :one)"
        )
        kinds = set(view.session.execute(told, {"one": offering.id}).scalars())
    assert {"payment.succeeded", "refund.succeeded"} <= kinds
    assert state(world, offering) == before
