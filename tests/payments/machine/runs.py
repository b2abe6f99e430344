"""How many runs, how long, and from which seeds: the same ones in every `make test`, new ones in `make campaign`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.payments.machine.machine import Machine
from tests.payments.machine.stage import Stage

RUNS, STEPS = 100, 50
#: Found again by its seed: making a failure smaller takes minutes, and is done in a campaign.
settings.register_profile(
    "machine", max_examples=RUNS, stateful_step_count=STEPS, deadline=None, database=None, derandomize=True,
    phases=(Phase.generate,), suppress_health_check=list(HealthCheck), print_blob=True,
)  # fmt: skip
#: CAMPAIGN says how many runs each half makes then.
CAMPAIGN = int(os.environ.get("CAMPAIGN", "0"))


def play(stage: Stage, half: int) -> None:
    """Half of the runs. Raises what the first one raises that breaks a promise, with every step that led there."""

    def machine() -> Machine:
        return Machine(stage)

    chosen = settings.get_profile("machine")
    if CAMPAIGN:
        chosen = settings(chosen, max_examples=CAMPAIGN, derandomize=False, phases=(Phase.generate, Phase.shrink))
    else:
        machine = seed(half)(machine)
    run_state_machine_as_test(machine, settings=chosen)
