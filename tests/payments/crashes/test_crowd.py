"""kill -9 in the midst of very many: nothing is lost or done twice, and what was done is not begun anew."""

from __future__ import annotations

import pytest

from tests.builders import World
from tests.payments.crashes.crowd import Crowd

#: The campaign has many more.
MANY = 300


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_large_closing_survives_what_kills_its_workers(world: World) -> None:
    crowd = Crowd(world, MANY, target=MANY // 2)
    kills = crowd.close()
    assert [one.what for one in kills] == ["asking the law", "allotting", "settling"]
    crowd.closed_once()


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_large_refund_run_goes_on_from_where_it_stood(world: World) -> None:
    crowd = Crowd(world, MANY, target=MANY * 2)
    kills = crowd.give_back()
    assert [one.what for one in kills] == ["owing", "refunding", "refunding"]
    assert 0 < kills[1].done < kills[2].done < MANY
    crowd.returned_once()
