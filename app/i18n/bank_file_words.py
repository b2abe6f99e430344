"""The words about files of bank statements. They are part of those in `payment_words.py`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

REFUSALS: Mapping[str, str] = {
    "gateway_takes_no_files": N_("%(gateway)s takes no statements by file"),
    "bank_file_large": N_("The statement must be %(largest_mb)s MB or smaller"),
    "bank_file_lines_many": N_("The statement has too many lines. Export it for fewer days."),
    "bank_file_encoding": N_("Line %(line)s cannot be read: its characters are neither UTF-8 nor GB18030"),
    "bank_file_columns": N_("The statement has no row with all of these columns: %(name)s. Check the bank's profile."),
    "bank_file_row": N_("Line %(line)s is not whole, or not where it belongs. Nothing of the file was taken."),
    "bank_file_not_camt": N_("The XML is no camt.053 with one statement"),
    "bank_file_cut": N_("The opening or the closing balance is missing. Nothing of the file was taken."),
    "bank_file_sum": N_("The lines do not lead from the opening to the closing balance: the file was cut or changed"),
    "bank_file_gap": N_("The opening balance does not follow from the last statement: import the days between first"),
    "bank_file_line_differs": N_("Line %(line)s has the bank's number of another line, and says something else"),
    "bank_file_amount": N_("Line %(line)s has an amount that cannot be read. Nothing of the file was taken."),
    "bank_file_formula": N_("Line %(line)s has a formula where an amount belongs. Nothing of the file was taken."),
    "bank_file_date": N_("Line %(line)s has a date that cannot be read. Nothing of the file was taken."),
    "bank_file_currency": N_("Line %(line)s is in %(currency)s, which is not the currency of this account"),
    "bank_file_account": N_("The statement is of another account"),
    "bank_line_matched": N_("It is known already what this line is for"),
}
