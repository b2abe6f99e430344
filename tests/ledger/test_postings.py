"""Every movement, posting by posting, against the table of the design; and what the books say after a chain of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.ledger import actions, cash_accounts, distributions, entries, queries, reversals
from app.ledger.chart import CHART, Code
from app.ledger.draft import Draft, Evidence
from app.ledger.reversals import MadeGood
from app.money import Money
from tests.builders import World, usd

#: The ids of the table below.
WHO = {"offering": 1, "pledge": 2, "investor": 9}
A, F, FEE, EXTRA = usd("100"), usd("3.20"), usd("5"), usd("2")
PROOF = Evidence("psp:txn_1", 1)


def told(draft: Draft) -> dict[str, int]:
    """Code -> minor units, debits above zero; lines of nothing are left out."""
    sides = {"D": 1, "C": -1}
    return {line.account.code.value: sides[line.side] * line.minor for line in draft.lines if line.minor}


#: The design's table of postings: number, draft, what it debits and credits.
TABLE: list[tuple[str, Draft, dict[str, int]]] = [
    ("P1", entries.pledge_promised(1, 2, A, "k"), {"9000": 10_000, "9001": -10_000}),
    ("P2", entries.funds_collected(1, 2, A, PROOF, collector="psp", gateway_fee=F),
     {"1000": 9_680, "1190": 320, "2010": -10_000, "5000": 320, "3100": -320}),
    ("P2+", entries.funds_collected(1, 2, A, PROOF, collector="psp", gateway_fee=F, investor_fee=EXTRA),
     {"1000": 9_880, "1190": 320, "2010": -10_000, "2015": -200, "5000": 320, "3100": -320}),
    ("P3", entries.funds_collected(1, 2, A, PROOF, collector="psp", gateway_fee=F, may_be_taken_back=True),
     {"1000": 9_680, "1190": 320, "2000": -10_000, "5000": 320, "3100": -320}),
    ("P4", entries.funds_cleared(1, 2, A, "k"), {"2000": 10_000, "2010": -10_000}),
    ("P5", entries.funds_available(1, "psp", A, "k"), {"1010": 10_000, "1000": -10_000}),
    ("P5", entries.overdraft_covered(1, "psp", A, "k"), {"1010": 10_000, "1100": -10_000}),
    ("P6", entries.custody_transfer_sent(1, "psp", A, PROOF), {"1150": 10_000, "1010": -10_000}),
    ("P6", entries.custody_transfer_received(1, A, PROOF), {"1100": 10_000, "1150": -10_000}),
    ("P6 back", entries.custody_return_sent(1, A, PROOF), {"1150": 10_000, "1100": -10_000}),
    ("P6 back", entries.custody_return_received(1, "psp", A, PROOF), {"1010": 10_000, "1150": -10_000}),
    ("P6 top-up", entries.top_up_received(1, F, PROOF), {"1100": 320, "1190": -320, "3100": 320, "3000": -320}),
    ("P7", entries.funds_collected(1, 2, A, PROOF), {"1100": 10_000, "2010": -10_000}),
    ("P7", entries.unidentified_funds_received(1, A, PROOF), {"1100": 10_000, "2200": -10_000}),
    ("P7", entries.unidentified_funds_received(1, A, PROOF, collector="psp", gateway_fee=F),
     {"1000": 9_680, "1190": 320, "2200": -10_000, "5000": 320, "3100": -320}),
    ("P7", entries.receipt_identified(1, 2, A, "k"), {"2200": 10_000, "2010": -10_000}),
    ("P7+", entries.receipt_identified(1, 2, A, "k", investor_fee=EXTRA),
     {"2200": 10_200, "2010": -10_000, "2015": -200}),
    ("P7", entries.receipt_identified(1, 2, A, "k", may_be_taken_back=True), {"2200": 10_000, "2000": -10_000}),
    ("P7", entries.unidentified_funds_returned(1, A, PROOF), {"2200": 10_000, "1100": -10_000}),
    ("P7", entries.unidentified_funds_returned(1, A, PROOF, collector="psp"), {"2200": 10_000, "1010": -10_000}),
    ("P8", entries.promise_ended(1, 2, A, "k"), {"9001": 10_000, "9000": -10_000}),
    ("P9", entries.refund_owed(1, 2, A, "k"), {"2010": 10_000, "2020": -10_000}),
    ("P9", entries.refund_owed(1, 2, A, "k", may_be_taken_back=True), {"2000": 10_000, "2020": -10_000}),
    ("P9+", entries.refund_owed(1, 2, A, "k", investor_fee=EXTRA), {"2010": 10_000, "2015": 200, "2020": -10_200}),
    ("P10", entries.refund_paid(1, 2, A, PROOF), {"2020": 10_000, "1100": -10_000}),
    ("P10", entries.refund_paid(1, 2, A, PROOF, collector="psp"), {"2020": 10_000, "1010": -10_000}),
    ("P11", reversals.refund_failed(1, 2, A, PROOF, collector="psp"), {"1010": 10_000, "2020": -10_000}),
    ("P12", entries.pledge_closed(1, 2, A, "k"), {"2010": 10_000, "2100": -10_000}),
    ("P13", entries.platform_fee_charged(1, FEE, "k"), {"2100": 500, "2120": -500, "3210": 500, "4000": -500}),
    ("P13", entries.investor_fee_earned(1, 2, EXTRA, "k"), {"2015": 200, "2120": -200, "3210": 200, "4000": -200}),
    ("P13", entries.holdback_kept(1, FEE, "k"), {"2100": 500, "2110": -500}),
    ("P14", entries.payout_instructed(1, A, "k"), {"2100": 10_000, "2130": -10_000}),
    ("P15", entries.payout_paid(1, A, PROOF), {"2130": 10_000, "1100": -10_000}),
    ("P16", entries.payout_failed(1, A, "k"), {"2130": 10_000, "2100": -10_000}),
    ("P16", reversals.payout_returned(1, A, PROOF), {"1100": 10_000, "2100": -10_000}),
    ("P17", entries.platform_fee_swept(1, FEE, PROOF), {"2120": 500, "1100": -500, "3000": 500, "3210": -500}),
    ("P17", entries.platform_fee_returned(1, FEE, PROOF), {"1100": 500, "2120": -500, "3210": 500, "3000": -500}),
    ("P18", entries.processor_cost_recharged(1, F, "k"), {"2100": 320, "2120": -320, "3210": 320, "4010": -320}),
    ("P20", entries.holdback_released(1, FEE, "k"), {"2110": 500, "2100": -500}),
    ("P21", reversals.debit_returned(1, 2, A, PROOF, collector="psp", out_of=Code.INVESTOR_UNSETTLED, gateway_fee=F),
     {"2000": 10_000, "1010": -10_320, "1190": 320, "5010": 320, "3100": -320}),
    ("P21+", reversals.debit_returned(1, 2, A + EXTRA, PROOF, collector="psp", investor_fee=EXTRA),
     {"2010": 10_000, "2015": 200, "1010": -10_200}),
    ("P22", reversals.debit_returned(1, 2, A, PROOF, collector="psp", out_of=Code.RETURNED_DEBIT),
     {"1195": 10_000, "1010": -10_000}),
    ("P22", reversals.loss_covered_by_refund(1, 2, FEE, "k"), {"2020": 500, "1195": -500}),
    ("P22", reversals.loss_covered_by_holdback(1, 2, FEE, "k"), {"2110": 500, "1195": -500}),
    ("P22", reversals.loss_covered_by_platform(1, 2, A, "k"),
     {"1190": 10_000, "1195": -10_000, "5020": 10_000, "3100": -10_000}),
    ("P22", reversals.loss_claimed_from_issuer(1, A, "k"), {"3220": 10_000, "5020": -10_000}),
    ("P23", reversals.dispute_opened(1, 2, A, PROOF, collector="psp", gateway_fee=F),
     {"1197": 10_000, "1010": -10_320, "1190": 320, "5010": 320, "3100": -320}),
    ("P24", reversals.dispute_won(1, 2, A, PROOF, collector="psp"), {"1010": 10_000, "1197": -10_000}),
    ("P24", reversals.dispute_lost(1, 2, A, "k", out_of=Code.INVESTOR_HELD), {"2010": 10_000, "1197": -10_000}),
    ("P24+", reversals.dispute_lost(1, 2, A + EXTRA, "k", out_of=Code.INVESTOR_HELD, investor_fee=EXTRA),
     {"2010": 10_000, "2015": 200, "1197": -10_200}),
    ("P24", reversals.dispute_lost(1, 2, A, "k", out_of=Code.RETURNED_DEBIT), {"1195": 10_000, "1197": -10_000}),
    ("P24", reversals.loss_made_good(1, 2, MadeGood(A - FEE, F, FEE - F), "k"),
     {"1195": 10_000, "2120": -9_820, "2110": -180, "3210": 9_820, "5020": -9_500, "3220": -320}),
    ("P24", reversals.loss_owed_to_investor(1, 2, A, "k"), {"1195": 10_000, "2200": -10_000}),
    ("P24", reversals.loss_owed_to_issuer(1, 2, A, "k"), {"1195": 10_000, "2200": -10_000}),
    ("P24", reversals.loss_owed_to_issuer(1, 2, A, "k", source=Code.REFUND_PAYABLE), {"2020": 10_000, "2200": -10_000}),
    ("P24", reversals.loss_repaid_to_issuer(1, A, PROOF), {"2200": 10_000, "1100": -10_000}),
    ("P24", reversals.loss_recovered(1, 2, A, PROOF, collector="psp"), {"1010": 10_000, "1195": -10_000}),
    ("P24", reversals.loss_recovered_from_refund(1, 2, MadeGood(F, usd("0"), FEE - F), "k"),
     {"2020": 500, "2120": -320, "3210": 320, "5020": -320, "2110": -180}),
    ("price", entries.gateway_price_taken(1, F, PROOF), {"1100": -320, "1190": 320, "5000": 320, "3100": -320}),
    ("price", entries.gateway_price_taken(1, F, PROOF, collector="psp"),
     {"1010": -320, "1190": 320, "5000": 320, "3100": -320}),
    ("P25", distributions.distribution_received(1, A, PROOF), {"1100": 10_000, "2140": -10_000}),
    ("P25", distributions.distribution_declared(1, 9, A - FEE, FEE, "k"), {"2140": 10_000, "2300": -9_500, "2310": -500}),
    ("P25", distributions.carry_charged(1, FEE, "k"), {"2140": 500, "2120": -500, "3210": 500, "4000": -500}),
    (
        "P25",
        distributions.distribution_paid(1, {9: 10_000}, A, PROOF, gateway="bank"),
        {"2300": 10_000, "2030": -10_000, "1110": 10_000, "1100": -10_000},
    ),
    ("P25", distributions.tax_paid(1, FEE, PROOF), {"2310": 500, "1100": -500}),
    ("cash", cash_accounts.cash_paid_in(9, A, PROOF, gateway="bank", gateway_fee=F),
     {"1110": 9_680, "2030": -10_000, "1190": 320, "5000": 320, "3100": -320}),
    ("cash", cash_accounts.cash_collected(9, A, PROOF, collector="psp", gateway_fee=F),
     {"1010": 9_680, "2032": -10_000, "1190": 320, "5000": 320, "3100": -320}),
    ("cash", cash_accounts.cash_arrived(9, A, A - F, PROOF, gateway="bank"),
     {"1110": 9_680, "1150": -9_680, "2032": 10_000, "2030": -10_000}),
    ("cash", cash_accounts.cash_sent_back(A, PROOF, gateway="bank"), {"1150": 10_000, "1110": -10_000}),
    ("cash", cash_accounts.stray_cash_received(9, A, PROOF, collector="psp", gateway_fee=F),
     {"1010": 9_680, "2200": -10_000, "1190": 320, "5000": 320, "3100": -320}),
    ("cash", cash_accounts.stray_cash_returned(9, A, PROOF, collector="psp"), {"2200": 10_000, "1010": -10_000}),
    ("cash", cash_accounts.cash_debit_returned(
        9, A, PROOF, collector="psp", covered=A - A, gateway_fee=F, out_of=Code.INVESTOR_CASH_COMING),
     {"2032": 10_000, "1190": 320, "1010": -10_320, "5010": 320, "3100": -320}),
    ("cash", cash_accounts.cash_reserved(9, A, "k"), {"2030": 10_000, "2035": -10_000}),
    ("cash", cash_accounts.cash_freed(9, A, "k"), {"2035": 10_000, "2030": -10_000}),
    ("cash", cash_accounts.cash_pledged(9, 1, 2, A, PROOF, gateway="bank"),
     {"2035": 10_000, "2010": -10_000, "1100": 10_000, "1110": -10_000}),
    ("cash+", cash_accounts.cash_pledged(9, 1, 2, A, PROOF, gateway="bank", investor_fee=EXTRA),
     {"2035": 10_200, "2010": -10_000, "2015": -200, "1100": 10_200, "1110": -10_200}),
    ("cash", cash_accounts.refunded_to_cash(9, 1, 2, A, PROOF, gateway="bank"),
     {"2020": 10_000, "2030": -10_000, "1110": 10_000, "1100": -10_000}),
    ("cash", cash_accounts.cash_taken_out(9, A, PROOF, gateway="bank"), {"2035": 10_000, "1110": -10_000}),
    ("cash", cash_accounts.cash_came_back(9, A, PROOF, gateway="bank"), {"1110": 10_000, "2030": -10_000}),
    ("cash", cash_accounts.stray_cash_received(9, A, PROOF, gateway="bank"), {"1110": 10_000, "2200": -10_000}),
    ("cash", cash_accounts.stray_cash_identified(9, A, "k"), {"2200": 10_000, "2030": -10_000}),
    ("cash", cash_accounts.stray_cash_returned(9, A, PROOF, gateway="bank"), {"2200": 10_000, "1110": -10_000}),
    ("cash", cash_accounts.cash_debit_returned(9, A, PROOF, gateway="bank", covered=FEE, gateway_fee=F),
     {"2030": 9_500, "1190": 820, "1110": -10_320, "5020": 500, "5010": 320, "3100": -820}),
    ("cash", cash_accounts.cash_topped_up_by_platform(F, PROOF, gateway="bank"),
     {"1110": 320, "1190": -320, "3100": 320, "3000": -320}),
    ("cash", cash_accounts.gateway_price_taken(F, PROOF, collector="psp"),
     {"1010": -320, "1190": 320, "5000": 320, "3100": -320}),
    ("cash", cash_accounts.gateway_price_taken(F, PROOF, gateway="bank"),
     {"1110": -320, "1190": 320, "5000": 320, "3100": -320}),
    ("bill", entries.listing_fee_billed(1, FEE, "k"), {"3220": 500, "4000": -500}),
    ("bill", entries.issuer_bill_paid(1, FEE, PROOF), {"3000": 500, "3220": -500}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("draft", "lines"), [row[1:] for row in TABLE], ids=[f"{row[0]} {row[1].kind}" for row in TABLE]
)
def test_a_movement_debits_and_credits(draft: Draft, lines: dict[str, int]) -> None:
    assert told(draft) == lines
    assert draft.is_balanced()
    assert len({line.account for line in draft.lines}) == len(draft.lines)  # one line for an account


#: Whom an account is kept for. What is kept per offering belongs to nobody in particular where it is about cash accounts.
KEPT_PER = {
    code: per
    for per, codes in {
        "offering": "1100 1150 1190 2100 2110 2120 2130 2140 2310 3100 3210 3220 9001",
        "offering pledge": "1195 1197 2000 2010 2015 2020 9000",
        "offering gateway": "1000 1010",
        "gateway": "1110",
        "investor": "2030 2032 2035 2300 2320",
        "": "3000 4000 4010 5000 5010 5020",
    }.items()
    for code in codes.split()
}
OF_ALL = {"1010": "gateway", "1150": "", "1190": "", "3100": ""}


@pytest.mark.parametrize(
    ("number", "draft"), [row[:2] for row in TABLE], ids=[f"{row[0]} {row[1].kind}" for row in TABLE]
)
def test_every_line_is_kept_for_whom_the_chart_says(number: str, draft: Draft) -> None:
    is_cash = number.startswith("cash")
    per = {**KEPT_PER, **(OF_ALL if is_cash else {}), "2200": "investor" if is_cash else "offering"}
    for code, offering, pledge, investor, gateway in (line.account for line in draft.lines):
        kept = {"offering": offering, "pledge": pledge, "investor": investor}
        wanted = per[code].split()
        assert kept == {name: number * (name in wanted) for name, number in WHO.items()}, code
        assert (gateway in ("psp", "bank")) == ("gateway" in wanted), code


@pytest.mark.parametrize("draft", [row[1] for row in TABLE], ids=[f"{row[0]} {row[1].kind}" for row in TABLE])
def test_an_entry_says_what_it_is_and_is_once_for_its_evidence_or_its_key(draft: Draft) -> None:
    assert any(hasattr(module, draft.kind) for module in (entries, reversals, distributions, cash_accounts))
    on_evidence = (f"{draft.kind}:{PROOF.transaction}", PROOF.transaction, PROOF.instruction_id)
    assert (draft.key, draft.evidence, draft.instruction_id) in (on_evidence, ("k", None, None), ("k", None, 1))
    assert draft.currency == "USD"


def test_cash_moves_only_on_evidence() -> None:
    for number, draft, lines in TABLE:
        moves_cash = bool({"1010", "1100", "1110", "3000"} & set(lines)) or ("1000" in lines and number != "P5")
        assert (draft.evidence is not None) == (moves_cash and number != "P5"), (number, draft.kind)


def test_every_account_of_the_chart_is_moved_by_something() -> None:
    assert {code for _, _, lines in TABLE for code in lines} == {code.value for code in CHART} - {"1196", "2320"}


CHAIN: list[Callable[[Evidence], Draft]] = [
    lambda proof: entries.funds_collected(1, 2, A, proof, collector="psp", gateway_fee=F, may_be_taken_back=True),
    lambda _: entries.funds_cleared(1, 2, A, "cleared"),
    lambda _: entries.funds_available(1, "psp", A - F, "available"),
    lambda proof: entries.custody_transfer_sent(1, "psp", A - F, proof),
    lambda proof: entries.custody_transfer_received(1, A - F, proof),
    lambda proof: entries.top_up_received(1, F, proof),
    lambda _: entries.pledge_closed(1, 2, A, "closed"),
    lambda _: entries.platform_fee_charged(1, FEE, "fee"),
    lambda _: entries.holdback_kept(1, FEE, "holdback"),
    lambda _: entries.payout_instructed(1, A - FEE - FEE, "payout"),
    lambda proof: entries.payout_paid(1, A - FEE - FEE, proof),
    lambda proof: entries.platform_fee_swept(1, FEE, proof),
]


def test_collected_elsewhere_carried_to_custody_closed_and_paid_out(world: World) -> None:
    """The whole way of a debit, and one that a bank takes back after the shares: holdback first, then the platform."""
    with world.acting() as tx:
        for number, step in enumerate(CHAIN):
            assert actions.post(tx, step(Evidence(f"psp:txn_{number}", 1)))
    assert _balances(world) == {"1100": 500, "2110": -500, "3000": 180, "4000": -500, "5000": 320}
    with world.acting() as tx:
        back = Evidence("psp:txn_back", 1)
        actions.post(tx, reversals.debit_returned(1, 2, A, back, collector="psp", out_of=Code.RETURNED_DEBIT))
        actions.post(tx, reversals.loss_covered_by_holdback(1, 2, FEE, "cover 1"))
        actions.post(tx, reversals.loss_covered_by_platform(1, 2, A - FEE, "cover 2"))
        actions.post(tx, entries.custody_return_sent(1, FEE, Evidence("bank:txn_1", 1)))
        actions.post(tx, entries.custody_return_received(1, "psp", FEE, Evidence("psp:txn_2b", 1)))
        actions.post(tx, entries.top_up_received(1, A - FEE, Evidence("psp:txn_3b", 1), collector="psp"))
    assert _balances(world) == {"3000": 180 - 9_500, "4000": -500, "5000": 320, "5020": 9_500}


def _balances(world: World) -> dict[str, int]:
    """Code -> debits less credits, where there is something."""
    rows = world.sql(
        "SELECT code, sum(debits - credits) FROM ledger_accounts GROUP BY code HAVING sum(debits - credits) <> 0"
    )
    return {code: int(net) for code, net in rows}


def test_accounts_are_kept_apart_by_gateway_and_investor(world: World) -> None:
    with world.acting() as tx:
        for number, (investor, gateway) in enumerate([(7, "one"), (7, "two"), (8, "two")]):
            proof = Evidence(f"{gateway}:txn_{number}", None)
            actions.post(
                tx, cash_accounts.cash_paid_in(investor, Money(100 * (number + 1), "USD"), proof, gateway=gateway)
            )
    with world.looking() as view:
        cash = {name: queries.balance(view.session, Code.CLIENT_CASH, "USD", gateway=name) for name in ("one", "two")}
        owed = {who: queries.balance(view.session, Code.INVESTOR_CASH, "USD", investor_id=who) for who in (7, 8)}
    assert (cash, owed) == ({"one": 100, "two": 500}, {7: 300, 8: 300})
