"""flask screening import | check | rescreen"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Terminal
from tests.screening.lists import SAMPLE


def test_a_list_is_taken_in_and_asked(terminal: Terminal) -> None:
    result = terminal("screening", "import", SAMPLE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "targets: 5 entries; 5 new, 0 changed, 0 gone\n" in result.stdout
    assert terminal.world.sql("SELECT actor FROM audit_events WHERE event = 'import_list'") == [
        ("cli:screening import",)
    ]
    before = terminal.world.contents()
    found = terminal("screening", "check", "quanbei ouyang", "--country", "cn", "--born", "1970-05-06")
    assert found.stdout == "100  targets/XX-2  Ouyang Quanbei  1970, cn\n1 matches\n"
    assert terminal("screening", "check", "Brimblewick Shipping", "--company").stdout.endswith("1 matches\n")
    assert terminal("screening", "check", "Sea Brimble").stdout == "0 matches\n"  # a ship is nobody
    assert terminal.world.contents() == before


def test_everybody_is_compared_on_demand(terminal: Terminal) -> None:
    terminal.world.investor(name="Zoltrik Vandermoosen")
    terminal("screening", "import", SAMPLE)
    assert terminal("screening", "rescreen").stdout == "1 compared\n"
    assert terminal("screening", "rescreen").stdout == "0 compared\n"
    assert len(terminal.world.sql("SELECT * FROM alerts")) == 1


def test_what_is_no_list_is_named_by_line_and_column(
    terminal: Terminal, file: Callable[[str, bytes | str], Path]
) -> None:
    wrong = file("list.csv", SAMPLE.read_text().replace("1970,cn", "about 1970,cn"))
    assert "list.csv: line 3, column birth_date:" in terminal.refused("screening", "import", wrong, code=2)
    assert terminal("screening", "import", "/no/such/file").exit_code == 2
