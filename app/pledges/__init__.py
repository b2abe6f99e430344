"""Pledges: an investor's promise, from the form to the shares, or back.

reserved (a place is taken, payment begun) -> held (the money is in escrow, on evidence) -> allotted -> settled; or
in_review first; or authorised (a way to pay is kept, and charged near the deadline) before it is held; or failed,
cancelled, refused; or refund_due -> refunded. `lifecycle.py` has the table.
Imports: compliance, payments, offerings, investors. Open `lifecycle.py` first, then `actions.py`.
"""
