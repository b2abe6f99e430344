"""The patterns, at their edges: the last that is none, and the first that is one. `told.py` says how the lines are read.

The number at the end is how many pledges make the pattern; 0: there is none.
"""

from __future__ import annotations

import pytest

from app.monitoring import rules
from app.monitoring.rules import Seen
from app.regimes.platform_policy import review_threshold
from app.screening import names
from tests.builders import usd
from tests.monitoring.told import NOON, TODAY, figures, pledges, policy

FEWEST_VECTORS = 20

STRUCTURING = [
    ("they reach it", "9000@0d 9000@1d 7000@2d", 3), ("a cent is missing", "9000@0d 9000@1d 6999.99@2d", 0),
    ("only two, at the threshold", "12500@0d 12500@1d", 0), ("a cent below and two small ones", "24999.99@0d 1@1d 1@2d", 3),
    ("one at the threshold itself, which was looked at", "25000@0d 1@1d 1@2d", 0),
    ("one above it", "30000@0d 9000@1d 9000@2d", 0), ("one above it beside three below", "30000@0d 9000@1d 9000@2d 9000@3d", 3),
    ("at the last instant of the window", "9000@0d 9000@3d 7000@7d", 3),
    ("a second after the window", "9000@0d 9000@3d 7000@604801s", 0), ("all at once", "9000@0d 9000@0d 7000@0d", 3),
    ("the first is too old, the last three do", "9000@0d 9000@8d 9000@9d 9000@10d", 3),
    ("five, of which three are enough", "9000@0d 9000@1d 9000@2d 9000@3d 9000@4d", 3),
    ("many small ones", " ".join(f"100@{n}h" for n in range(20)), 0), ("nothing", "", 0), ("one", "24999.99@0d", 0),
    ("another currency is not added", "20000@0d 4000@1d 500@2d 99999.99CNY@2d", 0),
    ("euros have no threshold", "9000EUR@0d 9000EUR@1d 9000EUR@2d", 0),
    ("euros between do not break it", "9000@0d 9000EUR@0d 9000@1d 7000@2d", 3),
    ("cancelled ones count: they were tried", "9000@0d,unpaid 9000@1d,unpaid 7000@2d", 3),
    ("given back ones count", "9000@0d,back 9000@1d 7000@2d", 3),
    ("in three offerings", "9000@0d,o1 9000@1d,o2 7000@2d,o3", 3), ("once a week", "9000@0d 9000@8d 9000@16d 9000@24d", 0),
    ("four small ones that reach it", "6250@0d 6250@1d 6250@2d 6250@3d", 4),
]  # fmt: skip
VELOCITY = [
    ("five in ten minutes", "1@0m 1@2m 1@4m 1@6m 1@10m", 5), ("five in a second more", "1@0m 1@2m 1@4m 1@6m 1@601s", 0),
    ("four at once", "1@0m 1@0m 1@0m 1@0m", 0), ("five at once", "1@0m 1@0m 1@0m 1@0m 1@0m", 5),
    ("six, of which five are enough", "1@0m 1@1m 1@2m 1@3m 1@4m 1@5m", 5), ("nothing", "", 0), ("one", "1@0m", 0),
    ("slow, then fast", "1@0h 1@2h 1@121m 1@122m 1@123m 1@124m", 5), ("five in an hour", "1@0m 1@15m 1@30m 1@45m 1@60m", 0),
    ("three offerings in an hour", "1@0m,o1 1@30m,o2 1@60m,o3", 3), ("a second more", "1@0m,o1 1@30m,o2 1@3601s,o3", 0),
    ("two offerings", "1@0m,o1 1@1m,o2", 0), ("two offerings, four pledges", "1@0m,o1 1@1m,o2 1@2m,o1 1@3m,o2", 0),
    ("the third offering comes last", "1@0m,o1 1@20m,o1 1@40m,o2 1@59m,o3", 4),
    ("the same offering again is not the third", "1@0m,o1 1@20m,o2 1@40m,o1", 0),
    ("three offerings at once", "1@0m,o1 1@0m,o2 1@0m,o3", 3), ("three a day apart", "1@0d,o1 1@1d,o2 1@2d,o3", 0),
    ("in several currencies", "1@0m 1CNY@1m 1EUR@2m 1CNY@3m 1@4m", 5), ("cancelled ones count", "1@0m,unpaid 1@1m,unpaid 1@2m,unpaid 1@3m,unpaid 1@4m", 5),
    ("large ones are no faster", "90000@0m 90000@3m 90000@6m 90000@11m", 0),
    ("two bursts of three with a pause", "1@0m 1@1m 1@2m 1@20m 1@21m 1@22m", 0),
]  # fmt: skip
SHARED_ACCOUNT = [
    ("three people", "1@0d,i1 1@1d,i2 1@2d,i3", 3), ("two, such as a couple", "1@0d,i1 1@1d,i2", 0),
    ("two, many times", "1@0d,i1 1@1d,i2 1@2d,i1 1@3d,i2 1@4d,i1", 0), ("one", "1@0d,i1 1@1d,i1 1@2d,i1", 0), ("nothing", "", 0),
    ("the third at the last instant", "1@0d,i1 1@1d,i2 1@90d,i3", 3), ("a second later", "1@0d,i1 1@1d,i2 1@7776001s,i3", 0),
    ("at once", "1@0d,i1 1@0d,i2 1@0d,i3", 3), ("the third comes after several of the first", "1@0d,i1 1@1d,i1 1@2d,i2 1@3d,i3", 4),
    ("four, of whom three are enough", "1@0d,i1 1@1d,i2 1@2d,i3 1@3d,i4", 3),
    ("one who has left the window", "1@0d,i1 1@80d,i2 1@95d,i3 1@100d,i4", 3),
    ("one who left it, and two", "1@0d,i1 1@80d,i2 1@95d,i3", 0), ("one who comes again within it", "1@0d,i1 1@80d,i2 1@85d,i1 1@95d,i3", 3),
    ("in several currencies", "1@0d,i1 1CNY@1d,i2 1EUR@2d,i3", 3), ("in several offerings", "1@0d,i1,o1 1@1d,i2,o2 1@2d,i3,o3", 3),
    ("what was given back was paid", "1@0d,i1,back 1@1d,i2,back 1@2d,i3,back", 3), ("one of it given back", "1@0d,i1 1@1d,i2,back 1@2d,i3", 3),
    ("of large amounts", "90000@0d,i1 90000@1d,i2", 0), ("the smallest amounts", "0.01@0d,i1 0.01@1d,i2 0.01@2d,i3", 3),
    ("each once a quarter", "1@0d,i1 1@91d,i2 1@182d,i3", 0), ("relatives of the company, too", "1@0d,i1,kin 1@1d,i2,kin 1@2d,i3,kin", 3),
]  # fmt: skip
CYCLING = [
    ("three times", "1@0d,back 1@1d,back 1@2d,back", 3), ("twice", "1@0d,back 1@1d,back", 0), ("nothing", "", 0), ("once", "1@0d,back", 0),
    ("what stayed does not count", "1@0d 1@1d 1@2d", 0), ("two back, one stayed", "1@0d,back 1@1d,back 1@2d", 0),
    ("what was never paid does not count", "1@0d,unpaid 1@1d,unpaid 1@2d,unpaid", 0), ("two back, one never paid", "1@0d,back 1@1d,back 1@2d,unpaid", 0),
    ("at the last instant", "1@0d,back 1@15d,back 1@30d,back", 3), ("a second later", "1@0d,back 1@15d,back 1@2592001s,back", 0),
    ("others between", "1@0d,back 1@1d 1@2d,back 1@3d 1@4d,back", 3), ("four, of which three are enough", "1@0d,back 1@1d,back 1@2d,back 1@3d,back", 3),
    ("the first is too old", "1@0d,back 1@31d,back 1@32d,back", 0), ("the first is too old, three do", "1@0d,back 1@31d,back 1@32d,back 1@33d,back", 3),
    ("all at once", "1@0d,back 1@0d,back 1@0d,back", 3), ("in three offerings", "1@0d,back,o1 1@1d,back,o2 1@2d,back,o3", 3),
    ("in several currencies", "1@0d,back 1CNY@1d,back 1EUR@2d,back", 3), ("once a month", "1@0d,back 1@31d,back 1@62d,back 1@93d,back", 0),
    ("of large amounts, twice", "90000@0d,back 90000@1d,back", 0), ("the smallest amounts", "0.01@0d,back 0.01@1d,back 0.01@2d,back", 3),
    ("within a minute", "1@0s,back 1@20s,back 1@40s,back", 3),
]  # fmt: skip
#: The target is 1,000.00; it opened at noon.
FAST = [
    ("three bring half", "200@24h,i1 200@24h,i2 100@24h,i3", 3), ("a cent less", "200@1h,i1 200@1h,i2 99.99@1h,i3", 0),
    ("a fourth hides nobody", "200@1h,i1 1@1h,i4 200@1h,i2 100@1h,i3", 3), ("four bring half together", "125@1h,i1 125@1h,i2 125@1h,i3 125@1h,i4", 0), ("one, at once", "500@0h", 1), ("one brings a cent less", "499.99@0h", 0),
    ("a second after the hours", "500@86401s", 0), ("at the last second", "500@86400s", 1), ("half of it too late", "250@1h 250@25h", 0),
    ("late ones do not add", "499.99@1h 900@25h", 0), ("late people do not count", "500@1h,i1 1@25h,i2 1@25h,i3 1@25h,i4", 1),
    ("nothing", "", 0), ("not paid", "500@1h,unpaid", 0), ("given back", "500@1h,back", 0), ("one of two not paid", "250@1h,i1 250@1h,i2,unpaid", 0),
    ("one, in ten pieces", " ".join(f"50@{n}h" for n in range(10)), 10), ("the whole target", "1000@2h", 1), ("more than the target", "4000@2h", 1),
    ("two bring it", "250@2h,i1 250@3h,i2", 2), ("many bring it", " ".join(f"100@1h,i{n}" for n in range(1, 11)), 0),
    ("an unpaid fourth is nobody", "200@1h,i1 200@1h,i2 100@1h,i3 1@1h,i4,unpaid", 3), ("relatives, too", "500@1h,kin", 1),
]  # fmt: skip
INSIDERS = [
    ("a quarter", "250@0d,kin", 1), ("a cent less", "249.99@0d,kin", 0), ("strangers do not count", "249.99@0d,kin 900@0d", 0),
    ("strangers do not make it less", "250@0d,kin 900@0d,i2 900@0d,i3", 1), ("two together", "125@0d,kin,i1 125@0d,kin,i2", 2),
    ("two, a cent less", "125@0d,kin,i1 124.99@0d,kin,i2", 0), ("nothing", "", 0), ("not paid", "250@0d,kin,unpaid", 0),
    ("given back", "250@0d,kin,back", 0), ("one of two not paid", "125@0d,kin 125@0d,kin,unpaid", 0), ("late ones count", "250@90d,kin", 1),
    ("over months", "125@0d,kin 125@60d,kin", 2), ("the whole target", "1000@0d,kin", 1), ("more than the target", "3000@0d,kin", 1),
    ("in many pieces", " ".join(f"25@{n}d,kin" for n in range(10)), 10), ("in pieces, one missing", " ".join(f"25@{n}d,kin" for n in range(9)), 0),
    ("a stranger alone", "1000@0d", 0), ("a tenth", "100@0d,kin", 0), ("one given back, enough stays", "250@0d,kin 100@1d,kin,back", 1),
    ("the smallest", "0.01@0d,kin", 0), ("strangers between", "125@0d,kin,i1 500@1d,i2 125@2d,kin,i3", 2),
]  # fmt: skip
BURST = [
    ("three after half a year", "1@0d,q180 1@1d,q1 1@3d,q2", 3), ("a day less of quiet", "1@0d,q179 1@1d,q1 1@2d,q1", 0),
    ("only two", "1@0d,q180 1@1d,q1", 0), ("one", "1@0d,q400", 0), ("nothing", "", 0), ("the third a second too late", "1@0d,q180 1@1d,q1 1@259201s,q2", 0),
    ("at once", "1@0d,q180 1@0d 1@0d", 3), ("four, all of them", "1@0d,q180 1@1d,q1 1@2d,q1 1@3d,q1", 4),
    ("the fourth is outside", "1@0d,q180 1@1d,q1 1@2d,q1 1@9d,q7", 3), ("never quiet", "1@0d,q5 1@1d,q1 1@2d,q1 1@3d,q1", 0),
    ("before the quiet nothing counts", "1@0d,q1 1@181d,q181 1@182d,q1", 0), ("before the quiet nothing is named", "1@0d,q1 1@181d,q181 1@182d,q1 1@183d,q1", 3),
    ("two single ones, half a year apart", "1@0d,q180 1@181d,q181", 0), ("a single one, then a burst", "1@0d,q180 1@181d,q181 1@182d,q1 1@183d,q1", 3),
    ("a burst, then a single one", "1@0d,q180 1@1d,q1 1@2d,q1 1@200d,q198", 3), ("cancelled ones count", "1@0d,q180,unpaid 1@1d,q1,unpaid 1@2d,q1,unpaid", 3),
    ("given back ones count", "1@0d,q180,back 1@1d,q1,back 1@2d,q1,back", 3), ("in several currencies", "1@0d,q180 1CNY@1d,q1 1EUR@2d,q1", 3),
    ("in several offerings", "1@0d,q180,o1 1@1d,q1,o2 1@2d,q1,o3", 3), ("large ones are no burst", "90000@0d,q180 90000@1d,q1", 0),
    ("years of quiet", "1@0d,q2000 1@1d,q1 1@2d,q1", 3), ("the quiet one comes last", "1@0d,q1 1@1d,q1 1@200d,q199", 0),
]  # fmt: skip
#: The investor lives in the US.
ELSEWHERE = [
    ("twice from abroad", "1@0d,CA 1@1d,CA", 2), ("once from abroad", "1@0d,CA", 0), ("from home", "1@0d,US 1@1d,US 1@2d,US", 0), ("nothing", "", 0),
    ("nobody knows", "1@0d 1@1d 1@2d", 0), ("once known", "1@0d 1@1d,CA 1@2d", 0), ("twice, with home between", "1@0d,CA 1@1d,US 1@2d,CA", 2),
    ("from two countries", "1@0d,CA 1@1d,FR", 2), ("at the last instant", "1@0d,CA 1@30d,CA", 2), ("a second later", "1@0d,CA 1@2592001s,CA", 0),
    ("thrice, of which two are enough", "1@0d,CA 1@1d,CA 1@2d,CA", 2), ("the first is too old", "1@0d,CA 1@40d,CA 1@41d,CA", 2),
    ("at once", "1@0d,CA 1@0d,CA", 2), ("unknown ones between", "1@0d,CA 1@1d 1@2d,CA", 2), ("once a month and more", "1@0d,CA 1@31d,CA 1@62d,CA", 0),
    ("not paid, but placed", "1@0d,CA,unpaid 1@1d,CA,unpaid", 2), ("given back, but placed", "1@0d,CA,back 1@1d,CA,back", 2), ("in other currencies", "1CNY@0d,CN 1EUR@1d,DE", 2),
    ("one from abroad, many from home", "1@0d,CA 1@1d,US 1@2d,US 1@3d,US", 0), ("large ones are no further away", "90000@0d,CA", 0),
    ("in two offerings", "1@0d,CA,o1 1@1d,CA,o2", 2),
]  # fmt: skip
JUMPS = [
    ("it doubles and grows by enough", "income=25000@-1d income=50000@0d", "1@1d", 1), ("a cent less than double", "income=25000@-1d income=49999.99@0d", "1@1d", 0),
    ("double, but by a cent too little", "income=24999.99@-1d income=49999.98@0d", "1@1d", 0), ("by much, but not double", "income=900000@-1d income=1700000@0d", "1@1d", 0),
    ("at the last instant of the days", "income=25000@-9d income=50000@0d", "1@7d", 1), ("a second later", "income=25000@-9d income=50000@0d", "1@604801s", 0),
    ("the pledge came before", "income=25000@-9d income=50000@2d", "1@1d", 0), ("at the same instant", "income=25000@-9d income=50000@1d", "1@1d", 1),
    ("told once", "income=900000@0d", "1@1d", 0), ("never told", "", "1@1d", 0), ("no pledge", "income=25000@-1d income=50000@0d", "", 0),
    ("it shrinks", "income=50000@-1d income=25000@0d", "1@1d", 0), ("taken back again", "income=25000@-1d income=90000@0d income=25000@1d", "1@2d", 0),
    ("in steps", "income=25000@-20d income=35000@0d income=45000@1d income=55000@2d", "1@3d", 1), ("in slow steps", "income=25000@-20d income=45000@0d income=55000@9d", "1@10d", 0),
    ("from nothing", "income=0@-1d income=25000@0d", "1@1d", 1), ("from nothing, a cent less", "income=0@-1d income=24999.99@0d", "1@1d", 0), ("from debts", "worth=-90000@-1d worth=5000@0d", "1@1d", 1),
    ("worth counts, too", "worth=25000@-1d worth=50000@0d", "1@1d", 1), ("another figure is no growth", "income=25000@-1d worth=90000@0d", "1@1d", 0),
    ("of another currency than the pledge", "income=25000@-1d income=50000@0d", "1CNY@1d", 0), ("yuan", "income=200000CNY@-1d income=400000CNY@0d", "1CNY@1d", 1),
    ("yuan, too little", "income=199999.99CNY@-1d income=399999.98CNY@0d", "1CNY@1d", 0), ("euros have no threshold", "income=25000EUR@-1d income=90000EUR@0d", "1EUR@1d", 0),
    ("several pledges on one growth", "income=25000@-1d income=50000@0d", "1@1d 1@2d 1@3d", 1), ("two growths", "income=25000@-1d income=50000@0d income=200000@20d", "1@1d 1@21d", 2),
    ("tried out on the first day", "income=25000@0m income=50000@2m", "1@5m", 1), ("told again the same", "income=50000@-1d income=50000@0d", "1@1d", 0),
]  # fmt: skip
#: R6: (what, the investor, the account's name, a company?, an alert?)
PAYERS = [
    ("the same", "Ann Brimble", "Ann Brimble", False, False), ("in capitals", "Ann Brimble", "ANN BRIMBLE", False, False), ("in another order", "Ann Brimble", "Brimble, Ann", False, False),
    ("somebody else", "Ann Brimble", "Quentin Otherman", False, True), ("another first name", "Ann Brimble", "Quentin Brimble", False, True), ("another family name", "Ann Brimble", "Ann Otherman", False, True),
    ("a middle name more", "Anneliese Brimblewick", "Anneliese Maria Brimblewick", False, False), ("a slip", "Anneliese Brimblewick", "Anneliese Brimblewik", False, False), ("accents", "Séan O'Brien", "Sean OBrien", False, False),
    ("in characters and pinyin", "张伟", "ZHANG WEI", False, False), ("pinyin, family name last", "张伟民", "Weimin Zhang", False, False), ("traditional characters", "张伟", "張偉", False, False),
    ("the same sound in other characters", "张伟", "章威", False, True), ("another given name", "Zhang Min", "Zhang Ming", False, True), ("another Chinese name", "张伟", "李娜", False, True),
    ("Cyrillic", "Иван Петров", "Petrov Ivan", False, False), ("a company's form", "Brimblewick Shipping Ltd", "BRIMBLEWICK SHIPPING LIMITED", True, False), ("another company", "Brimblewick Shipping Ltd", "Otherman Holdings Ltd", True, True),
    ("a Chinese company", "深圳蓝鲸科技有限公司", "深圳藍鯨科技股份有限公司", True, False), ("a company for its owner", "Ann Brimble", "Brimblewick Shipping Ltd", False, True), ("no name at all", "Ann Brimble", "...", False, True),
    ("initials alone", "Ann Brimble", "A B", False, True),
]  # fmt: skip


def count(found: list[Seen] | None) -> int:
    return len(found or [])


def table(rows: list[tuple[str, str, int]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("line", "expected"), [row[1:] for row in rows], ids=[row[0] for row in rows])


@table(STRUCTURING)
def test_structuring_stays_below_the_threshold_each_and_reaches_it_together(line: str, expected: int) -> None:
    threshold = review_threshold("USD", TODAY)
    assert threshold is not None
    assert count(rules.structuring(pledges(line), threshold, policy("structuring"))) == expected


@table(VELOCITY)
def test_velocity_is_many_pledges_or_many_offerings_in_a_short_time(line: str, expected: int) -> None:
    assert count(rules.velocity(pledges(line), policy("velocity"))) == expected


@table(SHARED_ACCOUNT)
def test_an_account_is_shared_by_more_than_a_couple(line: str, expected: int) -> None:
    assert count(rules.shared_account(pledges(line), policy("shared_account"))) == expected


@table(CYCLING)
def test_cycling_is_money_that_came_and_went_several_times(line: str, expected: int) -> None:
    assert count(rules.refund_cycling(pledges(line), policy("refund_cycling"))) == expected


@table(FAST)
def test_few_people_filling_an_offering_fast(line: str, expected: int) -> None:
    assert count(rules.fast_fill(pledges(line), NOON, usd("1000"), policy("fast_fill"))) == expected


@table(INSIDERS)
def test_insiders_bring_a_part_of_the_target(line: str, expected: int) -> None:
    assert count(rules.insider_funding(pledges(line), usd("1000"), policy("insider_funding"))) == expected


@table(BURST)
def test_a_burst_is_several_pledges_after_a_long_quiet(line: str, expected: int) -> None:
    assert count(rules.burst(pledges(line), policy("burst"))) == expected


@table(ELSEWHERE)
def test_pledges_from_elsewhere_are_those_from_another_country_than_the_residence(line: str, expected: int) -> None:
    assert count(rules.elsewhere(pledges(line), "US", policy("elsewhere"))) == expected


@pytest.mark.parametrize(("told", "line", "expected"), [row[1:] for row in JUMPS], ids=[row[0] for row in JUMPS])
def test_figures_that_grow_sharply_before_a_pledge(told: str, line: str, expected: int) -> None:
    assert len(rules.figures_jump(figures(told), pledges(line), policy("figures_jump"))) == expected


@pytest.mark.parametrize(
    ("investor", "payer", "company", "expected"), [row[1:] for row in PAYERS], ids=[row[0] for row in PAYERS]
)
def test_the_account_is_somebody_elses_when_its_name_is(
    investor: str, payer: str, company: bool, expected: bool
) -> None:
    score = names.alike(investor, payer, of_company=company)
    assert (score * 100 < policy("payer_differs")["alert_below_bps"]) == expected


def test_every_rule_has_enough_vectors() -> None:
    tables = (STRUCTURING, VELOCITY, SHARED_ACCOUNT, CYCLING, FAST, INSIDERS, BURST, ELSEWHERE, JUMPS, PAYERS)
    assert [len(rows) for rows in tables if len(rows) < FEWEST_VECTORS] == []
    assert all(len({row[0] for row in rows}) == len(rows) for rows in tables)  # type: ignore[attr-defined]
