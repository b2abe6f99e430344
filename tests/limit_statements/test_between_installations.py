"""What was bought on one installation lowers what can be bought on another, by exactly as much, for as long as the law says."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from app.decisions import receipts, replay
from app.decisions.receipts import Asked
from app.errors import Refused
from app.investors.models import Investor
from app.money import Money
from app.pledges import queries as pledges
from app.vault import is_signed
from tests.builders import World, usd
from tests.investors.test_spouses import couple
from tests.limit_statements.installations import NORTH, accepted, issued, line, person, refusal, with_lines


def receipt(world: World, investor: Investor) -> receipts.Receipt:
    """What is left of the limit, and why."""
    regime = world.platform.regime("US-CF")
    with world.looking() as view:
        asked = Asked(regime, pledges.history(view.session, investor.id, regime, view.now))
        return receipts.allowance(view.session, investor, asked, regime.pack.day_of(view.now))


def left(world: World, investor: Investor) -> Money | None:
    return receipt(world, investor).remaining


def test_the_cap_falls_by_exactly_what_was_bought_there(north: World, here: World) -> None:
    there, me = person(north), person(here)
    north.pledged(north.live(), 4_000, there)
    north.held(north.live(), 5_001, there)
    assert left(here, me) == usd("90000")
    accepted(here, me, issued(north, there))
    assert left(here, me) == usd("90000") - usd("10000") - usd("12502.50")
    assert receipt(here, me).stated == {"North": usd("22502.50")}


def test_a_pledge_that_passed_before_is_refused_now_and_replay_finds_no_drift(north: World, here: World) -> None:
    there, me = person(north, income="40000", net_worth="40000"), person(here, income="40000", net_worth="40000")
    assert here.place(me, here.live(), 200).pledge is not None
    north.pledged(north.live(), 700, there)
    accepted(here, me, issued(north, there))
    placement = here.place(me, here.live(), 200)
    assert placement.pledge is None
    assert (placement.decision.money("used"), placement.decision.money("largest")) == (usd("2250"), usd("250"))
    assert placement.decision.facts["history"][-1]["platform"] == "North"
    with here.looking() as view:
        stored = receipts.of_decision(view.session, placement.decision)
        assert stored.stated == {"North": usd("1750")}
        assert [drift for drift in replay.again(view.session) if drift] == []


def test_what_comes_back_first_may_be_a_purchase_there(north: World, here: World) -> None:
    there, me = person(north, income="40000", net_worth="40000"), person(here, income="40000", net_worth="40000")
    content = with_lines(issued(north, there), line("2025-04-10", 100_000))
    accepted(here, me, content)
    found = receipt(here, me)
    assert (found.frees, str(found.frees_on)) == (usd("1000"), "2026-04-11")


def test_a_line_counts_on_the_day_twelve_months_later_and_no_more_on_the_day_after(north: World, here: World) -> None:
    there, me = person(north), person(here)
    accepted(here, me, with_lines(issued(north, there), line("2025-03-05", 150_000), line("2026-01-10", 50_000)))
    here.move_clock(days=2)  # it is 5 March 2026
    assert left(here, me) == usd("88000")
    here.move_clock(days=1)
    assert left(here, me) == usd("89500")


def test_what_was_stated_stays_bought_when_the_statement_has_expired(north: World, here: World) -> None:
    there, me = person(north), person(here)
    accepted(here, me, with_lines(issued(north, there), line("2026-03-01", 50_000)))
    here.move_clock(days=200)
    assert left(here, me) == usd("89500")


def test_it_counts_beside_what_was_declared(north: World, here: World) -> None:
    there, me = person(north), person(here, other="3000")
    north.pledged(north.live(), 1_000, there)
    accepted(here, me, issued(north, there))
    assert left(here, me) == usd("84500")


def test_only_what_was_bought_under_the_same_rules_counts(north: World, here: World) -> None:
    there, me = person(north), person(here)
    lines = line("2026-03-01", 50_000, regime="CN-MICHOU", currency="CNY"), line("2026-03-01", 70_000, regime="XX-LAW")
    accepted(here, me, with_lines(issued(north, there), *lines))
    assert left(here, me) == usd("90000")


def test_a_newer_statement_takes_the_place_of_the_one_before(north: World, here: World) -> None:
    there, me = person(north), person(here)
    pledge = north.pledged(north.live(), 1_000, there)
    first = issued(north, there)
    accepted(here, me, first)
    north.cancel(pledge)
    north.pledged(north.live(), 400, there)
    for world in (north, here):
        world.move_clock(days=1)
    accepted(here, me, issued(north, there))
    assert left(here, me) == usd("89000")
    assert here.sql("SELECT count(*) FROM limit_statements") == [(2,)], "the older one is kept"
    assert refusal(here, me, first).code == "statement_older"


def test_two_accounts_of_one_person_there_count_both(north: World, here: World) -> None:
    one, other, me = person(north), person(north), person(here)
    north.pledged(north.live(), 1_000, one)
    accepted(here, me, issued(north, one))
    north.move_clock(days=1)
    here.move_clock(days=1)
    accepted(here, me, issued(north, other))
    assert left(here, me) == usd("87500"), "an empty second account there brings nothing back"


def test_a_statement_names_only_what_was_bought_here_and_not_given_back(north: World, here: World) -> None:
    there, me = person(north), person(here)
    settled = north.live(target="250")
    north.held(settled, 200, there)
    north.settled(settled)
    north.cancel(north.held(north.live(), 100, there))
    waiting = north.pledged(north.live(), 300, there)
    here.move_clock(seconds=(north.now() - here.now()).total_seconds())
    accepted(here, me, issued(north, there))
    body = json.loads(issued(north, there))["statement"]
    assert [(one["amount_minor"], one["status"]) for one in body["lines"]] == [(50_000, "settled"), (75_000, "pledged")]
    assert body["lines"][1]["reference"] == waiting.ref
    assert body["totals"] == {"USD": 125_000}
    own = json.loads(issued(here, me))["statement"]
    assert own["lines"] == [], "what was bought elsewhere is never passed on"


def test_a_statement_holds_what_binds_it_to_a_person_and_no_more(north: World) -> None:
    there = person(north)
    body = json.loads(issued(north, there))["statement"]
    assert body["person"] == {"born_on": "1980-05-17", "country": "US", "name": there.legal_name}
    assert sorted(body) == [
        "account", "expires_at", "format", "installation", "issued_at", "lines", "person", "totals", "version", "window",
    ]  # fmt: skip
    with north.looking() as view:
        email = view.session.connection().exec_driver_sql("SELECT email FROM users ORDER BY id").scalars().first()
    assert email is not None and email.encode() not in issued(north, there)


def test_every_issue_and_every_acceptance_is_in_the_trail_without_names(north: World, here: World) -> None:
    there, me = person(north), person(here)
    content = issued(north, there)
    kept = accepted(here, me, content)
    ((facts,),) = north.sql("SELECT facts::text FROM audit_events WHERE event = 'issue_limit_statement'")
    ((taken,),) = here.sql("SELECT facts::text FROM audit_events WHERE event = 'accept_limit_statement'")
    assert kept.sha256 in facts and kept.sha256 in taken
    for told in (facts, taken):
        assert "Brien" not in told and "1980" not in told
    with here.looking():
        assert here.platform.vault.open_bytes(kept.sealed) == content


def test_a_company_that_sells_on_both_is_one_company_for_laws_that_count_by_company(north: World, here: World) -> None:
    there, me = person(north), person(here)
    offering = here.live()
    content = with_lines(
        issued(north, there),
        line("2026-03-01", 50_000, issuer=offering.name.upper()),
        line("2026-03-01", 1, issuer="7"),
    )
    accepted(here, me, content)
    regime = here.platform.regime("US-CF")
    with here.looking() as view:
        found = pledges.history(view.session, me.id, regime, view.now)
    assert [one.issuer for one in found] == [str(offering.issuer_id), "North: 7"]


def test_what_a_spouse_bought_elsewhere_uses_the_joint_limit(north: World, here: World) -> None:
    one, other = couple(here)
    there = person(north)
    here.sql(
        "UPDATE investors SET legal_name = :name, born_on = '1980-05-17' WHERE id = :id",
        name=there.legal_name,
        id=other.id,
    )
    before = left(here, one)
    accepted(here, other, with_lines(issued(north, there), line("2026-03-01", 50_000)))
    assert before is not None and left(here, one) == before - usd("500") == left(here, other)


def test_two_uploads_at_once_count_once(north: World, here: World) -> None:
    there, me = person(north), person(here)
    north.pledged(north.live(), 1_000, there)
    content, start = issued(north, there), Barrier(4)

    def upload(_: int) -> str:
        start.wait()
        try:
            accepted(here, me, content)
        except Refused as refused:
            return refused.code
        return "accepted"

    with ThreadPoolExecutor(4) as pool:
        came = sorted(pool.map(upload, range(4)))
    assert came == ["accepted", "statement_known", "statement_known", "statement_known"]
    assert left(here, me) == usd("87500")


def test_asked_again_at_the_sale_what_was_pledged_there_later_has_to_fit_in_beside(north: World, here: World) -> None:
    there, me = person(north), person(here)
    mine = here.held(here.live(), 100, me)
    lines = (
        line("2026-03-02", 1_000, status="pledged"), line("2026-03-04", 2_000, status="pledged"), line("2026-03-04", 4_000),
    )  # fmt: skip
    for world in (north, here):
        world.move_clock(days=1)
    accepted(here, me, with_lines(issued(north, there), *lines))
    regime = here.platform.regime("US-CF")
    with here.looking() as view:
        found = pledges.history(view.session, me.id, regime, view.now, selling=mine)
    assert [one.amount.minor for one in found] == [1_000, 4_000]


def test_the_signed_bytes_stand_where_standard_tools_find_them(north: World) -> None:
    content = issued(north, person(north))
    assert is_signed(NORTH.public_hex(), content[156:-1], bytes.fromhex(content[14:142].decode()))


def test_the_window_of_a_statement_reaches_every_zone(north: World) -> None:
    body = json.loads(issued(north, person(north)))["statement"]
    assert body["window"] == {"from": "2025-03-03", "to": "2026-03-04"}
    issued_at, expires_at = (datetime.fromisoformat(body[name]) for name in ("issued_at", "expires_at"))
    assert issued_at == datetime(2026, 3, 3, 15, tzinfo=UTC)
    assert (expires_at - issued_at).days == 30
