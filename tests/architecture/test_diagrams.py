"""The state diagrams in `ARCHITECTURE.md` are those of the code."""

from __future__ import annotations

import pytest

from app.alerts.lifecycle import ALERT
from app.changes.lifecycle import ANSWER, CHANGE, EARLY_CLOSE
from app.closings.lifecycle import CLOSING
from app.compliance.lifecycle import REVIEW_CASE
from app.evidence.lifecycle import EVIDENCE
from app.investors.lifecycle import CLAIM, SPOUSE_LINK
from app.offerings.lifecycle import OFFERING
from app.payments.lifecycle import EVENT, INSTRUCTION
from app.pledges.lifecycle import PLEDGE
from app.state_machine import StateMachine
from app.waitlist.lifecycle import WAITLIST_ENTRY
from tests.servers import ROOT


@pytest.mark.parametrize(
    "machine",
    [
        OFFERING,
        PLEDGE,
        CLOSING,
        INSTRUCTION,
        EVENT,
        REVIEW_CASE,
        CLAIM,
        SPOUSE_LINK,
        EVIDENCE,
        ALERT,
        CHANGE,
        ANSWER,
        EARLY_CLOSE,
        WAITLIST_ENTRY,
    ],
    ids=lambda machine: machine.name,
)
def test_the_diagram_is_the_table(machine: StateMachine) -> None:
    document = (ROOT / "ARCHITECTURE.md").read_text()
    assert f"### {machine.name}\n\n```mermaid\n{machine.to_mermaid()}\n```\n" in document, "copy `to_mermaid()` there"
