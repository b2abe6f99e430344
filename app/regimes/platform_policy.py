"""The platform's own rules beyond the law: what an officer looks at, how soon and with how many eyes, what raises an alert,
what money may be, what a change of an open offering asks for where the law is silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from app.money import Money
from app.regimes.calendar import business_days_after, business_days_before, end_of
from app.regimes.office_hours import Office
from app.regimes.parameters import Pack, Row, Schema

#: What waits for an officer; the same words as the kinds of cases, and what is no case.
WORK = ("offering", "investor", "pledge", "alert", "change", "closing", "payment", "proposal")

FILE = Path(__file__).with_suffix(".toml")
SCHEMA: Schema = {
    "pledge_review": {"usd_minor": int, "cny_minor": int},
    "closing": {"gather_days": int},
    "waitlist": {"room_kept_hours": int},
    "oversubscription": {"above_bps": int, "choose_days": int},
    "name_match": {
        "alert_from_bps": int, "same_birth_bps": int, "other_birth_bps": int, "same_country_bps": int,
        "other_country_bps": int, "related_from_bps": int,
    },
    "payer_differs": {"alert_below_bps": int, "holds": bool},
    "structuring": {"window_days": int, "fewest_times": int, "holds": bool},
    "velocity": {
        "minutes": int, "pledge_times": int, "offering_minutes": int, "offering_times": int, "holds": bool,
    },
    "refund_cycling": {"window_days": int, "fewest_times": int, "holds": bool},
    "shared_account": {"window_days": int, "fewest_heads": int, "holds": bool},
    "burst": {"quiet_days": int, "window_days": int, "fewest_times": int, "holds": bool},
    "figures_jump": {"window_days": int, "growth_times": int, "usd_minor": int, "cny_minor": int, "holds": bool},
    "elsewhere": {"window_days": int, "fewest_times": int, "holds": bool},
    "fast_fill": {"hours": int, "most_heads": int, "share_bps": int, "holds": bool},
    "insider_funding": {"share_bps": int, "holds": bool},
    "related_money": {"counts": bool},
    "entities": {"owner_share_bps": int, "formed_for_purchase_reviewed": bool},
    "card_funding": {
        "kinds": list, "allowed": list, "capped": list, "cap_months": int, "cap_usd_minor": int, "cap_cny_minor": int,
    },
    "changes": {
        "reconfirm_business_days": int, "notice_business_days": int, "untold_business_days": int,
        "always_material": list,
    },
    "office": {"opens_hours": int, "closes_hours": int, "office_zone": str, "calendar": str},
    "answer_hours": {f"{work}_hours": int for work in WORK},
    "claimed_cases": {"idle_minutes": int, "answered_hours": int},
    "two_officers": {"case_kinds": list, "usd_minor": int, "cny_minor": int},
    "payee_change": {"cooling_hours": int, "freeze_hours": int},
    "settling": {"grace_days": int, "charge_before_days": int, "charge_times": int, "charge_again_days": int},
    "refunds": {"sent_within_business_days": int},
    "fees": {
        "success_least_usd_minor": int, "success_least_cny_minor": int, "success_most_usd_minor": int,
        "success_most_cny_minor": int, "investor_bps": int, "investor_most_usd_minor": int,
        "investor_most_cny_minor": int, "carry_bps": int, "listing_usd_minor": int, "listing_cny_minor": int,
    },
    "holdback": {"kept_bps": int, "kept_days": int},
    "cash_accounts": {
        "smallest_usd_minor": int, "largest_usd_minor": int, "smallest_cny_minor": int, "largest_cny_minor": int,
        "top_up_methods": list, "back_to_source": list, "not_under": list, "frozen_days": int, "dormant_months": int,
        "unpaid_hours": int, "carry_times": int, "carry_again_hours": int,
    },
    "reconciliation": {
        "overlap_hours": int, "collectors_minutes": int, "custodians_minutes": int, "stale_minutes": int,
        "booked_minutes": int, "listed_minutes": int, "unclear_minutes": int, "review_business_days": int,
        "refund_days": int, "shortfall_hours": int, "unidentified_business_days": int, "fee_window_days": int,
        "fee_alert_bps": int, "dormant_days": int, "ended_days": int, "on_its_way_days": int,
    },
    "distributions": {"deposit_days": int},
    "limit_statements": {
        "window_months": int, "valid_days": int, "early_minutes": int, "most_lines": int, "largest_bytes": int,
    },
}  # fmt: skip

#: The smallest step of our clocks.
MOMENT = timedelta(microseconds=1)

PACK = Pack(FILE.name, FILE.read_text(encoding="utf-8"), SCHEMA, {})


def review_threshold(currency: str, on: date) -> Money | None:
    """From this amount on an officer looks at a pledge first. None: currencies without a row, or before the first."""
    return _amount(PACK.in_force("pledge_review", on), f"{currency.lower()}_minor", currency)


def refers(amount: Money, on: date) -> bool:
    """Whether a pledge of this amount goes to an officer first."""
    threshold = review_threshold(amount.currency, on)
    return threshold is not None and amount >= threshold


def _reaches(law: Row | None, amount: Money) -> bool:
    threshold = None if law is None else law.values.get(f"{amount.currency.lower()}_minor")
    return threshold is not None and amount.minor >= threshold


def gather_until(closed_at: datetime) -> datetime:
    """Until when money that was on its way at the deadline may still arrive."""
    law = PACK.in_force("closing", closed_at.date())
    return closed_at + timedelta(days=law["gather_days"] if law else 0)


def above_bps(at: datetime) -> int:
    """By which part of it pledges are taken above the maximum where they are scaled back, in basis points."""
    return int(_row("oversubscription", at)["above_bps"])


def choose_until(gathered_at: datetime) -> datetime:
    """Until when an issuer who said so may choose whose pledges are filled; then everybody gets the same part."""
    return gathered_at + timedelta(days=_row("oversubscription", gathered_at)["choose_days"])


def rest_returned_by(deadline_at: datetime) -> datetime:
    """By when money is on its way back that a closing did not use, as investors are told before they pledge."""
    return gather_until(deadline_at) + timedelta(days=settling(deadline_at)["grace_days"])


def room_kept_until(offered_at: datetime, deadline_at: datetime) -> datetime:
    """Until when room is kept for who waited for it: a whole minute, and never beyond the deadline of the offering."""
    until = offered_at + timedelta(hours=_row("waitlist", offered_at)["room_kept_hours"])
    whole = until.replace(second=0, microsecond=0)
    return min(whole if whole == until else whole + timedelta(minutes=1), deadline_at)


def related_money_counts(on: date) -> bool:
    """Whether what related parties of the issuer bring counts toward the target."""
    law = PACK.in_force("related_money", on)
    return law is not None and bool(law["counts"])


def _entities(on: date) -> Row:
    return PACK.in_force("entities", on) or PACK.rows("entities")[0]


def owner_share_bps(on: date) -> int:
    """From which part on somebody behind an entity must be named, in basis points."""
    return int(_entities(on)["owner_share_bps"])


def reviews_formed_for_purchase(on: date) -> bool:
    """Whether an officer looks at each pledge of an entity that was made for what it buys."""
    return bool(_entities(on)["formed_for_purchase_reviewed"])


@dataclass(frozen=True, slots=True)
class CreditLimit:
    """How much one investor may pay on credit; `months` back. A limit of None is none."""

    kinds: tuple[str, ...]
    limit: Money | None
    months: int

    def refuses(self, funding: str | None, total: Money) -> bool:
        """Whether money of this kind may not stay, when it makes `total` with what came so before."""
        return funding in self.kinds and self.limit is not None and total > self.limit


def credit_limit(regime_id: str, currency: str, on: date) -> CreditLimit:
    """What the policy says to credit under these rules. Rules that it does not name refuse it."""
    law = PACK.in_force("card_funding", on)
    if law is None or regime_id in law["allowed"]:
        return CreditLimit((), None, 0)
    limit = _amount(law, f"cap_{currency.lower()}_minor", currency) if regime_id in law["capped"] else None
    return CreditLimit(tuple(law["kinds"]), limit or Money.zero(currency), law["cap_months"])


def credit_kinds(at: datetime) -> list[str]:
    """The kinds of funding that are credit, or may be."""
    law = PACK.in_force("card_funding", PACK.day_of(at))
    return [] if law is None else list(law["kinds"])


def _amount(law: Row | None, name: str, currency: str) -> Money | None:
    minor = None if law is None else law.values.get(name)
    return None if minor is None else Money(minor, currency)


def changes(on: date) -> Row:
    """The days and fields of changes of open offerings; before the first row, those it began with."""
    return PACK.in_force("changes", on) or PACK.rows("changes")[0]


def always_material(on: date) -> frozenset[str]:
    """Fields of an offering whose change no officer can call immaterial."""
    return frozenset(changes(on)["always_material"])


def told_by(published_at: datetime, pack: Pack) -> datetime:
    """When an investor whose mail nobody takes counts as told: the change stood on the site all along."""
    on = pack.day_of(published_at)
    return end_of(business_days_after(on, changes(on)["untold_business_days"], pack.holidays), pack.zone)


def officers_needed(kind: str, amount: Money | None, on: date) -> int:
    """How many officers must come to the same decision, each for themselves, about a case of this kind and amount."""
    law = PACK.in_force("two_officers", on)
    is_high_risk = law is not None and (kind in law["case_kinds"] or (amount is not None and _reaches(law, amount)))
    return 2 if is_high_risk else 1


def office(at: datetime) -> Office:
    """When officers work, as it is in force at an instant."""
    row = _row("office", at)
    return Office(row["opens_hours"], row["closes_hours"], row["office_zone"], row["calendar"])


def due(work: str, since: datetime) -> datetime:
    """Until when this work is to be done that has waited since then: so many open hours of the office later."""
    return office(since).after(since, timedelta(hours=_row("answer_hours", since)[f"{work}_hours"]))


def idle(at: datetime) -> timedelta:
    """For how long an officer may leave a claimed case alone before it goes back to the queue."""
    return timedelta(minutes=_row("claimed_cases", at)["idle_minutes"])


def kept_for_answer(at: datetime) -> timedelta:
    """For how long a case that a person answered is kept for the officer who asked."""
    return timedelta(hours=_row("claimed_cases", at)["answered_hours"])


def payee_cooling(at: datetime) -> timedelta:
    """How long a new payout account waits before money can go there, so that a company's people can object."""
    return timedelta(hours=_row("payee_change", at)["cooling_hours"])


def payee_freeze(at: datetime) -> timedelta:
    """How long nothing is released to a company after its payout account changed."""
    return timedelta(hours=_row("payee_change", at)["freeze_hours"])


def settling(at: datetime) -> Row:
    """The days around a deadline in which saved ways to pay are charged, and refunds must still be possible."""
    return _row("settling", at)


def refund_by(owed_at: datetime, pack: Pack, not_before: datetime | None = None) -> datetime:
    """Until when a refund that became due then must be on its way, by the business days of a regime; where no gateway gives
    the payment back before a later instant, until the end of that day.
    """
    days = _row("refunds", owed_at)["sent_within_business_days"]
    promised = end_of(business_days_after(pack.day_of(owed_at), days, pack.holidays), pack.zone)
    return promised if not_before is None else max(promised, end_of(pack.day_of(not_before), pack.zone))


def fees(at: datetime) -> Row:
    """What the platform takes besides the success fee of its settings, from offerings that are begun now. Nothing is 0."""
    return _row("fees", at)


def holdback(at: datetime) -> Row:
    """What part of a closing is kept back from the company of an offering that is begun now, and for how many days."""
    return _row("holdback", at)


@dataclass(frozen=True, slots=True)
class Reconciling:
    """How often gateways are read, and from when on a difference is one: instants before which things are too old."""

    overlap: timedelta
    collectors_every: timedelta
    custodians_every: timedelta
    #: Nothing is sent to a gateway that was not read for so long.
    stale_after: timedelta
    booked_before: datetime
    #: The same for what its gateway calls on its way to a bank, or from there.
    arrived_before: datetime
    listed_before: datetime
    unclear_since: datetime
    review_since: datetime
    refund_since: datetime
    shortfall_since: datetime
    unidentified_since: datetime
    fee_window: timedelta
    fee_alert_bps: int
    dormant_since: datetime
    #: The same for money that should not lie at all.
    ended_since: datetime


def reconciling(at: datetime) -> Reconciling:
    """The policy of comparing books and gateways, as it is at an instant."""
    row = _row("reconciliation", at)

    def business_days_ago(name: str) -> datetime:
        return datetime.combine(business_days_before(at.date(), row[name], PACK.holidays), at.timetz())

    return Reconciling(
        overlap=timedelta(hours=row["overlap_hours"]),
        collectors_every=timedelta(minutes=row["collectors_minutes"]),
        custodians_every=timedelta(minutes=row["custodians_minutes"]),
        stale_after=timedelta(minutes=row["stale_minutes"]),
        booked_before=at - timedelta(minutes=row["booked_minutes"]),
        arrived_before=at - timedelta(days=row["on_its_way_days"]),
        listed_before=at - timedelta(minutes=row["listed_minutes"]),
        unclear_since=at - timedelta(minutes=row["unclear_minutes"]),
        review_since=business_days_ago("review_business_days"),
        refund_since=at - timedelta(days=row["refund_days"]),
        shortfall_since=at - timedelta(hours=row["shortfall_hours"]),
        unidentified_since=business_days_ago("unidentified_business_days"),
        fee_window=timedelta(days=row["fee_window_days"]),
        fee_alert_bps=row["fee_alert_bps"],
        dormant_since=at - timedelta(days=row["dormant_days"]),
        ended_since=at - timedelta(days=row["ended_days"]),
    )


def limit_statements(at: datetime) -> Row:
    """What a statement for other installations covers, how long it is good, and how much of one is read.

    Before the first row, what it began with: a foreign one may say that it was made at any time.
    """
    return PACK.in_force("limit_statements", PACK.day_of(at)) or PACK.rows("limit_statements")[0]


def cash_accounts(at: datetime) -> Row:
    """What may be done with investors' cash accounts, and how long things wait there."""
    return _row("cash_accounts", at)


def paid_in_from(at: datetime) -> datetime:
    """What a company was to pay in for a distribution and was agreed to before this is waited for no longer."""
    return at - timedelta(days=_row("distributions", at)["deposit_days"])


def cash_limits(currency: str, at: datetime) -> tuple[Money, Money] | None:
    """The least that is topped up or taken out at once, and the most that is topped up; None: not in this currency."""
    row, name = _row("cash_accounts", at), currency.lower()
    least, most = _amount(row, f"smallest_{name}_minor", currency), _amount(row, f"largest_{name}_minor", currency)
    return None if least is None or most is None else (least, most)


def _row(table: str, at: datetime) -> Row:
    row = PACK.in_force(table, PACK.day_of(at))
    assert row is not None  # the policy has rows from the beginning of the platform
    return row
