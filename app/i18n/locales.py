"""Which languages there are, and how they are named in HTML, in Babel and in the address bar."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale


@dataclass(frozen=True, slots=True)
class Language:
    """`code` is what we store and put into `lang=`; `babel` is what Babel wants."""

    code: str
    babel: str
    own_name: str
    #: What a visitor from there most likely wants to read times in.
    timezone: str

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.babel)


ENGLISH = Language("en", "en", "English", "America/New_York")
CHINESE = Language("zh-CN", "zh_Hans_CN", "中文", "Asia/Shanghai")
LANGUAGES = {language.code: language for language in (ENGLISH, CHINESE)}


def language(code: str | None) -> Language:
    """The language of a stored code; English for anything else."""
    return LANGUAGES.get(code or "", ENGLISH)


def best_for(accepted: list[str]) -> Language:
    """The first language of a browser's list that we speak."""
    for tag in accepted:
        if tag.lower().startswith("zh"):
            return CHINESE
        if tag.lower().startswith("en"):
            return ENGLISH
    return ENGLISH
