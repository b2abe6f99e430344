"""Offerings: securities offered on set terms until a deadline.

draft -> submitted -> in_review -> changes_requested <-> submitted, approved -> live -> closing -> settled, or failed ->
refunded; refused or withdrawn. `lifecycle.py` has the table. `progress` is the one hot row per offering: what is taken,
held and settled. Imports: issuers, regimes, audit. Open `models.py` first, then `actions.py`;
`filings.py` takes in what was filed.
"""
