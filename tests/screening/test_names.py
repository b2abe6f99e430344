"""How names are spelled and compared, whatever their script, order and punctuation."""

from __future__ import annotations

import pytest

from app.screening.names import ANOTHER_NAME, keys, likeness, spellings


def alike(one: str, other: str, *, company: bool = False) -> int:
    return likeness(spellings(one, of_company=company), spellings(other, of_company=company))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("張偉", "张伟"), ("张伟", "Zhang Wei"), ("张伟", "WEI ZHANG"), ("张伟民", "Weimin Zhang"),
        ("张伟民", "Zhang Wei-Min"), ("歐陽娜娜", "Nana Ouyang"), ("单田芳", "Shan Tianfang"), ("曾國藩", "Zeng Guofan"),
        ("Ｚｈａｎｇ　Ｗｅｉ", "zhang wei"), ("吕布", "Lü Bu"), ("吕布", "Lv Bu"), ("吕布", "LYU BU"), ("Иван Петров", "Petrov, Ivan"), ("Müller, Jörg", "Jorg Muller"),
        ("O'Brien Séan", "Sean OBrien"), ("Anne-Marie Dupont", "anne marie DUPONT"), ("Zhang Wei", "Zhang  Wei."),
    ],
)  # fmt: skip
def test_the_same_name_is_the_same_in_every_script_and_order(one: str, other: str) -> None:
    assert alike(one, other) == 100
    assert alike(other, one) == 100
    assert keys(spellings(one)) & keys(spellings(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张伟", "章威"),  # the same sound, other characters
        ("Zhang Min", "Zhang Ming"), ("Wang Fang", "Wang Gang"), ("Li Wei", "Li Wen"), ("张伟", "Zhang Wen"),
        ("John Smith", "Joan Smythe"), ("Anna Berg", "Hanna Bergman"), ("李小龙", "李小明"),
    ],
)  # fmt: skip
def test_another_name_stays_below_an_alert(one: str, other: str) -> None:
    assert alike(one, other) < 92


def test_a_slip_in_a_long_name_and_a_middle_name_left_out_are_still_near() -> None:
    assert alike("Zoltrik Vandermoosen", "Zoltrick Vandermosen") >= 92
    assert alike("Zoltrik Aldous Vandermoosen", "Zoltrik Vandermoosen") >= 92
    assert alike("Zhang Wei", "Zhang Wei Min") <= ANOTHER_NAME


def test_what_a_company_is_says_nothing_about_its_name() -> None:
    assert alike("Brimblewick Shipping Ltd", "BRIMBLEWICK SHIPPING LIMITED", company=True) == 100
    assert alike("深圳蓝鲸科技有限公司", "深圳藍鯨科技股份有限公司", company=True) == 100
    assert alike("Acme Inc", "Acne Inc", company=True) < 92


@pytest.mark.parametrize("nothing", ["", " ", "...", "，", "\u200b", "🙂"])
def test_a_name_of_nothing_is_like_nobody(nothing: str) -> None:
    assert alike(nothing, "Zhang Wei") == 0


@pytest.mark.parametrize("strange", ["𠮷田太郎", "䶮", "买买提·艾力", "محمد علي", "김철수", "a" * 200, "x " * 100])
def test_every_name_is_like_itself(strange: str) -> None:
    assert alike(strange, strange) == 100
