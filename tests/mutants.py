"""Mutation testing of what moves money, or decides about it: what would no test notice?

mutmut says which changes a file can have. Of all of them a sample is drawn, always the same one, and each is made in a
copy of the platform and given to a fresh pytest with the tests that come by the changed lines: fresh, for a table is
built when its module is read. Who comes by which line, and how long that takes, is found out first (coverage by test,
an hour or two) and kept in mutants/ like every result: who runs this again goes on where it ended, and tries once more what
nobody noticed. `make mutants` tells the share that was noticed; what it was last, and why the survivors may live, is
in docs/mutants.md.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import traceback
from collections import Counter, defaultdict
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from coverage import CoverageData

from tests.mutating import Mutant, sample, wider_and_wider
from tests.servers import ROOT, Server, running

KEPT = ROOT / "mutants"
TREE, RESULTS, SECONDS = KEPT / "tree", KEPT / "results.jsonl", KEPT / "seconds.json"
TESTS = [
    *(f"tests/{name}" for name in (
        "ledger", "closings", "fees", "pledges", "cash", "distributions", "reconciliation", "approvals", "payments", "changes",
        "waitlist", "switches", "alerts", "offerings", "notifications", "web", "audit/test_bundle.py", "cli/test_books_and_schema.py",
    )),
    "--ignore=tests/payments/machine", "--ignore=tests/web/test_pages.py",
]  # fmt: skip
OPTIONS = ["-n", "0", "-p", "no:cacheprovider"]
#: Its table is built where its module is read, so that no test of it seems to come by any entry.
ENTRIES = "tests/ledger/test_postings.py"
#: First the quickest and most particular tests, then whatever else comes by, by the seconds that they usually take.
FIRST_S, MOST_S = 8.0, float(os.environ.get("MOST_S", "240"))


class Tests:
    """Who comes by which line."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = json.loads(SECONDS.read_text())
        self.by_line: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.breadth: Counter[str] = Counter()
        self.of_file: dict[str, set[str]] = defaultdict(set)
        for test in self.seconds:
            self.of_file[test.split("::", 1)[0]].add(test)
        for file in sorted(KEPT.glob("*.coverage")):
            data = CoverageData(str(file))
            data.read()
            for source in data.measured_files():
                for line, contexts in data.contexts_by_lineno(source).items():
                    tests = set().union(*(self.behind(context) for context in contexts)) & self.seconds.keys()
                    self.by_line[source][line] |= tests
                    self.breadth.update(tests)

    def behind(self, context: str) -> set[str]:
        """What the fixtures of a test do, the other tests of its file may look at, too."""
        test, _, phase = context.rpartition("|")
        return {test} if phase == "run" else self.of_file[test.split("::", 1)[0]]

    def that_come_by(self, mutant: Mutant) -> list[str]:
        """Where only the reading of the module comes by: everybody who comes by anything of its function or file."""
        by_line, code = self.by_line[mutant.file], (ROOT / mutant.file).read_text()
        found: set[str] = set()
        for lines in wider_and_wider(code, mutant.lines):
            found = set().union(*(by_line[line] for line in lines))
            if found:
                break
        if not found:  # a table, that is read once
            package = "/".join(["tests", *mutant.file.split("/")[1:2]])
            found = {test for file, tests in self.of_file.items() if file.startswith(f"{package}/") for test in tests}
        return sorted(found, key=lambda test: (self.seconds[test] + 0.05) * (self.breadth[test] + 50))

    def in_rounds(self, mutant: Mutant) -> list[list[str]]:
        """One of each file before the second of any."""
        ranked = self.that_come_by(mutant)
        turns: Counter[str] = Counter()
        by_turn = defaultdict(list)
        for test in ranked:
            file = test.split("::", 1)[0]
            by_turn[turns[file]].append(test)
            turns[file] += 1
        rounds: list[list[str]] = [[], []]
        spent = 0.0
        for test in (test for turn in sorted(by_turn) for test in by_turn[turn]):
            spent += self.seconds[test]
            if spent <= MOST_S:
                rounds[spent > FIRST_S and bool(rounds[0])].append(test)
        if mutant.file.startswith("app/ledger/"):
            rounds[0].insert(0, ENTRIES)
        return [by_file(tests) for tests in rounds if tests]


def by_file(tests: list[str]) -> list[str]:
    """The tests of one file share a database."""
    order = {file: at for at, file in reversed(list(enumerate(test.split("::", 1)[0] for test in tests)))}
    return sorted(tests, key=lambda test: order[test.split("::", 1)[0]])


def environment(server: Server) -> dict[str, str]:
    return {
        **os.environ, "TEST_DATABASE_URL": server.admin_url, "TEST_TEMPLATE_IS_MADE": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def copy_tree() -> None:
    """The platform as it stands, with what git does not keep but the platform reads (compiled words)."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for file in [*found, *(str(one.relative_to(ROOT)) for one in (ROOT / "app").rglob("*.mo"))]:
        if (ROOT / file).is_file():
            (TREE / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, TREE / file)


def learn(server: Server) -> None:
    """Which test comes by which line; who fails without any change is asked about none."""
    (KEPT / "coveragerc").write_text("[run]\nrelative_files = true\ninclude = app/*\n")
    report = KEPT / "tests.xml"
    command = [
        sys.executable, "-m", "pytest", *OPTIONS, *TESTS, "--cov", f"--cov-config={KEPT / 'coveragerc'}", "--cov-context=test", "--cov-report=",
        f"--junitxml={report}",
    ]  # fmt: skip
    subprocess.run(
        command, cwd=TREE, env={**environment(server), "COVERAGE_FILE": str(KEPT / "all.coverage")}, check=False
    )
    seconds = {}
    for case in ElementTree.parse(report).iter("testcase"):
        if not any(True for _ in case):  # neither failed nor skipped
            seconds[f"{str(case.get('classname')).replace('.', '/')}.py::{case.get('name')}"] = float(
                case.get("time") or 0
            )
    SECONDS.write_text(json.dumps(seconds))


def outcome(server: Server, tests: list[str], expected_s: float) -> str:
    """In a child that has read everybody else's modules already, and none of ours."""
    output = KEPT / "output.txt"
    child = os.fork()
    if child == 0:
        _run_tests(server, tests, output, int(25 + 3 * expected_s))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "did not end"
    told = output.read_text(errors="replace")
    if status == 0:
        return "survived"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", told, re.MULTILINE)
    if failed or status == 2 or "while loading conftest" in told:  # 2: a module could not even be read
        return f"noticed by {failed.group(1) if failed else 'whoever reads the module'}"
    return f"unclear: {told[-500:]}"


def _run_tests(server: Server, tests: list[str], output: Path, most_cpu_s: int) -> NoReturn:
    """What does not end is known by its own work, so that a busy machine makes nothing seem endless."""
    status = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (most_cpu_s, most_cpu_s + 5))
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(written, 1)
        os.dup2(written, 2)
        os.chdir(TREE)
        os.environ.update(environment(server))
        sys.dont_write_bytecode = True
        for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "app", "config", "__main__")]:
            del sys.modules[name]
        sys.path[:] = [str(TREE), *(one for one in sys.path if one not in ("", str(ROOT)))]
        import pytest

        status = int(pytest.main([*OPTIONS, "-x", "-q", "--no-header", *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def read_modules() -> None:
    """What no mutant changes is read once."""
    for name in (
        "pytest",
        "flask",
        "psycopg",
        "sqlalchemy.orm",
        "sqlalchemy.dialects.postgresql",
        "structlog",
        "pypinyin",
        "babel",
        "wtforms",
    ):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def trial(server: Server, tests: Tests, mutant: Mutant) -> str:
    rounds = tests.in_rounds(mutant)
    if not rounds:
        return "nobody comes by"
    place = TREE / mutant.file
    place.write_text(mutant.code)  # newer than what was compiled of it
    try:
        for chosen in rounds:
            found = outcome(server, chosen, sum(tests.seconds.get(test, 1) for test in chosen))
            if found != "survived":
                return found
    finally:
        shutil.copy2(ROOT / mutant.file, place)
    return "survived"


def known() -> dict[str, str]:
    if not RESULTS.is_file():
        return {}
    return {row["mutant"]: row["found"] for row in map(json.loads, RESULTS.read_text().splitlines())}


def tell(chosen: list[Mutant]) -> None:
    found = known()
    by_package: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in chosen:
        if mutant.name in found:
            by_package["/".join(mutant.file.split("/")[:2])][found[mutant.name].split(" by ")[0]] += 1
    by_package["all"] = sum(by_package.values(), Counter())
    for package, counts in by_package.items():
        all_of_them = counts.total()
        print(
            f"{package}: {all_of_them}, of them {dict(counts)}: {counts['noticed'] / max(1, all_of_them):.1%} noticed"
        )


def main() -> None:
    KEPT.mkdir(exist_ok=True)
    with running() as server:
        copy_tree()
        template = "from tests.conftest import make_template; from tests.servers import Server; import sys; make_template(Server(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", template, server.admin_url], cwd=TREE, check=True)
        if not SECONDS.is_file():
            learn(server)
        tests, chosen, before = Tests(), sample(), known()
        read_modules()
        for number, mutant in enumerate(chosen, start=1):
            if before.get(mutant.name, "survived").split(":")[0] not in ("survived", "nobody comes by", "unclear"):
                continue
            found = trial(server, tests, mutant)
            with RESULTS.open("a") as results:
                results.write(json.dumps({"mutant": mutant.name, "line": mutant.lines.start, "found": found}) + "\n")
            print(f"{number} of {len(chosen)}, {mutant.name} (line {mutant.lines.start}): {found}", flush=True)
        tell(chosen)


if __name__ == "__main__":
    main()
