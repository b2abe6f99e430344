"""How Chinese names are read: characters simplified, their pinyin.

Its dictionary takes a tenth of a process's memory, so it is loaded by the first name that needs it.
"""

from __future__ import annotations

import os
from functools import cache

import opencc

# A name is no phrase: without those of a dictionary the library of pinyin takes a quarter of the memory.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal


def simplified(han: str) -> str:
    """Traditional characters as the simplified ones of the same name."""
    return str(_simplifier().convert(han))


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def readings(character: str) -> list[str]:
    """Every reading of one character, the most usual one first, without tones; one empty word for what has none."""
    return (pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore") or [[""]])[0]


def syllables() -> set[str]:
    """Every syllable, without its tone."""
    every = {one for several in PINYIN_DICT.values() for one in several.split(",")}
    return {to_normal(one) for one in every}
