"""Which changes of single places the platform can have: mutmut says which, this says where and makes them."""

from __future__ import annotations

import ast
import fnmatch
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, get_ignored_lines
from mutmut.mutation.mutators import mutation_operators

from tests.servers import ROOT

SAMPLE, SEED = int(os.environ.get("SAMPLE", "300")), 20261124
#: What moves money, or decides about it. `models.py` is held to the schema by `make schema`, `port.py` says what a gateway is.
PATTERNS = (
    "app/ledger/*", "app/closings/*", "app/payments/*", "app/distributions/*", "app/custody/*", "app/cash/*", "app/fees/*",
    *(f"app/pledges/{name}.py" for name in (
        "outcomes", "funding", "giving_back", "paying_for", "recoveries", "refund_choice", "refunds", "saved", "taken_back",
        "unasked", "unidentified",
    )),
    *(f"app/jobs/{name}.py" for name in (
        "carry_money", "charge_saved", "close_offerings", "expire_claims", "expire_pledges", "keep_cash", "one_by_one",
        "outcomes", "process_inbox", "reconcile", "return_in_time", "send_payments", "unasked",
    )),
)  # fmt: skip
#: The sandbox plays a gateway, the conformance kit tests one: neither moves money of anybody.
LEFT_OUT = (
    "*/models.py", "*/__init__.py", "app/payments/port.py", "app/payments/conformance/*", "app/payments/sandbox/*provider.py",
    "app/payments/sandbox/*tables.py", "app/payments/sandbox/bench.py", "app/payments/sandbox/telling.py", "*/messages.py",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    lines: range
    code: str


class AlsoDecorated(MutationVisitor):
    """mutmut leaves out what is decorated, for it keeps all mutants in one file; one at a time may be anywhere."""

    def _skip_node_and_children(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, libcst.FunctionDef) and node.decorators:
            return False
        return bool(super()._skip_node_and_children(node))


def files() -> list[str]:
    found = subprocess.run(
        ["git", "ls-files", "app"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [
        file
        for file in sorted(found)
        if file.endswith(".py")
        and any(fnmatch.fnmatch(file, one) for one in PATTERNS)
        and not any(fnmatch.fnmatch(file, one) for one in LEFT_OUT)
    ]


@dataclass(frozen=True)
class Source:
    """A file and what may be changed in it."""

    code: str
    module: libcst.Module
    mutations: list[Mutation]
    #: Where each of them begins.
    lines: list[int]


def source_of(file: str) -> Source:
    code = (ROOT / file).read_text()
    wrapper = MetadataWrapper(libcst.parse_module(code))
    visitor = AlsoDecorated(mutation_operators, get_ignored_lines(file, code, wrapper))
    module = wrapper.visit(visitor)
    begins = wrapper.resolve(PositionProvider)
    return Source(code, module, visitor.mutations, [begins[one.original_node].start.line for one in visitor.mutations])


def names_of(file: str, source: Source) -> Iterator[str]:
    """Numbered within their function, so that a name says the same as long as that function stays as it is."""
    numbers: Counter[str] = Counter()
    for line in source.lines:
        place = place_of(source.code, line)
        numbers[place] += 1
        yield f"{file.removesuffix('.py').replace('/', '.')}.{place} {numbers[place]}"


def changed_lines(before: str, after: str) -> range:
    old, new = before.splitlines(), after.splitlines()
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = next((at for at, (a, b) in enumerate(zip(old[::-1], new[::-1], strict=False)) if a != b), 0)
    return range(same + 1, max(len(old) - end, same + 1) + 1)


@cache
def _parsed(code: str) -> ast.Module:
    return ast.parse(code)


def place_of(code: str, line: int) -> str:
    names: list[str] = []
    body: list[ast.stmt] = _parsed(code).body
    while found := next(
        (
            one
            for one in body
            if isinstance(one, ast.FunctionDef | ast.ClassDef) and first_line(one) <= line <= (one.end_lineno or 0)
        ),
        None,
    ):
        names.append(found.name)
        body = found.body
    return ".".join(names) or "module"


def first_line(one: ast.FunctionDef | ast.ClassDef) -> int:
    return min([one.lineno, *(decorator.lineno for decorator in one.decorator_list)])


def sample() -> list[Mutant]:
    """All of them in an order that is always the same: the first so many are a sample of it, whenever it ends."""
    sources = {file: source_of(file) for file in files()}
    all_of_them = [(file, at) for file, source in sources.items() for at in range(len(source.mutations))]
    print(f"{len(all_of_them)} mutants in {len(sources)} files", flush=True)
    random.Random(SEED).shuffle(all_of_them)
    names = {file: list(names_of(file, source)) for file, source in sources.items()}
    chosen = [(file, at) for file, at in all_of_them if names[file][at] in sys.argv[1:]] or all_of_them[:SAMPLE]
    return [mutant(names[file][at], file, sources[file], at) for file, at in chosen]


def mutant(name: str, file: str, source: Source, at: int) -> Mutant:
    one = source.mutations[at]
    code = source.module.deep_replace(one.original_node, one.mutated_node).code
    return Mutant(name, file, changed_lines(source.code, code), code)


def wider_and_wider(code: str, lines: range) -> Iterator[range]:
    around = [
        one
        for one in ast.walk(_parsed(code))
        if isinstance(one, ast.stmt) and one.lineno <= lines.start <= (one.end_lineno or one.lineno)
    ]
    for one in sorted(around, key=lambda one: (one.end_lineno or one.lineno) - one.lineno):
        body = getattr(one, "body", None)
        if not body:
            yield range(one.lineno, (one.end_lineno or one.lineno) + 1)
        elif lines.start < body[0].lineno and not isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield range(one.lineno, body[0].lineno)
        if body:
            yield range(one.lineno, (one.end_lineno or one.lineno) + 1)
    yield range(1, code.count("\n") + 2)
