"""Thresholds of law stand in dated rows with their source, never in code and never on a page."""

from __future__ import annotations

import ast
import re

from app.regimes.registry import PACKS
from tests.architecture.sources import name, of_app, parsed
from tests.servers import ROOT

SMALLEST = 1000
#: Numbers that are no law: (file, number) -> what it is.
NO_LAW = {
    ("app/regimes/parameters.py", 10_000): "basis points in one",
    ("app/regimes/facts.py", 1900): "the earliest year of a date",
    ("app/regimes/facts.py", 2200): "the latest year of a date",
    ("templates/investor/confirm.html", 10_000): "basis points in one",
    ("templates/public/offering_body.html", 1024): "bytes in a kB",
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


#: A span of time that no law and no policy of the platform decides: (file, what is counted) -> what it is.
NO_TERMS = {
    ("app/audit/checkpoints.py", "hours"): "how often the head of the trail is signed",
    ("app/identity/drafts.py", "days"): "how long a half-filled form is kept for its writer",
    ("app/identity/mail_tokens.py", "days"): "how long a link in a mail works",
    ("app/identity/mail_tokens.py", "hours"): "how long a link in a mail works",
    ("app/identity/queries.py", "days"): "sign-in attempts looked back on",
    ("app/identity/queries.py", "hours"): "how long a session lasts",
    ("app/monitoring/actions.py", "days"): "longer than any window of a pattern",
    ("app/notifications/actions.py", "hours"): "between two attempts to send a mail",
    ("app/invariants.py", "hour"): "how long a gateway remembers a key at least, as the design has it",
    ("app/payments/conformance/collecting.py", "days"): "how long a check lets pass where no key is forgotten",
    ("app/payments/conformance/kit.py", "days"): "how long a check waits for what is slow",
    ("app/payments/inbox.py", "hours"): "between two attempts to handle an event",
    ("app/payments/escrow_files/bench.py", "days"): "the day of the pretend bank",
    ("app/payments/escrow_files/setup.py", "days"): "what an escrow agent and its bank can do",
    ("app/payments/sandbox/adapter.py", "hours"): "how long the sandbox remembers a key",
    ("app/payments/sandbox/cards_adapter.py", "days"): "what a card processor's documents say of its methods",
    ("app/payments/sandbox/cards_provider.py", "days"): "when the pretend banks change their mind",
    ("app/payments/sandbox/cards_provider.py", "hours"): "how long the cards persona remembers a key",
    ("app/payments/sandbox/signing.py", "hours"): "how old a forged event is",
    ("app/payments/sandbox/provider.py", "days"): "how slow the sandbox's slow payment is",
    ("app/payments/sandbox/provider.py", "hours"): "how long money from another bank takes to the sandbox",
    ("app/payments/stripe/listing.py", "days"): "lines of the account read at a time",
    ("app/payments/stripe/adapter.py", "hours"): "how long Stripe remembers a key",
    ("app/payments/stripe/methods.py", "days"): "what Stripe promises for each method, with its sources",
    ("app/payments/stripe/top_ups.py", "days"): "how long before we hear of it money may have arrived",
    ("app/pledges/queries.py", "days"): "longer than any window of law",
    ("app/offerings/deadlines.py", "days"): "the day after",
    ("app/reconciliation/day.py", "days"): "the day after",
    ("app/reconciliation/finders.py", "day"): "the day before",
    ("app/regimes/calendar.py", "days"): "one day after another",
    ("app/regimes/office_hours.py", "days"): "one day after another",
    ("app/regimes/parameters.py", "days"): "the day after",
    ("app/regimes/windows.py", "days"): "the day after",
    ("app/regimes/standing.py", "days"): "the day before an anniversary",
    ("app/jobs/expire_claims.py", "days"): "somewhere it is tomorrow already",
    ("app/web/admin/operations.py", "days"): "workers shown",
    ("app/web/public/machines.py", "days"): "how long the address of our contact is good for",
    ("app/web/compliance/what_if.py", "days"): "what the form begins with",
    ("app/demo/story.py", "days"): "the demo's own story",
    ("app/demo/story.py", "hours"): "the demo's own story",
    ("app/demo/stage.py", "days"): "the demo's own story",
    ("app/demo/stage.py", "hours"): "the demo's own story",
}


def terms_in_code() -> set[tuple[str, str]]:
    """Where a number of days or hours is typed: `timedelta(days=5)`, `weeks=…`, SQL intervals in days."""
    found = set()
    for file in of_app():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    counts = keyword.arg in ("days", "hours", "weeks", "months", "years")
                    if counts and isinstance(keyword.value, ast.Constant) and keyword.value.value:
                        found.add((name(file), str(keyword.arg)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {
                    (name(file), unit)
                    for unit in re.findall(r"interval '\d+ (day|hour|week|month|year)s?'", node.value)
                }
    return found


def test_no_term_of_law_is_typed_in_code() -> None:
    unknown = terms_in_code() - set(NO_TERMS)
    assert unknown == set(), "a number of days or hours belongs into a pack"


TOLD = re.compile(
    r"\b\d+(?:\.\d+)? ?(?:%|percent|business days?|days?|hours?|months?)|\d+ ?(?:个工作日|个月|小时|天|日内)"
)
#: What is told in numbers and is no law.
NO_LAW_TOLD = {
    ("app/i18n/offering_words.py", "100 percent"): "all of it",
    ("app/i18n/distribution_words.py", "100 percent"): "all of it",
    ("app/i18n/labels.py", "12 months"): "the name of a figure that is asked for",
    ("app/web/investor/forms.py", "12 months"): "the name of a figure that is asked for",
}


def texts() -> set[tuple[str, str]]:
    """Amounts of time and percentages in the words of pages, mails and refusals."""
    found = set()
    for template in sorted((ROOT / "templates").rglob("*.*")):
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|<[^>]*>", " ", template.read_text(), flags=re.DOTALL)
        found |= {(name(template), told) for told in TOLD.findall(bare)}
    for file in of_app():
        if name(file).startswith(("app/i18n/", "app/web/", "app/notifications/")):
            documented = {
                id(node.body[0].value)
                for node in ast.walk(parsed(file))
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(parsed(file)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
                    found |= {(name(file), told) for told in TOLD.findall(node.value)}
    return found


def test_no_page_mail_or_refusal_tells_a_number_of_law_by_itself() -> None:
    assert texts() == set(NO_LAW_TOLD)


def figures() -> set[int]:
    """Every figure of every pack that could be typed elsewhere: amounts in minor and major units, rates."""
    found = set()
    for pack in PACKS:
        for table in pack.tables:
            for row in pack.rows(table):
                for column, value in row.values.items():
                    if type(value) is int and column.endswith(("_minor", "_bps")):
                        found |= {value, value // 100}
    return {figure for figure in found if figure >= SMALLEST_FIGURE}


#: Below it stand sizes of pages and batches; a figure in minor units is above it.
SMALLEST_FIGURE = 2_500
#: Numbers that happen to be a figure of some law: (file, number) -> what it is.
BY_CHANCE = {
    ("app/web/compliance/what_if.py", 200_000): "letters of an edition",
    ("app/web/compliance/rules.py", 20_000): "letters of a case",
    ("app/__init__.py", 500_000): "bytes of a form",
    ("app/audit/verification.py", 5_000): "events of a batch",
    ("app/cli/offerings.py", 10_000): "basis points in one",
    ("app/database.py", 60_000): "milliseconds in one minute",
    ("app/i18n/amounts.py", 10_000): "one 万, and basis points in one",
    ("app/i18n/amounts.py", 100_000_000): "one 亿",
    ("app/identity/drafts.py", 300_000): "bytes of a draft",
    ("app/money.py", 10_000): "basis points in one",
    ("app/offerings/actions.py", 1_000_000): "bytes in one MB",
    ("app/offerings/actions.py", 10_000_000): "bytes of a document",
    ("app/offerings/form_c.py", 2_000_000): "bytes of a filing",
    ("app/regimes/parameters.py", 10_000): "basis points in one",
    ("app/screening/names.py", 20_000): "spellings kept in memory",
    ("app/web/issuer/forms.py", 10_000): "letters of a text",
    ("app/web/issuer/forms.py", 20_000): "letters of a text",
}


def test_no_figure_of_a_pack_is_typed_anywhere_in_the_application() -> None:
    known = figures()
    typed = {
        (name(file), node.value)
        for file in of_app()
        if not name(file).startswith("app/demo/")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in known
    }
    assert typed - set(BY_CHANCE) == set(), "a figure of law belongs into a pack"


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
