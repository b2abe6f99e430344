"""What every form shares: clean text, errors beside the field in the reader's language, drafts given back."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from datetime import date, time
from typing import Any, TypeVar

from flask import flash, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are older
from wtforms.validators import StopValidation

from app.database import Transaction
from app.errors import NotFound, Refused
from app.i18n import amounts, labels
from app.i18n.countries import COUNTRIES
from app.i18n.countries import name as country_name
from app.i18n.words import N_, said
from app.money import Money
from app.web.guard import kept_fields
from app.web.session import acting, me, platform, reader

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
#: A year outside of these is a slip of the pen.
YEARS_TAKEN = range(1800, 2200)

MOST_MARKS = 30
#: Bidirectional controls can make a text read as another one; nobody types them into a form.
_BIDI = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}


class _OwnWords:
    """WTForms' only message of its own that a person can meet is about a choice that was not offered."""

    def gettext(self, text: str) -> str:
        return labels.refusal(Refused("choice_unknown"), reader())

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one)


class Form(FlaskForm):
    """A form whose errors are refusals: a code and its facts, turned into words once, here."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> _OwnWords:
            return _OwnWords()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Only what a form sends is read, never a body of JSON."""
            return None if request.is_json else super().wrap_formdata(form, formdata)

    form_errors: list[str]

    def do(self, act: Callable[[Transaction], object]) -> bool:
        """Do what a whole form asks for, in the one transaction; False: it was not done, and the form says why."""
        if not self.validate():
            return False
        try:
            with acting() as tx:
                act(tx)
        except Refused as refused:
            self.refuse(refused)
            return False
        return True

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
            found = date.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or not _ISO_DAY.fullmatch(text) or found.year not in YEARS_TAKEN:
            self.refuse(Refused("date_not_a_date", field=name))
            return None
        return found

    def clock_time(self, name: str) -> time | None:
        """Read a time field (ISO, as browsers send it); seconds are dropped."""
        text = self._text(name).strip()
        try:
            if not _ISO_TIME.fullmatch(text):
                raise ValueError(text)
            return time.fromisoformat(text).replace(second=0)
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


def sent_key() -> uuid.UUID:
    """The key of the form that was sent. Raises NotFound: without one it is no form of ours."""
    try:
        return uuid.UUID(request.form.get("form_key", ""))
    except ValueError:
        raise NotFound from None


def _words(code: str, **facts: Any) -> str:
    return labels.refusal(Refused(code, **facts), reader())


class Needed:
    """The field must have content. It also marks the field as required for the browser."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            raise StopValidation(_words("field_missing"))  # an empty field has nothing else wrong with it


class AtMost:
    """No more characters than this; and no invisible ones that change how a text reads."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.field_flags = {"maxlength": longest}

    def __call__(self, form: Any, field: Field) -> None:
        text = field.data or ""
        if len(text) > self.longest:
            raise StopValidation(_words("field_too_long", longest=self.longest))
        if any(character in _BIDI or _is_control(character) for character in text) or _has_heap_of_marks(text):
            raise StopValidation(_words("field_has_controls"))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t"


def _has_heap_of_marks(text: str) -> bool:
    """More marks on one letter than any script has; sorting them would take minutes.

    Source: Unicode Standard Annex 15, "Stream-Safe Text Format".
    """
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MOST_MARKS:
            return True
    return False


def text(label: str, longest: int, *, needed: bool = True, **arguments: Any) -> StringField:
    """One line of text."""
    validators = [Needed(), AtMost(longest)] if needed else [AtMost(longest)]
    return StringField(label, validators, filters=[_tidy, _one_line], **arguments)


def long_text(label: str, longest: int, *, needed: bool = True, **arguments: Any) -> TextAreaField:
    """Several lines of text."""
    validators = [Needed(), AtMost(longest)] if needed else [AtMost(longest)]
    return TextAreaField(label, validators, filters=[_tidy], **arguments)


def amount(label: str, **arguments: Any) -> StringField:
    """An amount as text; `Form.money` reads it."""
    return StringField(label, **arguments)


def _tidy(value: str | None) -> str | None:
    if not isinstance(value, str) or _has_heap_of_marks(value):
        return value  # `AtMost` refuses it as it is
    return unicodedata.normalize("NFC", value).strip()


def _one_line(value: str | None) -> str | None:
    """A line break in a field of one line was not typed there: in a mail's subject or a register it would be one."""
    return " ".join(re.split(r"[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]+", value)) if isinstance(value, str) else value


def countries() -> list[SelectChoice]:
    """Every country, in the reader's language: those whose rules are in force here first."""
    here = [platform().regime(one).pack.country for one in platform().settings.regimes]
    ordered = dict.fromkeys([*(code for code in here if code in COUNTRIES), *COUNTRIES])  # the EU is none
    return [SelectChoice(code, country_name(str(code), reader())) for code in ordered]


def choices(table: dict[str, str] | Any, *, empty: str | None = None) -> list[SelectChoice]:
    """Choices from a table of labels, in the reader's language."""
    first = [SelectChoice("", said(reader(), empty))] if empty is not None else []
    return first + [SelectChoice(code, said(reader(), words)) for code, words in table.items()]
