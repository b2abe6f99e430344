"""What every form shares: clean text, errors beside the field in the reader's language, drafts given back."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time
from typing import Any, TypeVar

from flask import flash, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are older

from app.errors import Refused
from app.i18n import amounts, labels
from app.i18n.words import N_, said
from app.money import Money
from app.web.guard import kept_fields
from app.web.session import me, reader

#: Bidirectional controls can make a text read as another one; nobody types them into a form.
_BIDI = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}


class Form(FlaskForm):
    """A form whose errors are refusals: a code and its facts, turned into words once, here."""

    form_errors: list[str]

    def refuse(self, refused: Refused) -> None:
        """Show a refusal at the field that can be mended, or above the form."""
        words = labels.refusal(refused, reader())
        field = self._fields.get(refused.field or "")
        if field is None:
            self.form_errors = [*self.form_errors, words]
            return
        field.errors = [*field.errors, words]
        suggestion = refused.facts.get("suggestion")
        if isinstance(suggestion, Money):
            field.data = amounts.plain(suggestion)

    @property
    def is_refused(self) -> bool:
        return bool(self.errors)

    @property
    def status(self) -> int:
        """422 for a form that was sent and has errors."""
        return 422 if self.is_refused else 200

    def money(self, name: str, currency: str, *, optional: bool = False, negative: bool = False) -> Money | None:
        """Read an amount field; what cannot be read is refused at the field and gives None."""
        text = self._text(name)
        if optional and not text.strip():
            return None
        try:
            return amounts.read(text, currency, field=name, negative=negative)
        except Refused as refused:
            self.refuse(refused)
            return None

    def whole(self, name: str, *, optional: bool = False) -> int | None:
        """Read a whole-number field, as `money` does."""
        text = self._text(name)
        if optional and not text.strip():
            return None
        try:
            return amounts.read_whole(text, field=name)
        except Refused as refused:
            self.refuse(refused)
            return None

    def day(self, name: str, *, optional: bool = False) -> date | None:
        """Read a date field (ISO, as browsers send it)."""
        text = self._text(name).strip()
        if optional and not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.refuse(Refused("date_not_a_date", field=name))
            return None

    def clock_time(self, name: str) -> time | None:
        """Read a time field."""
        try:
            return datetime.strptime(self._text(name).strip()[:5], "%H:%M").time()
        except ValueError:
            self.refuse(Refused("time_not_a_time", field=name))
            return None

    def _text(self, name: str) -> str:
        return str(self[name].data or "")


AnyForm = TypeVar("AnyForm", bound=Form)


def opened(form_class: type[AnyForm], **stored: Any) -> AnyForm:
    """The form of this request: as sent, or as it was left when the session ended, or as stored."""
    form = form_class(data=stored)
    person = me()
    if request.method == "GET" and person is not None:
        fields = kept_fields(person.user_id)
        if fields is not None:
            form = form_class(formdata=MultiDict(fields))
            flash(N_("This is what you had typed before your session ended. It is not saved yet."), "info")
    return form


def _refuse(code: str, **facts: Any) -> ValidationError:
    return ValidationError(labels.refusal(Refused(code, **facts), reader()))


class Needed:
    """The field must have content. It also marks the field as required for the browser."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            raise _refuse("field_missing")


class AtMost:
    """No more characters than this; and no invisible ones that change how a text reads."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.field_flags = {"maxlength": longest}

    def __call__(self, form: Any, field: Field) -> None:
        text = field.data or ""
        if len(text) > self.longest:
            raise _refuse("field_too_long", longest=self.longest)
        if any(character in _BIDI or _is_control(character) for character in text):
            raise _refuse("field_has_controls")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t"


def text(label: str, longest: int, *, needed: bool = True, **arguments: Any) -> StringField:
    """One line of text."""
    validators = [Needed(), AtMost(longest)] if needed else [AtMost(longest)]
    return StringField(label, validators, filters=[_tidy], **arguments)


def long_text(label: str, longest: int, *, needed: bool = True, **arguments: Any) -> TextAreaField:
    """Several lines of text."""
    validators = [Needed(), AtMost(longest)] if needed else [AtMost(longest)]
    return TextAreaField(label, validators, filters=[_tidy], **arguments)


def amount(label: str, **arguments: Any) -> StringField:
    """An amount as text; `Form.money` reads it."""
    return StringField(label, **arguments)


def _tidy(value: str | None) -> str | None:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


def choices(table: dict[str, str] | Any, *, empty: str | None = None) -> list[SelectChoice]:
    """Choices from a table of labels, in the reader's language."""
    first = [SelectChoice("", said(reader(), empty))] if empty is not None else []
    return first + [SelectChoice(code, said(reader(), words)) for code, words in table.items()]
