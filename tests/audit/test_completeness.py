"""Nothing happens beside the trail, and nothing about an offering is left out of its bundle without a reason."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from app.closings import actions as closings
from app.compliance import actions as compliance
from app.compliance.actions import Reason
from app.compliance.models import CaseOutcome
from app.examination.contents import FILES
from app.investors.models import ClaimKind
from app.offerings import actions as offerings
from app.payments.models import GatewayEvent
from app.payments.sandbox.tables import Token
from tests.builders import World
from tests.test_status_moves import SUBJECTS

#: Notes, past our code, every birth and every move of a status, with the transaction that it happened in.
WATCH = """
CREATE TABLE seen (txid bigint, subject_type text, subject_id bigint, before text, after text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN INSERT INTO seen VALUES (txid_current(), TG_TABLE_NAME, NEW.id, NULL, NEW.status);
  ELSIF NEW.status <> OLD.status THEN
    INSERT INTO seen VALUES (txid_current(), TG_TABLE_NAME, NEW.id, OLD.status, NEW.status);
  END IF;
  RETURN NULL; END $$;
"""
WATCHED = "CREATE TRIGGER see AFTER INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION see()"
SEEN = "SELECT txid, subject_type, subject_id, before, after FROM seen"
TOLD = """
SELECT xmin::text::bigint, subject_type, subject_id, from_status, to_status FROM audit_events
WHERE to_status IS DISTINCT FROM from_status
"""


@pytest.fixture
def watched(world: World) -> World:
    world.sql(WATCH)
    for subject in set(SUBJECTS) - {GatewayEvent}:  # of an event only what people do is told: see `inbox.finish`
        world.sql(WATCHED.format(subject.__tablename__))
    return world


def every_kind_of_act(world: World) -> None:
    sold, missed, withdrawn = world.live(target="250"), world.live(), world.live()
    investor = world.investor()
    world.certify(investor, ClaimKind.ACCREDITED_US)
    world.held(sold, investor=investor)
    for token in (Token.DECLINE, Token.PARTIAL_AMOUNT, Token.DELAYED_OK, Token.REFUND_DELAYED):
        world.pay(world.pledged(sold), token)
    world.run_jobs()
    world.cancel(world.held(sold))
    world.cancel(world.pledged(sold))
    world.pledged(sold, 10_000)  # an officer must look at it
    world.pledged(sold)  # never paid
    world.held(missed)
    world.held(withdrawn)
    with world.acting() as tx:
        closings.withdraw_offering(tx, withdrawn.id)
    _, _, case = world.submitted()
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case)
    with world.acting(officer) as tx:
        compliance.resolve_offering(tx, case, CaseOutcome.REFUSE, [Reason.OTHER], "Half of it is missing.")
    world.move_clock(days=1)
    world.run_jobs()
    world.settled(sold)
    world.move_clock(days=10)
    world.run_jobs()
    with world.acting() as tx:
        assert offerings.lock(tx, sold.id).status == "settled"


def test_every_change_of_a_status_is_told_once_in_its_own_transaction(watched: World) -> None:
    every_kind_of_act(watched)
    seen = Counter(map(tuple, watched.sql(SEEN)))
    told = Counter(map(tuple, watched.sql(TOLD)))
    assert len(seen) > 120
    assert seen - told == Counter(), "changed, and not told in the same transaction"
    assert told - seen == Counter(), "told, and not changed"
    moved = {(subject, after) for _, subject, _, _, after in seen}
    assert moved >= {
        ("offerings", "settled"), ("offerings", "refunded"), ("offerings", "withdrawn"), ("offerings", "refused"),
        ("pledges", "settled"), ("pledges", "refunded"), ("pledges", "cancelled"), ("pledges", "failed"),
        ("pledges", "in_review"), ("pledges", "processing"), ("closings", "done"), ("closings", "aborted"),
        ("instructions", "succeeded"), ("instructions", "cancelled"), ("review_cases", "resolved"), ("claims", "verified"),
    }  # fmt: skip


def test_a_change_that_is_not_told_is_seen(watched: World) -> None:
    watched.pledged(watched.live())
    watched.sql("UPDATE pledges SET status = 'processing'")
    unseen = Counter(map(tuple, watched.sql(SEEN))) - Counter(map(tuple, watched.sql(TOLD)))
    assert [row[1:] for row in unseen] == [("pledges", 1, "reserved", "processing")]


# The bundle

#: Tables that are about an offering, or about somebody in it, and are in no bundle. Each with its reason.
LEFT_OUT = {
    "figures": "what counted of them stands in each decision's facts",
    "limit_statements": "what counted of them stands in each decision's facts",
    "users": "people.jsonl has the names; the rest is how they sign in",
    "role_grants": "people.jsonl has the roles",
    "user_sessions": "how people sign in",
    "recovery_codes": "how people sign in",
    "form_drafts": "what somebody had typed and not sent",
    "saved_filters": "how an officer looks at the queue",
    "bank_accounts": "an investor's own, for their cash and for what no refund reaches: sealed",
    "cash_choices": "an investor's own cash: an instruction says where a refund went",
    "bank_matches": "which line of a bank's file answers what: gateway_transactions.jsonl has the lines",
    "listings": "the lists that names are compared with: what matched stands in the alert",
}
#: Columns of tables that are in it, and are not.
COLUMNS_LEFT_OUT = {
    "form_key": "a number of the form, which says nothing",
    "payout_account": "sealed; payout_hint tells it apart",
    "payee_account": "sealed; payee_hint tells it apart",
    "basis": "in the investor's own words, about themselves",
    "content": "the file in documents/",
    "text": "the file in packs/",
    "sealed": "the file of a person: its hash tells which one it is",
    "born_on": "how a name on a list is told apart from them",
    "email": "how somebody is reached",
    "payload": "what the proposal does: its hash was agreed to, an account in it is sealed",
    "url": "where the payer was sent",
    "next_attempt_at": "when the machine looks again",
    "last_error": "for who runs the machine",
    "dedupe_key": "what the message is about stands in its facts",
    "paid_from": "a mark that only tells whether two accounts are one",
    "placed_from": "of use to the rules of alerts, which are nobody's but the officers'",
    "txid": "a number of the database",
    "instrument": "what may be charged at the gateway",
}
#: Tables whose columns the bundle has by another way than by a query on them.
ELSEWHERE = {"audit_events", "audit_seals", "gateway_events", "users", "role_grants"}
POINTERS = (
    "offering_id",
    "pledge_id",
    "closing_id",
    "investor_id",
    "issuer_id",
    "user_id",
    "entry_id",
    "instruction_id",
)


def tables(query: str) -> set[str]:
    return set(re.findall(r"\b(?:FROM|JOIN) (\w+)", query))


def test_every_table_about_an_offering_has_its_file_or_a_reason(world: World) -> None:
    about = world.sql(
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name = ANY (:pointers)", pointers=list(POINTERS),
    )  # fmt: skip
    told = set().union(*(tables(query) for query in FILES.values())) | ELSEWHERE
    assert {table for (table,) in about} - told - set(LEFT_OUT) == set()


def test_every_column_of_a_file_is_in_it_or_has_a_reason(world: World) -> None:
    for name, query in FILES.items():
        (table,) = re.findall(r"\bFROM (\w+)", query)[:1] if name != "postings.jsonl" else ("postings",)
        if table in ELSEWHERE or name == "people.jsonl":
            continue
        columns = world.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :table",
            table=table,
        )
        selected = set(re.findall(r"\w+", query.split("FROM")[0]))
        missing = {column for (column,) in columns} - selected - set(COLUMNS_LEFT_OUT)
        assert missing == set(), name
