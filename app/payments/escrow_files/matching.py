"""Which instruction a line of a statement answers, by the references in its text; and what kind of line that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from app.payments.escrow_files.models import FileInstruction
from app.payments.port import PLATFORM_ACCOUNT, Method, TxnKind

#: (in, out) of each kind of instruction; what does not belong there is looked at by a person.
_KINDS: Mapping[str, tuple[TxnKind, TxnKind]] = {
    "payment": (TxnKind.PAYMENT, TxnKind.RETURN),
    "refund": (TxnKind.REFUND_FAILED, TxnKind.REFUND),
    "payout": (TxnKind.PAYOUT_FAILED, TxnKind.PAYOUT),
    "move": (TxnKind.MOVE, TxnKind.MOVE),
}


#: What leaves an account when it is carried out.
OUT = ("refund", "payout", "move")


def kind(instruction: FileInstruction | None, amount_minor: int) -> TxnKind:
    if instruction is None:
        return TxnKind.OTHER
    came_in, went_out = _KINDS[instruction.kind]
    return came_in if amount_minor >= 0 else went_out


def goes_forth(instruction: FileInstruction, amount_minor: int) -> bool:
    """Whether a line goes the way that was asked: only payments, and what the platform pays in, come in."""
    return (amount_minor > 0) == (instruction.kind == "payment" or instruction.account == PLATFORM_ACCOUNT)


def account(instruction: FileInstruction | None, amount_minor: int) -> str:
    """Whose money a line moves, "" where that is not known. The platform's own account is not one of this custodian's.

    Between two accounts here the bank books two lines: one leaves, the other arrives.
    """
    if instruction is None:
        return ""
    to = instruction.to_account
    if to in (None, PLATFORM_ACCOUNT):
        return instruction.account
    return to if amount_minor > 0 or instruction.account == PLATFORM_ACCOUNT else instruction.account


def arrives(instruction: FileInstruction, amount_minor: int) -> bool:
    """Whether this is the second line of a move between two accounts here."""
    inside = PLATFORM_ACCOUNT not in (instruction.account, instruction.to_account)
    return instruction.kind == "move" and inside and amount_minor > 0


def squeezed(text: str) -> str:
    """Banks break lines, drop dashes and change case: only letters and digits tell."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


class Answers:
    """The instructions that still wait for lines. Ours is looked for before the payer's; two of a kind are none."""

    def __init__(self, waiting: Sequence[FileInstruction]) -> None:
        self._ours = _References((one.reference, one) for one in waiting)
        self._payers = _References((one.payer_reference, one) for one in waiting if one.payer_reference)

    def to(self, text: str, amount_minor: int) -> FileInstruction | None:
        text = squeezed(text)
        found = self._ours.only(text)
        if found is not None:
            return found
        found = self._payers.only(text)
        # Money that leaves under a payer's reference is a debit that was returned; nobody returns a wire.
        return None if found is not None and amount_minor < 0 and found.method != Method.ACH_DEBIT else found


class _References:
    """Of one reference, the instruction that was made last has it."""

    def __init__(self, pairs: Iterable[tuple[str, FileInstruction]]) -> None:
        self._known = {squeezed(reference): instruction for reference, instruction in pairs}
        self._lengths = {len(reference) for reference in self._known}

    def only(self, text: str) -> FileInstruction | None:
        windows = {text[at : at + length] for length in self._lengths for at in range(len(text) - length + 1)}
        found = [self._known[window] for window in windows if window in self._known]
        return found[0] if len(found) == 1 else None
