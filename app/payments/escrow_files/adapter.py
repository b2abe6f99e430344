"""A custodian by files behind the port. It never acts by itself: it writes what it is asked, and says what was booked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from app.audit.verifier import canonical
from app.errors import Refused
from app.money import Money
from app.payments.errors import NotSent, Rejected, Unsupported
from app.payments.escrow_files import documents, matching
from app.payments.escrow_files.desk import Desk, TakenIn
from app.payments.escrow_files.models import BankLine, FileInstruction
from app.payments.port import (
    Balance,
    DepositDetails,
    Envelope,
    Funding,
    GatewayCaps,
    Hint,
    Method,
    MethodCaps,
    Op,
    Outcome,
    Payee,
    Payer,
    Ref,
    State,
    Txn,
    TxnKind,
)
from app.payments.statements import reader
from app.payments.statements.cells import LARGEST_BYTES
from app.payments.statements.csv_file import Balances
from app.payments.statements.profile import Profile
from app.vault import Signer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with one custodian: where money is paid in, how its files look, what it can do."""

    payee: Payee
    deposit_lines: tuple[tuple[str, str], ...]
    currency: str
    profile: Profile
    #: Has `outgoing`, `incoming`, `taken` and `refused` in it.
    folder: Path
    caps: GatewayCaps
    methods: tuple[MethodCaps, ...]


class FileGateway:
    """See `port.Gateway`."""

    def __init__(self, name: str, terms: Terms, desk: Desk, signer: Signer) -> None:
        self.name, self.caps, self.desk = name, terms.caps, desk
        self._terms, self._signer = terms, signer

    # Collector

    def methods(self, currency: str) -> Mapping[Method, MethodCaps]:
        return {caps.method: caps for caps in self._terms.methods} if currency in self.caps.currencies else {}

    def setup(self, op: Op, *, method: Method, payer: Payer, reference: str, return_url: str) -> Outcome:
        raise Unsupported("setup")

    def collect(
        self, op: Op, amount: Money, *, method: Method, account: str, payer: Payer, reference: str, return_url: str,
        instrument: Ref | None = None, refused: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        """Tell the custodian what to expect. "pending" at once: the payer reads the deposit details and pays there."""
        if method not in self.methods(amount.currency) or instrument is not None:
            raise Unsupported(method)
        line = {"method": method, "payer": {"country": payer.country, "name": payer.name, "reference": payer.reference}}
        return self._ask("payment", op, amount, account, line, payer_reference=reference, method=method)

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        """Expect the money no more; what is there of it by now makes it "succeeded"."""
        row = self.desk.cancel(payment.id)
        if row is not None:
            self._put("cancel", row, {})
        return self.fetch(payment)

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        about = self.desk.by_reference(payment.id)
        line = {"payer_reference": about.payer_reference, "returns": about.reference}
        return self._ask("refund", op, amount, about.account, line, about_id=about.id)

    # Custodian

    def pay_out(
        self, op: Op, amount: Money, *, account: str, payee: Payee, reference: str, document_sha256: str = ""
    ) -> Outcome:
        line = {
            "document_sha256": document_sha256, "for": reference,
            "payee": {"account": payee.account, "holder": payee.holder},
        }  # fmt: skip
        return self._ask("payout", op, amount, account, line)

    def move(self, op: Op, amount: Money, *, account: str, to: str) -> Outcome:
        return self._ask("move", op, amount, account, {"to": to}, to_account=to)

    def deposit_details(self, account: str, reference: str) -> DepositDetails:
        return DepositDetails(self._terms.payee, reference, self._terms.deposit_lines)

    def expect(self, op: Op, amount: Money, *, account: str, reference: str) -> Outcome:
        line = {"method": Method.BANK_TRANSFER, "payer": {"country": "", "name": "", "reference": reference}}
        return self._ask("payment", op, amount, account, line, payer_reference=reference, method=Method.BANK_TRANSFER)

    def _ask(self, kind: str, op: Op, amount: Money, account: str, line: Mapping[str, Any], **values: Any) -> Outcome:
        """Record, write, note that it is written. Killed between two of them, the next try ends with the same file."""
        if amount.currency not in self.caps.currencies:
            raise Rejected("currency")
        params = canonical([kind, account, line, values.get("payer_reference")]).decode()
        row = self.desk.record(op, params, amount, kind=kind, account=account, reference=own_reference(op), **values)
        if row.written_at is None:
            self._put(kind, row, line)
            self.desk.wrote(row)
        return self._outcome(row)

    def _put(self, kind: str, row: FileInstruction, line: Mapping[str, Any]) -> None:
        whole = {
            "account": row.account, "amount_minor": row.amount_minor, "currency": row.currency, "key": row.key,
            "made_at": row.created_at.astimezone(UTC).isoformat(), "reference": row.reference,
            "payer_reference": row.payer_reference, **line,
        }  # fmt: skip
        document = documents.DOCUMENTS[kind]
        content = documents.written(document, whole, self.name, self._signer)
        try:
            documents.put(self._outgoing, documents.name(document, row.reference), content)
        except OSError:
            log.exception("outgoing_folder", gateway=self.name)
            raise NotSent("outgoing_folder") from None

    @property
    def _outgoing(self) -> Path:
        return self._terms.folder / "outgoing"

    # Truth

    def fetch(self, ref: Ref) -> Outcome:
        self.look_for_statements()
        return self._outcome(self.desk.by_reference(ref.id))

    def find(self, op: Op) -> Outcome | None:
        row = self.desk.by_key(op.key)
        if row is None:
            return None
        if row.written_at is None:
            name = documents.name(documents.DOCUMENTS[row.kind], row.reference)
            if not (self._outgoing / name).exists():
                return None
            self.desk.wrote(row)
        self.look_for_statements()
        return self._outcome(row)

    def _outcome(self, row: FileInstruction) -> Outcome:
        # A move is known by what leaves; what arrives is the same money once more.
        lines = [line for line in self.desk.lines_of(row) if not matching.arrives(row, line.amount_minor)]
        asked = Money(row.amount_minor, row.currency)
        forth = [line for line in lines if matching.goes_forth(row, line.amount_minor)]
        done = Money(abs(sum(line.amount_minor for line in forth)), row.currency)
        back = sum(abs(line.amount_minor) for line in lines if line not in forth)
        state = _state(row, done.minor, done.minor - back)
        first = forth[0] if row.kind == "payment" and forth else None
        return Outcome(
            state, Ref(row.kind, row.reference), done if state == "succeeded" else asked,
            code="returned" if state == "failed" else None, evidence=tuple(_txn(line, row) for line in lines),
            funding=Funding.BANK if first else None, payer=first.payer or None if first else None,
            account=first.payer_mark if first else None,
        )  # fmt: skip

    def transactions(self, since: datetime, until: datetime) -> Iterator[Txn]:
        """By the day on which the bank booked; a day begins at midnight UTC."""
        self.look_for_statements()
        for line, row in self.desk.booked(since.astimezone(UTC).date(), until.astimezone(UTC).date()):
            if since <= _midnight(line.booked_on) < until:
                yield _txn(line, row)

    def balances(self) -> Sequence[Balance]:
        self.look_for_statements()
        found = sorted(self.desk.balances().items())
        return [Balance(account, Money(minor, self._terms.currency)) for account, minor in found]

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        raise Unsupported("events")

    def parse(self, envelope: Envelope) -> Sequence[Hint]:
        raise Unsupported("events")

    # Statements

    def import_statement(self, content: bytes, typed: Balances | None = None) -> TakenIn:
        """Take in a file that was uploaded or found. Raises Refused: then nothing of it is kept."""
        statement = reader.read(content, self._terms.profile, self._terms.currency, typed)
        named = "".join(statement.account.split())
        if named and named != "".join(self._terms.payee.account.split()):
            raise Refused("bank_file_account", field="file")
        return self.desk.take_in(statement, sha256(content).hexdigest())

    def look_for_statements(self) -> None:
        """Take in what lies in `incoming`; a file that is refused is put aside with the reason, and stops nothing."""
        incoming = self._terms.folder / "incoming"
        waiting = [one for one in incoming.glob("*") if one.is_file() and one.suffix not in (".part", ".tmp")]
        for path in sorted(one for one in waiting if not one.name.startswith(".")):
            try:
                self._take(path)
            except FileNotFoundError:
                continue  # another process was quicker
            except OSError:
                log.exception("incoming_folder", gateway=self.name, file=path.name)

    def _take(self, path: Path) -> None:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        # Banks give every day's file the same name; none is to cover another.
        kept_as = f"{sha256(content).hexdigest()[:12]}-{path.name}"
        try:
            self.import_statement(content)
            where = self._terms.folder / "taken"
        except Refused as refused:
            log.warning("statement_refused", gateway=self.name, file=path.name, reason=str(refused))
            where = self._terms.folder / "refused"
            documents.put(where, f"{kept_as}.reason.txt", f"{refused}\n".encode())
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.replace(where / kept_as)


def own_reference(op: Op) -> str:
    """Short enough for every bank's field, and always the same for the same key."""
    return f"OR{sha256(op.key.encode()).hexdigest()[:16].upper()}"


def _state(row: FileInstruction, done: int, left: int) -> State:
    """`done` is what went the way that was asked, `left` what stayed so. A payment stays paid when it is returned later."""
    if row.kind != "payment" and done and left <= 0:
        return "failed"
    if done >= row.amount_minor or (done and row.cancelled_at is not None):
        return "succeeded"
    return "pending" if row.cancelled_at is None else "cancelled"


def _txn(line: BankLine, row: FileInstruction | None) -> Txn:
    kind = matching.kind(row, line.amount_minor)
    source = Ref("line", line.line_id) if row is None or kind is TxnKind.OTHER else Ref(row.kind, row.reference)
    return Txn(
        id=line.line_id, kind=kind, source=source, amount=Money(line.amount_minor, line.currency),
        fee=Money.zero(line.currency), created_at=_midnight(line.booked_on),
        account=matching.account(row, line.amount_minor),
    )  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
