"""One stage for each half of the runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.payments.machine import beginnings
from tests.payments.machine.machine import Machine
from tests.payments.machine.stage import Stage, set_up
from tests.servers import Server


@pytest.fixture(scope="module")
def stage(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_up(server, tmp_path_factory.mktemp("machine")) as found:
        beginnings.play(Machine(found))
        yield found
