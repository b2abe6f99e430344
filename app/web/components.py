"""What templates can say: amounts, times, statuses, words. Every page speaks through these."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import nh3
from babel.lists import format_list
from flask import Flask, g, request
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError

from app.access import Permission, may
from app.approvals.actions import SHORTEST_NOTE
from app.i18n import amounts, consequences, countries, gateway_words, labels, times
from app.i18n.locales import LANGUAGES
from app.i18n.words import said, translations
from app.identity import passwords
from app.money import Money, SharePrice
from app.offerings.disclosures import FINANCIALS
from app.pledges.consents import text_hash
from app.switches import queries as switches
from app.switches.actions import SHORTEST_REASON
from app.web.addresses import this_page
from app.web.session import actor, looking, me, platform, reader, reader_zone, request_id

#: What an issuer's text may contain, after Markdown. No images, no styles, no scripts.
TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h3", "h4", "blockquote", "a", "code", "hr"}
_markdown = MarkdownIt("commonmark", {"html": False})


def init_app(app: Flask) -> None:
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: translations(reader()).gettext(text),
        lambda one, many, count: translations(reader()).ngettext(one, many, count),
        newstyle=True,
    )
    environment.filters.update(
        money=money, money_minor=money_minor, headline=headline,
        headline_minor=lambda minor, currency: headline(Money(int(minor), currency)), moment=moment, day=day, markdown=markdown,
        short_day=lambda on: times.short_day(on, reader()),
        status=lambda value, machine: labels.status(machine, value, reader()),
        words=lambda code, table: say(getattr(labels, table)[code]) if code else "",
        rule=lambda rule_id: labels.rule(rule_id, reader()), cite=labels.citation, text_hash=text_hash,
        wording=lambda said_twice: said_twice.text(reader().code), category=lambda kind: labels.category(kind, reader()),
        iso=_iso, percent=percent,
        refusal=lambda refused: labels.refusal(refused, reader()), parts_left=times.parts_left, links=links, number=number,
        rules=lambda regime_id: platform().regime(regime_id).pack.name.text(reader().code),
        office_clock=_office_clock, compared=lambda field: consequences.compared(field, reader()), is_rule=labels.is_rule,
        plainly=_plainly,
        country=lambda code: countries.name(code, reader()),
        gateway_code=lambda code: gateway_words.gateway_code(code, reader()),
        gateway_failure=lambda written: gateway_words.gateway_failure(written, reader()),
        instant=datetime.fromisoformat,
        listed=lambda words: format_list([str(word) for word in words], locale=reader().locale),
        decimal_money=lambda text, currency: money(Money.of(text, currency)),
    )  # fmt: skip
    environment.globals.update(
        reader_zone=reader_zone,
        financial_names=FINANCIALS,
        price_text=price_text,
        money_text=money_text,
        tones=labels.TONES,
        say=say,
        figure_names=labels.FIGURES,
        security_types=labels.SECURITY_TYPES,
        request_ref=request_id,
        shortest_note=SHORTEST_NOTE,
        shortest_reason=SHORTEST_REASON,
        shortest_password=passwords.SHORTEST,
    )
    app.context_processor(_globals)


def _globals() -> dict[str, Any]:
    return {
        "person": me(),
        "may": lambda name: may(actor(), Permission(name)),
        "reader": g.get("language"),
        "languages": LANGUAGES.values(),
        "in_language": lambda code: _this_page_with("lang", code),
        "in_theme": lambda theme: _this_page_with("theme", theme),
        "settings": platform().settings,
        "demo_clock": _demo_clock(),
        "money_stopped": _stopped,
    }


def say(text: str) -> str:
    """A marked sentence in the reader's language."""
    return said(reader(), text)


def money(amount: Money) -> Markup:
    """An amount that never breaks over two lines."""
    return Markup('<span class="money">{}</span>').format(amounts.written(amount, reader()))


def money_minor(minor: int, currency: str) -> Markup:
    return money(Money(int(minor), currency))


def money_text(minor: int, currency: str) -> str:
    """An amount as bare text, for labels that screen readers say."""
    return amounts.written(Money(int(minor), currency), reader())


def price_text(price: SharePrice) -> str:
    """What one share costs, with all its digits."""
    return amounts.price(price, reader())


def number(value: int) -> str:
    """A whole number with its groups: "741,766"."""
    return amounts.number(value, reader())


def headline(amount: Money) -> Markup:
    """Short for the eye; the exact amount is in the title and in the data."""
    exact = amounts.written(amount, reader())
    return Markup('<data class="money" value="{}" title="{}">{}</data>').format(
        amount.amount, exact, amounts.headline(amount, reader())
    )


def moment(at: datetime, zone: str | None = None) -> Markup:
    """An instant in a zone; without one, in the reader's."""
    return Markup('<time datetime="{}">{}</time>').format(_iso(at), times.moment(at, zone or reader_zone(), reader()))


def day(on: date | datetime) -> str:
    return times.day(on, reader())


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plainly(value: object) -> object:
    """A value of whatever kind, written for the reader; what is not there is a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, Money):
        return money(value)
    if isinstance(value, date):
        return day(value)
    return number(value) if isinstance(value, int) else str(value)


def _office_clock(length: timedelta) -> str:
    """Hours and minutes, without a sign: "0:42"."""
    hours, minutes = divmod(int(abs(length).total_seconds()) // 60, 60)
    return f"{hours}:{minutes:02}"


def percent(bps: int) -> str:
    """Basis points as a percentage: 500 is "5%"."""
    return amounts.percent(bps, reader())


def markdown(text: str) -> Markup:
    """An issuer's text: Markdown without HTML, then only harmless tags."""
    html = nh3.clean(
        _markdown.render(text), tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow ugc",
    )  # fmt: skip
    return Markup(html)


def links(text: str) -> Markup:
    """Bare text in which addresses of this site can be pressed."""
    here = re.escape(platform().settings.public_url)
    escaped = str(escape(text))
    return Markup(re.sub(rf"({here}/[^\s<]*)", r'<a href="\1">\1</a>', escaped))


def _this_page_with(name: str, value: str) -> str:
    """This very page in another language or other colours; after a refused form, the form anew."""
    address = this_page()
    if address is None:
        return f"/?{name}={value}"
    # What a visitor wrote into the address is only ever put back into it: it never names an argument of ours.
    asked = [pair for pair in request.args.items(multi=True) if pair[0] not in ("lang", "theme")]
    return f"{address}?{urlencode([*asked, (name, value)])}"


def _stopped(offering: Any = None) -> str | None:
    """What of money is switched off for the reader of this page: "everything", "in" (of this offering, too), or nothing."""
    if "switched_off" not in g:
        g.switched_off = []
        with suppress(SQLAlchemyError), looking() as view:
            g.switched_off = switches.all_set(view.session)
    if any(one.is_everything for one in g.switched_off):
        return "everything"
    here = {None, getattr(offering, "id", None)}
    stopping = [
        one for one in g.switched_off
        if one.gateway is None and one.pledge_id is None and one.direction in (None, "in") and one.offering_id in here
    ]  # fmt: skip
    return "in" if stopping else None


def _demo_clock() -> datetime | None:
    """The platform's time, when a demo has moved it; production never has."""
    if platform().settings.is_production:
        return None
    if "demo_clock" not in g:
        g.demo_clock = None
        # Without the database there is an error page to show, and it needs no clock.
        with suppress(SQLAlchemyError), looking() as view:
            moved = abs((view.now - view.wall_now).total_seconds()) > 60
            g.demo_clock = view.now if moved else None
    return g.demo_clock  # type: ignore[no-any-return]
