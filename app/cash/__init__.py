"""An investor's own cash here: paid in, pledged from, given back into, taken out to their own bank account.

The custodian holds it in one account for all ("clients"), the books keep it apart per investor: what is free, and what is
on its way out. Nothing here can be overdrawn: the database refuses it (`docs/ledger.md`). What a collector takes for it is carried to the
custodian first (`carrying.py`), and what the platform owes to it is paid in by itself.
"""
