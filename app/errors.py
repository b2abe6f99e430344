"""How the platform says no. Codes and facts only: the words are in `i18n/refusal_words.py`."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A rule said no. Nothing was changed.

    `code` is a lower snake word with words in both languages; `facts` are what the words need;
    `field` names the form field that the person can mend, if there is one.
    """

    def __init__(self, code: str, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}({shown})"


class NotFound(Exception):
    """There is no such thing, or it is not yours to see: the two look the same from outside."""


class Mistake(Exception):
    """The program broke its own rule; a person cannot cause this and must not be blamed for it."""
