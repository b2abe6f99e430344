"""Spells a name so that it can be compared whatever its script, order and punctuation, and says how alike two are.

Simplified and traditional characters become the same ones; every script gets Latin letters, Chinese characters by their
pinyin. Where both names are written in Chinese characters these decide: the same sound is not the same name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache, lru_cache
from itertools import product
from types import ModuleType

import jellyfish
from anyascii import anyascii
from rapidfuzz import fuzz

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
KANA = re.compile(r"[\u3040-\u30ff]")
NO_WORD = re.compile(r"[^a-z0-9]+")
#: ü is typed as u, as v, and in passports as yu.
U_UMLAUT = re.compile(r"^([ln])(?:v|yu)(e?)$")
#: What a company is, not what it is called.
FORMS = frozenset({
    "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "jsc", "kk", "limited",
    "llc", "llp", "lp", "ltd", "nv", "oao", "ooo", "oy", "pjsc", "plc", "pte", "pty", "sa", "sarl", "spa", "srl",
})  # fmt: skip
HAN_FORMS = re.compile("(股份有限公司|有限责任公司|有限公司|公司)$")
#: The same sound in other characters, or another syllable: alike, and yet another name.
ANOTHER_NAME = 75
#: The same name but for words that one of the two leaves out, such as a middle name.
LEFT_OUT = 95
#: So much must be the same before something may be left out.
ENOUGH_LETTERS = 9
#: A personal name has at most so many characters, and each of them so many readings that people use.
LONGEST_PERSONAL, USUAL_READINGS = 4, 2
#: Longer names are compared as a whole, in one order.
MOST_WORDS = 6


def spellings(name: str, *, of_company: bool = False) -> tuple[str, ...]:
    """The Chinese characters, simplified, if there are any, and every reading in Latin letters, its words apart."""
    text = "".join(" " if unicodedata.category(one) == "So" else one for one in unicodedata.normalize("NFKC", name))
    han = "" if KANA.search(text) else "".join(HAN.findall(text))
    if not han:
        return _not_empty(_latin(text, of_company))
    simplified = _hanzi().simplified(han)
    if of_company:
        simplified = HAN_FORMS.sub("", simplified) or simplified
    rest = _latin(HAN.sub(" ", text), of_company)
    return _not_empty(simplified, *_readings(simplified), rest if " " in rest else "")


def _not_empty(*found: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if one))


def _latin(text: str, of_company: bool) -> str:
    words = NO_WORD.sub(" ", anyascii(text).casefold().replace("'", "").replace("`", "")).split()
    words = [U_UMLAUT.sub(r"\1u\2", word) for word in words]
    if of_company:
        words = [word for word in words if word not in FORMS] or words
    return " ".join(words)


def _readings(han: str) -> list[str]:
    """In pinyin: every reading of the first character, because a family name has its own (单 is Shan), the usual ones of
    the others (乐 is Le or Yue); of a longer name, such as a company's, the most usual one.
    """
    usual = USUAL_READINGS if len(han) <= LONGEST_PERSONAL else 1
    first, *others = [_hanzi().readings(one) for one in han]
    chosen = product(first, *[one[:usual] for one in others])
    return [_latin(" ".join(one), of_company=False) for one in chosen]


@cache
def _hanzi() -> ModuleType:
    """Its dictionary takes a tenth of the memory of a process that never compares a name."""
    from app.screening import hanzi

    return hanzi


@cache
def _syllables() -> frozenset[str]:
    """Every syllable of pinyin, without its tone, its ü written as u."""
    return frozenset(_latin(one, of_company=False) for one in _hanzi().syllables())


@lru_cache(maxsize=20_000)
def _is_pinyin(spelling: str) -> bool:
    return all(_splits(word) for word in spelling.split())


def _splits(word: str) -> bool:
    """Whether a word is one or several syllables of pinyin, such as "weimin"."""
    return word in _syllables() or any(word[:at] in _syllables() and _splits(word[at:]) for at in range(1, len(word)))


@lru_cache(maxsize=20_000)
def _orders(spelling: str) -> tuple[str, ...]:
    """The words written together, beginning with each of them: "weizhang" and "zhangwei" are one name."""
    words = spelling.split()
    starts = range(len(words) if len(words) <= MOST_WORDS else 1)
    return tuple("".join(words[at:] + words[:at]) for at in starts)


def keys(spelled: Collection[str]) -> set[str]:
    """What an index finds a name by: how each word sounds, and the whole in every order."""
    found = set()
    for spelling in spelled:
        if not spelling.isascii():
            found.add(spelling)
            continue
        found |= {f"={whole}" for whole in _orders(spelling)}
        found |= {_sound(word) for word in spelling.split() if len(word) > 1}
    return found


def _sound(word: str) -> str:
    """Pinyin and short words stand for themselves: their sound alone would be that of half the list."""
    if len(word) <= 3 or word in _syllables():
        return word
    sound = jellyfish.metaphone(word)
    return f"~{sound}" if len(sound) > 1 else word


def alike(one: str, other: str, *, of_company: bool = False) -> int:
    """How alike two names are as they are written: 0 to 100, which is the same name."""
    return likeness(spellings(one, of_company=of_company), spellings(other, of_company=of_company))


def likeness(one: Collection[str], other: Collection[str]) -> int:
    """How alike two names are by their spellings: 0 to 100, which is the same name."""
    han = [spelling for spelling in one if not spelling.isascii()]
    other_han = [spelling for spelling in other if not spelling.isascii()]
    if han and other_han:
        return max(round(fuzz.ratio(left, right)) for left in han for right in other_han)
    return max((_alike(left, right) for left in one if left.isascii() for right in other if right.isascii()), default=0)


def _alike(left: str, right: str) -> int:
    whole = max(fuzz.ratio(first, second) for first in _orders(left) for second in _orders(right))
    if _is_pinyin(left) and _is_pinyin(right):
        # One letter more is another person: Zhang Min and Zhang Ming.
        return 100 if whole == 100 else min(round(whole), ANOTHER_NAME)
    if _leaves_out(set(left.split()), set(right.split())):
        return max(LEFT_OUT, round(whole))
    return round(max(whole, fuzz.token_sort_ratio(left, right)))


def _leaves_out(left: set[str], right: set[str]) -> bool:
    both = left & right
    return both in (left, right) and len(both) > 1 and len("".join(both)) >= ENOUGH_LETTERS
