"""The project stands on its own: no file knows the machine it was written on, and everything it needs is pinned."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.architecture.sources import name, tracked
from tests.servers import ROOT

TEXTS = [file for file in tracked() if file.suffix not in {".mo", ".png", ".jpg", ".pdf", ".ico"}]
REQUIREMENTS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
PINNED = re.compile(r"([A-Za-z0-9_.-]+)(\[[a-z,]+\])?==([\w.]+)")


def test_no_file_knows_a_machine() -> None:
    folders = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "mn" + "t"))
    absolute = re.compile(rf"(?<![\w./}}>-])/(?:{folders})/[\w.-]+")
    found = [(name(file), match) for file in TEXTS for match in absolute.findall(file.read_text(errors="replace"))]
    assert found == []


def test_no_file_names_a_registry_or_a_mirror() -> None:
    hosts = re.compile(
        r"pypi\.org|pythonhosted|registry\.npmjs|index-url|trusted-host|proxy\.golang|mirrors?\.[a-z]+\.[a-z]+",
        re.IGNORECASE,
    )
    found = [name(file) for file in TEXTS if hosts.search(file.read_text(errors="replace"))]
    assert [file for file in found if file != name(Path(__file__))] == []


def test_no_file_holds_a_secret() -> None:
    keys = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|sk_live_|AKIA[0-9A-Z]{16}|xox[bp]-")
    found = [name(file) for file in TEXTS if keys.search(file.read_text(errors="replace"))]
    assert [file for file in found if file != name(Path(__file__))] == []


def test_what_is_built_is_not_kept() -> None:
    built = [name(file) for file in tracked() if file.suffix in {".pyc", ".mo", ".log"} or file.name == "secret_key"]
    assert built == []


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_requirement_is_pinned_and_installed_as_pinned(file: Path) -> None:
    lines = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    wanted = [line for line in lines if line and not line.startswith("-r ")]
    assert wanted
    for line in wanted:
        found = PINNED.fullmatch(line)
        assert found is not None, line
        assert version(found[1]) == found[3]


def test_no_requirement_is_named_twice() -> None:
    named = [found[1].lower() for file in REQUIREMENTS for found in PINNED.finditer(file.read_text())]
    assert len(named) == len(set(named))


def test_files_end_with_a_line_break_and_hold_no_merge_marks() -> None:
    for file in TEXTS:
        text = file.read_text(errors="replace")
        assert not text or text.endswith("\n") or file.suffix in {".svg", ".xml"}, name(file)
        assert not re.search(r"^(<{7} |>{7} |={7}$)", text, re.MULTILINE), name(file)
