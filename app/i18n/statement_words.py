"""The words about limit statements. They are part of the tables in `labels.py`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

REFUSALS: Mapping[str, str] = {
    "birth_date_missing": N_("Give your date of birth with your figures first: a statement tells you from your namesakes by it."),
    "statement_too_large": N_("The file must be %(largest_kb)s kB or smaller"),
    "statement_no_json": N_("The file is no JSON. Choose the file as you downloaded it."),
    "statement_unknown_format": N_("The file is JSON, but no limit statement"),
    "statement_unknown_version": N_("The statement has the version %(version)s, which this platform does not read yet"),
    "statement_unknown_installation": N_("This platform does not trust the one that made the statement: %(name)s"),
    "statement_tampered": N_("The statement was changed after it was signed. Download it again, and hand it in as it is."),
    "statement_malformed": N_("The statement is signed, but cannot be read at %(where)s"),
    "statement_lines_many": N_("A statement has at most %(most)s lines; this one has more"),
    "statement_currency": N_("Line %(line)s of the statement has a currency that does not fit its rules: %(currency)s"),
    "statement_amount": N_("The amount in line %(line)s of the statement is none that can be paid"),
    "statement_line_outside": N_("Line %(line)s of the statement is outside of the days that it covers"),
    "statement_window": N_("The statement does not cover the days that this platform looks back on"),
    "statement_from_future": N_("The statement says that it was made on %(issued_at)s, which is still ahead"),
    "statement_expired": N_("The statement was good until %(expired_at)s. Download a new one there."),
    "statement_own": N_("This statement was made here: what you bought here is counted already"),
    "statement_of_another": N_("The statement is about somebody else: name, date of birth and country must be as they are here"),
    "statement_known": N_("This very statement was handed in before; it counts already"),
    "statement_older": N_("A newer statement from there counts already, made on %(issued_at)s"),
}  # fmt: skip
