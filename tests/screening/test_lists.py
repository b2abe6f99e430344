"""A list is taken in whole or not at all; what is no list is refused by line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.screening.lists import COLUMNS, BadList
from tests.builders import World
from tests.screening.lists import SAMPLE, take_in, written

HEADER = ",".join(COLUMNS)
ROW = "XX-9,Person,Somebody Madeup,,1970-01-01,us,,,,,,made-up,2024-01-01,2026-01-01,2024-01-01"


def test_the_first_import_is_all_new_and_the_same_file_again_changes_nothing(world: World) -> None:
    made = take_in(world)
    assert (made.entries, made.added, made.changed, made.gone) == (5, 5, 0, 0)
    before = world.contents("list_imports", "audit_events", "audit_unsealed", "audit_seals")
    again = take_in(world)
    assert (again.entries, again.added, again.changed, again.gone) == (5, 0, 0, 0)
    assert world.contents("list_imports", "audit_events", "audit_unsealed", "audit_seals") == before


def test_new_changed_gone_and_returned_entries_are_counted(world: World, tmp_path: Path) -> None:
    one, two, three = ({"id": f"XX-{n}", "name": f"Made Up {n}"} for n in (1, 2, 3))
    take_in(world, written(tmp_path / "a.csv", one, two))
    made = take_in(world, written(tmp_path / "b.csv", {**one, "birth_date": "1970"}, three))
    assert (made.entries, made.added, made.changed, made.gone) == (2, 1, 1, 1)
    made = take_in(world, written(tmp_path / "c.csv", {**one, "birth_date": "1970"}, two, three))
    assert (made.entries, made.added, made.changed, made.gone) == (3, 1, 0, 0)


def test_a_row_that_was_only_seen_again_later_is_the_same(world: World, tmp_path: Path) -> None:
    row = {"id": "XX-1", "name": "Made Up", "last_seen": "2026-01-01"}
    take_in(world, written(tmp_path / "a.csv", row))
    assert take_in(world, written(tmp_path / "b.csv", {**row, "last_seen": "2026-01-02"})).changed == 0


def test_two_lists_stand_side_by_side(world: World, tmp_path: Path) -> None:
    take_in(world)
    other = take_in(world, written(tmp_path / "own.csv", {"id": "XX-1", "name": "Other Person"}), "own")
    assert (other.added, other.gone) == (1, 0)
    assert world.sql("SELECT count(*) FROM listings WHERE NOT is_gone") == [(6,)]


def test_the_trail_says_who_took_in_which_version(world: World) -> None:
    made = take_in(world)
    ((actor, facts),) = world.sql("SELECT actor, facts FROM audit_events WHERE event = 'import_list'")
    assert actor == "system"
    assert facts == {"list": "targets", "sha256": made.sha256, "entries": 5, "added": 5, "changed": 0, "gone": 0}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("", "line 1, column id"),
        ("name,schema\nx,Person\n", "line 1, column id"),
        (HEADER.replace("aliases", "alias") + "\n", "line 1, column aliases"),
        (HEADER + ",id\n", "line 1, column id"),
        (f"{HEADER}\n{ROW}\nXX-8,Person\n", "line 3, column name"),
        (f"{HEADER}\n{ROW},more\n", "line 2, column last_change"),
        (f"{HEADER}\n{ROW}\n{ROW}\n", "line 3, column id"),
        (f"{HEADER}\n{ROW.replace('XX-9', '')}\n", "line 2, column id"),
        (f"{HEADER}\n{ROW.replace('Somebody Madeup', ' ')}\n", "line 2, column name"),
        (f"{HEADER}\n{ROW.replace('Person', '<b>')}\n", "line 2, column schema"),
        (f"{HEADER}\n{ROW.replace('Person', '')}\n", "line 2, column schema"),
        (f"{HEADER}\n{ROW.replace('1970-01-01', '1970-1-1')}\n", "line 2, column birth_date"),
        (f"{HEADER}\n{ROW.replace(',us,', ',United States,')}\n", "line 2, column countries"),
        (f"{HEADER}\n{ROW.replace('Madeup', 'Made' + chr(0) + 'up')}\n", "line 2, column name"),
        (f'{HEADER}\n{ROW}\n"XX-8,Person', "line 3, column -"),
        (f"{HEADER}\n{ROW}\n".encode() + b"\xff\xfe", "line 3, column -"),
        ("PK\x03\x04", "line 1, column id"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_by_line_and_column(
    world: World, tmp_path: Path, content: str | bytes, where: str
) -> None:
    take_in(world)
    file = tmp_path / "bad.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    before = world.contents()
    with pytest.raises(BadList, match=where):
        take_in(world, file)
    assert world.contents() == before


def test_a_mistake_after_thousands_of_good_rows_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    rows = [{"id": f"XX-{n}", "name": f"Made Up {n}"} for n in range(2500)]
    before = world.contents()
    with pytest.raises(BadList, match="line 2502, column id"):
        take_in(world, written(tmp_path / "a.csv", *rows, rows[0]))
    assert world.contents() == before


@pytest.mark.parametrize("mark", ["\ufeff", ""], ids=["with a byte order mark", "without"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(world: World, tmp_path: Path, mark: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text(mark + SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert take_in(world, file).added == 5
