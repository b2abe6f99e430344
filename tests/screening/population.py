"""A seeded population of made-up names: a list, people who are on it under another spelling, and people who are not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pypinyin import lazy_pinyin

SEED = 20260303
#: Han family names and given names as characters; the Latin ones are syllables put together.
FAMILY = "张王李赵刘陈杨黄周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰波辉斌鹏浩宇晨曦瑞雪梅琳健峰"
TRADITIONAL = str.maketrans(
    "张刘陈杨黄吴孙马罗郑谢邓冯韩伟丽强军艳涛华玉兰辉鹏晨瑞琳健峰静娟云",
    "張劉陳楊黃吳孫馬羅鄭謝鄧馮韓偉麗強軍艷濤華玉蘭輝鵬晨瑞琳健峰靜娟雲",
)
STARTS = (
    "Bran",
    "Dor",
    "Fel",
    "Grim",
    "Hol",
    "Jor",
    "Kest",
    "Lum",
    "Mard",
    "Nov",
    "Pell",
    "Quin",
    "Rost",
    "Thal",
    "Vorn",
)
MIDDLES = ("a", "e", "i", "o", "u", "ari", "eno", "ila", "olu")
ENDS = ("bert", "dick", "fried", "grad", "kin", "lsen", "mov", "nitz", "reth", "sky", "ster", "tov", "wick", "zen")


@dataclass(frozen=True, slots=True)
class Variant:
    """How somebody on the list calls themselves here; `kind` is what was done to the name."""

    kind: str
    name: str
    listed: int


def latin(source: random.Random) -> str:
    def word() -> str:
        return source.choice(STARTS) + source.choice(MIDDLES) + source.choice(ENDS)

    return f"{word()} {word()}"


def han(source: random.Random) -> str:
    return source.choice(FAMILY) + "".join(source.choice(GIVEN) for _ in range(source.choice((1, 2, 2))))


def listed(number: int, source: random.Random) -> list[str]:
    """Distinct names, a third of them Chinese."""
    found: dict[str, None] = {}
    while len(found) < number:
        found[han(source) if source.random() < 0.34 else latin(source)] = None
    return list(found)


def _slip(name: str, source: random.Random) -> str:
    """One letter left out, doubled or taken for its neighbour."""
    at = source.randrange(1, len(name) - 1)
    while not name[at].isalpha():
        at = source.randrange(1, len(name) - 1)
    return source.choice(
        (name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name[:at] + "e" + name[at + 1 :])
    )


def _reordered(name: str) -> str:
    first, last = name.split()
    return f"{last.upper()}, {first}"


def _middle(name: str, source: random.Random) -> str:
    first, last = name.split()
    return f"{first} {source.choice(STARTS)} {last}"


def _pinyin(name: str, *, family_first: bool) -> str:
    family, *given = lazy_pinyin(name)
    words = [family.title(), "".join(given).title()]
    return " ".join(words if family_first else reversed(words))


HAN_VARIANTS: dict[str, Callable[[str, random.Random], str]] = {
    "traditional": lambda name, source: name.translate(TRADITIONAL),
    "pinyin, family name first": lambda name, source: _pinyin(name, family_first=True),
    "pinyin, family name last": lambda name, source: _pinyin(name, family_first=False),
    "syllables apart": lambda name, source: " ".join(lazy_pinyin(name)),
}
LATIN_VARIANTS: dict[str, Callable[[str, random.Random], str]] = {
    "another order": lambda name, source: _reordered(name),
    "one slip": _slip,
    "a middle name": _middle,
    "accents": lambda name, source: name.replace("e", "é").replace("o", "ö"),
}


def planted(names: list[str], number: int, source: random.Random) -> list[Variant]:
    found = []
    for _ in range(number):
        at = source.randrange(len(names))
        table = LATIN_VARIANTS if names[at].isascii() else HAN_VARIANTS
        kind = source.choice(sorted(table))
        found.append(Variant(kind, table[kind](names[at], source), at))
    return found
