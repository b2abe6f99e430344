"""Writes a message of the catalogue in the reader's language, from `templates/email/<kind>.txt`."""

from __future__ import annotations

from datetime import date, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.i18n import amounts, labels, times
from app.i18n.locales import Language, language
from app.i18n.words import translations
from app.identity.models import User
from app.money import Money
from app.notifications.models import QueuedMessage

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"


@cache
def _environment(reader: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    catalogue = translations(reader)
    environment.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["money"] = lambda minor, currency: amounts.written(Money(minor, currency), reader)
    environment.filters["number"] = lambda value: amounts.number(value, reader)
    environment.filters["moment"] = lambda text, zone: times.moment(datetime.fromisoformat(text), zone, reader)
    environment.filters["category"] = lambda kind: labels.category(kind, reader)
    environment.filters["day"] = lambda text: times.day(date.fromisoformat(text), reader)
    environment.filters["words"] = lambda code, table: catalogue.gettext(getattr(labels, table)[code])
    environment.filters["spoken"] = lambda said_twice: said_twice["zh" if reader.code.startswith("zh") else "en"]
    return environment


def words(
    message: QueuedMessage, person: User, reader: Language, *, public_url: str, link: str | None
) -> tuple[str, str]:
    """(subject, body) of a queued message in a language: what is sent, and what is shown before it is."""
    facts: dict[str, Any] = {
        **message.facts, "name": person.name, "url": public_url, "link": link, "reader_zone": person.timezone,
    }  # fmt: skip
    text = _environment(reader).get_template(f"{message.kind}.txt").render(facts)
    subject, _, body = text.partition("\n")
    # A name that carries a line break must not become a header.
    return " ".join(subject.split()), body.strip() + "\n"


def write(message: QueuedMessage, person: User, *, sender: str, public_url: str, link: str | None) -> EmailMessage:
    """The mail of a queued message. `link` is the one-time link, for the kinds that have one."""
    reader = language(person.locale)
    subject, body = words(message, person, reader, public_url=public_url, link=link)
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = sender
    mail["To"] = person.email
    mail["Message-ID"] = f"<message-{message.id}@{parseaddr(sender)[1].partition('@')[2]}>"
    mail["X-Message-Id"] = str(message.id).zfill(12)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body)
    mail["Content-Language"] = reader.code  # after the content, which begins with no such header
    return mail
