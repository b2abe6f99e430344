"""What somebody sees when something cannot be done: what happened, whether money moved, what to do next."""

from __future__ import annotations

import structlog
from flask import Flask, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.locales import ENGLISH
from app.i18n.words import N_, said
from app.logs import where
from app.web.session import reader, request_id

log = structlog.get_logger()

#: status -> (title, what it means, what to do)
WORDS = {
    400: (N_("We could not read this"), N_("Something in the request was not as it should be. Nothing was changed."), N_("Go back, load the page again and try once more.")),
    403: (N_("This is not open to you"), N_("Your account does not have the role that this page needs. Nothing was changed."), N_("If you think it should, ask the operator of this platform.")),
    404: (N_("There is no such page"), N_("Either it never existed, or it is not yours to see."), N_("Start again from the list of offerings.")),
    405: (N_("This page does not take that"), N_("The address exists, but not for this kind of request. Nothing was changed."), N_("Start again from the list of offerings.")),
    409: (N_("That is not possible now"), N_("Something changed in the meantime. Nothing was done."), N_("Go back and look at how things stand.")),
    413: (N_("That is too large"), N_("What you sent is larger than this page takes. Nothing was changed."), N_("Send something smaller.")),
    429: (N_("Too many tries"), N_("There were too many tries in a short time. Nothing was changed."), N_("Wait a little and try again.")),
    500: (N_("Something went wrong on our side"), N_("What you did was not recorded, and no money moved because of it."), N_("Try again. If it happens again, tell us the reference below.")),
}  # fmt: skip


def init_app(app: Flask) -> None:
    app.register_error_handler(NotFound, lambda error: page(404))
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def page(status: int, *, detail: str | None = None) -> ResponseReturnValue:
    """The error page of a status; `detail` is a sentence that says more."""
    title, meaning, advice = WORDS.get(status, WORDS[500] if status >= 500 else WORDS[400])
    body = render_template("errors.html", title=title, meaning=meaning, advice=advice, detail=detail, status=status)
    return body, status


def _refused(error: Refused) -> ResponseReturnValue:
    """A refusal that no form was there to show."""
    return page(409, detail=labels.refusal(error, reader()))


def _expired_form(error: CSRFError) -> ResponseReturnValue:
    log.info("form_token_refused", endpoint=request.endpoint)
    return page(400)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    answer = make_response(page(error.code or 500))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    # Where and what kind only: the text of an error can hold what a person typed, or a row of the database.
    log.error(
        "unexpected_error", endpoint=request.endpoint, request_id=request_id(), error=type(error).__name__,
        where=where(error),
    )  # fmt: skip
    try:
        return page(500)
    except Exception as again:
        log.error("error_page_failed", request_id=request_id(), error=type(again).__name__, where=where(again))
        return _bare_page()


def _bare_page() -> ResponseReturnValue:
    """The same words without the frame of the site, for when the frame itself cannot be made."""
    language = g.get("language", ENGLISH)
    title, meaning, advice = (said(language, text) for text in WORDS[500])
    body = Markup(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title></head>'
        "<body><main><h1>{}</h1><p>{}</p><p>{}</p><p>{}</p></main></body></html>"
    ).format(language.code, title, title, meaning, advice, request_id())
    return str(body), 500
