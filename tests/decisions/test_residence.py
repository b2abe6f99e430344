"""Which laws decide: the offering's, the one of the investor's home, or nobody's: then no money is taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.decisions import queries, receipts
from app.errors import Refused
from app.regimes.law_book import LawBook
from app.regimes.registry import BUILT
from app.regimes.residence import laws_beside
from app.regimes.us_reg_cf import UsRegCf
from tests.builders import World

DAY = datetime(2026, 3, 3, tzinfo=UTC).date()
TEXT = UsRegCf().pack.text


class HomeLaw(UsRegCf):
    """A law of Britain in all but its words, with half the floor: stricter, and in the same currency."""


def british(text: str = TEXT) -> HomeLaw:
    return HomeLaw(
        text.replace('country = "US"', 'country = "GB"')
        .replace("floor_minor = 250_000", "floor_minor = 50_000")
        .replace('\nid = "US-CF"', '\nid = "HOME"')
    )


@pytest.mark.parametrize(
    ("country", "offering_country", "law"),
    [
        ("US", "US", ""), ("CN", "CN", ""), ("FR", "EU", ""), ("NO", "EU", ""), ("GB", "GB", ""),
        ("GB", "US", "GB"), ("GB", "EU", "GB"),
        ("US", "CN", None), ("CN", "US", None), ("FR", "US", None), ("CH", "EU", None), ("BR", "US", None),
    ],
)  # fmt: skip
def test_where_somebody_lives_says_which_law_is_asked_beside(
    country: str, offering_country: str, law: str | None
) -> None:
    assert laws_beside(country, offering_country, DAY) == law


@pytest.mark.parametrize("country", ["CN", "FR", "BR", "GB"])
def test_who_lives_where_we_know_no_law_cannot_invest_and_nothing_is_kept(world: World, country: str) -> None:
    offering, investor = world.live(), world.investor(country=country)
    before = world.contents()
    with pytest.raises(Refused) as caught:
        world.place(investor, offering, 100)
    assert (caught.value.code, caught.value.facts["country"]) == ("residence_not_served", country)
    assert world.contents() == before


def test_where_two_laws_apply_both_are_kept_and_the_stricter_one_binds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILT, "HOME", british())  # type: ignore[arg-type]
    offering, investor = world.live(), world.investor(income="10000", net_worth="10000", country="GB")
    law = LawBook(("US-CF", "HOME"))
    assert [one.pack.id for one in law.applicable("US-CF", "GB", world.now())] == ["US-CF", "HOME"]
    placement = world.place(investor, offering, 300, law=law)
    assert placement.pledge is None
    assert (placement.decision.regime, placement.decision.outcome, placement.decision.cap_minor) == (
        "HOME",
        "deny",
        50_000,
    )
    assert world.sql("SELECT regime, outcome, cap_minor, beside_id IS NULL FROM decisions ORDER BY id") == [
        ("HOME", "deny", 50_000, True), ("US-CF", "allow", 250_000, False),
    ]  # fmt: skip
    pledge = world.place(investor, offering, 200, law=law).pledge
    assert pledge is not None
    with world.looking() as view:
        other = queries.beside(view.session, pledge.decision_id)
    assert [(one.regime, one.outcome) for one in other] == [("US-CF", "allow")]
    assert world.sql("SELECT regime FROM decisions WHERE id = :id", id=pledge.decision_id) == [("HOME",)]


def test_of_two_laws_that_allow_the_one_that_leaves_less_binds() -> None:
    from tests.regimes.asking import us_pledge

    case = us_pledge("100.00", annual_income="10000.00", net_worth="10000.00")
    answers = [receipts.of_case(one, case) for one in (UsRegCf(), british())]
    assert max(answers, key=lambda answer: answer.strictness).regime == "HOME"
    free = receipts.of_case(UsRegCf(), us_pledge("100.00", accredited=True))
    assert min([*answers, free], key=lambda answer: answer.strictness) == free
