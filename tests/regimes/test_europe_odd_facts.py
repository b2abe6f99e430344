"""Missing, negative, absurd and contradictory facts: answered in one of four ways, or refused by the name of the field."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.regimes.facts import BadFacts
from app.regimes.fields import FIELDS
from app.regimes.registry import assess_case
from app.regimes.verdict import Decision
from tests.regimes.asking import Case
from tests.regimes.asking_europe import (
    certified,
    eu_event,
    eu_pledge,
    eu_raise,
    restricted,
    uk_pledge,
    uk_raise,
    wealthy,
)

SEK = {"currency": "SEK"}
MONDAY, TUESDAY = "2025-06-02T10:00:00+02:00", "2025-06-03T10:00:00+02:00"


def bought(**details: Any) -> list[Case]:
    return [
        {"date": "2020-01-01", "amount": "1.00", "issuer": "iss-A", "status": "settled"},
        {"date": "2020-01-01", "amount": "1.00", "issuer": "iss-A", "status": "cancelled", **details},
    ]


@pytest.mark.parametrize(
    ("field", "case"),
    [
        ("category", {**eu_pledge(), "category": "filing"}),
        ("category", {**uk_pledge(), "category": "investor-cap"}),
        ("pledge.amount", eu_pledge("-1.00")),
        ("pledge.currency", {**uk_pledge(), "pledge": {"amount": "1.00", "currency": "EUR"}}),
        ("fx.SEKEUR", eu_pledge(**SEK)),
        ("fx.SEKEUR", eu_pledge(**SEK, fx={"SEKUSD": "0.10", "EURSEK": "11.50"})),
        ("fx.SEKEUR_div", eu_pledge(**SEK, fx={"SEKEUR_div": "0"})),
        ("fx.SEKEUR_div", eu_pledge(**SEK, fx={"SEKEUR_div": "-11.50"})),
        ("fx.SEKEUR_div", eu_pledge(**SEK, fx={"SEKEUR_div": 11.5})),
        ("fx.SEKEUR", eu_pledge(**SEK, fx={"SEKEUR": "1e-1", "SEKEUR_div": "11.50"})),
        ("fx.GBPEUR", uk_raise("1.00", on="2026-01-18")),
        ("investor.class", eu_pledge(**{"class": "angel"})),
        ("investor.class", eu_pledge(**{"class": ["sophisticated"]})),
        ("investor.type", eu_pledge(type="robot")),
        ("investor.entry_test:", eu_pledge(entry_test="maybe")),
        ("investor.entry_test_on", eu_pledge(entry_test_on="soon")),
        ("investor.simulation_on", eu_pledge(simulation_on="2025-02-30")),
        ("investor.ack_21_4", eu_pledge(ack_21_4="yes")),
        ("investor.ack_21_7_consent", eu_pledge("9000.00", ack_21_7_consent=1)),
        ("investor.nw_inputs", eu_pledge(nw_inputs="rich")),
        ("investor.nw_inputs.liquid_assets", eu_pledge(nw_inputs={"liquid_assets": "-1.00"})),
        ("investor.nw_inputs.annual_commitments", eu_pledge(nw_inputs={"annual_commitments": "-1.00"})),
        ("investor.soph_facts", eu_pledge(soph_facts=[])),
        ("investor.soph_facts.portfolio", eu_pledge(soph_facts={"portfolio": "-1.00"})),
        ("investor.soph_facts.finance_job_months", eu_pledge(soph_facts={"finance_job_months": "12"})),
        ("investor.soph_facts.executive_months", eu_pledge(soph_facts={"executive_months": -12})),
        ("investor.soph_facts.tx_last4q", eu_pledge(soph_facts={"tx_last4q": [40]})),
        ("investor.soph_facts.tx_last4q", eu_pledge(soph_facts={"tx_last4q": 40})),
        ("investor.soph_facts.tx_last4q", eu_pledge(soph_facts={"tx_last4q": [10, 10, 10, None]})),
        ("investor.soph_facts.tx_last4q", eu_pledge(soph_facts={"tx_last4q": [10, 10, 10, -30]})),
        ("investor.soph_granted_on", eu_pledge(soph_granted_on=2024)),
        ("investor.soph_request_approved", eu_pledge(soph_request_approved="true")),
        ("history[1].offer_kind", {**eu_raise("1.00"), "history": bought(offer_kind="ecsrp")}),
        ("event.type", {**eu_event("revoke", TUESDAY), "event": {"type": "reclaim"}}),
        ("event.offer_made_at", {**eu_event("revoke", TUESDAY), "event": {"type": "revoke", "at": TUESDAY}}),
        ("event.at", {**eu_event("revoke", TUESDAY), "event": {"type": "revoke", "offer_made_at": MONDAY}}),
        ("event.at", eu_event("revoke", MONDAY, made_at=TUESDAY)),
        ("event.at", eu_event("revoke", "2025-06-03T10:00:00")),
        ("investor.category_statement", uk_pledge(category_statement="rich")),
        ("investor.category_statement.kind", uk_pledge(category_statement={})),
        ("investor.category_statement.kind", uk_pledge(category_statement={**restricted(), "kind": ["hnw"]})),
        ("investor.category_statement.signed_on", uk_pledge(statement=restricted("May"))),
        ("investor.category_statement.net_assets", uk_pledge(statement=restricted(net_assets=50_000))),
        ("investor.category_statement.home_equity", uk_pledge(statement=restricted(home_equity="-1.00"))),
        ("investor.category_statement.income", uk_pledge(statement=wealthy("2024-05-01", income="lots"))),
        ("investor.category_statement.director_turnover", uk_pledge(statement=certified("2024-05-01", director_turnover="1m"))),
        ("investor.category_statement.unlisted", uk_pledge(statement=certified("2024-05-01", unlisted_investments_2y="2"))),
        ("investor.category_statement.angel", uk_pledge(statement=certified("2024-05-01", angel_network_months=1.5))),
        ("investor.category_statement.finance_work_2y", uk_pledge(statement=certified("2024-05-01", finance_work_2y="no"))),
        ("investor.appropriateness", uk_pledge(appropriateness="perhaps")),
        ("investor.first_time", uk_pledge(first_time="yes")),
        ("investor.other_platform_12m", uk_pledge(other_platform_12m="-1.00")),
        ("event.at", uk_pledge(first_time=True, event={"dofp_requested_at": MONDAY})),
        ("event.dofp_requested_at", uk_pledge(first_time=True, event={"dofp_requested_at": "today", "at": MONDAY})),
        ("history[1].kind", uk_pledge(history=bought(kind="crpyto"))),
        ("history[1].kind", uk_pledge(history=bought(kind=["nrrs"]))),
        ("offering.pop_operator", {**uk_raise("1.00"), "offering": {"pop_operator": "yes"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(field: str, case: Case) -> None:
    with pytest.raises(BadFacts) as caught:
        assess_case(case)
    assert str(caught.value).startswith(field)


ODD = some.sampled_from([
    None, True, False, 0, -1, 12, 10**30, 1.5, "", "x", "0", "0.00", "-0.01", "-99999999999999.99", "99999999999999.99",
    "1000.01", "5000.00", "1900-01-01", "2024-02-29", "2025-06-02", "2199-12-31", "9999-12-31", MONDAY,
    "2199-12-31T23:59:59-23:59", "1900-01-01T00:00:00+23:59", "passed", "failed", "restricted", "hnw", "self_cert",
    "sophisticated", "ecspr", "crypto", "legal", "revoke", [], [10, 10, 10, 10], ["x"], {}, {"kind": "hnw"},
])  # fmt: skip
STARTS = [
    eu_pledge(), eu_pledge(**{"class": "sophisticated"}), eu_raise("1.00", *bought()), eu_event("revoke", TUESDAY),
    eu_pledge(currency="SEK", fx={"SEKEUR_div": "11.50"}, offer="off-A", history=bought(offer="off-A")),
    uk_pledge(history=bought(kind="p2p")), uk_pledge(statement=wealthy("2024-05-01", income="100000.00")),
    uk_pledge(statement=certified("2024-05-01")), uk_raise("1.00", rate="1.15", on="2026-01-18"), uk_raise("1.00"),
    uk_pledge(first_time=True, event={"dofp_requested_at": MONDAY, "at": TUESDAY}),
]  # fmt: skip
PATHS = [f"{section}.{name}".lstrip(".") for section, names in FIELDS.items() for name in sorted(names)]


def changed(case: Case, path: str, value: Any) -> Case:
    """The same case with another value in one place; a list has it in each of its items."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**case, name: value}
    inner = case.get(name.removesuffix("[]"))
    if name.endswith("[]"):
        items = inner if isinstance(inner, list) else []
        return {**case, name[:-2]: [changed(one, rest, value) if isinstance(one, dict) else one for one in items]}
    return {**case, name: changed(inner if isinstance(inner, dict) else {}, rest, value)}


@settings(max_examples=3_000, deadline=None)
@given(some.sampled_from(STARTS), some.lists(some.tuples(some.sampled_from(PATHS), ODD), min_size=1, max_size=4))
def test_every_case_is_decided_or_refused_and_nothing_breaks(case: Case, changes: list[tuple[str, Any]]) -> None:
    for path, value in changes:
        case = changed(case, path, value)
    with suppress(BadFacts):
        assert assess_case(case)["decision"] in {*Decision, "unsupported"}
