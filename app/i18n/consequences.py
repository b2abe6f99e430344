"""What an act does and what a compared field is called, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from app.effects import Effect
from app.i18n import amounts
from app.i18n.book_words import PURPOSES
from app.i18n.labels import COMPARED, FINANCIALS, status
from app.i18n.locales import Language
from app.i18n.words import N_, said

#: What an act moves, by its table: the machine that has the words of its statuses, and what it is called.
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "offerings": ("offering", N_("Offering")),
    "pledges": ("pledge", N_("Pledge")),
    "closings": ("closing", N_("Closing")),
    "claims": ("claim", N_("Status of an investor")),
    "distributions": ("distribution", N_("Distribution")),
}


def effect(done: Effect, language: Language) -> str:
    """One consequence of an act, in a sentence."""
    if done.amount is not None:
        what = said(language, PURPOSES[done.code])
        if done.count == 1:
            return said(language, N_("%(what)s: %(amount)s"), what=what, amount=amounts.written(done.amount, language))
        return said(
            language, N_("%(what)s: %(count)s, together %(amount)s"), what=what,
            count=amounts.number(done.count, language), amount=amounts.written(done.amount, language),
        )  # fmt: skip
    machine, noun = SUBJECTS.get(done.code, ("", ""))
    what = said(language, noun) if noun else done.code
    words = status(machine, done.status, language) if machine else done.status
    if done.count == 1:
        return said(language, N_("%(what)s: from now on “%(status)s”"), what=what, status=words)
    return said(
        language, N_("%(what)s: %(count)s from now on “%(status)s”"), what=what, status=words,
        count=amounts.number(done.count, language),
    )  # fmt: skip


def compared(field: str, language: Language) -> str:
    """What a compared field is called; a figure of a year names the year, too."""
    name, _, year = field.rpartition("_")
    if year not in ("latest", "prior"):
        return said(language, COMPARED[field])
    when = said(language, N_("Latest year")) if year == "latest" else said(language, N_("Year before"))
    return f"{said(language, FINANCIALS[name])}, {when}"
