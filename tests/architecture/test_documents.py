"""What the documents say about the code is true of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.alerts.lifecycle import ALERT
from app.approvals.lifecycle import PROPOSAL
from app.changes.lifecycle import ANSWER, CHANGE, EARLY_CLOSE
from app.closings.lifecycle import CLOSING
from app.compliance.lifecycle import REVIEW_CASE
from app.evidence.lifecycle import EVIDENCE
from app.investors.lifecycle import CLAIM, SPOUSE_LINK
from app.offerings.lifecycle import OFFERING
from app.payments.lifecycle import INSTRUCTION
from app.pledges.lifecycle import PLEDGE
from app.reconciliation.lifecycle import BREAK
from app.state_machine import StateMachine
from app.waitlist.lifecycle import WAITLIST_ENTRY
from tests.architecture.sources import functions
from tests.servers import ROOT

ARCHITECTURE = ROOT / "ARCHITECTURE.md"
PAIR = re.compile(r"`([\w/]+\.py)` `(\w+)`")


def expanded(path: str) -> list[str]:
    """`app/{a,b}.py` is two paths."""
    found = re.fullmatch(r"(.*)\{([\w,]+)\}(.*)", path)
    return [found[1] + one + found[3] for one in found[2].split(",")] if found else [path]


def test_every_function_of_the_walk_exists() -> None:
    pairs = PAIR.findall(ARCHITECTURE.read_text())
    assert len(pairs) > 30
    missing = [
        (path, function)
        for path, function in pairs
        if not (ROOT / path).exists() or function not in {one.name for one in functions(ROOT / path)}
    ]
    assert missing == []


def test_every_run_of_the_walk_is_told() -> None:
    rows = [line for line in ARCHITECTURE.read_text().splitlines() if PAIR.search(line) and line.startswith("|")]
    numbers = [int(found[1]) for row in rows if (found := re.match(r"\|\s*(\d+)", row))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    "document", [ARCHITECTURE, ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda d: d.name
)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    named = re.findall(
        r"`((?:app|tests|templates|migrations|docs)/[\w/.{},-]*|config\.py|wsgi\.py|pyproject\.toml)`", text
    )
    missing = [path for one in named for path in expanded(one) if not (ROOT / path).exists()]
    assert missing == []
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (document.parent / link).exists()]
    assert links == []


@pytest.mark.parametrize(
    "machine",
    [
        OFFERING,
        PLEDGE,
        INSTRUCTION,
        CLOSING,
        REVIEW_CASE,
        CLAIM,
        SPOUSE_LINK,
        EVIDENCE,
        ALERT,
        CHANGE,
        ANSWER,
        EARLY_CLOSE,
        PROPOSAL,
        WAITLIST_ENTRY,
        BREAK,
    ],
    ids=lambda one: one.name,
)
def test_every_life_is_drawn_as_it_is(machine: StateMachine) -> None:
    drawn = re.findall(r"```mermaid\n(.*?)\n```", ARCHITECTURE.read_text(), re.DOTALL)
    assert machine.to_mermaid() in drawn


@pytest.mark.parametrize("document", [ARCHITECTURE, ROOT / "README.md"], ids=lambda d: d.name)
def test_every_command_of_make_that_a_document_names_is_there(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", document.read_text()))
    assert named and named <= targets


def test_every_command_of_make_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    explained = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    assert phony == explained
