"""The bundle of an offering for an examiner, as a download."""

from __future__ import annotations

import tempfile

from flask import flash, send_file
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.audit import actions as audit
from app.examination import bundle as examination
from app.i18n.words import N_, said
from app.jobs import seal_audit
from app.offerings import queries as offerings
from app.web.compliance import blueprint
from app.web.guard import allow
from app.web.session import acting, actor, looking, platform, reader


@blueprint.post("/offerings/<ref>/bundle")
@allow(Permission.REVIEW)
def bundle(ref: str) -> ResponseReturnValue:
    """Write the bundle into a file that is gone after the download, and record who took it, with the manifest's hash."""
    with looking() as view:
        offerings.by_ref(view.session, ref)
    seal_audit.run_now(platform())
    # Flask closes it when it was sent.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    with looking() as view:
        written = examination.write(platform(), view, ref, actor(), file)
    with acting() as tx:
        audit.record(tx, "export", "offerings", written.offering_id, **written.facts())
    told = N_("The SHA-256 of the bundle's manifest is %(hash)s. Tell it to the examiner apart from the file.")
    flash(said(reader(), told, hash=written.manifest), "info")
    file.seek(0)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=f"{written.ref}.zip")
