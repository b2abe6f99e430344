"""The append-only trail: who did what to what, from which status to which, and on whose request.

Everybody writes it through `actions.transition` (a status moves) or `actions.record` (anything else), in the same
transaction as the change. The database refuses to edit or delete a row. Open `actions.py` first.
"""
