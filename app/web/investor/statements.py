"""Limit statements: one's own to take to another platform, and one of another platform to hand in here."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Snapshot
from app.errors import Refused
from app.i18n.words import N_
from app.limit_statements import actions as limit_statements
from app.limit_statements.document import MEDIA_TYPE
from app.pledges import statements
from app.web import uploads
from app.web.files import attachment
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.figures import limits_page
from app.web.investor.forms import StatementForm
from app.web.session import acting, platform
from app.web.whom import acted_for


@blueprint.post("/me/limits/statement")
@allow(Permission.SEE_OWN_INVESTMENTS)
def issue_statement() -> ResponseReturnValue:
    """What one bought here in the last months, as a signed file."""
    form = StatementForm()
    try:
        with acting() as tx:
            content = statements.issue(
                tx, _investor_id(tx), signer=platform().statement_signer, installation=platform().settings.public_url
            )
            name = f"limit-statement-{tx.now.date().isoformat()}.json"
        return attachment(name, MEDIA_TYPE, content)
    except Refused as refused:
        form.refuse(refused)
    return limits_page(form)


@blueprint.post("/me/limits/statements")
@allow(Permission.INVEST)
def accept_statement() -> ResponseReturnValue:
    """Take in a file of another platform; what is wrong with it is said, and nothing is stored."""
    form = StatementForm()
    if form.validate():
        try:
            _, content = uploads.needed()
            with acting() as tx:
                limit_statements.accept(
                    tx, _investor_id(tx), content, own_key=platform().statement_signer.public_hex(),
                    trusted=platform().settings.trusted_installations, vault=platform().vault,
                )  # fmt: skip
            flash(N_("The statement is taken in. What it names counts toward your limits now."), "ok")
            return redirect(url_for("investor.limits"), 303)
        except Refused as refused:
            form.refuse(refused)
    return limits_page(form)


def _investor_id(tx: Snapshot) -> int:
    """Raises Refused("figures_missing"): without them we do not know who it is about."""
    investor = acted_for(tx)
    if investor is None:
        raise Refused("figures_missing")
    return investor.id
