"""Who may do what, asked of every address of the site as every kind of person."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from app.access import GRANTS, Grant, Lack, Permission, lacks
from app.actor import ANONYMOUS, Actor, Role
from app.identity import queries as identity_queries
from app.web.guard import permission_of
from tests.web.browser import Page, Site
from tests.web.market import ROLES, Market

#: Every address, and the permission that it must name. An address that is not here fails the build.
EXPECTED = {
    Permission.READ_PUBLIC: {
        "static", "public.offerings", "public.offering", "public.document", "public.how_it_works",
        "public.home", "public.fees", "public.how_we_test", "public.accessibility", "public.robots", "public.security",
        "public.rules", "public.paper", "public.risk_summary", "health.healthz", "health.readyz",
    },
    Permission.SIGN_UP_OR_IN: {
        "account.sign_up", "account.create_account", "account.check_mail", "account.verify_email",
        "account.confirm_email", "account.sign_in", "account.open_session", "account.forgot_password",
        "account.send_reset_link", "account.reset_password", "account.set_new_password",
    },
    Permission.PASS_SECOND_FACTOR: {"account.second_factor", "account.give_code"},
    Permission.SIGN_OUT: {"account.sign_out"},
    Permission.KEEP_OWN_ACCOUNT: {
        "account.profile", "account.save_profile", "account.security", "account.change_password",
        "account.end_session", "account.end_other_sessions", "account.verify_first",
        "account.send_verification_again", "account.set_up_second_factor", "account.confirm_second_factor",
    },
    Permission.SEE_OWN_INVESTMENTS: {
        "investor.dashboard", "investor.holdings", "investor.limits", "investor.figures", "investor.declare_figures",
        "investor.question", "investor.answer", "investor.pledge", "investor.pay", "investor.returned", "investor.ask_to_cancel", "investor.cancel_pledge",
        "investor.confirm_pledge", "investor.leave_waitlist", "investor.status", "investor.new_claim", "investor.my_claim", "investor.my_evidence", "investor.withdraw_claim", "investor.test", "investor.answer_test", "investor.test_result", "investor.acknowledge_warning", "investor.simulation", "investor.simulate", "investor.way", "investor.take_step", "investor.spouse", "investor.end_spouse", "investor.entity",
        "investor.issue_statement", "investor.cash", "investor.top_up_result", "investor.top_up_returned",
    },
    Permission.INVEST: {
        "investor.waitlist", "investor.join_waitlist", "investor.claim", "investor.choose_amount", "investor.check_amount", "investor.review_pledge", "investor.choose_way",
        "investor.create_pledge", "investor.add_evidence", "investor.ask_spouse", "investor.confirm_spouse", "investor.new_entity", "investor.register_entity",
        "investor.accept_statement", "investor.top_up", "investor.ask_top_up", "investor.withdraw_cash", "investor.take_out_cash",
        "investor.bank_account", "investor.save_bank_account", "investor.choose_refunds", "investor.choose_refund",
    },
    Permission.RAISE: {
        "issuer.overview", "issuer.new_company", "issuer.create_company", "issuer.company", "issuer.save_company",
        "issuer.payout", "issuer.save_payout", "issuer.agree_to_payout", "issuer.stop_payout", "issuer.related_parties", "issuer.declare_related", "issuer.end_relation", "issuer.new_offering", "issuer.create_offering",
        "issuer.import_filing", "issuer.waitlist", "issuer.allotment", "issuer.choose_allotment", "issuer.offering", "issuer.submit", "issuer.revise", "issuer.open_offering", "issuer.ask_to_withdraw",
        "issuer.withdraw", "issuer.document", "issuer.edit_section", "issuer.save_section",
        "issuer.change", "issuer.edit_change", "issuer.save_change", "issuer.propose_change", "issuer.withdraw_change",
        "issuer.ask_to_close_early", "issuer.close_early", "issuer.ask_to_close_part", "issuer.close_part", "issuer.call_off_part", "issuer.distributions", "issuer.distribute",
    },
    Permission.REVIEW: {
        "compliance.queue", "compliance.case", "compliance.take", "compliance.put_back", "compliance.decide",
        "compliance.document", "compliance.closing", "compliance.approve", "compliance.call_off", "compliance.propose_holdback", "compliance.bundle", "compliance.lift", "compliance.change_document", "compliance.evidence_file", "compliance.download_evidence",
        "compliance.rules", "compliance.rule_pack", "compliance.try_rules", "compliance.tried", "compliance.what_if",
        "compliance.what_if_answer",
        "compliance.take_next",
        "compliance.save_filter", "compliance.drop_filter", "compliance.switch_shortcuts", "compliance.proposal", "compliance.agree",
        "compliance.reject", "compliance.ask_to_give_back", "compliance.propose_to_give_back",
    },
    Permission.OPERATE: {
        "admin.overview", "admin.jobs", "admin.books", "admin.take_back", "admin.begin_closing", "admin.propose_payout", "admin.try_again", "admin.cash", "admin.cash_days", "admin.dormant_cash", "admin.keep_stray",
        "admin.give_back_stray",
        "admin.reconciliation", "admin.reconciled_day", "admin.reconciled_day_csv", "admin.broken", "admin.explain_break",
        "admin.receipt", "admin.propose_for_receipt", "admin.dormant", "admin.dormant_csv", "admin.gateways", "admin.events", "admin.replay_event", "admin.set_event_aside", "admin.ledger", "admin.journal_entry", "admin.switch_off", "admin.lift_switch",
    },
    Permission.TELL_EVENTS: {"webhooks.receive_gateway_event"},
    Permission.PAY_AT_SANDBOX: {"sandbox.checkout", "sandbox.pay"},
    Permission.READ_LOCAL_OUTBOX: {"dev.outbox"},
}  # fmt: skip

#: Nothing has these names: what is refused is refused before it is looked for.
NAMES = {
    "slug": "no-such-offering", "ref": "X-NOTHING", "document_id": 1, "party_id": 1, "session_id": 1, "token": "none",
    "regime_id": "US-CF", "section": "terms", "payment_id": "pay_none", "gateway_name": "none",
    "filename": "site.css", "version": "0", "change_ref": "M-NOTHING", "op_id": UUID(int=0),
    "kind": "accredited_us", "test": "eu_entry_test", "attempt_id": 999_999, "step": "ask", "claim_id": 999_999,
    "file_id": 999_999, "investor_id": 999_999, "statement_id": "none", "day": "2026-03-03", "entry_id": 999_999,
    "event_id": 999_999,
}  # fmt: skip


def addresses(site: Site) -> Iterator[tuple[str, str, str]]:
    """Every (endpoint, method, path) of the site, with names that lead nowhere."""
    urls = site.app.url_map.bind("localhost")
    for rule in site.app.url_map.iter_rules():
        path = urls.build(rule.endpoint, {name: NAMES[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


def actor_of(market: Market, who: str) -> Actor:
    if who == "anonymous":
        return ANONYMOUS
    with market.world.looking() as view:
        person = identity_queries.user(view.session, market.people[who].id)
        return identity_queries.actor(person, passed_second_factor=not who.startswith("half"))


def answer(page: Page) -> Lack | None:
    """What a page says is lacking."""
    place = page.location.partition("?")[0]
    if page.status == 403:
        return Lack.ROLE
    if page.status != 302:
        return None
    places = {
        "/sign-in": Lack.SIGN_IN, "/second-factor": Lack.SECOND_FACTOR, "/verify-first": Lack.VERIFIED_EMAIL,
        "/": Lack.NOTHING,
    }  # fmt: skip
    return places.get(place)


def test_every_address_names_the_permission_that_is_written_here(market: Market) -> None:
    listed = {endpoint: permission for permission, endpoints in EXPECTED.items() for endpoint in endpoints}
    found = {endpoint: permission_of(market.site.app, endpoint) for endpoint, _, _ in addresses(market.site)}
    assert found == listed


def test_every_permission_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Permission) == set(EXPECTED)
    assert GRANTS[Permission.REVIEW] == Grant(signed_in=True, role=Role.COMPLIANCE_OFFICER)
    assert GRANTS[Permission.OPERATE] == Grant(signed_in=True, role=Role.OPERATOR)
    assert GRANTS[Permission.INVEST] == Grant(signed_in=True, role=Role.INVESTOR, verified=True)
    assert GRANTS[Permission.RAISE] == Grant(signed_in=True, role=Role.ISSUER, verified=True)


@pytest.mark.parametrize("who", ROLES)
def test_every_address_answers_as_the_table_says(market: Market, who: str) -> None:
    actor, wrong = actor_of(market, who), []
    for endpoint, method, path in addresses(market.site):
        permission = permission_of(market.site.app, endpoint)
        assert permission is not None
        expected = lacks(actor, permission)
        browser = market.browser(who)  # a new one each time: some addresses end a session
        page = browser.get(path) if method == "GET" else browser.post(path)
        if page.location.startswith("/review/cases/"):  # the next case was taken; others need it as it was
            browser.post(f"{page.location}/put-back")
        found = answer(page)
        if found is not expected and not (expected is None and found is Lack.NOTHING):
            wrong.append((endpoint, method, expected, found))
    assert wrong == []


def test_what_is_refused_changes_nothing(market: Market) -> None:
    with market.site.unchanged():
        for who in ROLES:
            actor, browser = actor_of(market, who), market.browser(who)
            for endpoint, method, path in addresses(market.site):
                permission = permission_of(market.site.app, endpoint)
                if method != "GET" and permission is not None and lacks(actor, permission) is not None:
                    browser.post(path, {"amount": "100", "note": "typed", "outcome": "approve"})


def test_the_permission_comes_before_the_question_whether_there_is_such_a_thing(market: Market) -> None:
    """Who may not see a thing does not learn whether it exists."""
    browser = market.browser("investor")
    known = browser.get(f"/review/cases/{market.cases['open']}")
    unknown = browser.get("/review/cases/R-NOTHING")
    assert (known.status, unknown.status) == (403, 403)


def test_a_view_without_a_permission_is_closed(site: Site) -> None:
    site.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert site.browser(site.world.user(*Role).id).get("/forgotten").status == 403


def test_a_suspended_person_is_out_at_once(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    browser = site.browser(person.id)
    assert browser.get("/me").status == 200
    site.world.sql("UPDATE users SET suspended_at = now() WHERE id = :one", one=person.id)
    assert answer(browser.get("/me")) is Lack.SIGN_IN


@pytest.mark.parametrize("role", [Role.COMPLIANCE_OFFICER, Role.OPERATOR])
def test_staff_without_a_second_factor_are_nobody(site: Site, role: Role) -> None:
    browser = site.browser(site.world.user(role, Role.INVESTOR).id, half=True)
    for path in ("/review", "/ops", "/me", "/account"):
        assert answer(browser.get(path)) is Lack.SECOND_FACTOR
