"""Where a run can begin: the acts that lead there are played once, so that a run spends its steps on what comes then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.payments.port import Method
from app.payments.sandbox.tables import Token

if TYPE_CHECKING:
    from tests.payments.machine.machine import Machine

#: Nobody pledged; some paid and some did not; all deadlines passed and officers are asked; the companies are paid.
BEGINNINGS = ("quiet", "open", "ended", "settled")
OWN, CARD = ("sandbox", Method.CARD), ("sandbox_cards", Method.CARD)
DEBIT, TRANSFER = ("sandbox_cards", Method.ACH_DEBIT), ("sandbox_cards", Method.BANK_TRANSFER)
#: Investor, offering, shares, way, and what the payer does.
PLEDGES = (
    (0, 0, 300, OWN, Token.OK), (1, 0, 20, OWN, Token.REFUND_DELAYED), (0, 1, 200, CARD, Token.OK),
    (1, 1, 200, DEBIT, Token.OK), (2, 1, 20, CARD, Token.REFUND_FAIL_D3), (1, 2, 300, DEBIT, Token.OK),
    (2, 2, 20, TRANSFER, Token.OK), (0, 2, 200, OWN, Token.OK), (2, 0, 20, OWN, None),
)  # fmt: skip


def play(machine: Machine) -> None:
    """Go through all of them with a new machine, and keep each."""
    machine.stage.keep("quiet", machine.model)
    for who, what, shares, way, token in PLEDGES:
        machine.places(who=who, what=what, shares=shares, way=way)
        if token is not None:
            machine.pay(list(machine.model.promises.values())[-1], token)
    machine.come_to_rest()
    machine.time_passes(hours=5 * 24)
    machine.come_to_rest()
    machine.stage.keep("open", machine.model)
    for _ in machine.model.sales:
        machine.the_next_deadline_passes()
        machine.come_to_rest()
    for _ in range(3):
        machine.time_passes(hours=4 * 24)
        machine.come_to_rest()
    machine.stage.keep("ended", machine.model)
    for officer in (0, 1):
        for which in reversed(range(len(machine.model.sales))):
            machine.an_officer_approves(officer=officer, which=which, is_stale=False)
    machine.come_to_rest()
    assert {one.status for one in machine.model.promises.values()} >= {"settled"}
    machine.stage.keep("settled", machine.model)
