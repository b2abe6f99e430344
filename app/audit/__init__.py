"""The append-only trail: who did what to what, from which status to which, and on whose request.

Everybody writes it through `actions.transition` (a status moves) or `actions.record` (anything else), in the same
transaction as the change. The database refuses to edit or delete a row. Open `actions.py` first.

Seconds later each event gets a seal, which chains it to the one before (`sealing.py`); the head of the chain is signed
every hour (`checkpoints.py`). `verification.py` goes through all of it; `verifier.py` is what an examiner gets.
"""
