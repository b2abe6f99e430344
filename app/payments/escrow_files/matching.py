"""Which instruction a line of a statement answers, by the references in its text; and what kind of line that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from app.payments.escrow_files.models import FileInstruction
from app.payments.port import Method, TxnKind

#: (in, out) of each kind of instruction; what does not belong there is looked at by a person.
_KINDS: Mapping[str, tuple[TxnKind, TxnKind]] = {
    "payment": (TxnKind.PAYMENT, TxnKind.RETURN),
    "refund": (TxnKind.REFUND_FAILED, TxnKind.REFUND),
    "payout": (TxnKind.PAYOUT_FAILED, TxnKind.PAYOUT),
    "move": (TxnKind.MOVE, TxnKind.MOVE),
}


def kind(instruction: FileInstruction | None, amount_minor: int) -> TxnKind:
    if instruction is None:
        return TxnKind.OTHER
    came_in, went_out = _KINDS[instruction.kind]
    return came_in if amount_minor >= 0 else went_out


def squeezed(text: str) -> str:
    """Banks break lines, drop dashes and change case: only letters and digits tell."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


class Answers:
    """The instructions that still wait for lines. Ours is looked for before the payer's; two of a kind are none."""

    def __init__(self, waiting: Iterable[FileInstruction]) -> None:
        self._ours: dict[str, FileInstruction] = {}
        self._payers: dict[str, FileInstruction] = {}
        for instruction in waiting:
            self._ours[squeezed(instruction.reference)] = instruction
            if instruction.payer_reference is not None:
                self._payers[squeezed(instruction.payer_reference)] = instruction

    def to(self, text: str, amount_minor: int) -> FileInstruction | None:
        text = squeezed(text)
        return _only(self._ours, text) or self._of_payer(_only(self._payers, text), amount_minor)

    @staticmethod
    def _of_payer(found: FileInstruction | None, amount_minor: int) -> FileInstruction | None:
        """Money that leaves under a payer's reference is a debit that was returned; nobody returns a wire."""
        if found is None or (amount_minor < 0 and found.method != Method.ACH_DEBIT):
            return None
        return found


def _only(known: Mapping[str, FileInstruction], text: str) -> FileInstruction | None:
    lengths = {len(reference) for reference in known}
    windows = {text[at : at + length] for length in lengths for at in range(len(text) - length + 1)}
    found = [known[window] for window in windows if window in known]
    return found[0] if len(found) == 1 else None
