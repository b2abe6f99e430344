"""What an act would do and whom it would tell, as a page shows it before somebody confirms."""

from __future__ import annotations

from dataclasses import dataclass

from app import effects
from app.database import Transaction
from app.i18n import consequences, mails
from app.i18n.locales import LANGUAGES, Language
from app.identity import queries as identity
from app.web.session import platform, reader


@dataclass(frozen=True, slots=True)
class Mail:
    """One kind of message as it will be sent, in every language, to so many people."""

    people: int
    texts: tuple[tuple[Language, str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`sha256` is the same for the same consequences."""

    changes: tuple[str, ...]
    mails: tuple[Mail, ...]
    sha256: str

    @property
    def people(self) -> int:
        return sum(mail.people for mail in self.mails)


def preview(tx: Transaction) -> Preview:
    """What this transaction has done so far, in the reader's words; a rehearsal's, before it is undone."""
    found = effects.of(tx)
    written = []
    for message, people in found.messages:
        person = identity.user(tx.session, message.user_id)
        texts = tuple(
            (language, *mails.words(message, person, language, public_url=platform().settings.public_url, link=None))
            for language in LANGUAGES.values()
        )
        written.append(Mail(people, texts))
    return Preview(tuple(consequences.effect(one, reader()) for one in found.changes), tuple(written), found.sha256)
