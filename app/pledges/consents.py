"""What an investor makes their own at a pledge: each sentence of the law by itself, in the very text that is in force.

Always asked are the day's statements, the papers of the rules, the offering's documents and the law's questions. A
statement with `asked_by` is asked only where the law answers this very pledge with that rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.assessments import actions as assessments
from app.assessments.bank import bank
from app.database import Transaction
from app.decisions.models import Decision
from app.decisions.receipts import Receipt
from app.errors import Refused
from app.investors.models import Investor
from app.offerings import queries as offerings
from app.offerings.models import OfferingDocument
from app.pledges import papers
from app.pledges.models import Pledge, PledgeConsent
from app.pledges.papers import text_hash as text_hash
from app.regimes import standing
from app.regimes.parameters import Row, Statement
from app.regimes.regime import Regime
from app.regimes.verdict import Decision as Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """What an investor said in the form of a pledge.

    `ticked` is statement -> SHA-256 of the text shown, and `document_name` -> SHA-256 of the document; `answers` is
    question -> answer.
    """

    ticked: Mapping[str, str]
    answers: Mapping[str, str]
    locale: str

    def has_ticked(self, statement: Statement) -> bool:
        """In the very text that is in force."""
        return self.ticked.get(statement.id) == papers.version(statement, self.locale)


def statements(laws: Sequence[Regime], now: datetime, asked_by: Collection[str] = ()) -> tuple[Statement, ...]:
    """Everything that an investor must tick under these laws today, and what these rules ask for besides."""
    known = (one for law in laws for one in law.pack.statements_on(law.pack.day_of(now)))
    return tuple(one for one in known if not one.asked_by or one.asked_by in asked_by)


def asking(receipt: Receipt) -> set[str]:
    """The rules by which the laws answered that something must be said first."""
    return {one.rule.id for one in (receipt, *receipt.others) if one.decision == Outcome.NEEDS_ACK}


def acknowledged(laws: Sequence[Regime], said: Said, now: datetime) -> tuple[str, ...]:
    """What of it a law looks at when it decides: the statements that it asks for by its answer."""
    rules = {rule for law in laws for rule in law.pack.rules}
    return tuple(one.id for one in statements(laws, now, rules) if one.asked_by and said.has_ticked(one))


def questionnaires(laws: Sequence[Regime], now: datetime) -> list[tuple[str, Row]]:
    """The questions of these laws, and how many answers must be right."""
    found = (standing.questionnaire_of(law.pack.id, law.pack.day_of(now)) for law in laws)
    return [one for one in found if one is not None]


def question_name(question_id: str) -> str:
    """What the field of a question is called."""
    return f"q_{question_id}"


def document_name(document: OfferingDocument) -> str:
    """What the acknowledgement of this version of a document is called."""
    return f"document_{document.id}"


def require(tx: Transaction, laws: Sequence[Regime], reader_id: int, offering_id: int, said: Said) -> None:
    """Everything that is always asked was said, and read before by this person.

    Raises Refused: "document_not_opened", "statement_missing", "document_not_acknowledged",
    "answer_missing", "answer_wrong".
    """
    asked = statements(laws, tx.now)
    papers.require_opened(tx.session, reader_id, asked, said.locale)
    _require_ticked(asked, said)
    require_read(tx.session, reader_id, offering_id, said.ticked)
    for problem in wrong_answers(laws, said, tx.now):
        raise problem


def require_asked(laws: Sequence[Regime], decision: Decision, said: Said, now: datetime) -> None:
    """What the law's answer asks for was said with this very pledge. Raises Refused("statement_missing")."""
    if decision.outcome == Outcome.NEEDS_ACK:
        _require_ticked((one for one in statements(laws, now, (decision.rule,)) if one.asked_by), said)


def _require_ticked(asked: Iterable[Statement], said: Said) -> None:
    for statement in asked:
        if not said.has_ticked(statement):
            raise Refused("statement_missing", field=statement.id)


def require_read(session: Session, user_id: int, offering_id: int, ticked: Mapping[str, str]) -> None:
    """Every document was opened by this person in this very version, and acknowledged by itself.

    Raises Refused("document_not_opened", "document_not_acknowledged").
    """
    opened = offerings.opened_by(session, user_id, offering_id)
    for document in offerings.documents(session, offering_id):
        name = document_name(document)
        if document.id not in opened:
            raise Refused("document_not_opened", field=name, title=document.title)
        if ticked.get(name) != document.sha256:
            raise Refused("document_not_acknowledged", field=name, title=document.title)


def wrong_answers(laws: Sequence[Regime], said: Said, now: datetime) -> list[Refused]:
    """What stands against the answers, each at its question: told by the topic to read again, never by the right answer."""
    found = []
    for name, row in questionnaires(laws, now):
        questions = bank(name)
        told = questions.told(said.answers)
        if not questions.is_passed(told, row["pass_bps"]):
            found += [
                Refused("answer_missing", field=question_name(one.id))
                if told[one.id] is None
                else Refused("answer_wrong", field=question_name(one.id), topic=one.topic)
                for one in questions.wrong(told)
            ]
    return found


def keep(tx: Transaction, pledge: Pledge, investor: Investor, laws: Sequence[Regime], said: Said) -> None:
    """Keep what was said with its pledge. Writes: consents, attempt, audit."""
    tx.session.add_all(
        PledgeConsent(pledge_id=pledge.id, statement=name, text_sha256=sha, locale=said.locale, ticked_at=tx.now)
        for name, sha in said.ticked.items()
    )
    for name, _ in questionnaires(laws, tx.now):
        assessments.keep_answers(tx, investor, name, said.answers, form_key=pledge.form_key, locale=said.locale)
