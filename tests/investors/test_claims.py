"""A status is claimed, proven, verified for a time, renewed before its end, and ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from app import clock
from app.compliance import actions as compliance
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseOutcome
from app.errors import Refused
from app.investors import claims, queries
from app.investors.models import Claim, ClaimKind, Investor
from app.jobs import expire_claims
from tests.builders import PDF, World

US, CN = ClaimKind.ACCREDITED_US, ClaimKind.CERTIFIED_CN


def refused(world: World, act: Callable[[], object]) -> str:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        act()
    assert world.contents() == before
    return caught.value.code


def claim(world: World, investor: Investor, kind: ClaimKind = US) -> str:
    with world.acting() as tx:
        return compliance.claim_status(tx, investor, kind, "In writing.").ref


def approve(world: World, ref: str) -> None:
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, ref)
    with world.acting(officer) as tx:
        compliance.resolve_claim(tx, ref, CaseOutcome.APPROVE, [], "")


def subject(world: World, ref: str) -> int:
    with world.looking() as view:
        return compliance_queries.case(view.session, ref).subject_id


def all_of(world: World, investor: Investor) -> list[Claim]:
    with world.looking() as view:
        return queries.claims(view.session, investor.id)


def kinds(world: World, investor: Investor, on: date) -> set[str]:
    with world.looking() as view:
        return set(queries.verified_kinds(view.session, investor.id, on))


def at(world: World, moment: datetime) -> None:
    with world.acting() as tx:
        clock.freeze(tx.session, moment)


def sign(world: World, investor: Investor, kind: ClaimKind, locale: str = "en", **figures: str | int) -> Claim:
    with world.acting() as tx:
        ticked = claims.statement_hash(kind, date(2026, 3, 3), locale)
        return claims.sign(tx, investor, kind, figures, ticked=ticked, locale=locale)


def test_a_status_that_needs_evidence_is_not_verified_without(world: World) -> None:
    ref = claim(world, world.investor(), CN)
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, ref)

    def decide() -> None:
        with world.acting(officer) as tx:
            compliance.resolve_claim(tx, ref, CaseOutcome.APPROVE, [], "")

    assert refused(world, decide) == "evidence_missing"
    world.prove(subject(world, ref))
    decide()


def test_a_file_that_a_scanner_threw_away_proves_nothing(world: World) -> None:
    ref = claim(world, world.investor())
    world.prove(subject(world, ref))
    world.sql("UPDATE evidence_files SET status = 'rejected', sealed = NULL")
    with pytest.raises(Refused, match="evidence_missing"):
        approve(world, ref)


def test_a_status_counts_up_to_its_last_day_and_not_on_the_day_after(world: World) -> None:
    investor = world.investor()
    world.certify(investor, US)
    (found,) = all_of(world, investor)
    assert (found.given_on, found.valid_until) == (date(2026, 3, 3), date(2027, 3, 2))
    assert kinds(world, investor, date(2027, 3, 2)) == {"accredited_us"}
    assert kinds(world, investor, date(2027, 3, 3)) == set()


def test_a_status_that_ended_is_expired_by_the_job_and_its_owner_is_told(world: World) -> None:
    investor = world.investor()
    world.certify(investor, US)
    at(world, datetime(2027, 3, 3, 4, 59, tzinfo=UTC))  # still the second of March in New York
    expire_claims.run(world.platform)
    assert all_of(world, investor)[0].status == "verified"
    at(world, datetime(2027, 3, 3, 5, 0, tzinfo=UTC))
    expire_claims.run(world.platform)
    assert all_of(world, investor)[0].status == "expired"
    assert world.sql("SELECT user_id, facts->>'valid_until' FROM messages WHERE kind = 'claim_expired'") == [
        (investor.user_id, "2027-03-02")
    ]
    before = world.contents()
    assert expire_claims.run(world.platform) == 0
    assert world.contents() == before


def test_the_law_looks_at_the_day_even_when_no_job_ran(world: World) -> None:
    investor = world.investor(income="60000", net_worth="200000")
    world.certify(investor, US)
    world.move_clock(days=364)
    assert world.place(investor, world.live(), 6_000).pledge is not None
    world.move_clock(days=1)
    placement = world.place(investor, world.live(), 6_000)
    assert placement.pledge is None
    assert placement.decision.facts["investor"]["accredited"] is False


def test_we_remind_once_so_many_days_before_the_end(world: World) -> None:
    investor = world.investor()
    world.certify(investor, US)
    world.move_clock(days=333)  # 30 January: 31 days are left
    assert expire_claims.run(world.platform) == 0
    world.move_clock(days=1)
    assert [expire_claims.run(world.platform) for _ in range(2)] == [1, 0]
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'claim_ends_soon'") == [(1,)]


def test_a_status_is_renewed_in_its_last_days_and_there_is_no_gap(world: World) -> None:
    investor = world.investor()
    world.certify(investor, US)
    world.move_clock(days=333)
    assert refused(world, lambda: claim(world, investor)) == "already_claimed"
    world.move_clock(days=1)
    ref = claim(world, investor)
    assert [one.status for one in all_of(world, investor)] == ["claimed", "verified"]
    assert kinds(world, investor, date(2027, 1, 31)) == {"accredited_us"}
    world.prove(subject(world, ref))
    approve(world, ref)
    new, old = all_of(world, investor)
    assert (new.status, old.status) == ("verified", "expired")
    assert new.valid_until == date(2028, 1, 30)
    assert world.sql("SELECT facts->>'why' FROM audit_events WHERE event = 'expire'") == [("renewed",)]


def test_a_status_can_be_given_up_waiting_or_verified(world: World) -> None:
    investor = world.investor()
    ref = claim(world, investor)
    with world.acting() as tx:
        compliance.withdraw_claim(tx, subject(world, ref))
    assert world.queue() == []
    world.certify(investor, US)
    with world.acting() as tx:
        compliance.withdraw_claim(tx, all_of(world, investor)[0].id)
    assert [one.status for one in all_of(world, investor)] == ["withdrawn", "withdrawn"]
    assert kinds(world, investor, date(2026, 3, 3)) == set()


def test_files_are_taken_once_up_to_a_number_and_only_while_the_claim_waits(world: World) -> None:
    investor = world.investor()
    ref = claim(world, investor)
    first = world.prove(subject(world, ref))
    assert world.prove(subject(world, ref), filename="again.pdf").id == first.id
    for number in range(9):
        world.prove(subject(world, ref), PDF.replace(b"<<>>endobj", b"<<%d>>endobj" % number))
    assert refused(world, lambda: world.prove(subject(world, ref), PDF + b"\n")) == "evidence_too_many"
    assert refused(world, lambda: world.prove(subject(world, ref), b"MZ")) == "evidence_too_many"
    approve(world, ref)
    assert refused(world, lambda: world.prove(subject(world, ref))) == "evidence_late"


def test_a_file_that_is_refused_leaves_nothing_behind(world: World) -> None:
    ref = claim(world, world.investor())
    assert refused(world, lambda: world.prove(subject(world, ref), b"MZ\0")) == "evidence_type"


def test_some_statuses_count_from_ones_own_signature(world: World) -> None:
    investor = world.investor()
    sign(world, investor, ClaimKind.HNW_UK, income="120000.00")
    with world.looking() as view:
        assert queries.standing(queries.held(view.session, investor.id, date(2026, 3, 3)), "UK-COBS") == {
            "category_statement": {"kind": "hnw", "signed_on": "2026-03-03", "income": "120000.00"}
        }
        assert queries.standing(queries.held(view.session, investor.id, date(2027, 3, 3)), "UK-COBS") == {}
        assert queries.standing(queries.held(view.session, investor.id, date(2026, 3, 3)), "US-CF") == {}
    assert world.queue() == []


def test_signing_anew_replaces_what_was_signed_before(world: World) -> None:
    investor = world.investor()
    sign(world, investor, ClaimKind.RESTRICTED_UK, net_assets="50000.00")
    sign(world, investor, ClaimKind.RESTRICTED_UK, net_assets="60000.00")
    assert [one.status for one in all_of(world, investor)] == ["verified", "expired"]
    with world.looking() as view:
        known = queries.standing(queries.held(view.session, investor.id, date(2026, 3, 3)), "UK-COBS")
    assert known["category_statement"]["net_assets"] == "60000.00"


def test_only_the_text_of_the_day_in_the_language_that_was_shown_is_signed(world: World) -> None:
    investor = world.investor()
    chinese = claims.statement_hash(ClaimKind.HNW_UK, date(2026, 3, 3), "zh-CN")

    def act() -> None:
        with world.acting() as tx:
            claims.sign(tx, investor, ClaimKind.HNW_UK, {"income": "1.00"}, ticked=chinese, locale="en")

    assert refused(world, act) == "statement_missing"
    found = sign(world, investor, ClaimKind.HNW_UK, "zh-CN", income="1.00")
    assert (found.statement_sha256, found.locale) == (chinese, "zh-CN")


def test_a_statement_without_its_figures_is_refused(world: World) -> None:
    investor = world.investor()
    assert refused(world, lambda: sign(world, investor, ClaimKind.HNW_UK)) == "figures_of_statement_missing"


def test_nobody_signs_what_an_officer_decides_or_claims_what_is_signed(world: World) -> None:
    investor = world.investor()
    assert (
        refused(world, lambda: sign(world, investor, ClaimKind.SOPHISTICATED_EU, gross_income="1.00"))
        == "officer_decides"
    )
    assert refused(world, lambda: claim(world, investor, ClaimKind.HNW_UK)) == "signature_is_enough"


def test_a_sophisticated_investor_is_told_in_the_words_of_a_case(world: World) -> None:
    investor = world.investor()
    with world.acting() as tx:
        ref = compliance.claim_status(
            tx, investor, ClaimKind.SOPHISTICATED_EU, "A fund manager.",
            figures={"gross_income": "60000.00", "finance_job_months": 12},
        ).ref  # fmt: skip
    with world.looking() as view:
        assert queries.standing(queries.held(view.session, investor.id, date(2026, 3, 3)), "EU-ECSPR") == {
            "class": "non_sophisticated"
        }
    world.prove(subject(world, ref))
    approve(world, ref)
    with world.looking() as view:
        assert queries.standing(queries.held(view.session, investor.id, date(2026, 3, 3)), "EU-ECSPR") == {
            "class": "sophisticated", "soph_request_approved": True, "soph_granted_on": "2026-03-03",
            "soph_facts": {"gross_income": "60000.00", "finance_job_months": 12},
        }  # fmt: skip
        assert queries.standing(queries.held(view.session, investor.id, date(2028, 3, 3)), "EU-ECSPR") == {
            "class": "non_sophisticated"
        }


def test_the_database_knows_no_verified_status_without_an_end(world: World) -> None:
    investor = world.investor()
    world.certify(investor, US)
    before = world.contents()
    with pytest.raises(IntegrityError, match="verified_for_a_time"):
        world.sql("UPDATE claims SET valid_until = NULL")
    assert world.contents() == before
