"""A rule pack is data that decides over people's money: what is missing, unknown or out of order stops the start."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, date, datetime

import pytest

from app.regimes.parameters import CONFIDENCES, Pack, PackError
from app.regimes.regime import Regime
from app.regimes.registry import BUILT, PACKS

GOOD = """
id = "XX"
en = "A law"
zh = "一部法律"
country = "US"
zone = "America/New_York"
currency = "USD"
holidays = "US"

[settings]
kind = true

[words]
limit = { en = "Limit", zh = "上限" }
cap_minor = { en = "At most", zh = "不超过" }

[[limit]]
effective_from = 2020-01-01
cap_minor = 100
source = "Act 1"
confidence = "verified"

[[limit]]
effective_from = 2021-01-01
cap_minor = 200
source = "Act 2"
confidence = "policy"

[[statements]]
id = "risk"
effective_from = 2020-01-01
source = "Act 1"
en = "I know."
zh = "我知道。"

[[statements]]
id = "risk"
effective_from = 2022-01-01
source = "Act 3"
en = "I really know."
zh = "我真的知道。"

[rules."XX-1"]
cite = "Act 1"
en = "So it is."
zh = "如此。"
"""


def read(toml: str) -> Pack:
    return Pack("xx.toml", toml, {"limit": {"cap_minor": int}}, {"kind": bool})


def test_a_row_is_law_from_its_first_day_until_the_day_before_the_next() -> None:
    pack = read(GOOD)
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1), date(2099, 1, 1)]
    rows = [pack.in_force("limit", day) for day in days]
    assert [row and row["cap_minor"] for row in rows] == [None, 100, 100, 200, 200]
    assert [pack.version(day) for day in days] == ["XX@before", *["XX@2020-01-01"] * 2, *["XX@2021-01-01"] * 2]


def test_of_each_statement_the_latest_in_force_is_shown() -> None:
    pack = read(GOOD)
    shown = [[one.text("en") for one in pack.statements_on(date(year, 1, 1))] for year in (2019, 2020, 2022)]
    assert shown == [[], ["I know."], ["I really know."]]
    assert pack.statements_on(date(2022, 1, 1))[0].text("zh_Hans_CN") == "我真的知道。"


def test_the_day_of_an_instant_is_the_day_where_the_law_is() -> None:
    pack = read(GOOD)
    assert pack.day_of(datetime(2025, 3, 15, 3, 59, tzinfo=UTC)) == date(2025, 3, 14)
    assert pack.day_of(datetime(2025, 3, 15, 4, 0, tzinfo=UTC)) == date(2025, 3, 15)


FAULTS = [
    # what stands in the pack, what stands there instead, the line that is named, what is said of it
    ("effective_from = 2021-01-01", "", 23, "effective_from must be date"),
    ("effective_from = 2021-01-01", 'effective_from = "2021-01-01"', 24, "effective_from must be date"),
    ("effective_from = 2021-01-01", "effective_from = 2021-01-01T00:00:00", 24, "effective_from must be date"),
    ("effective_from = 2021-01-01", "effective_from = 2020-01-01", 24, "overlaps the row before"),
    ("effective_from = 2021-01-01", "effective_from = 2019-01-01", 24, "overlaps the row before"),
    ("cap_minor = 100", "cap_minor = 100\neffective_until = 2021-01-01", 25, "overlaps the row before"),
    (
        "cap_minor = 100",
        "cap_minor = 100\neffective_until = 2020-12-30",
        25,
        "no row between 2020-12-30 and 2021-01-01",
    ),
    ("cap_minor = 100", "cap_minor = 100\neffective_until = 2019-12-31", 20, "ends before it begins"),
    ('source = "Act 2"', "", 23, "source must be str"),
    ('source = "Act 2"', 'source = ""', 27, "needs a source"),
    ('confidence = "policy"', "", 23, "confidence must be str"),
    ('confidence = "policy"', 'confidence = "certain"', 27, "a confidence of verified"),
    ("cap_minor = 200", "", 23, "cap_minor must be int"),
    ("cap_minor = 200", "cap_minor = 200.0", 25, "cap_minor must be int, not 200.0"),
    ("cap_minor = 200", "cap_minor = true", 25, "cap_minor must be int, not True"),
    ("cap_minor = 200", "cap_minor = -200", 25, "a unit that the number fits"),
    ("cap_minor = 200", "cap_minor = 200\ncap_major = 2", 26, "unknown key cap_major"),
    ("[[limit]]\neffective_from = 2021-01-01", "[[limits]]\neffective_from = 2021-01-01", 23, "unknown table"),
    ("kind = true", "kind = 1", 11, "kind must be bool"),
    ("kind = true", "kind = true\nkinder = true", 12, "unknown key kinder"),
    ("kind = true", "", 10, "kind must be bool"),
    ('zone = "America/New_York"', "", 1, "zone must be str"),
    ('currency = "USD"', "currency = 840", 7, "currency must be str"),
    ('cite = "Act 1"', "", 43, "cite must be str"),
    ('cite = "Act 1"', 'cite = "Act 1"\nfr = "Voilà."', 45, "unknown key fr"),
    ('zh = "我知道。"', "", 29, "zh must be str"),
    ('zh = "我知道。"', 'zh = "我知道。"\nticked = true', 35, "unknown key ticked"),
    ('cap_minor = { en = "At most", zh = "不超过" }', 'cap_minor = { en = "At most" }', 15, "needs en and zh"),
    ('id = "XX"', 'id = "XX', 2, "Illegal character"),
]


@pytest.mark.parametrize(("old", "new", "line", "said"), FAULTS)
def test_a_pack_with_a_fault_is_not_read_and_the_line_is_named(old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    with pytest.raises(PackError) as caught:
        read(GOOD.replace(old, new, 1))
    assert re.match(rf"xx\.toml:{line}: ", str(caught.value)), caught.value
    assert said in str(caught.value)


def test_a_number_needs_the_unit_that_its_name_says() -> None:
    for name, value in (("share_bps", 10_001), ("cap_usd", 5), ("cap", 5)):
        toml = GOOD.replace("cap_minor = 1", f"{name} = {value} #").replace("cap_minor = 2", f"{name} = 2")
        with pytest.raises(PackError, match="must end in a unit"):
            Pack("xx.toml", toml.replace("cap_minor =", f"{name} ="), {"limit": {name: int}}, {"kind": bool})


def test_a_row_that_names_its_last_day_is_law_until_the_end_of_it() -> None:
    last = GOOD.replace("cap_minor = 200", "cap_minor = 200\neffective_until = 2022-06-30")
    pack = read(last.replace("cap_minor = 100", "cap_minor = 100\neffective_until = 2020-12-31"))
    days = [date(2020, 12, 31), date(2021, 1, 1), date(2022, 6, 30), date(2022, 7, 1)]
    assert [row and row["cap_minor"] for row in (pack.in_force("limit", day) for day in days)] == [100, 200, 200, None]
    assert [pack.version(day) for day in days[2:]] == ["XX@2021-01-01", "XX@2022-07-01"]


def test_a_pack_needs_a_row_in_each_of_its_tables() -> None:
    with pytest.raises(PackError, match="limit"):
        read(re.sub(r"\[\[limit\]\].*?(?=\[\[statements)", "", GOOD, flags=re.DOTALL))


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_every_row_of_ours_says_since_when_from_where_and_how_sure(pack: Pack) -> None:
    for table in pack.tables:
        rows = pack.rows(table)
        assert rows
        assert [row.effective_from for row in rows] == sorted({row.effective_from for row in rows})
        assert all(row.source and row.confidence in CONFIDENCES for row in rows)


@pytest.mark.parametrize("regime", BUILT.values(), ids=BUILT)
def test_every_rule_that_the_code_names_can_be_cited_and_none_is_left_over(regime: Regime) -> None:
    kinds = [kind for kind in type(regime).__mro__ if issubclass(kind, Regime)]
    written = "".join(inspect.getsource(inspect.getmodule(kind)) for kind in kinds)  # type: ignore[arg-type]
    named = set(re.findall(rf'"({regime.pack.id.split("-")[0]}-[A-Za-z0-9-]+)"', written)) - set(BUILT)
    named -= {getattr(kind, "release_rule", "") for kind in kinds} - {regime.release_rule}  # of whom it is derived
    assert named == set(regime.pack.rules)
    assert all(rule.cite and rule.en and rule.zh for rule in regime.pack.rules.values())


@pytest.mark.parametrize("odd", ["3", '"text"', "[1]", "[[]]", "true", "1979-05-27", "{}", "{ a = 1 }", "[{ a = 1 }]"])
@pytest.mark.parametrize(
    "name", ["settings", "words", "rules", "statements", "limit", "notice_holidays", "zone", "other"]
)
def test_an_edition_of_a_strange_shape_is_refused_by_file_and_line(name: str, odd: str) -> None:
    """A proposed edition is typed by a person: whatever stands in it, the answer names a place."""
    kept = re.sub(rf"(?ms)^\[+{name}(\.[^\]]*)?\]+$.*?(?=^\[|\Z)|^{name} = .*?$", "", GOOD)
    if (name, odd) == ("rules", "{}"):
        return  # a law without rules is of no use, but a law
    with pytest.raises(PackError, match=r"^xx\.toml:\d+: "):
        read(f"{name} = {odd}\n{kept}")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5_000, "a = " + "1" * 5_000, "a = 0000-00-00", "\x00", "=", "[[limit]", ""]
)
def test_a_text_that_is_no_toml_is_refused_by_file_and_line(text: str) -> None:
    with pytest.raises(PackError, match=r"^xx\.toml:\d+: "):
        read(text)
