"""Mutation testing of the ledger, closings and payments: what would no test notice?

mutmut makes the mutants and finds out which tests come by which function (half an hour, kept in mutants/). Of them a
sample is drawn, always the same one, and for each a fresh pytest runs the tests that come by its function, the most
particular ones first: fresh, for a table of entries is built when its module is read. A mutant whose tests all pass
survives. `make mutants` prints the survivors and the share that was noticed; what it was last, and why the survivors
may live, is in docs/mutants.md.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import make_template
from tests.servers import ROOT, Server, running

MUTANTS = ROOT / "mutants"
SAMPLE, SEED = int(os.environ.get("SAMPLE", "200")), 20261123
#: One with few tests: what it costs to have mutmut make all of them and learn who tests what.
CHEAP = "app.closings.allotments.x_allotments__mutmut_1"
#: So many of the tests that come by a function are tried, and for so many seconds.
MOST_TESTS, MOST_S = 300, 1_500
#: Built where its module is read, so that no test seems to come by the functions of entries.
ENTRIES = "tests/ledger/test_postings.py"


def environment(server: Server, mutant: str) -> dict[str, str]:
    return {
        **os.environ, "TEST_DATABASE_URL": server.admin_url, "TEST_TEMPLATE_IS_MADE": "1", "MUTANT_UNDER_TEST": mutant,
    }  # fmt: skip


def prepare(server: Server) -> None:
    """Have the mutants made, and known which tests come by which function."""
    mutmut = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1", CHEAP]
    subprocess.run(mutmut, cwd=ROOT, env=environment(server, ""), check=True)


def sample() -> list[str]:
    found = sorted(
        name
        for file in MUTANTS.glob("app/**/*.meta")
        for name in json.loads(file.read_text())["exit_code_by_key"]
    )  # fmt: skip
    return random.Random(SEED).sample(found, min(SAMPLE, len(found)))


def tests_of(mutant: str) -> list[str]:
    """Those that come by few other functions first: they say most about this one."""
    known = json.loads((MUTANTS / "mutmut-stats.json").read_text())
    by_function, seconds = known["tests_by_mangled_function_name"], known["duration_by_test"]
    functions = Counter(test for tests in by_function.values() for test in tests)
    tests = by_function.get(mutant.rsplit("__mutmut_", 1)[0], [])
    chosen = sorted(tests, key=lambda test: functions[test] + 4 * seconds.get(test, 9))[:MOST_TESTS]
    return [ENTRIES, *(test for test in chosen if not test.startswith(ENTRIES))]


def is_noticed(server: Server, mutant: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests_of(mutant)]
    try:
        done = subprocess.run(
            command, cwd=MUTANTS, env=environment(server, mutant), capture_output=True, timeout=MOST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return True  # it does not end any more
    if done.returncode not in (0, 1, 2):  # 1: a test failed, 2: a module could not even be read
        raise RuntimeError(done.stdout.decode()[-2_000:])
    return done.returncode != 0


def main() -> None:
    with running() as server:
        make_template(server)
        prepare(server)
        survivors = []
        for number, mutant in enumerate(chosen := sample(), start=1):
            if not is_noticed(server, mutant):
                survivors.append(mutant)
                print(f"survives: {mutant}", flush=True)
            print(f"{number} of {len(chosen)}, noticed {1 - len(survivors) / number:.1%}", flush=True)


if __name__ == "__main__":
    main()
