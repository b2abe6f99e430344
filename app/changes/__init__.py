"""Changes of live offerings: what the issuer proposes, how an officer classes it, and what each investor answers.

A change is drafted section by section (`proposals.py`), shown as a redline (`redline.py`), decided by an officer, and,
when it is material, put to every investor with a clock in business days (`actions.py`). Deadlines move for it, and for
an early close (`deadlines.py`). Imports: pledges, compliance, offerings. Open `models.py` first.
"""
