"""A seeded year of 2,000 made-up investors: what honest people do, and on top of it each pattern in one of twenty.

Nobody here knows the thresholds: the bad ones vary around them, so that some escape, and the honest ones come near: couples
and families with one account, people who cancel, who come back after a year, who inherit, who travel.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.money import Money
from app.monitoring.rules import Declared, Seen
from tests.monitoring.told import NOON
from tests.screening import population as names

SEED = 20260303
PEOPLE, OFFERINGS, BAD = 2_000, 200, 0.05
YEAR = 365.0
TARGET = Money(5_000_000, "USD")
PATTERNS = ("structuring", "velocity", "cycling", "burst", "figures", "elsewhere")


@dataclass
class Person:
    id: int
    registered: float
    account: str
    pledges: list[Seen] = field(default_factory=list)
    declared: list[Declared] = field(default_factory=list)

    def in_order(self) -> list[Seen]:
        """As the queries give them: by time, each with the quiet before it."""
        placed = sorted(self.pledges, key=lambda one: one.placed_at)
        before = [at(self.registered), *(one.placed_at for one in placed)]
        return [replace(one, quiet_for=one.placed_at - last) for one, last in zip(placed, before, strict=False)]


def at(day: float) -> datetime:
    return NOON + timedelta(days=day)


class Year:
    """`people` by number, `bad` by pattern, and the pledges of each offering, which opened on `opened[offering]`."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)
        self.numbers = 0
        self.opened = [self.chance.uniform(-30, YEAR - 30) for _ in range(OFFERINGS)]
        self.people = [Person(n, self.chance.uniform(-400, YEAR - 60), f"account {n}") for n in range(PEOPLE)]
        self.bad: dict[str, set[int]] = {}
        for person in self.people:
            self._live_honestly(person)
        self._share_honestly()
        for pattern in PATTERNS:
            chosen = self.chance.sample(self.people, int(PEOPLE * BAD))
            self.bad[pattern] = {person.id for person in chosen}
            for person in chosen:
                getattr(self, f"_{pattern}")(person)
        self._shared_account()
        self.bad["fast_fill"] = set(self.chance.sample(range(OFFERINGS), int(OFFERINGS * BAD)))
        self.bad["insiders"] = set(self.chance.sample(range(OFFERINGS), int(OFFERINGS * BAD)))
        for offering in self.bad["fast_fill"]:
            self._fill_fast(offering)
        for offering in range(OFFERINGS):
            self._let_insiders_in(offering, is_bad=offering in self.bad["insiders"])

    def pledge(self, person: Person, day: float, amount: float, offering: int | None = None, **facts: object) -> None:
        self.numbers += 1
        known = {"is_held": True, "paid_from": person.account, "placed_from": "US", **facts}
        where = self.chance.choice(self._open_on(day)) if offering is None else offering
        money = Money(max(100, round(amount) * 100), "USD")
        person.pledges.append(Seen(self.numbers, f"P-{self.numbers}", person.id, where, money, at(day), **known))  # type: ignore[arg-type]

    def _open_on(self, day: float) -> Sequence[int]:
        return [n for n, opened in enumerate(self.opened) if opened <= day <= opened + 60] or range(OFFERINGS)

    def declare(self, person: Person, day: float, income: float, worth: float) -> None:
        self.numbers += 1
        said = {"annual_income": round(income) * 100, "net_worth": round(worth) * 100}
        person.declared.append(Declared(self.numbers, at(day), "USD", said))
        person.declared.sort(key=lambda one: one.declared_at)

    @property
    def bad_people(self) -> set[int]:
        return set().union(*(self.bad[pattern] for pattern in (*PATTERNS, "shared_account")))

    def of_offering(self, offering: int) -> list[Seen]:
        found = [one for person in self.people for one in person.pledges if one.offering_id == offering]
        return sorted(found, key=lambda one: one.placed_at)

    def of_accounts(self) -> dict[str, list[Seen]]:
        found: dict[str, list[Seen]] = defaultdict(list)
        for one in sorted((one for person in self.people for one in person.pledges), key=lambda one: one.placed_at):
            if one.paid_from is not None and one.is_held | one.is_returned:
                found[one.paid_from].append(one)
        return found

    # What honest people do

    def _live_honestly(self, person: Person) -> None:
        chance, first = self.chance, person.registered
        lives_between = chance.random() < 0.01
        for _ in range(min(int(chance.expovariate(1 / 4)), 25)):
            day = chance.uniform(first, YEAR)
            for _ in range(chance.choices((1, 2, 3), (90, 8, 2))[0]):  # some look at several at one sitting
                day += chance.expovariate(1 / 0.02)
                away = chance.random() < (0.5 if lives_between else 0.01)
                fate = chance.choices(({}, {"is_held": False, "is_returned": True}, {"is_held": False}), (93, 4, 3))[0]
                amount = min(chance.lognormvariate(6.7, 1.1), 40_000)
                self.pledge(person, day, amount, placed_from="CA" if away else "US", **fate)
        income = chance.lognormvariate(11.2, 0.5)
        worth = income * chance.uniform(0.2, 6)
        self.declare(person, person.registered, income, worth)
        if chance.random() < 0.01:  # a zero was missing
            self.declare(person, person.registered + 0.003, income * 10, worth)
        elif chance.random() < 0.3:
            inherits = chance.random() < 0.05
            self.declare(
                person, chance.uniform(first, YEAR), income * chance.uniform(0.9, 1.3), worth * (3 if inherits else 1.1)
            )

    def _share_honestly(self) -> None:
        """Couples, and a few families of three."""
        left = self.chance.sample(self.people, len(self.people))
        for size, times in ((2, 120), (3, 4)):
            for _ in range(times):
                together = [left.pop() for _ in range(size)]
                for person in together:
                    self._use(person, together[0].account)

    def _use(self, person: Person, account: str) -> None:
        person.account = account
        person.pledges = [replace(one, paid_from=account) for one in person.pledges]

    # What the others do on top of it

    def _day(self, person: Person, before: float = 0.0) -> float:
        return self.chance.uniform(max(person.registered, 0.0) + before, YEAR)

    def _structuring(self, person: Person) -> None:
        total, pieces = self.chance.uniform(24_000, 70_000), self.chance.randint(3, 8)
        day, spread = self._day(person), self.chance.uniform(0.5, 10)
        for n in range(pieces):
            self.pledge(person, day + spread * n / pieces, min(total / pieces * self.chance.uniform(0.8, 1.2), 24_900))

    def _velocity(self, person: Person) -> None:
        day, times, minutes = self._day(person), self.chance.randint(4, 12), self.chance.uniform(2, 14)
        for n in range(times):
            self.pledge(person, day + minutes * n / times / 1440, self.chance.uniform(25, 200))

    def _cycling(self, person: Person) -> None:
        day, times, apart = self._day(person), self.chance.randint(2, 6), self.chance.uniform(1, 14)
        for n in range(times):
            self.pledge(person, day + apart * n, self.chance.uniform(500, 9_000), is_held=False, is_returned=True)

    def _burst(self, person: Person) -> None:
        """Nothing for long, and then everything."""
        quiet, days = self.chance.uniform(160, 400), self.chance.uniform(0.2, 4.5)
        day = self.chance.uniform(0, YEAR)
        person.registered = min(person.registered, day - quiet)
        person.declared[0] = replace(person.declared[0], declared_at=at(person.registered))
        person.pledges = [one for one in person.pledges if not at(day - quiet) < one.placed_at <= at(day)]
        times = self.chance.randint(3, 7)
        for n in range(times):
            self.pledge(person, day + days * n / times, self.chance.uniform(1_000, 12_000))

    def _figures(self, person: Person) -> None:
        day, times = self._day(person), self.chance.uniform(1.7, 6)
        last = person.declared[-1].figures
        worth, income = last["net_worth"] / 100, last["annual_income"] / 100
        self.declare(person, day, income * times, worth * self.chance.choice((1.0, times)))
        self.pledge(person, day + self.chance.expovariate(1 / 1.5), income * self.chance.uniform(0.05, 0.15))

    def _elsewhere(self, person: Person) -> None:
        day, times = self._day(person), self.chance.randint(2, 6)
        for _ in range(times):
            day += self.chance.expovariate(1 / 8)
            self.pledge(
                person, day, self.chance.uniform(200, 5_000), placed_from=self.chance.choice(("RU", "NG", "CA"))
            )

    def _shared_account(self) -> None:
        left = self.chance.sample(self.people, int(PEOPLE * BAD))
        self.bad["shared_account"] = {person.id for person in left}
        while left:
            ring = [left.pop() for _ in range(min(len(left), self.chance.randint(2, 7)))]
            begins = self.chance.uniform(max(max(person.registered for person in ring), 0), YEAR)
            for person in ring:
                day = begins + self.chance.uniform(0, 100)
                self.pledge(person, day, self.chance.uniform(500, 5_000), paid_from=f"mule of {ring[0].id}")

    def _fill_fast(self, offering: int) -> None:
        ring, part = self.chance.sample(self.people, self.chance.randint(1, 4)), self.chance.uniform(0.45, 1)
        for person in ring:
            day = self.opened[offering] + self.chance.uniform(0, 1.1)
            self.pledge(person, day, TARGET.minor / 100 * part / len(ring), offering)

    def _let_insiders_in(self, offering: int, *, is_bad: bool) -> None:
        """A founder's mother puts in something everywhere; the bad ones make up the target."""
        part = self.chance.uniform(0.2, 0.8) if is_bad else self.chance.choice((0, 0, self.chance.uniform(0, 0.2)))
        ring = self.chance.sample(self.people, 3)
        for person in ring if part else ():
            day = self.opened[offering] + self.chance.uniform(2, 50)
            self.pledge(person, day, TARGET.minor / 100 * part / len(ring), offering, is_related=True)


@dataclass(frozen=True, slots=True)
class Payer:
    investor: str
    account: str
    is_other: bool


def payers() -> list[Payer]:
    """Whose account it is, as banks write names; one of twenty is somebody else's, some of them of the same family."""
    chance = random.Random(SEED)
    known, others = names.listed(PEOPLE, chance), names.listed(PEOPLE, chance)
    found = []
    for n, name in enumerate(known):
        if n < PEOPLE * BAD:
            relative = (
                f"{others[n].split()[0]} {name.split()[-1]}" if name.isascii() and others[n].isascii() else others[n]
            )
            found.append(Payer(name, chance.choice((others[n], relative)), True))
        else:
            found.append(
                Payer(name, chance.choice((name, name.upper(), names.planted([name], 1, chance)[0].name)), False)
            )
    return found
