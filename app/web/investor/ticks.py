"""What the last form before a pledge asks for: statements, papers and documents to tick, and questions to answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from app.assessments.bank import Answer, Question, bank
from app.database import Snapshot
from app.errors import Refused
from app.i18n import labels
from app.offerings import queries as offerings
from app.offerings.models import Offering
from app.pledges import papers
from app.pledges.consents import Said, document_name, question_name, questionnaires, wrong_answers
from app.regimes.parameters import Statement
from app.regimes.regime import Regime
from app.web.session import my_id, reader


@dataclass(frozen=True, slots=True)
class Tick:
    """One box. `sha256` is of the very text or file; what has an `address` is opened there before there is a box."""

    name: str
    sha256: str
    label: str
    unticked: Refused
    title: str = ""
    version: int | None = None
    address: str | None = None
    is_opened: bool = True

    @property
    def field(self) -> str:
        return f"statement_{self.name}"

    @property
    def is_ticked(self) -> bool:
        """Beside this very text: the language, the law or the document may have changed meanwhile."""
        return self.is_opened and request.form.get(self.field) == self.sha256


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything on the form; nothing of it is ticked or chosen beforehand."""

    ticks: tuple[Tick, ...]
    #: Each with its answers, in the order of this form.
    questions: tuple[tuple[Question, list[Answer]], ...]
    laws: tuple[Regime, ...]

    @property
    def statements(self) -> list[Tick]:
        return [one for one in self.ticks if one.address is None]

    @property
    def papers(self) -> list[Tick]:
        return [one for one in self.ticks if one.address is not None]

    def said(self) -> Said:
        """What of it came with this request."""
        answers = {one.id: request.form.get(question_name(one.id), "")[:60] for one, _ in self.questions}
        return Said({one.name: one.sha256 for one in self.ticks if one.is_ticked}, answers, reader().code)

    def problems(self, view: Snapshot) -> dict[str, str]:
        """field -> what to say of it."""
        found = {one.field: one.unticked for one in self.ticks if not one.is_ticked}
        found |= {one.field or "": one for one in wrong_answers(self.laws, self.said(), view.now)}
        return {field: labels.refusal(refused, reader()) for field, refused in found.items()}


def asked(
    view: Snapshot, offering: Offering, laws: Sequence[Regime], statements: Iterable[Statement], form_key: uuid.UUID
) -> Asked:
    """What the form of this pledge asks for; the questions stand in the order of its key."""
    shuffled = (bank(name).shuffled(form_key) for name, _ in questionnaires(laws, view.now))
    return Asked(
        (*_statements(view, laws, statements), *_documents(view, offering)),
        tuple(one for questions in shuffled for one in questions),
        tuple(laws),
    )


def _statements(view: Snapshot, laws: Sequence[Regime], statements: Iterable[Statement]) -> Iterable[Tick]:
    opened, locale = papers.opened_by(view.session, my_id()), reader().code
    for one in statements:
        told: dict[str, Any] = {"unticked": Refused("statement_missing")}
        sha256 = papers.version(one, locale)
        if one.paper is not None:
            title, is_opened = one.paper.title(locale), sha256 in opened
            law = next(law for law in laws if one in law.pack.statements)
            told = {
                "unticked": _unread(title, is_opened), "title": title, "is_opened": is_opened,
                "address": url_for("public.paper", regime_id=law.pack.id, statement_id=one.id),
            }  # fmt: skip
        yield Tick(one.id, sha256, one.text(locale), **told)


def _documents(view: Snapshot, offering: Offering) -> Iterable[Tick]:
    opened = offerings.opened_by(view.session, my_id(), offering.id)
    for one in offerings.documents(view.session, offering.id):
        yield Tick(
            document_name(one), one.sha256, "", _unread(one.title, one.id in opened), one.title, one.version,
            url_for("public.document", slug=offering.slug, document_id=one.id), one.id in opened,
        )  # fmt: skip


def _unread(title: str, is_opened: bool) -> Refused:
    return Refused("document_not_acknowledged" if is_opened else "document_not_opened", title=title)
