"""flask regimes assess: one line a case, in order; a case that cannot be read is named, without a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.regimes.known_cases import FILE
from tests.cli.conftest import Terminal
from tests.regimes.asking import us_pledge
from tests.regimes.test_cases import CASES

File = Callable[[str, bytes | str], Path]


def test_every_case_is_answered_in_order_by_one_line_of_json(terminal: Terminal) -> None:
    result = terminal("regimes", "assess", FILE)
    assert (result.exit_code, result.stderr) == (0, "")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert answers == [{"id": case["id"], **case["expect"]} for case in CASES]
    assert list(answers[0]) == ["id", "cap", "remaining", "decision", "reason_rule"]


def test_regimes_that_are_not_built_are_answered_between_the_others(terminal: Terminal, file: File) -> None:
    cases = [us_pledge("1.00"), {"id": "none", "regime": "no such law"}, {**us_pledge("1.00"), "id": "last"}]
    result = terminal("regimes", "assess", file("cases.json", json.dumps(cases)))
    assert result.exit_code == 0
    said = [(one["id"], one["decision"]) for one in map(json.loads, result.stdout.splitlines())]
    assert said == [("one", "allow"), ("none", "unsupported"), ("last", "allow")]


def test_a_file_without_cases_is_answered_with_nothing(terminal: Terminal, file: File) -> None:
    result = terminal("regimes", "assess", file("cases.json", "[]"))
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cases.json is no JSON"),
        ("{not json", "cases.json is no JSON"),
        (b"\xff\xfe[]", "cases.json is no JSON"),
        ("[" * 100_000, "cases.json is no JSON"),
        ("{}", "cases.json is no list of cases"),
        ('"a case"', "cases.json is no list of cases"),
        ("null", "cases.json is no list of cases"),
        ("[7]", "case 0: a case is an object"),
        ("[[]]", "case 0: a case is an object"),
        ("[{}]", "case 0: regime is a text"),
        ('[{"id": "x-9", "regime": "US-CF"}]', "x-9: pledge.currency"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_file_that_is_no_list_of_cases_is_refused(
    terminal: Terminal, file: File, content: bytes | str, said: str
) -> None:
    assert terminal.refused("regimes", "assess", file("cases.json", content), code=2).startswith(said)


def test_a_case_that_cannot_be_read_is_named_with_its_field(terminal: Terminal, file: File) -> None:
    bad = {**us_pledge("1.00", net_worth="a lot"), "id": "bad-one"}
    cases = [us_pledge("1.00"), bad, {**us_pledge("1.00"), "id": "after", "history": None}]
    result = terminal("regimes", "assess", file("cases.json", json.dumps(cases)))
    assert result.exit_code == 2
    assert result.stderr == "bad-one: investor.net_worth: 'a lot' is no amount in USD\n"
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["one", "after"]


def test_a_missing_file_is_named(terminal: Terminal) -> None:
    assert "nowhere.json" in terminal.refused("regimes", "assess", "nowhere.json", code=2)
