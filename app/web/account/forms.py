"""Forms of the account pages."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from wtforms import PasswordField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are older

from app.errors import Refused
from app.i18n.locales import LANGUAGES
from app.i18n.words import N_
from app.web.forms import Form, Needed, text
from app.web.session import me

#: The zones that most readers want; any other can be typed by an operator.
ZONES = sorted(
    zone
    for zone in available_timezones()
    if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/"))
)


def _zones() -> list[SelectChoice]:
    """What can be chosen; a browser may have told another zone at sign-up, and it must not change by saving a name."""
    person = me()
    own = [person.timezone] if person is not None and person.timezone not in ZONES else []
    return [SelectChoice(zone, zone.replace("_", " ")) for zone in [*own, *ZONES]]


def password(label: str, autocomplete: str) -> PasswordField:
    return PasswordField(label, [Needed()], render_kw={"autocomplete": autocomplete, "maxlength": 256})


class EmailForm(Form):
    email = text(
        N_("E-mail address"), 254, render_kw={"type": "email", "autocomplete": "username", "inputmode": "email"}
    )

    def validate_email(self, field: Any) -> None:
        try:
            found = validate_email(field.data or "", check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            self.refuse(Refused("email_malformed", field="email"))
            return
        field.data = found.normalized.lower()


class SignInForm(EmailForm):
    password = password(N_("Password"), "current-password")


class SignUpForm(EmailForm):
    name = text(N_("Full name"), 200, render_kw={"autocomplete": "name"})
    password = password(N_("Password"), "new-password")


class NewPasswordForm(Form):
    password = password(N_("New password"), "new-password")


class ChangePasswordForm(Form):
    old_password = password(N_("Present password"), "current-password")
    password = password(N_("New password"), "new-password")


class CodeForm(Form):
    code = text(
        N_("Code"), 20, render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off"}
    )


class ProfileForm(Form):
    name = text(N_("Full name"), 200, render_kw={"autocomplete": "name"})
    locale = SelectField(N_("Language"), choices=[SelectChoice(one.code, one.own_name) for one in LANGUAGES.values()])
    timezone = SelectField(N_("Time zone"), choices=_zones)


class EmptyForm(Form):
    """Only the token against forged requests: for buttons."""
