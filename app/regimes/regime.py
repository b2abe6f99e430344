"""What every body of law can be asked, and what it answers where its text is silent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from app.money import Money
from app.regimes import platform_policy
from app.regimes.calendar import business_days_after, end_of
from app.regimes.facts import BadFacts, Facts, read
from app.regimes.parameters import Pack, Row, Schema, Wording
from app.regimes.profile import EarlierPledge, Intent, Profile, text
from app.regimes.verdict import Decision, Verdict

Question = Callable[[Facts], Verdict]


class Regime(ABC):
    """A body of law, as far as the platform must obey it. Every function is pure.

    A regime is a TOML pack and a class of this kind beside it. `text` is another edition of the pack than the one in
    the file: the one of an earlier day, or a proposed one. Raises PackError.
    """

    #: Its pack, in this folder.
    file: ClassVar[str]
    #: Every table of dated rows in the pack, with its columns.
    schema: ClassVar[Schema]
    #: The points that the text leaves open, decided in the pack.
    settings: ClassVar[Mapping[str, type]] = {}
    #: The category of the question that a pledge puts.
    pledge_question: ClassVar[str] = "investor_cap"
    #: What the investor must tell us before the first pledge (fields of `investors.Figures`).
    figures: ClassVar[tuple[str, ...]] = ()
    #: What else its cases say of an investor: keys of `Profile.standing`.
    standing: ClassVar[tuple[str, ...]] = ()
    #: Whether offerings are made under it; otherwise it only answers questions.
    offers: ClassVar[bool] = True
    #: Whether its limits are measured when the shares are sold, so that a closing asks it again.
    measures_at_sale: ClassVar[bool] = False
    #: Whether investors' money must lie with a qualified third party.
    needs_qualified_custodian: ClassVar[bool] = False
    #: What is cited about answering to a material change, and about closing early.
    change_rule: ClassVar[str] = "PLATFORM-CHANGE"
    early_close_rule: ClassVar[str] = "PLATFORM-EARLY"

    def __init__(self, text: str | None = None) -> None:
        path = Path(__file__).with_name(self.file)
        written = path.read_text(encoding="utf-8") if text is None else text
        self.pack = Pack(self.file, written, self.schema, self.settings)
        self._questions = self.questions()

    @abstractmethod
    def questions(self) -> Mapping[str, Question]:
        """The categories of questions it answers."""

    def assess(self, facts: Facts) -> Verdict:
        """Decide. Raises BadFacts when the facts cannot be read."""
        question = self._questions.get(facts.category)
        if question is None:
            raise BadFacts(f"category: {facts.category!r} is unknown to {self.pack.id}")
        self.require_currency(facts)
        return question(facts)

    def require_currency(self, facts: Facts) -> None:
        """Most laws decide in one currency. Raises BadFacts."""
        if facts.currency != self.pack.currency:
            raise BadFacts(f"pledge.currency: {self.pack.id} decides in {self.pack.currency}")

    def periods(self, on: date) -> Row:
        """The periods of the day; before the first of them, those that the law began with."""
        return self.pack.in_force("periods", on) or self.pack.rows("periods")[0]

    # What the platform asks by itself

    def pledge_case(self, profile: Profile, history: Sequence[EarlierPledge], intent: Intent) -> dict[str, Any]:
        """Gather the facts of a pledge in the form of a case; `facts.read` and `assess` answer it."""
        known = {name: profile.standing[name] for name in self.standing if name in profile.standing}
        known |= {name: True for name in self.standing if name in intent.acknowledged}
        return {
            "regime": self.pack.id,
            "category": self.pledge_question,
            "as_of": intent.on.isoformat(),
            **({} if intent.committed_on is None else {"committed_on": intent.committed_on.isoformat()}),
            "investor": {**self.investor_facts(profile), **known},
            "history": [earlier.as_case() for earlier in history],
            "pledge": {"amount": text(intent.amount), "currency": intent.amount.currency, "issuer": intent.issuer},
            "offering": self.offering_facts(intent),
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        """The figures that this law looks at, in the form of a case."""
        return {"type": profile.kind}

    def offering_facts(self, intent: Intent) -> dict[str, Any]:
        return {"id": intent.offering}

    def may_raise(self, *, amount: Money, issuer: str, earlier: Sequence[EarlierPledge], on: date) -> Verdict:
        """Whether the issuer may raise up to `amount`, with what it (and its group) raised before."""
        if "offering_cap" not in self._questions:
            return Verdict(Decision.ALLOW, self.release_rule)
        case = {
            "regime": self.pack.id,
            "category": "offering_cap",
            "as_of": on.isoformat(),
            "history": [sale.as_case() for sale in earlier],
            "pledge": {"amount": text(amount), "currency": amount.currency, "issuer": issuer},
        }
        return self.assess(read(case))

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        """The last instant at which an investor may cancel for any reason; None: at any time before the closing.

        Where no law sets an end, ours is the kindest: until the deadline.
        """
        return deadline

    def earliest_deadline(self, opened_on: date) -> date:
        """The first day on which an offering opened on this day may end."""
        return opened_on

    def risk_warning(self, on: date) -> tuple[Wording, Wording] | None:
        """What stands at the top of a page that promotes an offering, and the words of its link; None: no such rule."""
        return None

    def latest_deadline(self, opened_on: date) -> date | None:
        """The last day to which an offering opened on this day may stay open; None: no such rule."""
        return None

    # Changes of an open offering: where the law has no rule, by the platform's policy in the law's own calendar

    def change_days(self, on: date) -> Row:
        """Holds `reconfirm_business_days` and `notice_business_days`."""
        return platform_policy.changes(on)

    def reconfirm_by(self, received_at: datetime) -> datetime:
        """The last instant to confirm a pledge after a notice of a material change was received."""
        on = self.pack.day_of(received_at)
        days = self.change_days(on)["reconfirm_business_days"]
        return end_of(business_days_after(on, days, self.pack.holidays), self.pack.zone)

    def early_close_from(self, opened_on: date, notice_at: datetime) -> datetime:
        """The first instant to which an offering may bring its deadline forward with a notice given then."""
        days = self.change_days(self.pack.day_of(notice_at))["notice_business_days"]
        return self._noticed(opened_on, notice_at, days)

    def rolling_close_from(self, opened_on: date, notice_at: datetime) -> datetime | None:
        """The first instant at which a part may be closed, with a notice given then, while the offering goes on.

        None: no row of this law says that it may.
        """
        on = self.pack.day_of(notice_at)
        row = self.pack.in_force("rolling_close", on) if "rolling_close" in self.pack.tables else None
        return None if row is None else self._noticed(opened_on, notice_at, row["notice_business_days"])

    def _noticed(self, opened_on: date, notice_at: datetime, days: int) -> datetime:
        """When so many business days of notice are over, and the offering was open for as long as it must be."""
        place = ZoneInfo(self.pack.zone)
        noticed = business_days_after(self.pack.day_of(notice_at), days, *self.pack.notice_holidays)
        # Whole business days: the last of them is over at the hour at which the notice was given.
        at = datetime.combine(noticed, notice_at.astimezone(place).time(), place)
        return max(at, datetime.combine(self.earliest_deadline(opened_on), time.min, place))

    def resale_restricted_until(self, issued_on: date) -> date | None:
        """The last day on which the shares may not be resold freely; None: no such rule."""
        return None

    def may_release(self, *, opened_on: date, on: date, held: Money, target: Money) -> Verdict:
        """Whether the issuer may be paid out of escrow: everywhere only when the target is met."""
        return Verdict(Decision.ALLOW if held >= target else Decision.DENY, self.release_rule)

    #: The law that counts the people in an offering under this one.
    counted_by: ClassVar[str | None] = None

    def seats(self, on: date) -> int | None:
        """How many people a vehicle that gathers investors has room for; None: no such rule."""
        return None

    #: What a release (or its refusal) cites.
    release_rule: ClassVar[str]
