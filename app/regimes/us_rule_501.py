"""Rule 501 (17 CFR 230.501), which Regulation Crowdfunding borrows: what net worth is, and who is accredited."""

from __future__ import annotations

from app.money import Money
from app.regimes.facts import Facts, flag, mapping, money
from app.regimes.parameters import Row


def net_worth(facts: Facts) -> Money | None:
    """As given, or from its parts: the home counts neither way, but its debt can.

    Source: 17 CFR 230.501(a)(5)(i): debt above the home's value counts, and so does what was borrowed on the home in
    the last 60 days for another purpose than buying it.
    """
    given = facts.investor_money("net_worth", negative=True)
    assets = facts.investor_money("other_assets")
    if given is not None or assets is None:
        return given
    zero = Money.zero(facts.currency)
    worth = assets - (facts.investor_money("other_liabilities") or zero)
    home = mapping(facts.investor.get("home"), "investor.home")
    value, debt, earlier = (
        money(home.get(name), facts.currency, f"investor.home.{name}") or zero
        for name in ("fmv", "mortgage_now", "mortgage_60d_ago")
    )
    counted = max(debt - value, zero)
    if not flag(home.get("acquired_within_60d"), "investor.home.acquired_within_60d"):
        # Of the part that the home covers; what is above its value counts already.
        counted += max(min(debt, value) - earlier, zero)
    return worth - counted


def is_accredited(facts: Facts, worth: Money | None, law: Row | None) -> bool:
    """By an officer's decision, or else from the facts: every bar must be exceeded. Source: 17 CFR 230.501(a)."""
    known = flag(facts.investor.get("accredited"), "investor.accredited")
    if known is not None:
        return known
    given = mapping(facts.investor.get("accredited_facts"), "investor.accredited_facts")
    if law is None:
        return False

    def exceeds(name: str, threshold: str) -> bool:
        value = money(given.get(name), facts.currency, f"investor.accredited_facts.{name}", negative=True)
        return value is not None and value > law.money(threshold)

    def says(name: str) -> bool | None:
        return flag(given.get(name), f"investor.accredited_facts.{name}")

    if facts.is_entity:
        return exceeds("entity_total_assets", "entity_assets") and says("formed_for_purpose") is False
    expects = says("expects_same") is True
    licensed = given.get("license") in law["licences"] and says("license_good_standing") is True
    return (
        (worth is not None and worth > law.money("net_worth"))
        or (expects and exceeds("income_y1", "income") and exceeds("income_y2", "income"))
        or (expects and exceeds("joint_income_y1", "joint_income") and exceeds("joint_income_y2", "joint_income"))
        or licensed
    )
