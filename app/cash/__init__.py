"""An investor's own cash here: paid in, pledged from, given back into, taken out to their own bank account.

The custodian holds it in one account for all ("clients"), the books keep it apart per investor: what is free, and what is
on its way out. Nothing here can be overdrawn: the database refuses it (`docs/ledger.md`).
"""
