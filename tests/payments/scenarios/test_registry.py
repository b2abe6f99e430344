"""What goes wrong with payments, and what people try: every one is shown by a test that claims its number.

A test claims with `@pytest.mark.scenario(9)`, wherever it stands; `SCENARIOS` says what each number is.
"""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import cast

import pytest

from tests import scenarios
from tests.builders import World
from tests.servers import ROOT

CLAIM = "pytest.mark." + "scenario"
SCENARIOS = {
    1: "the same event twenty times from ten threads is one row and one entry",
    2: "succeeded before processing before created ends in the right status and never goes back",
    3: "a forged body under a header that looks right is refused and kept nowhere",
    4: "a right signature of more than five minutes ago is refused",
    5: "a right signature of tomorrow is refused",
    6: "an event of a month ago that is sent again changes nothing",
    7: "while one secret follows another both are believed, and then the new one alone",
    8: "an event of the real world is not for a test, nor the other way round",
    9: "a charge that was made, its answer and its event lost, is found and held once",
    10: "a charge that was not made, its answer lost, is sent again under the same key",
    11: "an error that its key replays for a day: finding decides, and a person sends it under a new key",
    12: "an error of the server, then an answer: one charge",
    13: "asked too often: later, and nothing changes meanwhile",
    14: "a worker that everybody thought dead: one effect",
    15: "the same key with another amount stops and calls a person",
    16: "another currency than asked is not held",
    17: "amounts that cannot be are refused at the form and by the database",
    18: "less than asked is not held",
    19: "a double click, two tabs: one collection",
    20: "cancelled while it is captured: cancelled or refunded, never held",
    21: "the last instant to cancel, fifty at once: one clock decides under the lock",
    22: "nobody is in after the deadline; late money goes back",
    23: "the last shares are sold once; who loses is never charged",
    24: "cancelled while the closing is approved: in exactly one of both",
    25: "two officers at once, one twice, who began it: one release",
    26: "another amount or account after an approval voids it, and the account rests for three days",
    27: "a closing that is killed half-way ends with the same totals, nothing twice",
    28: "killed between the refund and its note: one refund",
    29: "and its key forgotten and its event lost: found, one refund",
    30: "a refund sent anew by five at once, parts beyond the payment: one wins",
    31: "two equal parts are two refunds",
    32: "a refund that lacks balance and fails on the third day is owed as before",
    33: "a refund and a return that cross: one loss, booked once",
    34: "a debit that comes back before the release: less than the target is never released",
    35: "a debit that comes back 45 days after the close is covered, and an officer looks",
    36: "a dispute won after the loss was covered; an inquiry books nothing",
    37: "a payout that was paid and comes back is made again only by two officers",
    38: "a custodian that is one unit short pays nothing out",
    39: "a refund made by hand at the gateway, a wire too large, a wire without a reference",
    40: "a database restored to yesterday sends nothing before it knows what happened",
}
#: Worth having, too.
MORE = {
    41: "the fees of rolling closings are the fee of one",
    42: "currencies without minor units keep their size from end to end",
    43: "a flood of events: the forged ones leave nothing, each real one is applied once, and the site answers meanwhile",
    44: "a restricted key cannot pay out",
    45: "no number of a card, account or secret is in a log",
}


def claimed() -> set[int]:
    found = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if CLAIM in source else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == CLAIM:
                found |= {ast.literal_eval(number) for number in node.args}
    return found


def test_every_scenario_has_its_test() -> None:
    assert set(SCENARIOS) - claimed() == set()


class Claims:
    """Stands for a test that claims a scenario and ends like this."""

    def __init__(self, **fixtures: object) -> None:
        self.nodeid, self.funcargs = "tests/a_scenario.py::it", fixtures

    def get_closest_marker(self, name: str) -> object:
        return name


def test_a_scenario_ends_with_whole_books(world: World) -> None:
    """`tests/conftest.py` asks it at the end of each; the same question is asked here of a world that is broken."""
    scenarios.require_whole_books(cast(pytest.Function, Claims(world=world)))
    pledge = world.held(world.live())
    world.force("UPDATE pledges SET amount_minor = amount_minor + 1 WHERE id = :id", id=pledge.id)
    for fixtures in (
        {"world": world},
        {"scene": SimpleNamespace(world=world)},
        {"market": SimpleNamespace(site=SimpleNamespace(world=world))},
    ):
        with pytest.raises(AssertionError, match="broken promises"):
            scenarios.require_whole_books(cast(pytest.Function, Claims(**fixtures)))
    with pytest.raises(AssertionError, match="nobody can look into"):
        scenarios.require_whole_books(cast(pytest.Function, Claims()))


def test_what_is_claimed_is_a_scenario() -> None:
    assert claimed() <= set(SCENARIOS | MORE)
