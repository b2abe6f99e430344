"""Banks of questions: TOML files beside this module, each named by the hash of its bytes.

A wrong answer is told by the topic to read again, never by the right answer. The order in which questions and answers are
shown follows from the key of the form, so a stored try can be shown again as it was.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from app.regimes.parameters import WHOLE_BPS, Wording

FOLDER = Path(__file__).parent


class BankError(Exception):
    """A bank of questions is not fit to ask anything; the message names the file and the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Wording):
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Wording):
    """`right` is the id of one of the answers; `topic` is what to read again."""

    id: str
    topic: Wording
    right: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Bank:
    id: str
    source: str
    questions: tuple[Question, ...]
    #: What must be read and acknowledged after a failed or refused test, where that does not bar.
    warning: Wording | None
    sha256: str

    def shuffled(self, key: UUID) -> list[tuple[Question, list[Answer]]]:
        """The questions and the answers of each, in the order of the form with this key."""

        def place(name: str) -> bytes:
            return hashlib.sha256(f"{key}:{name}".encode()).digest()

        questions = sorted(self.questions, key=lambda one: place(one.id))
        return [
            (one, sorted(one.answers, key=lambda answer, of=one: place(f"{of.id}:{answer.id}")))  # type: ignore[misc]
            for one in questions
        ]

    def told(self, given: Mapping[str, str]) -> dict[str, str | None]:
        """Of what was sent, the answers that there are; of a question without one, None."""
        return {
            one.id: given.get(one.id) if given.get(one.id) in {a.id for a in one.answers} else None
            for one in self.questions
        }

    def is_passed(self, told: Mapping[str, str | None], pass_bps: int) -> bool:
        """Whether enough of the answers are right: so many hundredths of a percent."""
        right = len(self.questions) - len(self.wrong(told))
        return right * WHOLE_BPS >= pass_bps * len(self.questions)

    def wrong(self, given: Mapping[str, str | None]) -> list[Question]:
        """The questions that were not answered rightly."""
        return [one for one in self.questions if given.get(one.id) != one.right]


@cache
def bank(name: str) -> Bank:
    """Read a bank. Raises BankError naming what is wrong with it."""
    path = FOLDER / f"{name}.toml"
    try:
        content = path.read_bytes()
        data = tomllib.loads(content.decode())
        found = Bank(
            id=name,
            source=_text(data, "source"),
            questions=tuple(_question(one) for one in data["questions"]),
            warning=Wording(**data["warning"]) if "warning" in data else None,
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BankError(f"{path.name}: {error}") from None
    ids = [one.id for one in found.questions]
    if not ids or len(set(ids)) != len(ids):
        raise BankError(f"{path.name}: each question needs an id of its own")
    return found


def _question(data: Mapping[str, Any]) -> Question:
    topic = data["topic"]
    found = Question(
        id=_text(data, "id"), en=_text(data, "en"), zh=_text(data, "zh"), right=_text(data, "right"),
        topic=Wording(en=_text(topic, "en"), zh=_text(topic, "zh")),
        answers=tuple(Answer(id=name, en=_text(one, "en"), zh=_text(one, "zh")) for name, one in data["answers"].items()),
    )  # fmt: skip
    if found.right not in {one.id for one in found.answers} or len(found.answers) < 2:
        raise ValueError(f"question {found.id}: the right answer must be one of two or more")
    return found


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data[name]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text")
    return value
