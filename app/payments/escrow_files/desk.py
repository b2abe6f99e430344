"""What is kept of the files of one custodian. Every public method is an act of its own: it commits or changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import URL, Select, create_engine, func, or_, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound, Refused
from app.money import Money
from app.payments.errors import InsufficientProviderFunds, KeyConflict, Rejected, Unknown
from app.payments.escrow_files import matching
from app.payments.escrow_files.matching import Answers
from app.payments.escrow_files.models import BankFile, BankLine, BankMatch, FileInstruction
from app.payments.port import PLATFORM_ACCOUNT, Op
from app.payments.statements.lines import KnownLine, Statement, total
from app.vault import Signer

#: A line, and the instruction that it answers.
Booked = tuple[BankLine, FileInstruction | None]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many lines of a file are new, and how many of those answer no instruction or wait for a person."""

    new: int
    unmatched: int


class Desk:
    """Of one gateway, with a connection of its own: what the outside told us stays, whatever becomes of our own act."""

    def __init__(self, url: URL, gateway: str, currency: str, signer: Signer) -> None:
        self._engine = create_engine(
            url, pool_size=1, max_overflow=4, hide_parameters=True, connect_args={"options": "-c timezone=UTC"}
        )
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        self._gateway, self._currency, self._signer = gateway, currency, signer

    def leave(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _alone(self) -> Iterator[Session]:
        """One act after the other: a file is not taken in while an instruction is cancelled. Raises Unknown."""
        with self._looking() as session, session.begin():
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"files:{self._gateway}", 0))))
            yield session

    @contextmanager
    def _looking(self) -> Iterator[Session]:
        """Raises Unknown when the database does not answer: whether an act was kept shows at the next try."""
        try:
            with self._sessions() as session:
                yield session
        except OperationalError as error:
            raise Unknown("database") from error

    # Instructions

    def record(self, op: Op, params: str, amount: Money, **values: Any) -> FileInstruction:
        """Keep an instruction; the same key again is the same one.

        Raises KeyConflict, Rejected("more_than_received"), InsufficientProviderFunds.
        """
        mark = self._signer.pseudonym(f"{params} {amount}")
        with self._alone() as session:
            known = session.scalars(self._instructions().where(FileInstruction.key == op.key)).one_or_none()
            if known is not None:
                if known.params_mark != mark:
                    raise KeyConflict("key_conflict")
                return known
            if values["kind"] == "refund":
                self._require_rest(session, op, values["about_id"], amount)
            elif values["kind"] in matching.OUT and values["account"] != PLATFORM_ACCOUNT:
                self._require_balance(session, op, values["account"], amount)
            made = FileInstruction(
                gateway=self._gateway, key=op.key, op_id=op.id, params_mark=mark, amount_minor=amount.minor,
                currency=amount.currency, created_at=_now(session), **values,
            )  # fmt: skip
            session.add(made)
            return made

    def _require_rest(self, session: Session, op: Op, payment_id: int, amount: Money) -> None:
        """Of an operation its last sending counts: that those before had no effect was proven before there was another."""
        received = sum(line.amount_minor for line, _ in self._booked(session, payment_id) if line.amount_minor > 0)
        others = (FileInstruction.about_id == payment_id, FileInstruction.op_id != op.id)
        refunds = {one.op_id: one for one in session.scalars(self._instructions().where(*others))}.values()
        kept = sum(refund.amount_minor for refund in refunds if not self._came_back(session, refund))
        if kept + amount.minor > received:
            raise Rejected("more_than_received")

    def _require_balance(self, session: Session, op: Op, account: str, amount: Money) -> None:
        """As far as statements tell: what others are to carry away, and has not left yet, is spent already; each by its last sending."""
        of_it = or_(FileInstruction.account == account, FileInstruction.to_account == account)
        left = balance = 0
        for line, instruction in session.execute(self._counted().where(of_it)):
            if matching.account(instruction, line.amount_minor) == account:
                balance += line.amount_minor
                if instruction.kind in matching.OUT and line.amount_minor < 0 and instruction.op_id != op.id:
                    left -= line.amount_minor
        others = (
            FileInstruction.account == account, FileInstruction.kind.in_(matching.OUT), FileInstruction.op_id != op.id
        )  # fmt: skip
        asked = {one.op_id: one.amount_minor for one in session.scalars(self._instructions().where(*others))}
        if balance - (sum(asked.values()) - left) < amount.minor:
            raise InsufficientProviderFunds("not_on_the_statement")

    def _came_back(self, session: Session, refund: FileInstruction) -> bool:
        lines = [line.amount_minor for line, _ in self._booked(session, refund.id)]
        return bool(lines) and sum(lines) >= 0

    def wrote(self, instruction: FileInstruction) -> None:
        with self._alone() as session:
            row = session.get_one(FileInstruction, instruction.id)
            row.written_at = row.written_at or _now(session)

    def cancel(self, reference: str) -> FileInstruction | None:
        """Expect no money for a payment any more; None where all of it is here. Raises Rejected."""
        with self._alone() as session:
            row = self._by_reference(session, reference)
            if sum(line.amount_minor for line, _ in self._booked(session, row.id)) >= row.amount_minor:
                return None
            row.cancelled_at = row.cancelled_at or _now(session)
            return row

    def by_key(self, key: str) -> FileInstruction | None:
        with self._looking() as session:
            return session.scalars(self._instructions().where(FileInstruction.key == key)).one_or_none()

    def by_reference(self, reference: str) -> FileInstruction:
        """Raises Rejected("no_such_instruction")."""
        with self._looking() as session:
            return self._by_reference(session, reference)

    def _by_reference(self, session: Session, reference: str) -> FileInstruction:
        row = session.scalars(self._instructions().where(FileInstruction.reference == reference)).one_or_none()
        if row is None:
            raise Rejected("no_such_instruction")
        return row

    def _instructions(self) -> Select[FileInstruction]:
        return select(FileInstruction).where(FileInstruction.gateway == self._gateway).order_by(FileInstruction.id)

    # Statements

    def take_in(self, statement: Statement, sha256: str) -> TakenIn:
        """Keep a file and those of its lines that are new, each with the instruction that it answers.

        Raises Refused("bank_file_gap") when its closing balance does not follow from the last file and the new lines.
        """
        with self._alone() as session:
            new = self._new(session, statement)
            last = session.scalars(
                select(BankFile).where(BankFile.gateway == self._gateway).order_by(BankFile.id.desc()).limit(1)
            ).one_or_none()
            if not new and statement.lines:
                return TakenIn(0, 0)
            if last is not None:
                counted = (one.line.amount for one in new if statement.counts_doubled or not one.doubled)
                before = Money(last.closing_minor, last.currency)
                if before + total(counted, self._currency) != statement.closing:
                    raise Refused("bank_file_gap", field="file", before=before, opening=statement.opening)
            if (
                session.scalars(
                    select(BankFile.id).where(BankFile.gateway == self._gateway, BankFile.sha256 == sha256)
                ).first()
                is not None
            ):
                return TakenIn(0, 0)
            return self._keep(session, statement, sha256, new)

    def _new(self, session: Session, statement: Statement) -> list[KnownLine]:
        known = set(
            session.scalars(
                select(BankLine.line_id).where(
                    BankLine.gateway == self._gateway, BankLine.line_id.in_([one.id for one in statement.lines])
                )
            )
        )
        return [one for one in statement.lines if one.id not in known]

    def _keep(self, session: Session, statement: Statement, sha256: str, new: list[KnownLine]) -> TakenIn:
        now = _now(session)
        file = BankFile(
            gateway=self._gateway, sha256=sha256, currency=self._currency, opening_minor=statement.opening.minor,
            closing_minor=statement.closing.minor, since=statement.since, until=statement.until, new_lines=len(new),
            imported_at=now,
        )  # fmt: skip
        session.add(file)
        session.flush()
        answers = Answers(session.scalars(self._instructions().where(FileInstruction.cancelled_at.is_(None))).all())
        lines = [self._line(file, one) for one in new]
        session.add_all(lines)
        session.flush()
        answered = [(line, answers.to(line.text, line.amount_minor)) for line in lines if not line.doubled]
        matches = [
            BankMatch(line_id=line.id, instruction_id=instruction.id, matched_by="reference", matched_at=now)
            for line, instruction in answered
            if instruction is not None
        ]
        session.add_all(matches)
        return TakenIn(len(new), len(new) - len(matches))

    def _line(self, file: BankFile, one: KnownLine) -> BankLine:
        line = one.line
        return BankLine(
            file_id=file.id, gateway=self._gateway, line_id=one.id, number=line.number, booked_on=line.booked_on,
            amount_minor=line.amount.minor, currency=line.amount.currency, text=line.text, payer=line.payer,
            payer_mark=self._signer.pseudonym(line.payer_account) if line.payer_account else None, doubled=one.doubled,
        )  # fmt: skip

    def waiting(self) -> list[BankLine]:
        """Lines for a person: doubled, or in answer to nothing that was asked."""
        with self._looking() as session:
            matched = select(BankMatch.line_id)
            query = select(BankLine).where(BankLine.gateway == self._gateway, BankLine.id.not_in(matched))
            return list(session.scalars(query.order_by(BankLine.booked_on, BankLine.id)))

    def match(self, line_id: str, reference: str | None, by: str) -> None:
        """Say what a waiting line answers: an instruction, by our reference or the payer's; None: it only counts.

        Raises NotFound, Refused("bank_line_matched").
        """
        with self._alone() as session:
            query = select(BankLine).where(BankLine.gateway == self._gateway, BankLine.line_id == line_id)
            line = session.scalars(query).one_or_none()
            instruction = None
            if reference is not None:
                wanted = or_(FileInstruction.reference == reference, FileInstruction.payer_reference == reference)
                instruction = session.scalars(self._instructions().where(wanted)).all()[-1:]
            if line is None or instruction == []:
                raise NotFound
            if session.get(BankMatch, line.id) is not None:
                raise Refused("bank_line_matched", field="line")
            session.add(
                BankMatch(
                    line_id=line.id, instruction_id=instruction[0].id if instruction else None, matched_by=by,
                    matched_at=_now(session),
                )
            )  # fmt: skip

    # Asking

    def lines_of(self, instruction: FileInstruction) -> list[BankLine]:
        with self._looking() as session:
            return [line for line, _ in self._booked(session, instruction.id)]

    def booked(self, since: date, until: date) -> Iterator[Booked]:
        """Every line that counts, of these days, both included; oldest first."""
        with self._looking() as session:
            query = self._counted().where(BankLine.booked_on >= since, BankLine.booked_on <= until)
            rows = session.execute(query.execution_options(yield_per=500))
            yield from ((line, instruction) for line, instruction in rows)

    def _booked(self, session: Session, instruction_id: int) -> list[Booked]:
        rows = session.execute(self._counted().where(BankMatch.instruction_id == instruction_id))
        return [(line, instruction) for line, instruction in rows]

    def _counted(self) -> Select[BankLine, FileInstruction]:
        return (
            select(BankLine, FileInstruction)
            .outerjoin(BankMatch, BankMatch.line_id == BankLine.id)
            .outerjoin(FileInstruction, FileInstruction.id == BankMatch.instruction_id)
            .where(BankLine.gateway == self._gateway, or_(BankLine.doubled.is_(False), BankMatch.line_id.is_not(None)))
            .order_by(BankLine.booked_on, BankLine.id)
        )

    def balances(self) -> dict[str, int]:
        """account -> minor units; "" is what was there before the first file, and lines that answer nothing."""
        found: dict[str, int] = {}
        with self._looking() as session:
            opening = session.scalars(
                select(BankFile.opening_minor).where(BankFile.gateway == self._gateway).order_by(BankFile.id).limit(1)
            ).first()
            found[""] = opening or 0
            for line, instruction in session.execute(self._counted().execution_options(yield_per=500)):
                account = matching.account(instruction, line.amount_minor)
                found[account] = found.get(account, 0) + line.amount_minor
        return found


def _now(session: Session) -> datetime:
    now: datetime = session.execute(text("SELECT platform_now()")).scalar_one()
    return now
