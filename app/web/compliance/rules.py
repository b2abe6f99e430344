"""The rule explorer: every pack, every rule with its words, figures, cases and use; and a case tried step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Snapshot
from app.decisions import queries, receipts
from app.errors import NotFound, Refused
from app.i18n import amounts, labels
from app.i18n.words import N_
from app.money import Money
from app.regimes import facts as facts_of_case
from app.regimes import known_cases, path, registry
from app.regimes.facts import BadFacts
from app.regimes.known_cases import KnownCase
from app.regimes.parameters import Pack
from app.regimes.regime import Regime
from app.web import forms
from app.web.compliance import blueprint
from app.web.components import money, say
from app.web.forms import Form, long_text, opened, text
from app.web.guard import allow
from app.web.session import looking, platform, reader

LONGEST_CASE = 20_000
#: What a verdict may call its figures, beyond what investors give and what a pack names.
NUMBERS = {
    "min_ticket": N_("Smallest pledge"), "heads_cap": N_("At most so many people"), "heads_used": N_("People counted"),
    "heads_unit": N_("Who is counted"),
}  # fmt: skip
#: The end of what is said of a field that cannot be read, and its words.
FAULTS = {
    "missing": N_("It is missing."), "below zero": N_("It is below zero."), "no date": N_("Give a date such as 2025-03-15."),
    "no amount": N_("Give an amount as text, such as \"1250.00\"."), "unknown": N_("It is not known here."),
    "neither true nor false": N_("Give true or false."), "has no offset": N_("Give the offset from UTC as well."),
}  # fmt: skip


@blueprint.get("/rules")
@allow(Permission.REVIEW)
def rules() -> ResponseReturnValue:
    """Every pack with its editions: which one decides, which ones wait."""
    packs = [_deciding(pack) for pack in registry.PACKS]
    with looking() as view:
        editions = queries.editions_by_pack(view.session)
        return render_template(
            "compliance/rules.html",
            packs=[(pack, pack.version(pack.day_of(view.now)), editions.get(pack.id, [])) for pack in packs],
            switched_on=platform().settings.regimes,
            laws=registry.BUILT,
        )


def _deciding(pack: Pack) -> Pack:
    """The edition of a pack that decides now."""
    return platform().regime(pack.id).pack if pack.id in registry.BUILT else pack


def law_named(regime_id: str) -> Regime:
    """The law in the edition that decides now. Raises NotFound."""
    if regime_id not in registry.BUILT:
        raise NotFound
    return platform().regime(regime_id)


@blueprint.get("/rules/<regime_id>")
@allow(Permission.REVIEW)
def rule_pack(regime_id: str) -> ResponseReturnValue:
    """One pack: each rule with its words, its cases and how often it was named; its figures in time; its settings."""
    pack = next((_deciding(one) for one in registry.PACKS if one.id == regime_id), None)
    if pack is None:
        raise NotFound
    is_law = pack.id in registry.BUILT
    cases: dict[str, list[KnownCase]] = {}
    for one in known_cases.of_regime(platform().regime(pack.id)) if is_law else ():
        cases.setdefault(one.rule, []).append(one)
    with looking() as view:
        return render_template(
            "compliance/rule_pack.html",
            pack=pack,
            is_law=is_law,
            is_on=not is_law or pack.id in platform().settings.regimes,
            today=pack.day_of(view.now),
            editions_known=queries.editions_by_pack(view.session).get(pack.id, []),
            named=queries.count_by_rule(view.session, pack.id),
            cases=cases,
        )


# A case tried


class TryForm(Form):
    case = long_text(
        N_("The case, in JSON"), LONGEST_CASE, render_kw={"rows": 18, "class": "code", "spellcheck": "false"}
    )
    on = text(N_("Day"), 10, needed=False, render_kw={"type": "date"})
    amount = forms.amount(N_("Amount"))


@blueprint.get("/rules/<regime_id>/try")
@allow(Permission.REVIEW)
def try_rules(regime_id: str) -> ResponseReturnValue:
    """A form with a known case in it, to be changed at will."""
    law = law_named(regime_id)
    cases = known_cases.of_regime(law)
    asked = request.args.get("known", "")
    chosen = next((one for one in cases if one.id == asked), None) or next(
        (one for one in cases if one.case["category"] == law.pledge_question), None
    )
    form = opened(TryForm, case=_written(chosen.case) if chosen else "")
    with looking() as view:
        return _try_page(view, law, form, chosen=chosen)


def _written(case: Mapping[str, Any]) -> str:
    facts = {name: value for name, value in case.items() if name not in ("id", "expect")}
    return json.dumps(facts, indent=2, ensure_ascii=False)


@blueprint.post("/rules/<regime_id>/try")
@allow(Permission.REVIEW)
def tried(regime_id: str) -> ResponseReturnValue:
    """The answer to a typed case, and the way to it. Nothing is kept."""
    law, form, steps = law_named(regime_id), TryForm(), None
    if form.validate():
        try:
            case = _case(law, form)
            steps = None if form.is_refused else _steps(law, case)
        except BadFacts as error:
            form.refuse(_words_of(error))
        except Refused as refused:
            form.refuse(refused)
    with looking() as view:
        return _try_page(view, law, form, steps=steps)


def _try_page(view: Snapshot, law: Regime, form: TryForm, **more: Any) -> ResponseReturnValue:
    """`view` is for the frame of the page."""
    cases = known_cases.of_regime(law)
    page = render_template(
        "compliance/try_rules.html",
        pack=law.pack,
        form=form,
        cases=cases,
        persona=lambda one: _persona(law, one),
        **more,
    )
    return page, form.status


def _persona(law: Regime, known: KnownCase) -> str:
    """A case in a few words: the investor's figures, where it has any, or else what it asks."""
    investor = known.case.get("investor", {})
    figures = [(name, investor.get(name)) for name in law.figures]
    told = [
        f"{say(labels.FIGURES[name])} {amounts.written(Money.of(value, law.pack.currency), reader())}"
        for name, value in figures
        if name in labels.FIGURES and isinstance(value, str)
    ]
    return ", ".join(told) or str(known.case["category"])


def _case(law: Regime, form: TryForm) -> dict[str, Any]:
    """The case as typed, with the day and the amount that were given beside it. Raises Refused, BadFacts."""
    try:
        case = json.loads(form.case.data or "")
    except RecursionError:
        raise Refused("case_no_json", field="case", line=1) from None
    except ValueError as error:
        raise Refused("case_no_json", field="case", line=getattr(error, "lineno", 1)) from None
    if not isinstance(case, dict):
        raise Refused("case_no_json", field="case", line=1)
    if case.get("regime") != law.pack.id:
        raise Refused("case_of_another_law", field="case", regime=law.pack.id)
    on = form.day("on", optional=True)
    pledge = case.get("pledge")
    currency = pledge.get("currency") if isinstance(pledge, dict) else None
    given = form.money("amount", law.pack.currency, optional=True)
    if on is not None:
        case["as_of"] = on.isoformat()
    if given is not None:
        case["pledge"] = {**facts_of_case.mapping(pledge, "pledge"), "amount": str(given.amount)}
        case["pledge"].setdefault("currency", currency or given.currency)
    return case


def _words_of(error: BadFacts) -> Refused:
    """The refusal of a case that cannot be read: it names the field."""
    readable = str(error).encode(errors="backslashreplace").decode()  # half a character of JSON is none of a page
    where, _, fault = readable.replace(":", "", 1).partition(" ")
    words = next(
        (words for end, words in FAULTS.items() if end in fault), N_("It has another form than a case has there.")
    )
    return Refused("case_field_wrong", field="case", where=where, fault=say(words))


def _steps(law: Regime, case: dict[str, Any]) -> dict[str, Any]:
    """The receipt of a case and the way to it. Raises BadFacts."""
    facts = facts_of_case.read(case)
    walked = path.walk(law, facts)
    receipt = receipts.of_case(law, case)
    return {
        "facts": facts,
        "path": walked,
        "receipt": receipt,
        "numbers": [_number(law.pack, receipt.currency, *one) for one in receipt.numbers.items()],
    }


def _number(pack: Pack, currency: str, name: str, value: str) -> tuple[str, str]:
    """A figure of a verdict, and what it is called."""
    is_money = name in labels.FIGURES or f"{name}_minor" in pack.words or name == "min_ticket"
    ours = {**labels.FIGURES, **NUMBERS}.get(name)
    label = say(ours) if ours else (pack.words.get(f"{name}_minor") or pack.word(name)).text(reader().code)
    is_money = is_money and facts_of_case.AMOUNT.fullmatch(value) is not None
    return label, money(Money.of(value, currency)) if is_money else pack.word(value).text(reader().code)
