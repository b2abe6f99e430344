"""Every message there is, as real acts queue it, written for a reader of each language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from app.changes import deadlines
from app.closings import actions as closings
from app.compliance import actions as compliance
from app.compliance import desk
from app.compliance.models import CaseOutcome
from app.i18n import mails
from app.i18n.locales import LANGUAGES
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.identity.mail_tokens import fingerprint
from app.investors.models import ClaimKind
from app.jobs import charge_saved, expire_claims, send_payments
from app.notifications.catalog import Message
from app.notifications.models import QueuedMessage
from app.offerings.disclosures import FINANCIALS, YEARS
from app.offerings.models import Offering, OversubscriptionRule
from app.payments.sandbox.tables import Token
from app.pledges import actions as pledges
from tests import worlds
from tests.builders import PASSWORD, World
from tests.changes.story import Story
from tests.closings.test_oversubscription import book, choose, end
from tests.distributions.conftest import Payer
from tests.distributions.test_not_as_agreed import pays_otherwise
from tests.notifications.after_the_money import close_a_part, keep_cash_here, take_money_back
from tests.payments.saved.story import Saved
from tests.servers import Server
from tests.waitlist.standing_in_line import full, join

NOTE = "The money comes from an account that we cannot place."
OTHER_PASSWORD = "battery staple correct horse"


def sell(world: World) -> Offering:
    offering = world.live(target="250")
    world.held(offering)
    world.officer()
    world.settled(offering)
    return offering


def miss(world: World) -> None:
    offering = world.live()
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()


def refer(world: World, outcome: CaseOutcome) -> None:
    world.pledged(world.live(), 10_000)
    (case_ref,), officer = world.queue(), world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case_ref)
    with world.acting(officer) as tx:
        pledges.resolve_referral(tx, case_ref, outcome, ["source_of_funds"], NOTE, world.platform.payment_window)


def ask_for_changes(world: World) -> None:
    """First for more, then for changes."""
    _, issuer, case_ref = world.submitted()
    officer = world.officer()
    assert issuer.user_id is not None
    with world.acting(officer) as tx:
        compliance.take_case(tx, case_ref)
    with world.acting(officer) as tx:
        desk.ask(tx, case_ref, issuer.user_id, ["unclear_terms"], NOTE)
    with world.acting(issuer) as tx:
        desk.answer(tx, case_ref, "The third page says it.")
    with world.acting(officer) as tx:
        compliance.resolve_offering(tx, case_ref, CaseOutcome.REQUEST_CHANGES, ["unclear_terms", "other"], NOTE)


def leave(world: World) -> None:
    offering = world.live()
    world.cancel(world.pledged(offering))
    world.pay(world.pledged(offering), Token.DECLINE)
    world.pay(world.pledged(offering), Token.WRONG_CURRENCY)
    world.run_jobs()
    world.held(offering)
    world.pledged(offering)
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)
    world.run_jobs()


def change(world: World) -> None:
    """A late material change, one that is not, an early close, and a change that is refused."""
    story = Story.of(world, world.live(target="250", days=25))
    pledge = world.held(story.offering)
    world.held(world.live())  # somebody else, whom nothing of this concerns
    world.move_clock(days=21)
    story.terms(target="200", maximum="90000")
    story.tell(use_of_funds=[{"purpose": "Machines", "percent": 80}, {"purpose": "Rent", "percent": 20}])
    asked = story.decide(story.propose())
    story.confirm(pledge, asked)
    story.tell(
        risks=["We may fail.", "You may wait.", "Others are better."], statements_level="audited",
        financials={year: dict.fromkeys(FINANCIALS, 5) for year in YEARS},
    )  # fmt: skip
    story.decide(story.propose(), material=False)
    story.tell(story="It cannot fail.")
    story.decide(story.propose(), outcome=CaseOutcome.REFUSE, reasons=["misleading_statement"], note=NOTE)
    early = Story.of(world, world.live(target="250"))
    world.held(early.offering)
    with world.acting(early.issuer) as tx:
        closes = early.offering.deadline_at
        assert closes is not None
        deadlines.close_early(tx, early.offering.id, closes - timedelta(days=10), world.platform.law)


def charge_later(world: World) -> None:
    """One way to pay that is declined, and one whose bank asks for its customer; nothing else happens on that day."""
    saved = Saved(world)
    declined = saved.promised(Token.OFF_SESSION_DECLINE)
    saved.promised(Token.OFF_SESSION_NEEDS_ACTION)
    assert declined.charge_at is not None
    saved.at(declined.charge_at)
    charge_saved.run(world.platform)
    send_payments.run(world.platform)


def stand_in_line(world: World) -> None:
    """One takes too long, one is offered a part, and both go with the offering."""
    offering, pledges = full(world, 10)
    for shares in (4, 10, 40):
        join(world, offering, shares)
    world.cancel(pledges[0])
    world.run_jobs()
    world.move_clock(hours=24)
    world.run_jobs()
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)


def sell_too_much(world: World) -> None:
    """The company is asked to choose, and gives one pledge a part."""
    offering, (pledge, _) = book(world, OversubscriptionRule.ISSUERS_CHOICE, 30, 20)
    end(world, offering)
    choose(world, offering, {pledge.id: 20})
    world.run_jobs()
    world.approve_closing(offering)
    world.run_jobs()


def keep_accounts(world: World) -> None:
    for _ in range(2):  # the second time, the address is known
        with world.acting() as tx:
            identity.sign_up(
                tx,
                email="wang@example.test",
                name="王小明",
                password=PASSWORD,
                locale="zh-CN",
                timezone="Asia/Shanghai",
            )
    with world.acting() as tx:
        identity.ask_to_reset_password(tx, "wang@example.test")
    with world.acting() as tx:
        person = identity_queries.by_email(tx.session, "wang@example.test")
        assert person is not None
        identity.reset_password(tx, person.id, fingerprint(person), OTHER_PASSWORD)


def let_statuses_end(world: World) -> None:
    """After a year they end; in the last month we say so beforehand."""
    world.certify(world.investor(), ClaimKind.ACCREDITED_US)
    for days in (340, 30):
        world.move_clock(days=days)
        expire_claims.run(world.platform)


@pytest.fixture(scope="module")
def told(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, list[QueuedMessage]]]:
    """A world in which everything was said at least once, and all that was said."""
    both = {"GATEWAYS": "sandbox,sandbox_cards", "REGIMES": "US-CF,US-REGA"}
    with worlds.shared(server, tmp_path_factory.mktemp("world"), **both) as world:
        keep_accounts(world)
        world.certify(world.investor(), ClaimKind.ACCREDITED_US)
        ask_for_changes(world)
        leave(world)
        stand_in_line(world)
        sell_too_much(world)
        for outcome in (CaseOutcome.APPROVE, CaseOutcome.REFUSE):
            refer(world, outcome)
        world.change_payee(sell(world).issuer_id, holder="H", account="US00 9876")
        miss(world)
        change(world)
        charge_later(world)
        let_statuses_end(world)
        take_money_back(world)
        keep_cash_here(world)
        close_a_part(world)
        payer = Payer(world)
        payer.distribute(payer.sold(120), 40_000, tax_bps=1_000)
        pays_otherwise(payer)
        with world.looking() as view:
            messages = view.session.query(QueuedMessage).order_by(QueuedMessage.id).all()
        yield world, messages


def written(world: World, message: QueuedMessage, language: str) -> EmailMessage:
    with world.looking() as view:
        person = identity_queries.user(view.session, message.user_id)
        person.locale = language
        return mails.write(
            message, person, sender="OpenRaise <no-reply@example.test>", public_url="https://example.test",
            link="https://example.test/link" if message.kind in ("verify_email", "reset_password") else None,
        )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Message)
def test_every_message_is_written_whole(told: tuple[World, list[QueuedMessage]], kind: Message, language: str) -> None:
    world, messages = told
    of_kind = [message for message in messages if message.kind == kind]
    assert of_kind, f"nothing made the platform say {kind}"
    for message in of_kind:
        mail = written(world, message, language)
        text = f"{mail['Subject']}\n{mail.get_content()}"
        assert mail["Subject"] and mail.get_content().count("\n") > 3
        assert not re.search(r"None|%\(|\{\{|\{%|Undefined", text), text
        assert bool(re.search("[一-鿿]", mail["Subject"])) is (language == "zh-CN"), mail["Subject"]
        assert mail["Content-Language"] == language
        assert mail["Message-ID"] == f"<message-{message.id}@example.test>"
        assert ("https://example.test/link" in text) is (kind in ("verify_email", "reset_password"))


def texts(told: tuple[World, list[QueuedMessage]], kind: Message, **facts: Any) -> list[str]:
    """The English subjects and bodies of the messages of a kind with these facts."""
    world, messages = told
    found = []
    for message in messages:
        if message.kind == kind and facts.items() <= message.facts.items():
            mail = written(world, message, "en")
            found.append(f"{mail['Subject']}\n{mail.get_content()}".replace("\xa0", " "))
    return found


def test_amounts_stand_in_the_message_as_they_were(told: tuple[World, list[QueuedMessage]]) -> None:
    (paid,) = texts(told, Message.FUNDS_RELEASED, minor=23_750)
    assert "237.50" in paid and "12.50" in paid
    missed = texts(told, Message.OFFERING_FAILED, minor=25_000)[0]
    assert "250.00" in missed and "50,000.00" in missed
    (shares,) = texts(told, Message.SHARES_ISSUED, shares=100)
    assert "100 shares" in shares and "250.00" in shares


def test_a_distribution_is_told_with_all_that_was_taken_from_it(told: tuple[World, list[QueuedMessage]]) -> None:
    """120 shares cost 306.00 with the fee: carry is a tenth of 94.00, tax a tenth of the rest."""
    (text,) = texts(told, Message.DISTRIBUTION_PAID)
    for amount in ("120 shares: $400.00", "carry: $9.40", "taxes: $39.06", "cash account: $351.54"):
        assert amount in text
    (asked,) = texts(told, Message.DISTRIBUTION_AGREED, minor=40_000)
    assert "Pay $400.00 to the custodian" in asked and "Of it $39.06 is kept for taxes." in asked


def test_an_offer_to_the_next_in_line_says_until_which_minute(told: tuple[World, list[QueuedMessage]]) -> None:
    """In the subject and in the body the same one."""
    (text,) = texts(told, Message.WAITLIST_OFFERED, shares=6)
    minute = re.findall(r"until (\w{3} \d+ \w{3} \d{4}, \d\d:\d\d New York)", text)
    assert len(minute) == 2 and len(set(minute)) == 1
    assert "You wished for 10." in text


def test_a_part_that_goes_back_is_told_by_itself(told: tuple[World, list[QueuedMessage]]) -> None:
    (text,) = texts(told, Message.PLEDGE_SCALED)
    assert "You get 20 of 30 shares" in text and "$250.00" in text and "to the account that it came from" in text
    world, messages = told
    (scaled,) = (one for one in messages if one.kind == Message.PLEDGE_SCALED)
    into_cash = QueuedMessage(id=0, kind=scaled.kind, user_id=scaled.user_id, facts={**scaled.facts, "into_cash": True})
    assert "into your cash account" in written(world, into_cash, "en").get_content()
    (nothing,) = texts(told, Message.REFUND_DUE, stop_reason="not_allotted")
    assert "nothing was left for this pledge" in nothing and "$500.00" in nothing


def test_money_in_the_wrong_currency_is_named_as_it_came(told: tuple[World, list[QueuedMessage]]) -> None:
    for kind in (Message.REFUND_DUE, Message.REFUND_PAID):
        (text,) = texts(told, kind, currency="EUR")
        assert "€250.00" in text


@pytest.mark.parametrize("reason", ["offering_withdrawn", "offering_failed"])
def test_a_refund_says_why(told: tuple[World, list[QueuedMessage]], reason: str) -> None:
    words = {"offering_withdrawn": "The company withdrew the offering.", "offering_failed": "did not reach its target"}
    assert all(words[reason] in text for text in texts(told, Message.REFUND_DUE, stop_reason=reason))
    assert texts(told, Message.REFUND_DUE, stop_reason=reason)


def test_a_change_to_confirm_says_what_goes_and_what_comes_and_until_when(
    told: tuple[World, list[QueuedMessage]],
) -> None:
    (text,) = texts(told, Message.CHANGE_TO_CONFIRM)
    assert "Machines: [removed: 100%][added: 80%]" in text and "Rent: [added: 20%]" in text
    assert "[removed: $250.00][added: $200.00]" in text
    assert re.search(r"Confirm or cancel until \w{3} \d+ \w{3} \d{4}, 23:59 New York", text)
    assert "If you say nothing, we cancel your pledge and return everything that you paid." in text
    assert "before, it ended on" in text


def test_an_early_close_says_the_deadline_and_the_last_moment_to_cancel(
    told: tuple[World, list[QueuedMessage]],
) -> None:
    """17 CFR 227.304(b)(2): the new deadline, the right to cancel, and whether pledges are still taken at the end."""
    (text,) = texts(told, Message.DEADLINE_MOVED, reason="early_close")
    assert "now ends on" in text and "You can cancel for any reason until" in text
    assert "The offering takes pledges until it ends." in text


def test_what_the_officer_wrote_is_passed_on(told: tuple[World, list[QueuedMessage]]) -> None:
    (text,) = texts(told, Message.OFFERING_DECIDED, outcome="request_changes")
    assert NOTE in text


def test_a_name_with_line_breaks_becomes_no_header(world: World) -> None:
    """Neither a company's nor a person's, with any kind of line break there is."""
    breaks = ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r\n", "\n"]
    name = "Evil" + "".join(f"{line}Bcc: v{n}@e.test" for n, line in enumerate(breaks))
    pledge = world.pledged(world.live())
    world.sql("UPDATE messages SET facts = jsonb_set(facts, '{offering}', to_jsonb(CAST(:name AS text)))", name=name)
    with world.looking() as view:
        message = view.session.query(QueuedMessage).filter_by(kind="pledge_placed").one()
    assert message.facts["ref"] == pledge.ref
    for language in LANGUAGES:
        world.sql("UPDATE users SET name = :name WHERE id = :id", name=name, id=message.user_id)
        mail = written(world, message, language)
        raw = mail.as_bytes()
        headers = raw.split(b"\n\n", 1)[0]
        assert mail["Bcc"] is None and mail["Cc"] is None
        assert not re.search(rb"(?mi)^bcc:", headers)
        assert {key.lower() for key in mail} == {
            "subject", "from", "to", "message-id", "x-message-id", "auto-submitted", "content-language", "content-type",
            "content-transfer-encoding", "mime-version",
        }  # fmt: skip


def test_an_address_with_a_line_break_is_not_written_to(world: World) -> None:
    world.pledged(world.live())
    with world.looking() as view:
        message = view.session.query(QueuedMessage).filter_by(kind="pledge_placed").one()
    world.sql(
        "UPDATE users SET email = 'a@example.test' || chr(10) || 'bcc: b@example.test' WHERE id = :id",
        id=message.user_id,
    )
    with pytest.raises(ValueError, match="linefeed"):
        written(world, message, "en")
