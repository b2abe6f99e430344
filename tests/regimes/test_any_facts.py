"""Whatever a case says: every regime gives one of the four answers, or names the field that it cannot read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.money import Money
from app.regimes import facts
from app.regimes.facts import BadFacts
from app.regimes.fields import FIELDS
from app.regimes.profile import Intent, Profile
from app.regimes.registry import BUILT, assess_case
from tests.regimes.asking import Case
from tests.regimes.test_cases import CASES

#: Values that some case has, for each field: what is right here may be wrong there.
KNOWN = [value for case in CASES for part in ("investor", "event", "offering") for value in case.get(part, {}).values()]
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(allow_nan=True), st.text(max_size=5),
    st.sampled_from(KNOWN), st.sampled_from(["-1.00", "0.00", "99999999999999.99", "1e9", "2025-02-30", "9999-12-31"]),
    st.lists(st.one_of(st.none(), st.integers(-1, 60), st.sampled_from(["-1.00", "5.00", "x"])), max_size=4),
    st.dictionaries(st.sampled_from(["kind", "fmv", "x"]), st.integers(0, 3), max_size=2),
)  # fmt: skip


def part(name: str) -> st.SearchStrategy[Case]:
    return st.dictionaries(st.sampled_from(sorted(FIELDS[name])), ANYTHING, max_size=4)


@pytest.mark.parametrize("regime", BUILT)
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_case_is_answered_or_the_field_is_named(regime: str, data: st.DataObject) -> None:
    categories = tuple(BUILT[regime].questions())
    known = [case for case in CASES if case["regime"] == regime]
    case: dict[str, Any] = dict(data.draw(st.sampled_from(known)))
    case["category"] = data.draw(st.sampled_from((*categories, "unheard of")))
    for name in ("investor", "event", "offering"):
        case[name] = {**case.get(name, {}), **data.draw(part(name))}
    case["as_of"] = data.draw(st.sampled_from([case["as_of"], "1900-01-01", "2199-12-31", "2024-02-29", "soon"]))
    row = {"date": "2024-02-29", "amount": "900.00", "issuer": "iss-A", "status": "settled"}
    case["history"] = [{**row, **more} for more in data.draw(st.lists(part("history[]"), max_size=2))]
    case["pledge"] = {**case["pledge"], **data.draw(part("pledge"))}
    try:
        answer = assess_case(case)
    except BadFacts as fault:
        named = re.match(r"[a-z_]+", str(fault))
        answer = {"decision": "deny" if named and named[0] in FIELDS[""] else str(fault), "reason_rule": regime}
    assert answer["decision"] in ("allow", "deny", "needs_ack", "needs_wait")
    assert answer["reason_rule"] in (*BUILT[regime].pack.rules, regime)


@pytest.mark.parametrize("regime_id", [name for name, law in BUILT.items() if law.offers])
def test_the_platform_can_ask_about_somebody_of_whom_nothing_is_known(regime_id: str) -> None:
    law = BUILT[regime_id]
    on = max(row.effective_from for table in law.pack.tables for row in law.pack.rows(table))
    for kind in ("natural", "entity"):
        nothing = Intent(Money.zero(law.pack.currency), issuer="-", offering="-", minimum_pledge=None, on=on)
        verdict = law.assess(facts.read(law.pledge_case(Profile(kind), [], nothing)))
        assert verdict.rule in law.pack.rules
    assert set(law.standing) <= FIELDS["investor"]
    assert law.pack.statements_on(on), "every pledge is made with open eyes"
    begun, deadline = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    until = law.cancel_until(deadline, begun)
    assert until is None or begun + timedelta(hours=24) <= until <= deadline
    assert law.earliest_deadline(date(2026, 1, 5)) >= date(2026, 1, 5)
