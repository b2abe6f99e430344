"""Whatever people, gateways, banks and time do, and in whatever order: no money is lost, made or given twice.

The second half of the runs: a module of its own, so that another worker can play the first.
"""

from __future__ import annotations

from tests.payments.machine import runs
from tests.payments.machine.stage import Stage


def test_any_order_of_commands_faults_and_days_keeps_every_promise(stage: Stage) -> None:
    runs.play(stage, half=2)
