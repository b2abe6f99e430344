"""Thresholds of law stand in dated rows with their source, never in code and never on a page."""

from __future__ import annotations

import ast
import re

from tests.architecture.sources import name, of_app, parsed
from tests.servers import ROOT

SMALLEST = 1000
#: Numbers that are no law: (file, number) -> what it is.
NO_LAW = {
    ("app/regimes/parameters.py", 10_000): "basis points in one",
    ("app/regimes/facts.py", 1900): "the earliest year of a date",
    ("app/regimes/facts.py", 2200): "the latest year of a date",
    ("templates/investor/confirm.html", 10_000): "basis points in one",
    ("templates/public/offering.html", 1024): "bytes in a kB",
}


def large_numbers_in_code() -> set[tuple[str, int]]:
    return {
        (name(file), int(node.value))
        for file in of_app()
        if name(file).startswith("app/regimes/")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value >= SMALLEST
    }


def large_numbers_in_templates() -> set[tuple[str, int]]:
    found = set()
    for template in sorted((ROOT / "templates").rglob("*.*")):
        plain = re.sub(r'\{#.*?#\}|<path d="[^"]*"|20\d\d-\d\d-\d\d', "", template.read_text(), flags=re.DOTALL)
        for digits in re.findall(r"(?<![\w#&.])\d[\d,_]*\d(?![\w.])", plain):
            number = int(re.sub(r"\D", "", digits))
            if number >= SMALLEST:
                found.add((name(template), number))
    return found


def test_no_threshold_is_typed_in_the_code_of_a_regime_or_on_a_page() -> None:
    assert large_numbers_in_code() | large_numbers_in_templates() == set(NO_LAW)


def test_every_pack_of_rules_has_its_code_beside_it() -> None:
    packs = {file.stem for file in (ROOT / "app" / "regimes").glob("*.toml")}
    assert packs
    assert packs <= {file.stem for file in (ROOT / "app" / "regimes").glob("*.py")}


def test_a_regime_looks_at_no_table_and_no_clock() -> None:
    for file in of_app():
        if name(file).startswith("app/regimes/"):
            imported = [node for node in ast.walk(parsed(file)) if isinstance(node, ast.Import | ast.ImportFrom)]
            modules = {getattr(node, "module", None) or alias.name for node in imported for alias in node.names}
            assert not {one for one in modules if one.startswith(("sqlalchemy", "app.database", "app.clock", "time"))}
