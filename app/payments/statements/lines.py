"""What a bank statement says, whatever file it came in; and whether it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from app.errors import Refused
from app.money import Money

LONGEST_ID = 150


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booking: in above zero, out below. `number` is where it stands in its file, for messages.

    `text` is what the payer or payee wrote, their references first. `payer_account` is the other side's account number;
    whoever keeps a line makes a mark of it first. `bank_id` is the bank's own name for the line, where it gives one.
    """

    number: int
    booked_on: date
    amount: Money
    text: str
    payer: str = ""
    payer_account: str = ""
    bank_id: str | None = None

    @property
    def content(self) -> tuple[object, ...]:
        return self.booked_on, self.amount, self.text, self.payer, self.payer_account


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A line with its name. `doubled`: the bank gives no names, and this says the same as one before it in its file."""

    id: str
    line: StatementLine
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """`account` is as the file names it, "" where it does not. The balances are those of the bank."""

    account: str
    opening: Money
    closing: Money
    lines: tuple[KnownLine, ...]

    @property
    def since(self) -> date | None:
        return min((known.line.booked_on for known in self.lines), default=None)

    @property
    def until(self) -> date | None:
        return max((known.line.booked_on for known in self.lines), default=None)

    @property
    def counts_doubled(self) -> bool:
        """Whether the bank's closing balance has the doubled lines in it."""
        return self.closing == self.opening + total((one.line.amount for one in self.lines), self.opening.currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, start=Money.zero(currency))


def statement(account: str, opening: Money, closing: Money, lines: Sequence[StatementLine]) -> Statement:
    """Name the lines, and check that they lead from one balance to the other.

    A doubled line without a bank's id may be a fault of the export or a second payment: the sum may hold with or without
    those. Raises Refused("bank_file_sum") otherwise: the file was cut or changed.
    """
    known = tuple(named(lines))
    all_of_them = total((one.line.amount for one in known), opening.currency)
    doubled = total((one.line.amount for one in known if one.doubled), opening.currency)
    if closing not in (opening + all_of_them, opening + all_of_them - doubled):
        raise Refused("bank_file_sum", field="file", found=opening + all_of_them, named=closing)
    return Statement(account, opening, closing, known)


def named(lines: Iterable[StatementLine]) -> Iterable[KnownLine]:
    """Each line once, by the bank's id, or one made of what it says and of how often that was said before.

    So the same line in two files that overlap has the same name. Raises Refused("bank_file_line_differs").
    """
    seen: dict[str, StatementLine] = {}
    times: dict[tuple[object, ...], int] = {}
    for line in lines:
        if line.bank_id is not None:
            if line.bank_id not in seen:
                seen[line.bank_id] = line
                yield KnownLine(_of_bank(line.bank_id), line)
            elif seen[line.bank_id].content != line.content:
                raise Refused("bank_file_line_differs", field="file", line=line.number)
            continue
        times[line.content] = times.get(line.content, 0) + 1
        digest = sha256(repr(line.content).encode()).hexdigest()[:32]
        yield KnownLine(f"made:{digest}:{times[line.content]}", line, doubled=times[line.content] > 1)


def _of_bank(bank_id: str) -> str:
    """As the bank wrote it; a mark of it where that is too long to keep."""
    return f"bank:{bank_id if len(bank_id) <= LONGEST_ID else sha256(bank_id.encode()).hexdigest()}"
