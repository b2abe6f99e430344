"""The habits that keep the code readable and the money safe, held by reading the code itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from app.web.guard import permission_of
from tests.architecture.sources import (
    FEATURES,
    calls,
    functions,
    name,
    of_app,
    of_features,
    parsed,
    python_files,
)
from tests.conftest import settings
from tests.servers import ROOT

LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def test_there_is_code_to_read() -> None:
    assert len(python_files()) > 150
    assert {file.relative_to(ROOT).parts[1] for file in of_features()} == set(FEATURES)


def test_every_address_and_method_names_a_permission(tmp_path: Path) -> None:
    app = create_app(settings("postgresql://nobody@localhost/none", tmp_path))
    nameless = [rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None]
    app.extensions["platform"].close()
    assert nameless == []


#: A status that is set elsewhere than in the trail's own act, each with its reason.
STATUS_IS_SET = {
    "app/audit/actions.py": "the act itself: it moves a status and writes the trail",
    "app/payments/inbox.py": "an event has no life of its own: it waits, or it was handled",
    "app/payments/sandbox/answers.py": "an HTTP status",
    "app/payments/sandbox/provider.py": "the pretend bank's own rows, not ours",
}


def sets_a_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = [one for target in targets for one in ast.walk(target) if isinstance(one, ast.Attribute)]
        return any(one.attr == "status" and isinstance(one.ctx, ast.Store) for one in named)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".values"):
        return any(keyword.arg == "status" for keyword in node.keywords)
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "setattr" and "status" in ast.unparse(node)


def test_a_status_is_set_only_where_the_trail_is_written() -> None:
    found = {name(file) for file in of_app() for node in ast.walk(parsed(file)) if sets_a_status(node)}
    assert found == set(STATUS_IS_SET)


def test_raw_sql_of_the_application_changes_no_row_of_ours() -> None:
    """Raw statements read; what writes goes through the models, where the trail sees it."""
    writing = re.compile(r"^\s*(INSERT|UPDATE|DELETE|TRUNCATE)\b", re.IGNORECASE)
    found = {
        name(file)
        for file in of_app()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and writing.match(node.value)
    }
    assert found == {"app/clock.py"}  # the clock of a demo or a test is not part of the business


#: They stand for somebody else, with a database of their own.
FAR_SIDES = ("app/payments/sandbox/", "app/payments/escrow_files/bench.py")


def test_features_never_commit() -> None:
    ending = {"commit", "rollback", "begin_nested", "close"}
    found = [
        (name(file), written) for file in of_features() for _, written in calls(file)
        if written.rpartition(".")[2] in ending and not name(file).startswith(FAR_SIDES)
    ]  # fmt: skip
    assert found == []


def test_only_the_database_module_commits_a_transaction() -> None:
    found = {
        name(file) for file in of_app() for _, written in calls(file) if re.search(r"\.(commit|rollback)$", written)
    }
    assert found == {"app/database.py", "app/schema.py"}  # and the migrations


#: Who may look at this machine's clock, and why.
CLOCKS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$")


def test_time_comes_in_as_an_argument() -> None:
    assert [name(file) for file in of_app() for _, written in calls(file) if CLOCKS.search(written)] == []


def test_a_process_begins_without_what_only_few_acts_need() -> None:
    """Together they are twenty megabytes: what speaks to one gateway, changes the schema, reads XML."""
    begins = "import sys; from app import cli, web, wiring; from app.jobs import queue; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", begins], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"stripe", "alembic", "lxml", "openpyxl", "hypothesis"}.isdisjoint(done.stdout.split())


def test_money_is_never_a_float() -> None:
    found = [name(file) for file in of_app() for _, written in calls(file) if written == "float"]
    found += [
        f"{name(file)}:{node.lineno}"
        for file in of_features()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    assert found == []


def test_a_file_has_at_most_400_lines() -> None:
    long = {
        name(file): lines for file in python_files() if (lines := len(file.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_a_function_has_at_most_60_lines() -> None:
    long = {
        f"{name(file)} {function.name}": length
        for file in python_files()
        for function in functions(file)
        # An upgrade is a list of tables and guards, read from the top to the bottom.
        if not (name(file).startswith("migrations/") and function.name == "upgrade")
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [name(file) for file in python_files() if file.read_text().strip() and not ast.get_docstring(parsed(file))]
    assert silent == []


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_has_a_signpost(feature: str) -> None:
    signpost = ROOT / "app" / feature / "__init__.py"
    assert len(ast.get_docstring(parsed(signpost)) or "") > 30
    assert [node for node in parsed(signpost).body if not isinstance(node, ast.Expr)] == []


def test_there_is_no_drawer_for_things_without_a_name() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "lib"}
    found = {
        name(file) for file in python_files() if drawers & {Path(part).stem for part in file.relative_to(ROOT).parts}
    }
    assert found == set()


def test_no_test_is_switched_off_or_waits_by_the_clock() -> None:
    off = re.compile(r"pytest\.mark\.(skip|xfail)\b|\btime\.sleep\(")
    found = {name(file) for file in python_files() if name(file).startswith("tests/") and off.search(file.read_text())}
    # It waits for real processes, looking again until what it waits for has happened.
    assert found <= {name(Path(__file__)), "tests/processes.py", "tests/payments/crashes/failover.py"}
