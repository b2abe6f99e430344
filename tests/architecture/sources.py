"""The files of the project, as the tests of this folder read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.servers import ROOT

#: Nouns of the business: they know neither HTTP nor the time of day, and never commit.
FEATURES = (
    "alerts", "approvals", "assessments", "audit", "changes", "closings", "compliance", "decisions", "evidence", "identity", "investors", "issuers", "job_runs", "ledger",
    "monitoring", "notifications", "offerings", "payments", "pledges", "reconciliation", "regimes", "screening", "share_register", "switches", "waitlist",
)  # fmt: skip


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that belongs to the project: what is built or downloaded does not."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True,
            check=True, text=True,
        )  # fmt: skip
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        left_out = {".venv", "var", "__pycache__"}
        files = [file for file in ROOT.rglob("*") if not left_out & set(file.parts) and "cache" not in str(file)]
    return tuple(file for file in files if file.is_file())


@cache
def python_files() -> tuple[Path, ...]:
    """Our own Python: application, tests, migrations, and the two modules at the top."""
    folders = {"app", "tests", "migrations"}
    return tuple(
        file
        for file in tracked()
        if file.suffix == ".py" and (file.relative_to(ROOT).parts[0] in folders or file.parent == ROOT)
    )


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def of_app() -> Iterator[Path]:
    return (file for file in python_files() if name(file).startswith("app/"))


def of_features() -> Iterator[Path]:
    return (file for file in of_app() if file.relative_to(ROOT).parts[1] in FEATURES)


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parsed(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def calls(file: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call with what is called, as it is written: "session.commit", "float"."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)
