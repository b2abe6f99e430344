"""What changes an investor and their figures. Claims are `claims.py`, spouses `spouses.py`, entities `entities.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, select

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors.models import Figures, Investor, Kind
from app.investors.queries import of_user
from app.money import EXPONENTS, Money


def register(tx: Transaction, user_id: int, *, legal_name: str, country: str, born_on: date | None = None) -> Investor:
    """Make (or correct) the investor that a person is; `screening.actions.register` compares the name with lists, too.

    A birth date that is not given stays as it was. Raises Refused("date_in_future"). Writes: investor, audit.
    """
    if born_on is not None and born_on > tx.now.date():
        raise Refused("date_in_future", field="born_on")
    found = of_user(tx.session, user_id)
    if found is None:
        found = Investor(user_id=user_id, created_at=tx.now, kind=Kind.NATURAL)
        tx.session.add(found)
    found.legal_name, found.country = legal_name.strip(), country
    found.born_on = born_on or found.born_on
    tx.session.flush()  # its id is the subject of the trail
    audit.record(tx, "register_investor", "investors", found.id, country=country)
    return found


def lock(tx: Transaction, investor_id: int) -> Investor:
    """Take the investor's row: two pledges of one person are decided one after the other. Locks: investor."""
    return tx.session.scalars(
        select(Investor).where(Investor.id == investor_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def lock_many(tx: Transaction, investor_ids: Collection[int]) -> Sequence[Investor]:
    """Take these investors' rows, as `lock` does one. Locks: investors, ascending."""
    return tx.session.scalars(
        select(Investor)
        .where(Investor.id == func.any(list(investor_ids)))
        .order_by(Investor.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def declare_figures(
    tx: Transaction,
    investor: Investor,
    currency: str,
    *,
    annual_income: Money | None = None,
    net_worth: Money | None = None,
    other_platform_12m: Money | None = None,
    financial_assets: Money | None = None,
    income_3y: list[Money] | None = None,
    joint_with_spouse: bool = False,
    revenue: Money | None = None,
    net_assets: Money | None = None,
    total_assets: Money | None = None,
) -> Figures:
    """Take the investor's own figures. Raises Refused("unknown_currency", "negative_amount"). Writes: figures, audit."""
    if currency not in EXPONENTS:
        raise Refused("unknown_currency", field="currency", currency=currency)
    for field, value in (
        ("annual_income", annual_income),
        ("other_platform_12m", other_platform_12m),
        ("financial_assets", financial_assets),
        ("revenue", revenue),
        ("total_assets", total_assets),
        *(("income_3y", year) for year in income_3y or []),
    ):
        if value is not None and value.minor < 0:
            raise Refused("negative_amount", field=field)
    figures = Figures(
        investor_id=investor.id,
        currency=currency,
        declared_at=tx.now,
        annual_income_minor=_minor(annual_income),
        net_worth_minor=_minor(net_worth),
        other_platform_12m_minor=_minor(other_platform_12m),
        financial_assets_minor=_minor(financial_assets),
        income_3y_minor=[year.minor for year in income_3y] if income_3y else None,
        joint_with_spouse=joint_with_spouse,
        revenue_minor=_minor(revenue),
        net_assets_minor=_minor(net_assets),
        total_assets_minor=_minor(total_assets),
    )
    tx.session.add(figures)
    # The figures themselves are personal: the trail only says that they were declared.
    audit.record(tx, "declare_figures", "investors", investor.id, currency=currency)
    return figures


def _minor(amount: Money | None) -> int | None:
    return None if amount is None else amount.minor
